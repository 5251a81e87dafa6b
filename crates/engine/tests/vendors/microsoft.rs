//! Outlook and Teams: one event with its room, whose link comes late (MSG-11, ADR 0012).

use kalends_app::{fake::Fault, hook::Raw};
use kalends_domain::{
    Span,
    booking::{Booking, By, Event},
    event_type::BookedLocation,
};
use kalends_engine::hooks_in::Heard;
use kalends_testkit::{TestDb, hear};
use serde_json::{Value, json};

use crate::stage::{Stage, Vendor};

checks![
    a_teams_booking_is_one_event_with_its_meeting,
    a_late_link_comes_into_booking_and_event,
    a_moved_teams_booking_keeps_its_link,
    a_cancelled_teams_booking_leaves_nothing,
    a_meeting_whose_answer_was_lost_is_found_and_there_is_one_event,
    a_booking_that_leaves_teams_gets_a_plain_event,
    a_booking_of_the_calendar_alone_has_no_meeting,
    msg_15_a_subscription_is_asked_about_and_answers_with_its_word,
    msg_17_what_happens_to_a_subscription_is_mended,
    msg_02_msg_04_tokens_are_taken_as_they_come_and_the_newest_is_kept,
    msg_16_a_notice_without_the_secret_is_nobodys,
];

pub const MICROSOFT: Vendor = Vendor {
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

async fn msg_15_a_subscription_is_asked_about_and_answers_with_its_word(t: &TestDb) {
    // Graph asks while it makes the subscription, so the address is known before anything else of it is.
    let stage = Stage::with_calendar(t, &MICROSOFT).await;
    let first = stage.hear().await;
    assert!(!first.is_empty());
    for heard in first {
        let Heard::Reply(reply) = heard else { panic!("it only asks: {heard:?}") };
        assert_eq!((reply.status, reply.media_type), (200, "text/plain"));
        assert!(reply.body.starts_with(b"Validation: Testing client: "), "decoded: {:?}", reply.body);
    }
}

/// A notice of a change, as Graph sends it here.
async fn a_notice(stage: &Stage<'_>) -> Raw {
    stage.hear().await;
    stage.book("nowhere-connected").await;
    let notices = stage.played.notices();
    notices.into_iter().find(|raw| raw.url.query().is_none()).unwrap()
}

async fn sent(stage: &Stage<'_>, like: &Raw, name: &str, change: impl FnOnce(&mut Value)) -> Heard {
    let mut body: Value = like.json().unwrap();
    change(&mut body["value"][0]);
    let mut headers = like.headers.clone();
    headers.insert("client-request-id", name.parse().unwrap());
    let notice = Raw { headers, body: body.to_string().into(), ..like.clone() };
    let heard = hear(&stage.engine, "microsoft-365", &notice).await;
    stage.settle().await;
    heard
}

async fn msg_17_what_happens_to_a_subscription_is_mended(t: &TestDb) {
    let stage = Stage::with_calendar(t, &MICROSOFT).await;
    let notice = a_notice(&stage).await;
    let count = |op: &str| stage.played.bench().count(op);
    let counts = || ["watch", "renew_watch", "read_changes"].map(count);
    let lifecycle = |event: &'static str| {
        move |one: &mut Value| {
            *one = json!({
                "subscriptionId": one["subscriptionId"], "clientState": one["clientState"],
                "subscriptionExpirationDateTime": one["subscriptionExpirationDateTime"],
                "lifecycleEvent": event,
            });
        }
    };
    for (event, [made, renewed]) in
        [("missed", [0, 0]), ("reauthorizationRequired", [0, 1]), ("subscriptionRemoved", [1, 0])]
    {
        let before = counts();
        assert_eq!(sent(&stage, &notice, event, lifecycle(event)).await, Heard::Taken, "{event}");
        let after = counts();
        assert_eq!([after[0] - before[0], after[1] - before[1]], [made, renewed], "{event}");
        assert!(after[2] > before[2], "{event}: the calendar is read");
    }
    assert_eq!(sent(&stage, &notice, "odd", lifecycle("somethingNew")).await, Heard::Taken, "INB-06");
}

async fn msg_16_a_notice_without_the_secret_is_nobodys(t: &TestDb) {
    let stage = Stage::with_calendar(t, &MICROSOFT).await;
    let notice = a_notice(&stage).await;
    let before = stage.played.bench().seen().len();
    let forged = sent(&stage, &notice, "forged", |one| one["clientState"] = "guessed".into()).await;
    assert_eq!((forged, stage.played.bench().seen().len()), (Heard::Refused, before));
    assert_eq!(sent(&stage, &notice, "true", |_| ()).await, Heard::Taken);
    assert_eq!(sent(&stage, &notice, "true", |_| ()).await, Heard::Taken, "told twice, done once");
}

async fn msg_02_msg_04_tokens_are_taken_as_they_come_and_the_newest_is_kept(t: &TestDb) {
    // The played sign-in gives tokens that are no JWTs, and ends a grant whose older refresh token comes back.
    let stage = Stage::with_calendar(t, &MICROSOFT).await;
    let sign_in = stage.played.oauth().unwrap();
    for _ in 0..3 {
        let renewed = stage.played.bench().count("oauth_refresh");
        sign_in.expire();
        stage.book("nowhere-connected").await;
        assert!(stage.played.bench().count("oauth_refresh") > renewed);
    }
    assert_eq!((events(&stage).await.len(), sign_in.standing() > 0), (3, true));
}
