//! Calendars and busy times.

use kalends_app::{
    Kind, RemoteId,
    fake::{Fake, Fault},
};
use kalends_domain::Span;
use serde_json::json;
use vendor_google::fake::HOST;

use super::{World, at, host, part, span, theirs, window};
use crate::APP;

#[test]
fn gcal_01_a_refresh_token_is_asked_for() {
    let of = APP.manifest().auth.oauth().expect("OAuth 2");
    assert_eq!(of.params["access_type"], "offline");
    assert_eq!(of.params["prompt"], "consent");
    assert!(of.pkce);
}

#[test]
fn gcal_02_no_more_is_asked_than_is_used() {
    let of = APP.manifest().auth.oauth().expect("OAuth 2");
    assert!(of.scopes.iter().all(|one| !one.scope.ends_with("/auth/calendar")), "not all of the calendar");
    assert!(of.scopes.iter().all(|one| !one.scope.contains("openid") && !one.scope.contains("userinfo")));
    assert!(of.scopes.iter().all(|one| !one.uses.is_empty()), "each says what it is for");
}

#[tokio::test(start_paused = true)]
async fn gcal_02_without_the_permission_to_see_events_busy_times_are_left() {
    let world = World::without(&["https://www.googleapis.com/auth/calendar.events"]);
    world.put("a", theirs(2, &json!({})));
    let all = world.changes(None).await;
    assert_eq!((all.full, all.cursor.as_deref()), (true, None));
    assert_eq!(all.upserts[0].busy, [span("2027-03-02T10:00:00Z", "2027-03-02T11:00:00Z")]);
    let error = part().create(&world.cx, &host(), &super::draft("booking")).await.expect_err("it may not");
    let scope = "https://www.googleapis.com/auth/calendar.events".to_owned();
    assert_eq!(error.kind, Kind::ScopeMissing { scope });
}

#[tokio::test(start_paused = true)]
async fn gcal_04_who_may_write_where_is_kept() {
    let world = World::new();
    let mut all = part().calendars(&world.cx).await.expect("lists");
    all.sort_by_key(|one| one.id.clone());
    let told: Vec<_> = all.iter().map(|one| (one.id.as_str(), one.writable, one.primary)).collect();
    assert_eq!(
        told,
        [
            ("boss@example.com", false, false),
            ("holidays@group.v.calendar.google.com", false, false),
            (HOST, true, true),
            ("team@group.calendar.google.com", true, false),
        ]
    );
    assert!(world.asked("list_calendars").contains(&("showHidden".into(), "true".into())));
}

#[tokio::test(start_paused = true)]
async fn all_11_every_page_of_calendars_is_read() {
    let world = World::new();
    world.google.subscribe((0..600).map(|n| format!("more-{n}@group.calendar.google.com")));
    assert_eq!(part().calendars(&world.cx).await.expect("lists").len(), 604);
    assert_eq!(world.google.bench().count("list_calendars"), 3);
}

#[tokio::test(start_paused = true)]
async fn gcal_04_a_calendar_that_only_says_when_it_is_busy_is_read_so() {
    let world = World::new();
    world.google.put("boss@example.com", "a", theirs(2, &json!({})));
    let boss = RemoteId::new("boss@example.com");
    let all = part().changes(&world.cx, &boss, None, window()).await.expect("reads");
    assert_eq!((all.full, all.cursor.clone(), all.upserts.len()), (true, None, 1));
    assert_eq!(all.upserts[0].busy, [span("2027-03-02T10:00:00Z", "2027-03-02T11:00:00Z")]);
}

#[tokio::test(start_paused = true)]
async fn gcal_05_fifty_calendars_are_asked_at_once_and_no_more() {
    let world = World::new();
    let ids: Vec<String> = (0..120).map(|n| format!("more-{n}@group.calendar.google.com")).collect();
    world.google.subscribe(ids.clone());
    world.google.put(&ids[119], "a", theirs(2, &json!({})));
    let of: Vec<RemoteId> = ids.into_iter().map(RemoteId).collect();
    let busy = part().busy(&world.cx, &of, window()).await.expect("says when");
    assert_eq!(busy.len(), 1);
    assert_eq!(world.google.bench().count("read_busy"), 3);
}

