//! New rules of local time: what was agreed under the old ones is listed, kept or moved (TZ-02).

use jiff::tz::TimeZone;
use kalends_domain::{availability::Schedule, booking::Booking, people::Role, zone::Zone};
use kalends_engine::{
    Member,
    book::{BookError, ChangeError},
    clocks::{ShiftAnswer, Shifted},
    schedules::ScheduleDraft,
};
use kalends_store::sql;
use kalends_testkit::{TestDb, make};

use crate::stage::{Stage, at, span};

checks![
    new_rules_list_what_they_moved_and_nothing_else_once_for_each_release,
    a_booking_moves_to_the_local_time_that_was_agreed_outside_too,
    a_booking_that_stays_is_agreed_anew_and_everybody_hears_of_it,
    a_time_that_is_taken_leaves_the_booking_where_it_is_and_in_the_list,
    all_move_at_once_however_they_stand_in_each_others_way,
    what_is_over_called_off_or_answered_is_not_asked,
    hosts_decide_about_their_own_and_managers_about_all,
    bookings_of_an_earlier_version_are_taken_as_agreed_by_the_rules_in_force,
];

/// Under the old rules Vienna had summer time for good; the new ones, which this machine has, end it in winter.
const OLD: &str = "<+02>-2";

/// Ines, who works in Vienna.
async fn vienna(t: &TestDb) -> Stage<'_> {
    let stage = Stage::following(t).await;
    let hours = Schedule::nine_to_five(Zone::parse("Europe/Vienna").unwrap());
    let draft = ScheduleDraft { name: "Vienna".into(), hours };
    let made = stage.engine.create_schedule(&stage.member, stage.host.id, &draft).await.unwrap();
    stage.engine.set_default_schedule(&stage.member, made.id).await.unwrap();
    stage
}

/// A booking as it was agreed under these rules: on the wall stands what they showed then.
async fn agreed(stage: &Stage<'_>, start: &str, rules: &str) -> Booking {
    let mut booking = stage.booked(start).await;
    booking = stage.now(&booking).await;
    assert_eq!(booking.zone, "Europe/Vienna", "TZ-01: the zone in which it was agreed");
    booking.wall = TimeZone::posix(rules).unwrap().to_datetime(at(start));
    let stored = booking.clone();
    let saved = stage.t.db.write(move |tx| {
        let stored = stored.clone();
        Box::pin(async move { tx.bookings().save(&stored, stored.revision).await })
    });
    assert!(saved.await.unwrap());
    booking
}

async fn listed(stage: &Stage<'_>, by: &Member) -> Vec<Shifted> {
    let page = stage.engine.shifted(by, 0).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    page.items
}

async fn new_rules_list_what_they_moved_and_nothing_else_once_for_each_release(t: &TestDb) {
    let stage = vienna(t).await;
    let moved = agreed(&stage, "11-24 10:00", OLD).await;
    agreed(&stage, "11-25 10:00", "CET-1").await;
    assert_eq!(listed(&stage, &stage.member).await, [], "nobody has looked yet");
    stage.engine.follow_clock_rules("2026b").await.unwrap();
    let found = listed(&stage, &stage.member).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].view.booking.id, found[0].to, found[0].fits),
        (moved.id, span("11-24 11:00", 30), true)
    );
    assert_eq!(stage.engine.needs(&stage.member).await.unwrap().shifted, found);
    assert_eq!(t.db.read().await.unwrap().bookings().shifted().await.unwrap(), 1);
    let rules = stage.engine.clock_rules().await.unwrap().unwrap();
    assert_eq!((rules.release.as_str(), rules.since), ("2026b", stage.engine.now()));

    agreed(&stage, "11-26 10:00", OLD).await;
    stage.engine.follow_clock_rules("2026b").await.unwrap();
    assert_eq!(listed(&stage, &stage.member).await.len(), 1, "for the same release nothing is read again");
    stage.engine.follow_clock_rules("2026c").await.unwrap();
    assert_eq!(listed(&stage, &stage.member).await.len(), 2);
}

