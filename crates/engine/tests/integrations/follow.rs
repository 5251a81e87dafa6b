//! Rooms and events follow their booking.

use jiff::SignedDuration;
use kalends_app::fake::{Fake, Fault};
use kalends_domain::{
    Span,
    booking::{By, Event, State},
};
use kalends_store::repo::{Following, Health};
use kalends_testkit::{TestDb, make::member};

use crate::stage::{Stage, nowhere, toy_room};

checks![
    a_confirmed_booking_has_a_room_and_an_event_that_carries_its_link,
    a_move_changes_the_same_event_and_keeps_the_room,
    a_cancellation_leaves_nothing_behind,
    nothing_is_outside_while_a_host_has_not_confirmed,
    what_is_cancelled_before_anything_was_written_is_never_written,
    each_host_of_a_collective_has_the_event_in_their_own_calendar,
    an_event_somebody_deleted_is_written_again_by_the_next_change,
    an_event_somebody_changed_is_brought_back_by_the_next_change,
    an_outage_is_waited_out,
    a_room_that_cannot_be_made_does_not_keep_the_event_away,
    a_refused_sign_in_parks_the_booking_until_its_owner_has_reconnected,
    a_booking_without_any_connection_is_fine,
    a_new_receiving_calendar_gets_the_event_and_the_old_one_loses_it,
];

fn later(span: Span, hours: i64) -> Span {
    Span::new(span.start + hours * 3600, span.end + hours * 3600)
}

fn moved() -> Event {
    Event::Moved { by: By::Guest, needs_host: false }
}

fn cancelled() -> Event {
    Event::Cancelled { by: By::Guest, reason: "The owner sold the house.".into() }
}

async fn a_confirmed_booking_has_a_room_and_an_event_that_carries_its_link(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(toy_room()).await;
    stage.settle().await;
    let link = format!("https://toy.example/r/{}", booking.uid);
    {
        let kept = stage.provider.kept();
        let (key, (_, event)) = kept.events.iter().next().unwrap();
        assert_eq!(key, &format!("work/{}", booking.uid));
        assert_eq!(event.uid, booking.uid.as_str());
        assert_eq!(event.location.as_deref(), Some(link.as_str()));
        assert_eq!(event.organizer.email, "ines@example.com");
        assert_eq!(event.attendees[0].person.email, "gus@guests.example.com");
        assert_eq!(kept.events.len(), 1);
    }
    assert_eq!(stage.now(&booking).await.location.url(), Some(link.as_str()));
    assert!(stage.references(&booking).await.iter().all(|row| row.following == Following::Done));
}

async fn a_move_changes_the_same_event_and_keeps_the_room(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(toy_room()).await;
    stage.settle().await;
    let moved_booking = stage.change(&booking, moved(), Some(later(booking.span, 2))).await;
    stage.settle().await;
    let kept = stage.provider.kept();
    assert_eq!(kept.events.len(), 1);
    let (_, event) = kept.events.values().next().unwrap();
    assert_eq!((event.span, event.sequence), (moved_booking.span, 1));
    assert_eq!(kept.rooms.len(), 1);
    drop(kept);
    assert_eq!(stage.provider.bench().count("create"), 1);
    assert_eq!(stage.provider.bench().count("open"), 1);
}

async fn a_cancellation_leaves_nothing_behind(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(toy_room()).await;
    stage.settle().await;
    stage.change(&booking, cancelled(), None).await;
    stage.settle().await;
    {
        let kept = stage.provider.kept();
        assert!(kept.events.is_empty() && kept.rooms.is_empty());
    }
    assert!(
        stage
            .references(&booking)
            .await
            .iter()
            .all(|row| row.following == Following::Done && !row.applied_present)
    );
}

async fn nothing_is_outside_while_a_host_has_not_confirmed(t: &TestDb) {
    let stage = Stage::new(t).await;
    let mut booking = stage.booking(toy_room());
    booking.state = State::AwaitingConfirmation { since: booking.created_at, paid: false };
    stage.store(&booking).await;
    stage.settle().await;
    assert!(stage.provider.kept().events.is_empty() && stage.provider.kept().rooms.is_empty());
    stage.change(&booking, Event::Approved, None).await;
    stage.settle().await;
    assert_eq!(stage.provider.kept().events.len(), 1);
}

async fn what_is_cancelled_before_anything_was_written_is_never_written(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.change(&booking, cancelled(), None).await;
    stage.settle().await;
    assert_eq!(stage.provider.bench().count("create"), 0);
}

