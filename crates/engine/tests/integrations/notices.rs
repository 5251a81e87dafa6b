//! What a provider of rooms tells: a room was changed, taken away, or its meeting is over.

use std::sync::{Arc, Barrier};

use jiff::SignedDuration;
use kalends_app::{fake::Fake, hook::What, kind::RemoteId};
use kalends_domain::{
    Clock, Id,
    booking::{Booking, By, Event},
};
use kalends_engine::{
    job::{self, ApplyInbound},
    reconcile::Progress,
};
use kalends_store::{repo::InboundEvent, sql};
use kalends_testkit::TestDb;

use crate::{
    rooms::{both, rooms, settled},
    stage::Stage,
};

checks![
    a_room_taken_away_there_is_made_anew_and_everybody_gets_the_new_link,
    a_room_changed_there_is_set_right,
    a_room_that_is_entered_otherwise_now_is_told_to_everybody,
    our_own_changes_coming_back_change_nothing_and_use_no_allowance,
    a_room_that_is_changed_back_again_and_again_stays_so_at_last,
    a_booking_that_moves_has_its_room_set_right_anew,
    a_notice_of_a_room_we_took_away_ourselves_makes_no_new_one,
    a_provider_that_is_down_loses_no_room_that_stands,
    what_comes_while_a_room_is_written_is_looked_at_afterwards,
    that_a_meeting_is_over_stands_in_its_history_once,
    a_notice_of_a_room_nobody_has_is_let_go,
];

/// The address red tells us at.
const HOOK: &str = "01900000-0000-7000-8000-000000000001";

/// A notice of the account red, as the door writes it down; what became of it.
pub async fn told(stage: &Stage<'_>, what: What) -> String {
    tell(stage, what).await;
    stage.settle().await;
    let mut tx = stage.t.db.read().await.unwrap();
    let rows = tx.rows(sql("SELECT status FROM inbound_events ORDER BY received_at DESC, id DESC")).await;
    rows.unwrap()[0].get("status").unwrap()
}

async fn tell(stage: &Stage<'_>, what: What) {
    let organization = stage.member.organization;
    let told = serde_json::to_value(what).unwrap();
    stage
        .t
        .db
        .write(move |tx| {
            let told = told.clone();
            Box::pin(async move {
                let query = sql("INSERT INTO hooks (organization_id, id, app, key_hash, key_id, sealed, created_at)
                     VALUES ($1, $2, 'red', 'h', 'k', '', $3) ON CONFLICT DO NOTHING");
                let now = tx.now();
                tx.run(query.bind(organization).bind(HOOK).bind(now)).await?;
                let (event, name): (Id<InboundEvent>, Id<InboundEvent>) = (tx.ids().id(), tx.ids().id());
                let query = sql("INSERT INTO inbound_events (organization_id, id, hook_id, remote_id, signal, status, tries,
                     received_at) VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6)");
                let query = query.bind(organization).bind(event).bind(HOOK).bind(name).bind(told).bind(now);
                tx.run(query).await?;
                job::add(tx, &ApplyInbound { organization, event }).await
            })
        })
        .await
        .map_err(|error: kalends_store::Error| error)
        .unwrap();
}

fn changed() -> What {
    What::MeetingChanged { room: RemoteId::new("1") }
}

fn gone() -> What {
    What::MeetingGone { room: RemoteId::new("1") }
}

fn writes(stage: &Stage<'_>) -> usize {
    let bench = stage.red.bench();
    bench.count("open") + bench.count("update_room")
}

/// Ines with a booking whose room is red's.
async fn standing(t: &TestDb) -> (Stage<'_>, Booking) {
    let (stage, chain) = both(t).await;
    let booking = settled(&stage, chain).await;
    assert_eq!(booking.location.url(), Some("https://red.example/1"));
    (stage, booking)
}

