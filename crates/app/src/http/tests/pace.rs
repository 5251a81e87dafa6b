use std::{sync::Arc, time::Duration};

use futures::future::join_all;

use super::{
    super::{
        Http, Layer,
        judge::Judged,
        pace::{Pace, Pacing},
        silence::Hush,
    },
    Script, Step, http, kind, read, time, write,
};
use crate::{Kind, manifest::Quota, no_opinion};

fn paced(script: &Arc<Script>, quota: Quota) -> Http {
    let time = time();
    let layers: [Arc<dyn Layer>; 2] = [
        Arc::new(Pacing(Hush { pace: Arc::new(Pace::new(Arc::clone(&time), quota)), beyond: None })),
        Arc::new(Judged { app: no_opinion, time }),
    ];
    http(script, layers)
}

#[tokio::test(start_paused = true)]
async fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
    let script = Script::of([]);
    let http = paced(&script, Quota { per_second: 2, burst: 4, concurrent: 100, ..Quota::default() });
    let began = tokio::time::Instant::now();
    let answers = join_all((0..10).map(|_| http.send(read()))).await;
    assert!(answers.iter().all(Result::is_ok));
    // Four at once, six more at two a second; each wait is rounded up to a millisecond.
    let took = began.elapsed();
    assert!((Duration::from_secs(3)..Duration::from_millis(3_100)).contains(&took), "paused time: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn so_many_are_under_way_together_and_no_more() {
    let script = Script::of(vec![Step::Slow(Duration::from_secs(1)); 9]);
    let http = paced(&script, Quota { per_second: 100, burst: 100, concurrent: 3, ..Quota::default() });
    let began = tokio::time::Instant::now();
    join_all((0..9).map(|_| http.send(read()))).await;
    assert_eq!(began.elapsed(), Duration::from_secs(3), "paused time: nine in threes");
}

#[tokio::test(start_paused = true)]
async fn writes_go_one_after_another_where_the_provider_wants_that_and_reads_go_between() {
    let script = Script::of(vec![Step::Slow(Duration::from_secs(1)); 8]);
    let quota =
        Quota { per_second: 100, burst: 100, concurrent: 4, concurrent_writes: 1, ..Quota::default() };
    let http = paced(&script, quota);
    let began = tokio::time::Instant::now();
    let writes = join_all((0..4).map(|_| http.send(write())));
    let reads = async {
        join_all((0..4).map(|_| http.send(read()))).await;
        began.elapsed()
    };
    let (_, reads) = tokio::join!(writes, reads);
    assert_eq!(began.elapsed(), Duration::from_secs(4), "paused time: four in a row");
    assert_eq!(reads, Duration::from_secs(2), "three beside the first write, one beside the second");
}

#[tokio::test(start_paused = true)]
async fn a_turn_beyond_patience_is_refused_with_its_time() {
    let script = Script::of([]);
    let http = paced(&script, Quota { per_second: 1, burst: 1, concurrent: 1, ..Quota::default() })
        .patient(Duration::from_millis(100));
    http.send(read()).await.expect("the first");
    let began = tokio::time::Instant::now();
    assert!(matches!(kind(http.send(read()).await), Kind::RateLimited { until: Some(_) }));
    assert_eq!((began.elapsed(), script.count()), (Duration::ZERO, 1));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_asks_for_silence_gets_it_from_all_calls_of_the_account() {
    let script = Script::of([Step::With(429, "retry-after", "30".into())]);
    let http = paced(&script, Quota::default());
    assert!(matches!(kind(http.send(read()).await), Kind::RateLimited { .. }));
    let began = tokio::time::Instant::now();
    http.send(read()).await.expect("after the silence");
    assert_eq!(began.elapsed(), Duration::from_secs(30), "paused time: exact");
}
