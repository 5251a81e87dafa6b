//! What waits for an account whose provider asked for silence is due when that ends, a little apart (ALL-04).

use jiff::{SignedDuration, Timestamp};
use kalends_app::fake::{Fake, Fault};
use kalends_domain::{Clock, booking::Booking};
use kalends_engine::{Engine, job};
use kalends_testkit::TestDb;

use crate::stage::{self, Stage, nowhere};

checks![
    all_04_after_a_start_in_the_middle_of_a_silence_no_job_calls_before_it_ends,
    all_04_what_waits_for_a_silence_is_due_after_it_and_not_all_at_once,
];

/// A process that has just been started.
fn started(stage: &Stage<'_>) -> Engine {
    stage::engine(stage.t, &stage.provider, false)
}

fn calls(stage: &Stage<'_>) -> usize {
    stage.provider.bench().seen().len()
}

async fn next_try(stage: &Stage<'_>, booking: &Booking) -> Timestamp {
    stage.references(booking).await[0].next_try_at.unwrap()
}

async fn all_04_after_a_start_in_the_middle_of_a_silence_no_job_calls_before_it_ends(t: &TestDb) {
    let stage = Stage::new(t).await;
    let until = t.clock.now() + SignedDuration::from_mins(30);
    let first = stage.book(nowhere()).await;
    stage.provider.bench().next([Fault::too_many("1800")]);
    job::drain(&stage.engine).await.unwrap();
    let before = calls(&stage);
    // The process is gone. The next one has work of its own, and takes up what there is.
    let engine = started(&stage);
    let second = stage.book(nowhere()).await;
    for minutes in [0, 10, 28] {
        t.clock.set(until - SignedDuration::from_mins(30 - minutes));
        stage.look_again(&first).await;
        job::drain(&engine).await.unwrap();
        assert_eq!(calls(&stage), before, "{minutes} minutes into the silence");
    }
    for booking in [&first, &second] {
        assert!(next_try(&stage, booking).await >= until);
    }
    t.clock.set(until + SignedDuration::from_mins(1));
    job::drain(&engine).await.unwrap();
    assert_eq!(stage.provider.kept().events.len(), 2);
}

async fn all_04_what_waits_for_a_silence_is_due_after_it_and_not_all_at_once(t: &TestDb) {
    let stage = Stage::new(t).await;
    let until = t.clock.now() + SignedDuration::from_mins(10);
    let mut bookings = Vec::new();
    for _ in 0..5 {
        bookings.push(stage.book(nowhere()).await);
    }
    stage.provider.bench().next([Fault::too_many("600")]);
    let before = calls(&stage);
    job::drain(&stage.engine).await.unwrap();
    let events =
        |op: &str| stage.provider.bench().seen().iter().skip(before).filter(|one| one.op.name == op).count();
    assert_eq!(events("create") + events("find"), 1, "the first call alone");
    let mut due = Vec::new();
    for booking in &bookings {
        due.push(next_try(&stage, booking).await);
    }
    let last = until + SignedDuration::from_secs(30);
    assert!(due.iter().all(|at| (until..=last).contains(at)), "{due:?}");
    due.sort_unstable();
    due.dedup();
    assert!(due.len() > 1, "all at one instant");
    stage.settle().await;
    assert_eq!(stage.provider.kept().events.len(), 5);
}
