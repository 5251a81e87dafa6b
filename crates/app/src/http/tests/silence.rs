use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use kalends_domain::Clock;
use rstest::rstest;

use super::{
    super::{
        Http, Layer, Time, Tokio,
        judge::Judged,
        pace::{Pace, Pacing},
        silence::{Hush, Silence, ends},
    },
    Script, Step, begin, http, kind, read, time,
};
use crate::{Error, Kind, Retry, manifest::Quota, no_opinion};

/// What is kept beyond the process.
#[derive(Default)]
struct Beyond(Mutex<Vec<Timestamp>>);

impl Beyond {
    fn kept(&self) -> Vec<Timestamp> {
        self.0.lock().unwrap().clone()
    }
}

impl Silence for Beyond {
    fn keep(&self, until: Timestamp) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(until);
        Box::pin(async {})
    }
}

/// A process with this account, after a start.
fn process(script: &Arc<Script>, beyond: &Arc<Beyond>, time: &Arc<dyn Time>) -> (Arc<Pace>, Http) {
    let pace = Arc::new(Pace::new(Arc::clone(time), Quota::default()));
    let beyond = Some(Arc::clone(beyond) as Arc<dyn Silence>);
    let layers: [Arc<dyn Layer>; 2] = [
        Arc::new(Pacing(Hush { pace: Arc::clone(&pace), beyond })),
        Arc::new(Judged { app: no_opinion, time: Arc::clone(time) }),
    ];
    (pace, http(script, layers))
}

fn after(seconds: i64) -> Timestamp {
    begin() + SignedDuration::from_secs(seconds)
}

#[rstest]
#[case("120")]
#[case("Mon, 01 Mar 2027 08:02:00 GMT")]
#[tokio::test(start_paused = true)]
async fn all_04_a_silence_is_kept_before_the_call_ends_in_both_forms(#[case] retry_after: &str) {
    let script = Script::of([Step::With(429, "retry-after", retry_after.into())]);
    let beyond = Arc::<Beyond>::default();
    let (_, http) = process(&script, &beyond, &time());
    assert!(matches!(kind(http.send(read()).await), Kind::RateLimited { .. }));
    assert_eq!(beyond.kept(), [after(120)]);
}

#[tokio::test(start_paused = true)]
async fn all_04_a_shorter_silence_shortens_no_longer_one() {
    let beyond = Arc::<Beyond>::default();
    let pace = Arc::new(Pace::new(time(), Quota::default()));
    let hush = Hush { pace, beyond: Some(Arc::clone(&beyond) as Arc<dyn Silence>) };
    // Answers to three calls that were on their way together.
    for seconds in [120, 30, 180] {
        let asked = Error::new(Kind::RateLimited { until: None }, "fewer, please");
        hush.heed(&asked.retry(Retry::After(Duration::from_secs(seconds)))).await;
    }
    assert_eq!(beyond.kept(), [after(120), after(180)]);
}

#[tokio::test(start_paused = true)]
async fn all_04_what_was_kept_holds_after_a_start() {
    let script = Script::of([]);
    let (pace, http) = process(&script, &Arc::default(), &time());
    assert!(pace.silence(after(90)));
    assert!(!pace.silence(after(30)), "the longer one counts");
    let refused = kind(http.clone().patient(Duration::from_secs(89)).send(read()).await);
    assert_eq!((refused, script.count()), (Kind::RateLimited { until: Some(after(90)) }, 0));
    let began = tokio::time::Instant::now();
    http.patient(Duration::from_secs(90)).send(read()).await.expect("after the silence");
    assert_eq!(began.elapsed().as_secs(), 90, "paused time: exact");
}

/// A clock that somebody sets.
struct Set(Mutex<Timestamp>);

impl Clock for Set {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn all_04_a_clock_set_back_silences_nobody_for_long() {
    let clock = Arc::new(Set(Mutex::new(after(400 * 86_400))));
    let script = Script::of([Step::With(429, "retry-after", "120".into())]);
    let time: Arc<dyn Time> = Arc::new(Tokio(Arc::clone(&clock) as Arc<dyn Clock>));
    let beyond = Arc::<Beyond>::default();
    let (pace, http) = process(&script, &beyond, &time);
    assert!(matches!(kind(http.send(read()).await), Kind::RateLimited { .. }));
    // It was more than a year ahead, and is right again.
    *clock.0.lock().unwrap() = begin();
    http.send(read()).await.expect("that silence is not believed, and the rate counts on");
    assert!(pace.silence(after(30)), "and one of today takes its place");
}

#[rstest]
#[case(0, false)]
#[case(1, true)]
#[case(86_400, true)]
#[case(90_000, true)]
#[case(90_001, false)]
#[case(-1, false)]
fn all_04_a_silence_is_believed_for_a_day_and_an_hour_at_most(#[case] seconds: i64, #[case] holds: bool) {
    assert_eq!(ends(after(seconds), begin()).is_some(), holds);
}
