//! Answers that are lost and processes that die: exactly one event, none orphaned, none doubled (ALL-07).

use kalends_app::fake::{Fake, Fault};
use kalends_domain::{
    Span,
    booking::{By, Event},
};
use kalends_testkit::TestDb;

use crate::stage::{Stage, nowhere};

checks![
    a_create_whose_answer_is_lost_makes_one_event,
    an_update_whose_answer_is_lost_is_found_and_written_over,
    a_delete_whose_answer_is_lost_is_done,
    a_crash_after_a_create_makes_one_event,
    a_crash_after_a_create_and_then_a_cancellation_leaves_none,
    a_crash_after_an_update_writes_it_once_more,
    a_crash_after_a_delete_is_done,
    a_create_that_hangs_is_looked_for,
    a_job_whose_worker_died_is_done_by_the_next,
];

fn moved() -> Event {
    Event::Moved { by: By::Host, needs_host: false }
}

fn cancelled() -> Event {
    Event::Cancelled { by: By::Host, reason: String::new() }
}

fn an_hour_later(span: Span) -> Span {
    Span::new(span.start + 3600, span.end + 3600)
}

async fn a_create_whose_answer_is_lost_makes_one_event(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.bench().next([Fault::Drop]);
    stage.book(nowhere()).await;
    stage.settle().await;
    assert_eq!(stage.provider.kept().events.len(), 1);
    assert_eq!(stage.provider.bench().count("create"), 1, "it was looked for, not written again");
}

async fn an_update_whose_answer_is_lost_is_found_and_written_over(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    stage.provider.bench().next([Fault::Drop]);
    let booking = stage.change(&booking, moved(), Some(an_hour_later(booking.span))).await;
    stage.settle().await;
    let kept = stage.provider.kept();
    assert_eq!(kept.events.len(), 1);
    assert_eq!(kept.events.values().next().unwrap().1.span, booking.span);
}

async fn a_delete_whose_answer_is_lost_is_done(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    stage.provider.bench().next([Fault::Drop]);
    stage.change(&booking, cancelled(), None).await;
    stage.settle().await;
    assert!(stage.provider.kept().events.is_empty());
    assert!(stage.references(&booking).await.iter().all(|row| !row.applied_present));
}

/// What is stored when a process dies after the provider's answer and before its own commit.
const DIED_AFTER_CREATE: &str = "UPDATE booking_references SET applied_revision = NULL, applied_present = FALSE,
    external_id = (SELECT uid FROM bookings WHERE bookings.id = booking_references.booking_id), etag = NULL, detail = '{}',
    status = 'waiting'";

async fn a_crash_after_a_create_makes_one_event(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    stage.sql(DIED_AFTER_CREATE).await;
    stage.look_again(&booking).await;
    stage.settle().await;
    assert_eq!(stage.provider.kept().events.len(), 1);
    assert_eq!(stage.provider.bench().count("create"), 1);
    assert!(stage.references(&booking).await[0].is_settled());
}

async fn a_crash_after_a_create_and_then_a_cancellation_leaves_none(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    stage.sql(DIED_AFTER_CREATE).await;
    stage.change(&booking, cancelled(), None).await;
    stage.settle().await;
    assert!(stage.provider.kept().events.is_empty(), "an orphan would stand there for ever");
}

async fn a_crash_after_an_update_writes_it_once_more(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    let booking = stage.change(&booking, moved(), Some(an_hour_later(booking.span))).await;
    stage.settle().await;
    stage
        .sql("UPDATE booking_references SET applied_revision = 0, etag = '1', detail = '{}', status = 'waiting'")
        .await;
    stage.look_again(&booking).await;
    stage.settle().await;
    let kept = stage.provider.kept();
    assert_eq!(kept.events.len(), 1);
    assert_eq!(kept.events.values().next().unwrap().1.span, booking.span);
}

async fn a_crash_after_a_delete_is_done(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    stage.provider.kept().events.clear();
    stage.change(&booking, cancelled(), None).await;
    stage.settle().await;
    assert!(stage.references(&booking).await[0].is_settled());
}

async fn a_create_that_hangs_is_looked_for(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.bench().next([Fault::Hang]);
    stage.book(nowhere()).await;
    stage.settle().await;
    assert_eq!(stage.provider.kept().events.len(), 1);
}

async fn a_job_whose_worker_died_is_done_by_the_next(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.book(nowhere()).await;
    let claimed =
        t.db.write(|tx| {
            Box::pin(async move {
                let kinds = ["reconcile", "notify"];
                tx.jobs().claim("dead worker", &kinds, 10, jiff::SignedDuration::from_secs(60)).await
            })
        })
        .await
        .map_err(|error: kalends_store::Error| error)
        .unwrap();
    assert_eq!(claimed.len(), 2);
    stage.drain().await;
    assert!(stage.provider.kept().events.is_empty(), "its lease still runs");
    stage.settle().await;
    assert_eq!(stage.provider.kept().events.len(), 1);
    assert_eq!(stage.mails().len(), 2);
}
