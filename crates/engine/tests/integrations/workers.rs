//! The worker as it runs in a server: woken by commits, stopped in peace.

use kalends_engine::job::Workers;
use kalends_store::Change;
use kalends_testkit::TestDb;

use crate::stage::{Stage, nowhere};

checks![
    a_commit_wakes_the_worker_and_a_stop_waits_for_what_is_under_way,
    what_a_dead_process_left_is_taken_up_at_the_next_start,
    two_workers_do_each_job_once,
];

/// Done when nothing is due any more; every end of a job is a notice.
async fn idle(stage: &Stage<'_>) {
    let mut changes = stage.t.db.changes();
    loop {
        let now = stage.t.db.now();
        if stage.t.db.read().await.unwrap().jobs().waiting(Some(now)).await.unwrap() == 0 {
            return;
        }
        while !matches!(changes.recv().await, Ok(Change::Jobs)) {}
    }
}

async fn a_commit_wakes_the_worker_and_a_stop_waits_for_what_is_under_way(t: &TestDb) {
    let stage = Stage::new(t).await;
    let workers = Workers::start(&stage.engine);
    let booking = stage.book(nowhere()).await;
    idle(&stage).await;
    workers.stop().await;
    assert_eq!(stage.provider.kept().events.len(), 1);
    assert!(stage.references(&booking).await[0].is_settled());
}

async fn what_a_dead_process_left_is_taken_up_at_the_next_start(t: &TestDb) {
    if t.db.is_postgres() {
        return; // Other nodes may be alive: there its lease must end first, as `lost` shows.
    }
    let stage = Stage::new(t).await;
    stage.book(nowhere()).await;
    t.db.write(|tx| {
        Box::pin(async move {
            let lease = jiff::SignedDuration::from_secs(60);
            tx.jobs().claim("dead process", &["reconcile", "notify"], 10, lease).await
        })
    })
    .await
    .map_err(|error: kalends_store::Error| error)
    .unwrap();
    let workers = Workers::start(&stage.engine);
    idle(&stage).await;
    workers.stop().await;
    assert_eq!(stage.provider.kept().events.len(), 1);
}

async fn two_workers_do_each_job_once(t: &TestDb) {
    let stage = Stage::new(t).await;
    let (one, other) = (Workers::start(&stage.engine), Workers::start(&stage.engine));
    let mut bookings = Vec::new();
    for _ in 0..20 {
        bookings.push(stage.book(nowhere()).await);
    }
    idle(&stage).await;
    one.stop().await;
    other.stop().await;
    stage.settle().await;
    assert_eq!(stage.provider.kept().events.len(), 20);
    let mut ids: Vec<String> = stage.provider.kept().mails.iter().map(|mail| mail.id.clone()).collect();
    assert_eq!(ids.len(), 40);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 40, "one for each recipient");
    drop(bookings);
}
