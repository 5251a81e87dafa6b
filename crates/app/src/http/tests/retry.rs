use std::{sync::Arc, time::Duration};

use http::Method;
use kalends_domain::id::Chance;
use proptest::prelude::*;
use rstest::rstest;

use super::{
    super::{
        Http, Layer, Request,
        judge::Judged,
        retry::{Retrying, TRIES, jittered},
    },
    MOST, Script, Step, address, http, kind, read, time, write,
};
use crate::{Kind, no_opinion};

fn retrying(script: &Arc<Script>) -> Http {
    let time = time();
    let layers: [Arc<dyn Layer>; 2] = [
        Arc::new(Retrying { time: Arc::clone(&time), chance: Arc::new(MOST) }),
        Arc::new(Judged { app: no_opinion, time }),
    ];
    http(script, layers)
}

#[rstest]
#[case("GET", true)]
#[case("HEAD", true)]
#[case("PROPFIND", true)]
#[case("REPORT", true)]
#[case("PUT", true)]
#[case("DELETE", true)]
#[case("POST", false)]
#[case("PATCH", false)]
#[case("MKCALENDAR", false)]
#[tokio::test(start_paused = true)]
async fn all_03_only_what_is_safe_to_repeat_is_repeated(#[case] method: &str, #[case] repeated: bool) {
    let script = Script::of([Step::Status(503)]);
    let request = Request::new("op", Method::from_bytes(method.as_bytes()).expect("a verb"), address());
    assert_eq!(retrying(&script).send(request).await.is_ok(), repeated);
    assert_eq!(script.count(), 1 + usize::from(repeated));
}

#[tokio::test(start_paused = true)]
async fn all_03_a_post_with_a_key_is_repeated_and_a_conditional_put_is_not() {
    let script = Script::of([Step::Fail(Kind::UnknownOutcome)]);
    retrying(&script).send(write().repeatable()).await.expect("the second try");
    assert_eq!(script.count(), 2);
    let script = Script::of([Step::Fail(Kind::UnknownOutcome)]);
    let put = Request::new("op", Method::PUT, address()).once();
    assert_eq!(kind(retrying(&script).send(put).await), Kind::UnknownOutcome);
    assert_eq!(script.count(), 1);
}

#[rstest]
#[case(400)]
#[case(401)]
#[case(403)]
#[case(404)]
#[case(405)]
#[case(409)]
#[case(410)]
#[case(413)]
#[case(415)]
#[case(422)]
#[case(501)]
#[tokio::test(start_paused = true)]
async fn all_03_a_definite_no_is_taken_for_an_answer(#[case] status: u16) {
    let script = Script::of([Step::Status(status)]);
    assert!(retrying(&script).send(read()).await.is_err());
    assert_eq!(script.count(), 1);
}

#[rstest]
#[case(408)]
#[case(425)]
#[case(429)]
#[case(500)]
#[case(502)]
#[case(503)]
#[case(504)]
#[tokio::test(start_paused = true)]
async fn all_03_what_may_pass_is_tried_again(#[case] status: u16) {
    let script = Script::of([Step::Status(status), Step::Status(status)]);
    retrying(&script).send(read()).await.expect("the third try");
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_outage_ends_after_so_many_tries_each_numbered() {
    let script = Script::of(vec![Step::Status(503); 20]);
    assert_eq!(kind(retrying(&script).send(read()).await), Kind::Down);
    let tries: Vec<u32> = script.seen().iter().map(Request::attempt).collect();
    assert_eq!(tries, (1..=TRIES).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn all_04_a_short_retry_after_is_waited_for() {
    let script = Script::of([Step::With(429, "retry-after", "7".into())]);
    let began = tokio::time::Instant::now();
    retrying(&script).send(read()).await.expect("the second try");
    assert_eq!(began.elapsed(), Duration::from_secs(7), "paused time: exact");
}

#[tokio::test(start_paused = true)]
async fn all_05_a_wait_beyond_patience_is_left_to_the_job() {
    let script = Script::of([Step::With(429, "retry-after", "3600".into())]);
    let began = tokio::time::Instant::now();
    assert!(matches!(kind(retrying(&script).send(read()).await), Kind::RateLimited { until: Some(_) }));
    assert_eq!((script.count(), began.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_not_asked_for_again() {
    let script = Script::of([Step::Fail(Kind::Malformed)]);
    assert_eq!(kind(retrying(&script).send(read()).await), Kind::Malformed);
    assert_eq!(script.count(), 1);
}

struct Given(u32);

impl Chance for Given {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0.to_be_bytes()[..bytes.len()]);
    }
}

proptest! {
    #[test]
    fn all_05_jitter_is_anything_up_to_a_ceiling_that_doubles(attempt in 1_u32..40, chance: u32) {
        let ceiling = Duration::from_millis(250).saturating_mul(1 << (attempt - 1).min(16)).min(Duration::from_secs(20));
        prop_assert!(jittered(attempt, &Given(chance)) <= ceiling);
        prop_assert_eq!(jittered(attempt, &Given(0)), Duration::ZERO);
        prop_assert_eq!(jittered(attempt, &Given(u32::MAX)), ceiling);
    }

    #[test]
    fn no_run_of_failures_sends_what_is_not_repeatable_twice(statuses in prop::collection::vec(400_u16..600, 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("runs");
        let sent = runtime.block_on(async {
            let script = Script::of(statuses.into_iter().map(Step::Status));
            let _ = retrying(&script).send(write()).await;
            script.count()
        });
        prop_assert_eq!(sent, 1);
    }
}
