//! One event with its room, however both came to be.

use kalends_app::fake::Fault;
use kalends_domain::{
    Span,
    booking::{Booking, By, Event},
    event_type::{BookedLocation, Seats, Settings, Visibility},
};
use kalends_engine::hooks_in::Heard;
use kalends_testkit::TestDb;
use serde_json::{Value, json};

use crate::stage::{Stage, Vendor};

checks![
    a_booking_gets_one_event_with_its_room,
    a_reschedule_moves_the_event_and_keeps_the_room,
    a_cancellation_takes_event_and_room,
    gcal_25_a_cancellation_closes_a_room_by_itself,
    an_event_keeps_no_room_of_a_booking_that_takes_place_elsewhere,
    a_room_whose_answer_was_lost_is_found_and_there_is_one_event,
    an_event_of_a_booking_elsewhere_has_no_room,
    gcal_26_the_event_stands_there_as_its_event_type_wishes,
    signing_in_opens_a_channel_and_its_notices_are_believed,
];

pub const GOOGLE: Vendor = Vendor {
    calendar: "google-calendar",
    rooms: "google-meet",
    form: &[],
    played: "google-calendar",
    addresses: &[],
};

/// The same, where rooms are made by themselves.
const SPACES: Vendor = Vendor { form: &[("rooms", "space")], ..GOOGLE };

/// The events in the main calendar.
async fn events(stage: &Stage<'_>) -> Vec<Value> {
    let url = "https://www.googleapis.com/calendar/v3/calendars/host@example.com/events";
    stage.reads(url, &[]).await["items"].as_array().unwrap().clone()
}

/// The link into an event's room.
fn link(event: &Value) -> Option<&str> {
    let ways = event["conferenceData"]["entryPoints"].as_array()?;
    ways.iter().find(|way| way["entryPointType"] == "video")?["uri"].as_str()
}

async fn a_booking_gets_one_event_with_its_room(t: &TestDb) {
    // ADR 0012, GCAL-14, GCAL-15: the first look finds the room pending.
    let stage = Stage::new(t, &GOOGLE).await;
    let booking = stage.book("google-meet").await;
    let events = events(&stage).await;
    assert_eq!(events.len(), 1, "{events:?}");
    let url = link(&events[0]).unwrap();
    assert_eq!(booking.location.url(), Some(url));
    let private = &events[0]["extendedProperties"]["private"];
    assert_eq!(private["kalendsUid"], booking.uid.as_str());
    assert_eq!(events[0]["location"], url, "the event says where");
    assert!(events[0]["description"].as_str().unwrap().contains(url));
    let bench = stage.played.bench();
    assert_eq!((bench.count("make_event_room"), bench.count("make_space")), (1, 0));
}

async fn a_reschedule_moves_the_event_and_keeps_the_room(t: &TestDb) {
    let stage = Stage::new(t, &GOOGLE).await;
    let booking = stage.book("google-meet").await;
    let to = Span::new(booking.span.start + 86_400, booking.span.end + 86_400);
    let moved = stage.change(&booking, Event::Moved { by: By::Host, needs_host: false }, Some(to)).await;
    let events = events(&stage).await;
    assert_eq!(events.len(), 1);
    assert_eq!((moved.location.url(), link(&events[0])), (booking.location.url(), booking.location.url()));
    let start: jiff::Timestamp = events[0]["start"]["dateTime"].as_str().unwrap().parse().unwrap();
    assert_eq!(start.as_second(), to.start);
}

async fn a_cancellation_takes_event_and_room(t: &TestDb) {
    let stage = Stage::new(t, &GOOGLE).await;
    let booking = stage.book("google-meet").await;
    stage.change(&booking, Event::Cancelled { by: By::Host, reason: String::new() }, None).await;
    assert_eq!(events(&stage).await, Vec::<Value>::new());
}

async fn gcal_25_a_cancellation_closes_a_room_by_itself(t: &TestDb) {
    let stage = Stage::new(t, &SPACES).await;
    let booking = stage.book("google-meet").await;
    assert!(booking.location.url().is_some());
    let bench = stage.played.bench();
    assert_eq!((bench.count("make_space"), bench.count("close_space")), (1, 0));
    stage.change(&booking, Event::Cancelled { by: By::Host, reason: String::new() }, None).await;
    assert_eq!((bench.count("close_space"), bench.count("end_meeting")), (1, 1), "its link lets nobody in");
    assert_eq!(events(&stage).await, Vec::<Value>::new());
}

async fn an_event_keeps_no_room_of_a_booking_that_takes_place_elsewhere(t: &TestDb) {
    let stage = Stage::new(t, &GOOGLE).await;
    let booking = stage.book("google-meet").await;
    let elsewhere =
        |booking: &mut Booking| booking.location = BookedLocation::Address { address: "Room 7".into() };
    stage.edit(&booking, elsewhere).await;
    let events = events(&stage).await;
    assert_eq!((events.len(), link(&events[0]), &events[0]["location"]), (1, None, &json!("Room 7")));
}

async fn a_room_whose_answer_was_lost_is_found_and_there_is_one_event(t: &TestDb) {
    // ALL-07
    let stage = Stage::new(t, &GOOGLE).await;
    stage.played.bench().next_write([Fault::Drop]);
    let booking = stage.book("google-meet").await;
    let events = events(&stage).await;
    assert_eq!(events.len(), 1);
    assert!(booking.location.url().is_some() && booking.location.url() == link(&events[0]));
    assert_eq!(stage.played.bench().count("make_event_room"), 1);
}

async fn an_event_of_a_booking_elsewhere_has_no_room(t: &TestDb) {
    let stage = Stage::with_calendar(t, &GOOGLE).await;
    stage.book("nowhere-connected").await;
    let events = events(&stage).await;
    assert_eq!((events.len(), link(&events[0])), (1, None));
}

async fn signing_in_opens_a_channel_and_its_notices_are_believed(t: &TestDb) {
    // GCAL-17, GCAL-18, GCAL-21: one change costs one incremental call.
    let stage = Stage::with_calendar(t, &GOOGLE).await;
    let first = stage.hear().await;
    assert!(!first.is_empty() && first.iter().all(|heard| *heard == Heard::Taken), "{first:?}");
    let before = stage.played.bench().count("list_changes");
    stage.book("nowhere-connected").await;
    let told = stage.hear().await;
    assert_eq!(told, [Heard::Taken]);
    assert_eq!(stage.played.bench().count("list_changes") - before, 1);
}

async fn gcal_26_the_event_stands_there_as_its_event_type_wishes(t: &TestDb) {
    let stage = Stage::new(t, &GOOGLE).await;
    let wish = |settings: &mut Settings| {
        settings.colour = Some("#f4b400".into());
        settings.visibility = Visibility::Private;
        settings.reminders = Some(vec![10, 60]);
        settings.extra_guests = false;
        settings.seats = Some(Seats { count: 5, show_left: false, show_guests: false });
    };
    stage.wishing(wish).await;
    stage.book("google-meet").await;
    let event = events(&stage).await.remove(0);
    assert_eq!((&event["colorId"], &event["visibility"]), (&json!("5"), &json!("private")));
    let minutes = [60, 10].map(|minutes| json!({ "method": "popup", "minutes": minutes }));
    assert_eq!(event["reminders"], json!({ "useDefault": false, "overrides": minutes }));
    assert_eq!(event["guestsCanSeeOtherGuests"], false);
    assert_eq!(event["guestsCanInviteOthers"], false);
    assert_eq!(stage.left_out().await, [], "Google keeps all of it");
}