async fn each_host_of_a_collective_has_the_event_in_their_own_calendar(t: &TestDb) {
    let stage = Stage::new(t).await;
    let jonas = t.db.read().await.unwrap().people().by_email("jonas@example.com").await.unwrap().unwrap();
    stage.provider.kept().calendars = vec!["jonas"];
    stage.connect(&member(&jonas)).await;
    let mut booking = stage.booking(nowhere());
    booking.hosts.push(jonas.id);
    stage.store(&booking).await;
    stage.settle().await;
    {
        let kept = stage.provider.kept();
        let keys: Vec<&String> = kept.events.keys().collect();
        assert_eq!(keys, [&format!("jonas/{}", booking.uid), &format!("work/{}", booking.uid)]);
    }
    stage.change(&booking, cancelled(), None).await;
    stage.settle().await;
    assert!(stage.provider.kept().events.is_empty());
}

async fn an_event_somebody_deleted_is_written_again_by_the_next_change(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    stage.provider.kept().events.clear();
    let booking = stage.change(&booking, moved(), Some(later(booking.span, 1))).await;
    stage.settle().await;
    let kept = stage.provider.kept();
    assert_eq!(kept.events.values().next().unwrap().1.span, booking.span);
}

async fn an_event_somebody_changed_is_brought_back_by_the_next_change(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    stage.provider.kept().events.values_mut().for_each(|(version, event)| {
        *version += 100;
        event.title = "changed by hand".into();
    });
    let booking = stage.change(&booking, moved(), Some(later(booking.span, 1))).await;
    stage.settle().await;
    let kept = stage.provider.kept();
    assert_eq!(kept.events.len(), 1);
    let event = &kept.events.values().next().unwrap().1;
    assert_eq!((event.span, event.title.as_str()), (booking.span, "consultation"));
}

async fn an_outage_is_waited_out(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.bench().next([Fault::Refuse, Fault::Status(503, vec![]), Fault::Refuse]);
    let booking = stage.book(nowhere()).await;
    stage.drain().await;
    let row = &stage.references(&booking).await[0];
    assert_eq!(row.following, Following::Failing);
    assert!(row.last_error.is_some() && row.next_try_at.is_some());
    stage.settle().await;
    assert_eq!(stage.provider.kept().events.len(), 1);
    assert_eq!(stage.references(&booking).await[0].following, Following::Done);
}

async fn a_room_that_cannot_be_made_does_not_keep_the_event_away(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.bench().next([Fault::Status(503, vec![("retry-after", "120".into())])]);
    let booking = stage.book(toy_room()).await;
    stage.drain().await;
    assert_eq!(stage.provider.kept().events.len(), 1, "the host's time is taken in their calendar at once");
    assert_eq!(stage.provider.kept().events.values().next().unwrap().1.location, None);
    stage.settle().await;
    let link = stage.now(&booking).await.location.url().unwrap().to_owned();
    let kept = stage.provider.kept();
    assert_eq!(kept.events.len(), 1);
    assert_eq!(kept.events.values().next().unwrap().1.location, Some(link));
}

async fn a_refused_sign_in_parks_the_booking_until_its_owner_has_reconnected(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.bench().next([Fault::expired()]);
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    assert_eq!(stage.references(&booking).await[0].following, Following::GivenUp);
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    assert_eq!(view.health, Health::NeedsReconnect);
    assert!(stage.now(&booking).await.state.is_confirmed(), "the booking stands");
    stage.engine.reconnect(&stage.member, view.id, &stage.provider.form()).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.provider.kept().events.len(), 1);
    assert_eq!(stage.engine.connections(&stage.member).await.unwrap()[0].health, Health::Connected);
}

async fn a_booking_without_any_connection_is_fine(t: &TestDb) {
    let stage = Stage::bare(t, true).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    assert!(stage.references(&booking).await.is_empty());
    assert_eq!(stage.mails().len(), 2);
}

async fn a_new_receiving_calendar_gets_the_event_and_the_old_one_loses_it(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    let view = stage.engine.connections(&stage.member).await.unwrap().remove(0);
    let uses: Vec<_> = view
        .calendars
        .iter()
        .map(|one| kalends_engine::connect::CalendarUse { receives: one.name == "family", ..one.into() })
        .collect();
    stage.engine.use_calendars(&stage.member, view.id, &uses).await.unwrap();
    t.clock.advance(SignedDuration::from_secs(1));
    stage.look_again(&booking).await;
    stage.settle().await;
    let kept = stage.provider.kept();
    let keys: Vec<&String> = kept.events.keys().collect();
    assert_eq!(keys, [&format!("family/{}", booking.uid)]);
}
