use std::{sync::Arc, time::Duration};

use rstest::rstest;

use super::{
    super::{Layer, Response, deadline::Deadline, judge::Judged},
    Script, Step, begin, http, kind, read, time, write,
};
use crate::{Error, Kind, Retry, no_opinion};

fn judged(app: fn(&Response) -> Option<Error>) -> Arc<dyn Layer> {
    Arc::new(Judged { app, time: time() })
}

#[rstest]
#[case(200, None)]
#[case(204, None)]
#[case(302, None)]
#[case(400, Some((Kind::Invalid, Retry::Never)))]
#[case(401, Some((Kind::AuthExpired, Retry::Never)))]
#[case(403, Some((Kind::PolicyDenied, Retry::Never)))]
#[case(404, Some((Kind::NotFound, Retry::Never)))]
#[case(405, Some((Kind::Invalid, Retry::Never)))]
#[case(408, Some((Kind::Down, Retry::Backoff)))]
#[case(409, Some((Kind::Conflict, Retry::Never)))]
#[case(410, Some((Kind::Gone, Retry::Never)))]
#[case(412, Some((Kind::Conflict, Retry::Never)))]
#[case(413, Some((Kind::Invalid, Retry::Never)))]
#[case(415, Some((Kind::Invalid, Retry::Never)))]
#[case(422, Some((Kind::Invalid, Retry::Never)))]
#[case(425, Some((Kind::Down, Retry::Backoff)))]
#[case(429, Some((Kind::RateLimited { until: None }, Retry::Backoff)))]
#[case(500, Some((Kind::Down, Retry::Backoff)))]
#[case(501, Some((Kind::Invalid, Retry::Never)))]
#[case(502, Some((Kind::Down, Retry::Backoff)))]
#[case(503, Some((Kind::Down, Retry::Backoff)))]
#[case(504, Some((Kind::Down, Retry::Backoff)))]
#[case(507, Some((Kind::QuotaExhausted { resets: None }, Retry::Backoff)))]
#[tokio::test(start_paused = true)]
async fn all_02_every_status_has_its_meaning(#[case] status: u16, #[case] meant: Option<(Kind, Retry)>) {
    let answer = http(&Script::of([Step::Status(status)]), [judged(no_opinion)]).send(read()).await;
    let found = answer.err().map(|error| (error.kind.clone(), error.retry, error.http_status()));
    assert_eq!(found, meant.map(|(kind, retry)| (kind, retry, Some(status))));
}

#[tokio::test(start_paused = true)]
async fn all_04_a_retry_after_becomes_the_wait_and_the_instant() {
    let step = Step::With(429, "retry-after", "90".into());
    let error = http(&Script::of([step]), [judged(no_opinion)]).send(read()).await.expect_err("limited");
    assert_eq!(error.retry, Retry::After(Duration::from_secs(90)));
    assert_eq!(error.kind, Kind::RateLimited { until: Some(begin() + Duration::from_secs(90)) });
}

#[rstest]
#[case(500, Kind::UnknownOutcome)]
#[case(502, Kind::UnknownOutcome)]
#[case(504, Kind::UnknownOutcome)]
#[case(503, Kind::Down)]
#[tokio::test(start_paused = true)]
async fn all_07_a_write_that_a_server_broke_over_may_have_happened(#[case] status: u16, #[case] meant: Kind) {
    let answer = http(&Script::of([Step::Status(status)]), [judged(no_opinion)]).send(write()).await;
    assert_eq!(kind(answer), meant);
}

#[tokio::test(start_paused = true)]
async fn all_07_a_lost_answer_is_doubt_for_a_write_and_an_outage_for_a_read() {
    let lost = || Script::of([Step::Fail(Kind::UnknownOutcome)]);
    assert_eq!(kind(http(&lost(), [judged(no_opinion)]).send(write()).await), Kind::UnknownOutcome);
    assert_eq!(kind(http(&lost(), [judged(no_opinion)]).send(read()).await), Kind::Down);
}

#[tokio::test(start_paused = true)]
async fn all_09_an_app_sees_a_no_inside_a_200() {
    fn says_no(response: &Response) -> Option<Error> {
        let no = || Error::new(Kind::ScopeMissing { scope: "calendar".into() }, "no");
        response.status.is_success().then(no)
    }
    let answer = http(&Script::of([Step::Status(200)]), [judged(says_no)]).send(read()).await;
    assert_eq!(kind(answer), Kind::ScopeMissing { scope: "calendar".into() });
}

#[tokio::test(start_paused = true)]
async fn all_06_what_hangs_ends_at_its_limit() {
    let deadline: Arc<dyn Layer> = Arc::new(Deadline { time: time() });
    let began = tokio::time::Instant::now();
    let answer = http(&Script::of([Step::Hang]), [deadline]).send(write()).await;
    assert_eq!(kind(answer), Kind::UnknownOutcome);
    assert_eq!(began.elapsed(), write().limits.total, "paused time: exact");
}

#[tokio::test(start_paused = true)]
async fn all_05_nobody_waits_longer_than_the_callers_patience() {
    let deadline: Arc<dyn Layer> = Arc::new(Deadline { time: time() });
    let began = tokio::time::Instant::now();
    let http = http(&Script::of([Step::Hang]), [deadline]).patient(Duration::from_secs(2));
    assert_eq!(kind(http.send(read()).await), Kind::UnknownOutcome);
    assert_eq!(began.elapsed(), Duration::from_secs(2), "paused time: exact");
}
