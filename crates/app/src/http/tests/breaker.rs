use std::{sync::Arc, time::Duration};

use proptest::prelude::*;

use super::{
    super::{
        Http,
        breaker::{Breaker, Breaking, FAILURES},
    },
    Script, Step, http, kind, read, time,
};
use crate::{Error, Kind, Retry};

fn broken(script: &Arc<Script>) -> (Http, Arc<Breaker>) {
    let breaker = Arc::new(Breaker::new(time()));
    (http(script, [Arc::new(Breaking(Arc::clone(&breaker))) as Arc<_>]), breaker)
}

fn down(times: u32) -> Vec<Step> {
    vec![Step::Fail(Kind::Down); times as usize]
}

#[tokio::test(start_paused = true)]
async fn a_line_opens_after_failures_in_a_row_and_then_sends_nothing() {
    let script = Script::of(down(FAILURES));
    let (http, breaker) = broken(&script);
    for _ in 0..FAILURES {
        assert_eq!(kind(http.send(read()).await), Kind::Down);
    }
    assert!(breaker.is_open());
    let error = http.send(read()).await.expect_err("open");
    assert!(
        matches!((&error.kind, error.retry), (Kind::Down, Retry::After(wait)) if !wait.is_zero()),
        "{error:?}"
    );
    assert_eq!(script.count(), FAILURES as usize);
}

#[tokio::test(start_paused = true)]
async fn one_success_forgives_what_came_before() {
    let mut steps = down(FAILURES - 1);
    steps.push(Step::Status(200));
    steps.extend(down(FAILURES - 1));
    let (http, breaker) = broken(&Script::of(steps));
    for _ in 0..2 * FAILURES - 1 {
        let _ = http.send(read()).await;
    }
    assert!(!breaker.is_open());
}

#[tokio::test(start_paused = true)]
async fn a_no_is_an_answer_and_opens_nothing() {
    let steps = vec![Step::Fail(Kind::NotFound); 20];
    let (http, breaker) = broken(&Script::of(steps));
    for _ in 0..20 {
        let _ = http.send(read()).await;
    }
    assert!(!breaker.is_open());
}

#[tokio::test(start_paused = true)]
async fn half_open_lets_one_call_at_a_time_find_out() {
    let mut steps = down(FAILURES);
    steps.push(Step::Slow(Duration::from_secs(3)));
    let script = Script::of(steps);
    let (http, breaker) = broken(&script);
    for _ in 0..FAILURES {
        let _ = http.send(read()).await;
    }
    tokio::time::sleep(Duration::from_secs(15)).await;
    let (probe, other) = futures::future::join(http.send(read()), http.send(read())).await;
    assert!(probe.is_ok());
    assert_eq!(kind(other), Kind::Down);
    assert!(!breaker.is_open());
    assert_eq!(script.count(), FAILURES as usize + 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_doubles_the_pause_up_to_five_minutes() {
    let script = Script::of(down(100));
    let (http, _) = broken(&script);
    for _ in 0..FAILURES {
        let _ = http.send(read()).await;
    }
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let Retry::After(wait) = http.send(read()).await.expect_err("open").retry else {
            panic!("says when")
        };
        pauses.push(wait.as_secs());
        tokio::time::sleep(wait).await;
        let _ = http.send(read()).await;
    }
    assert_eq!(pauses, [15, 30, 60, 120, 240, 300]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_given_up_leaves_its_turn_to_the_next() {
    let mut steps = down(FAILURES);
    steps.push(Step::Hang);
    let (http, breaker) = broken(&Script::of(steps));
    for _ in 0..FAILURES {
        let _ = http.send(read()).await;
    }
    tokio::time::sleep(Duration::from_secs(15)).await;
    let left = tokio::time::timeout(Duration::from_secs(1), http.send(read())).await;
    assert!(left.is_err(), "the caller went away");
    http.send(read()).await.expect("the next probe passes");
    assert!(!breaker.is_open());
}

proptest! {
    #[test]
    fn whatever_happened_a_line_that_answers_again_closes_in_time(outages: Vec<bool>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("runs");
        let closes = runtime.block_on(async {
            let breaker = Breaker::new(time());
            for outage in outages {
                if let Ok(admission) = breaker.admit() {
                    let result = if outage { Err(Error::new(Kind::Down, "down")) } else { Ok(()) };
                    admission.settle(&result);
                }
            }
            tokio::time::sleep(Duration::from_mins(5)).await;
            let admission = breaker.admit().map_err(|error| error.to_string());
            admission.map(|admission| admission.settle(&Ok(()))).is_ok() && !breaker.is_open()
        });
        prop_assert!(closes);
    }
}