async fn a_room_taken_away_there_is_made_anew_and_everybody_gets_the_new_link(t: &TestDb) {
    let (stage, booking) = standing(t).await;
    stage.red.state().rooms.clear();
    assert_eq!(told(&stage, gone()).await, "done");
    assert_eq!(stage.now(&booking).await.location.url(), Some("https://red.example/2"));
    assert_eq!((rooms(&stage.red).len(), rooms(&stage.blue).len()), (1, 0));
    let subjects: Vec<String> = stage.mails().into_iter().map(|(_, subject)| subject).collect();
    assert!(subjects.iter().any(|subject| subject.starts_with("Your new link")), "{subjects:?}");
    // Told once more, late: the room it is about is not the booking's any more.
    assert_eq!(told(&stage, gone()).await, "ignored");
    assert_eq!(rooms(&stage.red).len(), 1);
}

async fn a_room_changed_there_is_set_right(t: &TestDb) {
    let (stage, booking) = standing(t).await;
    stage.red.state().rooms[0].start += 3600;
    assert_eq!(told(&stage, changed()).await, "done");
    assert_eq!(rooms(&stage.red)[0].start, booking.span.start);
    assert_eq!((stage.red.bench().count("open"), stage.red.bench().count("update_room")), (1, 1));
    assert_eq!(stage.now(&booking).await.location.url(), booking.location.url());
}

async fn a_room_that_is_entered_otherwise_now_is_told_to_everybody(t: &TestDb) {
    let (stage, booking) = standing(t).await;
    stage.red.state().rooms[0].link = "https://red.example/other".into();
    let before = writes(&stage);
    assert_eq!(told(&stage, changed()).await, "done");
    assert_eq!(stage.now(&booking).await.location.url(), Some("https://red.example/other"));
    assert_eq!(writes(&stage), before, "there is nothing to set right");
    let subjects: Vec<String> = stage.mails().into_iter().map(|(_, subject)| subject).collect();
    assert!(subjects.iter().any(|subject| subject.starts_with("Your new link")), "{subjects:?}");
}

async fn our_own_changes_coming_back_change_nothing_and_use_no_allowance(t: &TestDb) {
    let (stage, booking) = standing(t).await;
    let before = writes(&stage);
    for _ in 0..5 {
        assert_eq!(told(&stage, changed()).await, "done");
    }
    assert_eq!(writes(&stage), before);
    assert_eq!(stage.red.bench().count("look"), 5);
    assert!(stage.references(&booking).await.iter().all(kalends_store::repo::Reference::is_settled));
    // The booth lets a host make or change three rooms a day: two are left.
    let mut made_by = Vec::new();
    for _ in 0..2 {
        let next = settled(&stage, crate::rooms::chain()).await;
        made_by.push(next.location.made_by().unwrap().to_owned());
    }
    assert_eq!(made_by, ["red", "red"]);
}

async fn a_room_that_is_changed_back_again_and_again_stays_so_at_last(t: &TestDb) {
    let (stage, booking) = standing(t).await;
    let elsewhere = booking.span.start + 3600;
    stage.red.state().insists = Some(elsewhere);
    stage.red.state().rooms[0].start = elsewhere;
    // Each time we set it right it is changed again, and each change is told.
    for _ in 0..20 {
        told(&stage, changed()).await;
        t.clock.advance(SignedDuration::from_hours(13));
    }
    assert_eq!(stage.red.bench().count("update_room"), 3);
    assert_eq!(rooms(&stage.red)[0].start, elsewhere);
    assert!(stage.references(&booking).await.iter().all(kalends_store::repo::Reference::is_settled));
}

async fn a_booking_that_moves_has_its_room_set_right_anew(t: &TestDb) {
    let (stage, booking) = standing(t).await;
    stage.red.state().rooms[0].start += 3600;
    told(&stage, changed()).await;
    let span = kalends_domain::Span::new(booking.span.start + 7200, booking.span.end + 7200);
    stage.change(&booking, Event::Moved { by: By::Guest, needs_host: false }, Some(span)).await;
    tell(&stage, changed()).await;
    stage.settle().await;
    assert_eq!(rooms(&stage.red)[0].start, span.start);
    assert_eq!(rooms(&stage.red).len(), 1);
}