async fn a_booking_moves_to_the_local_time_that_was_agreed_outside_too(t: &TestDb) {
    let stage = vienna(t).await;
    let booking = agreed(&stage, "11-24 10:00", OLD).await;
    stage.engine.follow_clock_rules("2026b").await.unwrap();
    stage.engine.answer_shift(&stage.member, &booking.uid, ShiftAnswer::Move).await.unwrap();
    stage.settle().await;
    let now = stage.now(&booking).await;
    assert_eq!((now.span, now.revision, now.wall), (span("11-24 11:00", 30), 1, booking.wall));
    assert_eq!(stage.planner.stands("work", booking.uid.as_str()), Some(span("11-24 11:00", 30)));
    assert_eq!(stage.told(&booking).await, ["confirmed", "moved"]);
    stage.engine.follow_clock_rules("2026c").await.unwrap();
    assert_eq!(listed(&stage, &stage.member).await, []);
    let again = stage.engine.answer_shift(&stage.member, &booking.uid, ShiftAnswer::Move).await;
    assert!(matches!(again, Err(ChangeError::NotFound)), "a question is answered once");
}

async fn a_booking_that_stays_is_agreed_anew_and_everybody_hears_of_it(t: &TestDb) {
    let stage = vienna(t).await;
    let booking = agreed(&stage, "11-24 10:00", OLD).await;
    stage.engine.follow_clock_rules("2026b").await.unwrap();
    stage.engine.answer_shift(&stage.member, &booking.uid, ShiftAnswer::Keep).await.unwrap();
    stage.settle().await;
    let now = stage.now(&booking).await;
    let shown = Zone::parse("Europe/Vienna").unwrap().wall(booking.span.start);
    assert_eq!((now.span, now.revision, now.wall), (booking.span, 1, shown));
    let mut tx = t.db.read().await.unwrap();
    let written = tx.references().of_booking(&booking).await.unwrap();
    let revisions: Vec<_> = written.iter().map(|row| row.applied_revision).collect();
    assert_eq!(revisions, [Some(1)], "its event is written again");
    drop(tx);
    assert_eq!(stage.planner.stands("work", booking.uid.as_str()), Some(booking.span));
    assert_eq!(stage.told(&booking).await, ["confirmed", "moved"]);
    assert_eq!(stage.history(&booking).await.last().map(String::as_str), Some("instant_kept"));
    stage.engine.follow_clock_rules("2026c").await.unwrap();
    assert_eq!(listed(&stage, &stage.member).await, []);
    let again = stage.engine.answer_shift(&stage.member, &booking.uid, ShiftAnswer::Keep).await;
    assert!(matches!(again, Err(ChangeError::NotFound)), "a question is answered once");
}

async fn a_time_that_is_taken_leaves_the_booking_where_it_is_and_in_the_list(t: &TestDb) {
    let stage = vienna(t).await;
    let booking = agreed(&stage, "11-24 10:00", OLD).await;
    stage.booked("11-24 11:00").await;
    stage.engine.follow_clock_rules("2026b").await.unwrap();
    let refused = stage.engine.answer_shift(&stage.member, &booking.uid, ShiftAnswer::Move).await;
    assert!(matches!(refused, Err(ChangeError::Time(BookError::Taken))), "{refused:?}");
    assert_eq!(stage.now(&booking).await, booking);
    assert_eq!(listed(&stage, &stage.member).await.len(), 1);
}

