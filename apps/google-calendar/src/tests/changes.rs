//! What changed.

use kalends_app::{
    Kind, RemoteId,
    fake::{Fake, Fault},
};
use serde_json::{Value, json};
use vendor_google::fake::HOST;

use super::{World, at, draft, host, part, span, theirs};

fn series(count: u32) -> Value {
    theirs(2, &json!({ "recurrence": [format!("RRULE:FREQ=WEEKLY;COUNT={count}")] }))
}

fn exception(of: &str, day: u32, more: &Value) -> (String, Value) {
    let mut event = theirs(day, more);
    event["recurringEventId"] = of.into();
    event["originalStartTime"] = json!({ "dateTime": format!("2027-03-{day:02}T10:00:00Z") });
    (format!("{of}_202703{day:02}T100000Z"), event)
}

fn days(busy: &[kalends_domain::Span]) -> Vec<String> {
    busy.iter().map(|span| span.starts().strftime("%d %H").to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn gcal_21_a_full_reading_follows_every_page_and_keeps_the_last_ones_cursor() {
    let world = World::new();
    world.google.pages_of(7);
    for n in 0..30 {
        world.put(&format!("event{n}"), theirs(1 + n % 28, &json!({})));
    }
    let all = world.changes(None).await;
    assert_eq!((all.upserts.len(), all.full), (30, true));
    assert_eq!(world.google.bench().count("list_events"), 5);
    let none = world.changes(all.cursor.as_deref()).await;
    assert_eq!((none.upserts.len(), none.removed.len(), none.full), (0, 0, false));
}

#[tokio::test(start_paused = true)]
async fn gcal_21_a_full_reading_of_20_000_events_and_one_change_after_it_cost_one_more_call() {
    let world = World::new();
    for n in 0..20_000 {
        world.put(&format!("event{n:05}"), theirs(1 + n % 28, &json!({})));
    }
    let all = world.changes(None).await;
    assert_eq!(all.upserts.len(), 20_000);
    assert_eq!(world.google.bench().seen().len(), 8, "2,500 events a page");
    world.put("one-more", theirs(9, &json!({})));
    let one = world.changes(all.cursor.as_deref()).await;
    assert_eq!((one.upserts.len(), one.removed.len()), (1, 0));
    assert_eq!((world.ops().len(), world.google.bench().count("list_changes")), (9, 1));
    world.google.remove(HOST, "event00007");
    let one = world.changes(one.cursor.as_deref()).await;
    assert_eq!(one.removed, [RemoteId::new("event00007")]);
    assert_eq!(world.ops().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn gcal_21_a_forgotten_cursor_asks_for_a_new_start() {
    let world = World::new();
    world.put("a", theirs(2, &json!({})));
    let cursor = world.changes(None).await.cursor;
    world.google.forget_cursors();
    let error = world.try_changes(cursor.as_deref()).await.expect_err("it is forgotten");
    assert_eq!(error.kind, Kind::CursorExpired);
    let anew = world.changes(None).await;
    assert_eq!((anew.upserts.len(), anew.full), (1, true));
    world.changes(anew.cursor.as_deref()).await;
    for never in ["v1 nonsense", "v1 ", "v0 CPm-1", "CPm-1"] {
        let error = world.try_changes(Some(never)).await.expect_err("it never was one");
        assert_eq!(error.kind, Kind::CursorExpired, "{never}");
    }
}

#[tokio::test(start_paused = true)]
async fn gcal_21_a_410_without_a_reason_is_a_forgotten_cursor_too() {
    let world = World::new();
    let cursor = world.changes(None).await.cursor;
    world.google.bench().next([Fault::Status(410, vec![])]);
    let error = world.try_changes(cursor.as_deref()).await.expect_err("it is gone");
    assert_eq!(error.kind, Kind::CursorExpired);
}

#[tokio::test(start_paused = true)]
async fn gcal_21_nothing_is_asked_with_a_cursor_that_google_refuses_beside_it() {
    let world = World::new();
    let cursor = world.changes(None).await.cursor;
    world.changes(cursor.as_deref()).await;
    let names: Vec<String> = world.asked("list_changes").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["singleEvents", "maxResults", "syncToken", "maxAttendees", "fields"]);
    assert!(world.asked("list_events").contains(&("singleEvents".into(), "false".into())));
}

#[tokio::test(start_paused = true)]
async fn all_11_a_page_that_comes_again_is_no_calendar() {
    let world = World::new();
    world.google.go_round();
    let error = world.try_changes(None).await.expect_err("it never ends");
    assert_eq!(error.kind, Kind::Malformed);
    assert_eq!(world.google.bench().count("list_events"), 2);
}

#[tokio::test(start_paused = true)]
async fn gcal_13_a_deleted_event_comes_with_few_fields() {
    let world = World::new();
    let written = part().create(&world.cx, &host(), &draft("booking")).await.expect("creates");
    let cursor = world.changes(None).await.cursor;
    world.google.remove(HOST, written.id.as_str());
    let some = world.changes(cursor.as_deref()).await;
    assert_eq!((some.removed, some.upserts.len()), (vec![written.id], 0));
}

#[tokio::test(start_paused = true)]
async fn gcal_09_our_own_event_comes_back_under_its_uid_and_revision() {
    let world = World::new();
    let mut booking = draft("booking");
    booking.sequence = 3;
    let written = part().create(&world.cx, &host(), &booking).await.expect("creates");
    let all = world.changes(None).await;
    let ours = &all.upserts[0];
    assert_eq!((ours.uid.as_str(), ours.sequence, ours.span), ("booking", 3, Some(booking.span)));
    assert_eq!((&ours.id, &ours.etag), (&written.id, &written.etag));
}

#[tokio::test(start_paused = true)]
async fn fb_03_our_own_event_that_its_host_declined_says_so() {
    let world = World::new();
    let written = part().create(&world.cx, &host(), &draft("booking")).await.expect("creates");
    let cursor = world.changes(None).await.cursor;
    let mut event = world.event(written.id.as_str());
    event["attendees"] = json!([{ "email": HOST, "self": true, "responseStatus": "declined" }]);
    world.put(written.id.as_str(), event);
    let some = world.changes(cursor.as_deref()).await;
    assert_eq!((some.upserts[0].declined, some.upserts[0].busy.len()), (true, 0));
}

#[tokio::test(start_paused = true)]
async fn all_06_of_a_crowd_only_the_owners_answer_is_read() {
    let world = World::new();
    let mut crowd: Vec<Value> = (0..199)
        .map(|n| json!({ "email": format!("{n}@example.com"), "responseStatus": "declined" }))
        .collect();
    crowd.push(json!({ "email": HOST, "self": true, "responseStatus": "accepted" }));
    world.put("crowd", theirs(2, &json!({ "attendees": crowd })));
    let all = world.changes(None).await;
    assert_eq!((all.upserts[0].busy.len(), all.upserts[0].declined), (1, false));
    assert!(world.asked("list_events").contains(&("maxAttendees".into(), "1".into())));
}

#[tokio::test(start_paused = true)]
async fn rec_05_a_series_is_one_event_with_its_exceptions_in_place() {
    let world = World::new();
    world.put("series", series(4));
    let moved = json!({
        "start": { "dateTime": "2027-03-10T15:00:00Z" }, "end": { "dateTime": "2027-03-10T16:00:00Z" },
    });
    let (id, event) = exception("series", 9, &moved);
    world.put(&id, event);
    let (id, event) = exception("series", 16, &json!({}));
    world.put(&id, event);
    world.google.remove(HOST, &id);
    let all = world.changes(None).await;
    assert_eq!(all.upserts.len(), 1);
    assert_eq!(days(&all.upserts[0].busy), ["02 10", "10 15", "23 10"]);
    assert_eq!((all.upserts[0].span, all.upserts[0].unexpanded), (None, false));
}

#[tokio::test(start_paused = true)]
async fn rec_05_a_change_of_one_occurrence_is_a_change_of_the_series() {
    let world = World::new();
    world.put("series", series(4));
    let cursor = world.changes(None).await.cursor;
    let moved = json!({
        "start": { "dateTime": "2027-03-10T15:00:00Z" }, "end": { "dateTime": "2027-03-10T16:00:00Z" },
    });
    let (id, event) = exception("series", 9, &moved);
    world.put(&id, event);
    let before = world.ops().len();
    let some = world.changes(cursor.as_deref()).await;
    assert_eq!(some.upserts.len(), 1);
    assert_eq!(some.upserts[0].id, RemoteId::new("series"));
    assert_eq!(days(&some.upserts[0].busy), ["02 10", "10 15", "16 10", "23 10"]);
    assert_eq!(world.ops()[before..], ["list_changes", "list_occurrences"]);
    // Read whole, it says the same.
    assert_eq!(world.changes(None).await.upserts[0].busy, some.upserts[0].busy);

    world.google.remove(HOST, &id);
    let some = world.changes(some.cursor.as_deref()).await;
    assert_eq!(days(&some.upserts[0].busy), ["02 10", "16 10", "23 10"]);
}

#[tokio::test(start_paused = true)]
async fn a_series_that_is_deleted_takes_its_exceptions_along() {
    let world = World::new();
    world.put("series", series(4));
    let (id, event) = exception("series", 9, &json!({}));
    world.put(&id, event);
    let cursor = world.changes(None).await.cursor;
    world.google.remove(HOST, "series");
    let some = world.changes(cursor.as_deref()).await;
    assert_eq!((some.removed, some.upserts.len()), (vec![RemoteId::new("series")], 0));
}

#[tokio::test(start_paused = true)]
async fn one_occurrence_of_somebody_elses_series_stands_for_itself() {
    let world = World::new();
    let (id, event) = exception("not-ours", 9, &json!({}));
    world.put(&id, event);
    let all = world.changes(None).await;
    assert_eq!((all.upserts[0].id.as_str(), all.upserts[0].busy.len()), (id.as_str(), 1));
    let (later, event) = exception("not-ours", 16, &json!({}));
    world.put(&later, event);
    let some = world.changes(all.cursor.as_deref()).await;
    assert_eq!((some.upserts.len(), some.upserts[0].id.as_str()), (1, later.as_str()));
    world.google.remove(HOST, &id);
    let some = world.changes(some.cursor.as_deref()).await;
    assert!(some.removed.contains(&RemoteId::new(id)) && some.upserts.is_empty());
}

#[tokio::test(start_paused = true)]
async fn rec_04_a_hostile_series_blocks_and_hides_nothing() {
    let world = World::new();
    world.put("hostile", theirs(2, &json!({ "recurrence": ["RRULE:FREQ=SECONDLY"] })));
    world.put("good", theirs(3, &json!({})));
    let all = world.changes(None).await;
    let told: Vec<_> = all.upserts.iter().map(|one| (one.id.as_str(), one.unexpanded)).collect();
    assert_eq!(told, [("good", false), ("hostile", true)]);
    assert_eq!(all.upserts[1].busy, [super::window()]);
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_time_cannot_be_read_blocks() {
    let world = World::new();
    world.put("odd", theirs(2, &json!({ "start": { "dateTime": "someday" } })));
    let all = world.changes(None).await;
    assert_eq!(
        (all.upserts[0].unexpanded, all.upserts[0].busy.as_slice()),
        (true, [super::window()].as_slice())
    );
}

#[tokio::test(start_paused = true)]
async fn fb_06_events_of_no_length_or_less_block_nothing() {
    let world = World::new();
    world.put("none", theirs(2, &json!({ "end": { "dateTime": "2027-03-02T10:00:00Z" } })));
    world.put("less", theirs(3, &json!({ "end": { "dateTime": "2027-03-03T09:00:00Z" } })));
    let all = world.changes(None).await;
    assert!(all.upserts.iter().all(|one| one.busy.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_booking_far_ahead_is_listed_and_what_is_over_is_not() {
    let world = World::new();
    let on = |year: i64| {
        json!({
            "start": { "dateTime": format!("{year}-06-02T10:00:00Z") }, "end": { "dateTime": format!("{year}-06-02T11:00:00Z") },
        })
    };
    world.put("past", theirs(2, &on(2025)));
    world.put("far", theirs(2, &on(2031)));
    let all = world.changes(None).await;
    assert_eq!(all.upserts.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["far"]);
    assert_eq!(all.upserts[0].span, Some(span("2031-06-02T10:00:00Z", "2031-06-02T11:00:00Z")));
    assert!(at("2031-01-01T00:00:00Z") > super::window().end && all.upserts[0].busy.is_empty());
}

#[tokio::test(start_paused = true)]
async fn all_10_answers_that_make_no_sense_are_malformed() {
    let world = World::new();
    for body in [
        "",
        "null",
        "{}",
        "[]",
        r#"{"kind":"calendar#calendarList"}"#,
        r#"{"kind":"calendar#events","items":[{"start":7}]}"#,
    ] {
        world.google.bench().next([Fault::Garbage(body.into())]);
        let error = world.try_changes(None).await.expect_err("no sense");
        assert_eq!(error.kind, Kind::Malformed, "{body}");
    }
}
