//! Outlook and Teams: one event with its room, whose link comes late (MSG-11, ADR 0012).

use kalends_app::fake::Fault;
use kalends_domain::{
    Span,
    booking::{Booking, By, Event},
    event_type::BookedLocation,
};
use kalends_testkit::TestDb;
use serde_json::Value;

use crate::stage::{Stage, Vendor};

checks![
    a_teams_booking_is_one_event_with_its_meeting,
    a_late_link_comes_into_booking_and_event,
    a_moved_teams_booking_keeps_its_link,
    a_cancelled_teams_booking_leaves_nothing,
    a_meeting_whose_answer_was_lost_is_found_and_there_is_one_event,
    a_booking_that_leaves_teams_gets_a_plain_event,
    a_booking_of_the_calendar_alone_has_no_meeting,
];

const MICROSOFT: Vendor = Vendor {
    calendar: "microsoft-365",
    rooms: "teams",
    form: &[("form", "event")],
    played: "teams",
    addresses: &[
        ("authorize", "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize"),
        ("token", "https://login.microsoftonline.com/organizations/oauth2/v2.0/token"),
    ],
};

/// What stands in the main calendar, and nowhere else.
async fn events(stage: &Stage<'_>) -> Vec<Value> {
    let url = "https://graph.microsoft.com/v1.0/me/calendars/AAMkAGI2-main=/calendarView\
        ?startDateTime=2026-01-01T00:00:00Z&endDateTime=2029-01-01T00:00:00Z&$top=100";
    let prefer = ("prefer", r#"IdType="ImmutableId", outlook.timezone="UTC""#);
    stage.reads(url, &[prefer]).await["value"].as_array().unwrap().clone()
}

fn link(event: &Value) -> Option<&str> {
    event["onlineMeeting"]["joinUrl"].as_str()
}

fn text(event: &Value) -> &str {
    event["body"]["content"].as_str().unwrap_or_default()
}

async fn one(stage: &Stage<'_>) -> Value {
    let mut events = events(stage).await;
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

async fn a_teams_booking_is_one_event_with_its_meeting(t: &TestDb) {
    let stage = Stage::new(t, &MICROSOFT).await;
    let booking = stage.book("teams").await;
    let event = one(&stage).await;
    assert_eq!(booking.location.url(), link(&event));
    assert!(link(&event).unwrap().starts_with("https://teams.microsoft.com/"));
    assert_eq!((&event["showAs"], &event["subject"]), (&"busy".into(), &booking.title.clone().into()));
    let bench = stage.played.bench();
    assert_eq!((bench.count("make_event_room"), bench.count("open")), (1, 0));
}

async fn a_late_link_comes_into_booking_and_event(t: &TestDb) {
    // The played Teams has no link at the first looks, and puts its button into the text together with it (MSG-12).
    let stage = Stage::new(t, &MICROSOFT).await;
    let booking = stage.book("teams").await;
    assert!(stage.played.bench().count("read_event_room") > 0, "it was asked for again");
    let event = one(&stage).await;
    let url = booking.location.url().unwrap();
    assert_eq!(event["location"]["displayName"], url);
    assert!(text(&event).contains("me-email-text"), "Teams' button stays: {}", text(&event));
    assert!(text(&event).contains("With: "), "and our words stand before it: {}", text(&event));
}

async fn a_moved_teams_booking_keeps_its_link(t: &TestDb) {
    let stage = Stage::new(t, &MICROSOFT).await;
    let booking = stage.book("teams").await;
    let to = Span::new(booking.span.start + 86_400, booking.span.end + 86_400);
    let moved = stage.change(&booking, Event::Moved { by: By::Host, needs_host: false }, Some(to)).await;
    let event = one(&stage).await;
    assert_eq!((moved.location.url(), link(&event)), (booking.location.url(), booking.location.url()));
    let start: jiff::civil::DateTime = event["start"]["dateTime"].as_str().unwrap().parse().unwrap();
    assert_eq!(start.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second(), to.start);
    assert!(text(&event).contains("me-email-text"), "MSG-12");
}

async fn a_cancelled_teams_booking_leaves_nothing(t: &TestDb) {
    let stage = Stage::new(t, &MICROSOFT).await;
    let booking = stage.book("teams").await;
    stage.change(&booking, Event::Cancelled { by: By::Host, reason: String::new() }, None).await;
    assert_eq!(events(&stage).await, Vec::<Value>::new());
}

async fn a_meeting_whose_answer_was_lost_is_found_and_there_is_one_event(t: &TestDb) {
    // ALL-07
    let stage = Stage::new(t, &MICROSOFT).await;
    stage.played.bench().next_write([Fault::Drop]);
    let booking = stage.book("teams").await;
    let event = one(&stage).await;
    assert!(booking.location.url().is_some() && booking.location.url() == link(&event));
    assert_eq!(stage.played.bench().count("make_event_room"), 1);
}

async fn a_booking_that_leaves_teams_gets_a_plain_event(t: &TestDb) {
    // A meeting cannot be taken off its event: the event goes with it, and another is written. It was not its host who deleted it.
    let stage = Stage::new(t, &MICROSOFT).await;
    let booking = stage.book("teams").await;
    let elsewhere = |booking: &mut Booking| {
        booking.location = BookedLocation::Address { address: "Main street 1".into() };
    };
    let after = stage.edit(&booking, elsewhere).await;
    stage.hear().await;
    let event = one(&stage).await;
    assert_eq!((link(&event), &event["isOnlineMeeting"]), (None, &false.into()));
    assert_eq!(event["location"]["displayName"], "Main street 1");
    assert!(after.state.is_confirmed() && stage.now(&booking).await.state.is_confirmed());
}

async fn a_booking_of_the_calendar_alone_has_no_meeting(t: &TestDb) {
    let stage = Stage::with_calendar(t, &MICROSOFT).await;
    stage.book("nowhere-connected").await;
    assert_eq!(one(&stage).await["isOnlineMeeting"], false);
}
