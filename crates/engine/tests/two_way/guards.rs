//! What keeps our own writes, and older sights, from moving bookings: each guard by itself.
//!
//! Some stand behind each other, so that one alone would be enough most of the time. Here each is the only one in the way.

use jiff::SignedDuration;
use kalends_app::fake::Fake;
use kalends_domain::booking::{Booking, Seen};
use kalends_engine::{Actor, book::RescheduleAsk, job};
use kalends_store::{repo::OutsideChange, sql};
use kalends_testkit::{TestDb, planner::Edit};

use crate::stage::{Stage, at, span};

checks![
    an_event_of_our_own_version_is_not_looked_at_though_it_stands_otherwise,
    an_event_at_its_time_is_not_looked_at_though_its_version_is_anothers,
    a_sight_is_void_once_the_booking_has_moved_on,
    a_sight_is_void_while_the_event_is_to_be_written_again,
    a_sight_is_void_when_our_own_version_stands_there_by_then,
    a_sight_is_void_when_the_booking_is_off,
    a_move_that_could_not_be_made_at_once_is_made_later,
];

async fn run(stage: &Stage<'_>, text: &'static str) {
    let done = stage.t.db.write(move |tx| Box::pin(async move { tx.run(sql(text)).await }));
    done.await.map(|_: u64| ()).unwrap();
}

/// A booking whose event was moved over there, which a sync has seen and nothing has followed yet.
async fn seen(t: &TestDb) -> (Stage<'_>, Booking) {
    let stage = Stage::following(t).await;
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-25 14:00", 30)));
    stage.engine.sync_now(&stage.member, stage.installation).await.unwrap();
    assert!(job::drain_one(&stage.engine, "sync_calendar").await.unwrap());
    assert_eq!(noted(&stage, &booking).await.unwrap().seen, Seen::At { span: span("11-25 14:00", 30) });
    (stage, booking)
}

async fn noted(stage: &Stage<'_>, booking: &Booking) -> Option<OutsideChange> {
    let mut tx = stage.t.db.read().await.unwrap();
    let row = tx.references().of_booking(booking).await.unwrap().remove(0);
    tx.outside_changes().of_reference(row.organization, row.id).await.unwrap()
}

/// Heeds what was seen, and does nothing else.
async fn heed(stage: &Stage<'_>) {
    assert!(job::drain_one(&stage.engine, "heed").await.unwrap());
}

async fn stays(stage: &Stage<'_>, booking: &Booking) {
    let now = stage.now(booking).await;
    assert_eq!((now.span, now.revision), (booking.span, booking.revision));
    assert_eq!(noted(stage, booking).await, None);
}

async fn an_event_of_our_own_version_is_not_looked_at_though_it_stands_otherwise(t: &TestDb) {
    // A provider that keeps another time than it was given, and calls that the version we wrote.
    let (stage, booking) = seen(t).await;
    run(&stage, "UPDATE booking_references SET etag = (SELECT etag FROM outside_changes)").await;
    run(&stage, "DELETE FROM outside_changes").await;
    run(&stage, "DELETE FROM jobs WHERE kind = 'heed'").await;
    stage.planner.forget_cursors();
    stage.engine.sync_now(&stage.member, stage.installation).await.unwrap();
    assert!(job::drain_one(&stage.engine, "sync_calendar").await.unwrap());
    assert!(!job::drain_one(&stage.engine, "heed").await.unwrap(), "nothing was worth a look");
    stays(&stage, &booking).await;
}

async fn an_event_at_its_time_is_not_looked_at_though_its_version_is_anothers(t: &TestDb) {
    // Somebody changed its title, or a guest answered.
    let stage = Stage::following(t).await;
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(booking.span));
    stage.engine.sync_now(&stage.member, stage.installation).await.unwrap();
    assert!(job::drain_one(&stage.engine, "sync_calendar").await.unwrap());
    assert!(!job::drain_one(&stage.engine, "heed").await.unwrap(), "nothing was worth a look");
    stays(&stage, &booking).await;
}

async fn a_sight_is_void_once_the_booking_has_moved_on(t: &TestDb) {
    let (stage, booking) = seen(t).await;
    let ask = RescheduleAsk::new(booking.uid.clone(), at("11-26 11:00"), Actor::Guest);
    stage.engine.reschedule(&ask).await.unwrap();
    // Nothing of it is written over there yet: by its version the event stands as it was seen.
    heed(&stage).await;
    let now = stage.now(&booking).await;
    assert_eq!((now.span, now.revision), (span("11-26 11:00", 30), 1));
    assert_eq!(noted(&stage, &booking).await, None);
}

async fn a_sight_is_void_while_the_event_is_to_be_written_again(t: &TestDb) {
    let (stage, booking) = seen(t).await;
    let of = booking.clone();
    t.db.write(move |tx| {
        let booking = of.clone();
        Box::pin(async move {
            let row = tx.references().of_booking(&booking).await?.remove(0);
            tx.references().again(&row).await
        })
    })
    .await
    .map_err(|error: kalends_store::Error| error)
    .unwrap();
    heed(&stage).await;
    stays(&stage, &booking).await;
}

async fn a_sight_is_void_when_our_own_version_stands_there_by_then(t: &TestDb) {
    let (stage, booking) = seen(t).await;
    let of = booking.clone();
    t.db.write(move |tx| {
        let booking = of.clone();
        Box::pin(async move {
            let row = tx.references().of_booking(&booking).await?.remove(0);
            tx.references().again(&row).await?;
            job::add(tx, &job::Reconcile::of(&booking)).await
        })
    })
    .await
    .map_err(|error: kalends_store::Error| error)
    .unwrap();
    assert!(job::drain_one(&stage.engine, "reconcile").await.unwrap());
    // However often it is looked at, and without any sync that would take the sight back.
    for _ in 0..4 {
        job::drain_one(&stage.engine, "heed").await.unwrap();
        t.clock.advance(SignedDuration::from_hours(2));
    }
    stays(&stage, &booking).await;
    assert_eq!(stage.planner.stands("work", booking.uid.as_str()), Some(booking.span));
}

async fn a_sight_is_void_when_the_booking_is_off(t: &TestDb) {
    let (stage, booking) = seen(t).await;
    run(&stage, "UPDATE booking_references SET desired_present = FALSE, applied_present = FALSE").await;
    let looks = stage.planner.bench().count("find");
    heed(&stage).await;
    stays(&stage, &booking).await;
    assert_eq!(stage.planner.bench().count("find"), looks, "nobody asks how it stands");
}

async fn a_move_that_could_not_be_made_at_once_is_made_later(t: &TestDb) {
    // The version there is known before the booking moves, so that writing the new revision is no conflict; if the move itself
    // fails then, that version must not be taken for one of our own.
    let (stage, booking) = seen(t).await;
    run(&stage, "UPDATE booking_references SET etag = (SELECT etag FROM outside_changes)").await;
    heed(&stage).await;
    assert_eq!(stage.now(&booking).await.span, span("11-25 14:00", 30));
}