#[tokio::test(start_paused = true)]
async fn gcal_05_a_long_time_is_asked_for_in_parts() {
    let world = World::new();
    // An event over the seam of two parts is busy on both sides of it.
    let seam = json!({
        "start": { "dateTime": "2027-04-29T22:00:00Z" }, "end": { "dateTime": "2027-04-30T02:00:00Z" },
    });
    world.put("seam", theirs(1, &seam));
    world.put("last", theirs(1, &json!({
        "start": { "dateTime": "2028-03-20T10:00:00Z" }, "end": { "dateTime": "2028-03-20T11:00:00Z" },
    })));
    let year = Span::new(at("2027-03-01T00:00:00Z"), at("2028-04-05T00:00:00Z"));
    let busy = part().busy(&world.cx, &[host()], year).await.expect("says when");
    let total: i64 = busy.iter().map(|one| one.span.len()).sum();
    assert_eq!(total, 5 * 3600);
}

#[tokio::test(start_paused = true)]
async fn gcal_05_an_error_about_one_calendar_is_never_a_free_one() {
    for (reason, kind) in [
        ("notFound", Kind::NotFound),
        ("groupTooBig", Kind::Invalid),
        ("internalError", Kind::Down),
        ("new", Kind::Down),
    ] {
        let world = World::new();
        world.google.fail("team@group.calendar.google.com", reason);
        let of = [host(), RemoteId::new("team@group.calendar.google.com")];
        let error = part().busy(&world.cx, &of, window()).await.expect_err("one cannot be read");
        assert_eq!(error.kind, kind, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn gcal_05_a_calendar_left_out_of_the_answer_is_never_free() {
    let world = World::new();
    let answer = br#"{"kind":"calendar#freeBusy","calendars":{}}"#;
    world.google.bench().next([Fault::Garbage(answer.as_slice().into())]);
    let error = part().busy(&world.cx, &[host()], window()).await.expect_err("it is left out");
    assert_eq!(error.kind, Kind::Malformed);
}

#[tokio::test(start_paused = true)]
async fn gcal_06_the_mirror_and_googles_own_answer_agree() {
    let world = World::new();
    let own =
        |answer: &str| json!({ "attendees": [{ "email": HOST, "self": true, "responseStatus": answer }] });
    world.put("plain", theirs(2, &json!({})));
    world.put("free", theirs(3, &json!({ "transparency": "transparent" })));
    world.put("declined", theirs(4, &own("declined")));
    world.put("open", theirs(5, &own("needsAction")));
    world.put("place", theirs(6, &json!({ "eventType": "workingLocation" })));
    world.put("away", theirs(7, &json!({ "eventType": "outOfOffice" })));
    world.put("birthday", theirs(8, &json!({ "eventType": "birthday" })));
    world.put("focus", theirs(9, &json!({ "eventType": "focusTime" })));
    world.put(
        "day",
        theirs(10, &json!({ "start": { "date": "2027-03-10" }, "end": { "date": "2027-03-12" } })),
    );
    world.put("nothing", theirs(13, &json!({ "end": { "dateTime": "2027-03-13T10:00:00Z" } })));
    world.put("weekly", theirs(15, &json!({ "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"] })));
    let mut mirrored: Vec<Span> =
        world.changes(None).await.upserts.into_iter().flat_map(|one| one.busy).collect();
    mirrored.sort_unstable();
    let asked = part().busy(&world.cx, &[host()], window()).await.expect("says when");
    assert_eq!(mirrored, asked.iter().map(|one| one.span).collect::<Vec<_>>());
    // FB-05: a day begins at midnight in the calendar's zone.
    assert!(mirrored.contains(&span("2027-03-09T23:00:00Z", "2027-03-11T23:00:00Z")));
    assert_eq!(mirrored.len(), 7);
}

#[tokio::test(start_paused = true)]
async fn gcal_07_focus_time_can_be_opened_in_the_setup() {
    for (choice, times) in [("blocks", 1), ("free", 0)] {
        let world = World::with(&json!({ "focus": choice }));
        world.put("focus", theirs(9, &json!({ "eventType": "focusTime" })));
        let all = world.changes(None).await;
        assert_eq!(all.upserts[0].busy.len(), times, "{choice}");
    }
}

#[tokio::test(start_paused = true)]
async fn fb_08_titles_are_never_asked_for() {
    let world = World::new();
    world.put("a", theirs(2, &json!({})));
    let first = world.changes(None).await;
    world.put("b", theirs(3, &json!({})));
    let next = world.changes(first.cursor.as_deref()).await;
    assert!(!format!("{first:?} {next:?}").contains("Secret plans"));
    for op in ["list_events", "list_changes"] {
        let fields = world.asked(op).into_iter().find(|(name, _)| name == "fields").expect("a mask").1;
        assert!(!fields.contains("summary") && !fields.contains("description"), "{fields}");
    }
}