async fn all_move_at_once_however_they_stand_in_each_others_way(t: &TestDb) {
    let stage = vienna(t).await;
    // An hour later, each where the next but one was; and before them two that come sooner, over each other's time.
    for start in ["11-24 10:00", "11-24 10:30", "11-24 11:00", "11-24 11:30"] {
        agreed(&stage, start, OLD).await;
    }
    for start in ["11-25 09:00", "11-25 09:30"] {
        agreed(&stage, start, "<+0030>-0:30").await;
    }
    // This one cannot: half past twelve is somebody else's.
    let stuck = agreed(&stage, "11-26 11:30", OLD).await;
    stage.booked("11-26 12:30").await;
    stage.engine.follow_clock_rules("2026b").await.unwrap();
    assert_eq!(stage.engine.move_all_shifted(&stage.member).await.unwrap(), (6, 1));
    let left = listed(&stage, &stage.member).await;
    assert_eq!(left.iter().map(|one| one.view.booking.id).collect::<Vec<_>>(), [stuck.id]);
    let free = stage.starts("11-24").await;
    assert!(free.contains(&"10:30".to_owned()) && !free.contains(&"12:30".to_owned()), "{free:?}");
    stage.settle().await;
}

async fn what_is_over_called_off_or_answered_is_not_asked(t: &TestDb) {
    let stage = vienna(t).await;
    let soon = agreed(&stage, "11-24 10:00", OLD).await;
    let gone = agreed(&stage, "11-25 10:00", OLD).await;
    stage.engine.follow_clock_rules("2026b").await.unwrap();
    stage
        .engine
        .answer_conflict(&stage.member, &gone.uid, kalends_engine::calendar_changes::ConflictStep::Cancel)
        .await
        .unwrap();
    let left = |found: Vec<Shifted>| found.iter().map(|one| one.view.booking.id).collect::<Vec<_>>();
    assert_eq!(left(listed(&stage, &stage.member).await), [soon.id]);
    t.clock.set(at("11-24 10:01"));
    assert_eq!(left(listed(&stage, &stage.member).await), []);
}

async fn hosts_decide_about_their_own_and_managers_about_all(t: &TestDb) {
    let stage = vienna(t).await;
    let booking = agreed(&stage, "11-24 10:00", OLD).await;
    stage.engine.follow_clock_rules("2026b").await.unwrap();
    let people = t.db.read().await.unwrap().people().list(stage.host.organization).await.unwrap();
    let jonas = make::member(people.iter().find(|user| user.id != stage.host.id).unwrap());
    let other = Member { role: Role::Member, ..jonas };
    assert_eq!(listed(&stage, &other).await, []);
    let refused = stage.engine.answer_shift(&other, &booking.uid, ShiftAnswer::Keep).await;
    assert!(matches!(refused, Err(ChangeError::NotFound)), "{refused:?}");
    let manager = Member { role: Role::Admin, ..jonas };
    assert_eq!(listed(&stage, &manager).await.len(), 1);
    assert_eq!(stage.engine.needs(&manager).await.unwrap().shifted, [], "their own list is their own");
    stage.engine.answer_shift(&manager, &booking.uid, ShiftAnswer::Move).await.unwrap();
    assert_eq!(stage.now(&booking).await.span, span("11-24 11:00", 30));
    stage.settle().await;
}

async fn bookings_of_an_earlier_version_are_taken_as_agreed_by_the_rules_in_force(t: &TestDb) {
    let stage = vienna(t).await;
    let booking = stage.booked("11-24 10:00").await;
    let forget = "UPDATE bookings SET wall = NULL, wall_starts = NULL";
    t.db.write(move |tx| Box::pin(async move { tx.run(sql(forget)).await })).await.unwrap();
    stage.engine.follow_clock_rules("2026b").await.unwrap();
    assert_eq!(listed(&stage, &stage.member).await, []);
    let noted = sql("SELECT wall FROM bookings WHERE id = $1").bind(booking.id);
    let row = t.db.read().await.unwrap().row(noted).await.unwrap().unwrap();
    assert_eq!(
        row.get::<String>("wall").unwrap(),
        "2026-11-24T11:00:00",
        "what clocks in Vienna show at ten UTC"
    );
}