async fn a_notice_of_a_room_we_took_away_ourselves_makes_no_new_one(t: &TestDb) {
    let (stage, booking) = standing(t).await;
    stage.change(&booking, Event::Cancelled { by: By::Guest, reason: String::new() }, None).await;
    stage.settle().await;
    let calls = stage.red.bench().seen().len();
    // Its name is forgotten with it; either way nothing is done.
    told(&stage, gone()).await;
    assert_eq!((stage.red.bench().seen().len(), rooms(&stage.red).len()), (calls, 0));
}

async fn a_provider_that_is_down_loses_no_room_that_stands(t: &TestDb) {
    let (stage, booking) = standing(t).await;
    stage.red.state().rooms[0].start += 3600;
    stage.red.state().trouble = Some(503);
    tell(&stage, changed()).await;
    for _ in 0..8 {
        stage.drain().await;
        t.clock.advance(SignedDuration::from_mins(4));
    }
    assert_eq!(rooms(&stage.blue).len(), 0, "guests have the link, and nothing says that it does not work");
    let told = stage.engine.happened_outside(&stage.member, &booking.uid).await.unwrap();
    assert!(told.iter().any(|one| one.progress == Progress::Waiting), "{told:?}");
    stage.red.state().trouble = None;
    stage.settle().await;
    assert_eq!(rooms(&stage.red)[0].start, booking.span.start);
}

async fn what_comes_while_a_room_is_written_is_looked_at_afterwards(t: &TestDb) {
    let (stage, booking) = standing(t).await;
    tell(&stage, changed()).await;
    assert!(job::drain_one(&stage.engine, "apply_inbound").await.unwrap());
    // A run looks, and sees nothing wrong; before it has written that down, somebody moves the room, and it is told.
    let gate = Arc::new(Barrier::new(2));
    stage.red.state().gate = Some(Arc::clone(&gate));
    let engine = stage.engine.clone();
    let run = tokio::spawn(async move { job::drain_one(&engine, "reconcile").await });
    met(&gate).await;
    stage.red.state().gate = None;
    stage.red.state().rooms[0].start += 3600;
    tell(&stage, changed()).await;
    assert!(job::drain_one(&stage.engine, "apply_inbound").await.unwrap());
    met(&gate).await;
    assert!(run.await.unwrap().unwrap());
    stage.settle().await;
    assert_eq!(rooms(&stage.red)[0].start, booking.span.start);
}

async fn met(gate: &Arc<Barrier>) {
    let gate = Arc::clone(gate);
    tokio::task::spawn_blocking(move || gate.wait()).await.unwrap();
}

async fn that_a_meeting_is_over_stands_in_its_history_once(t: &TestDb) {
    let (stage, booking) = standing(t).await;
    let calls = stage.red.bench().seen().len();
    t.clock.set(booking.span.ends().max(t.clock.now()));
    assert_eq!(told(&stage, What::MeetingEnded { room: RemoteId::new("1") }).await, "done");
    let history = t.db.read().await.unwrap().bookings().history(&booking).await.unwrap();
    let over: Vec<_> = history.iter().filter(|one| one.kind == "meeting_ended").collect();
    assert_eq!((over.len(), over[0].actor.as_str()), (1, "red"));
    assert_eq!(stage.red.bench().seen().len(), calls, "nobody is asked");
}

async fn a_notice_of_a_room_nobody_has_is_let_go(t: &TestDb) {
    let (stage, _) = standing(t).await;
    let other = What::MeetingChanged { room: RemoteId::new("77") };
    assert_eq!(told(&stage, other).await, "ignored");
    assert!(t.db.read().await.unwrap().jobs().dead(10).await.unwrap().is_empty());
}
