use kalends_app::{Kind, fake::answer};
use serde_json::json;

use super::{World, at, hour, id, of_hour, part, window};
use kalends_domain::Span;

#[tokio::test(start_paused = true)]
async fn msg_06_every_page_is_followed_as_it_says() {
    let world = World::new();
    world.server.mailbox.paged(2);
    for n in 0..7 {
        world.server.mailbox.put_by_other("Calendar", &hour("theirs", n * 2));
    }
    assert_eq!(world.busy("main").await, (0..7).map(|n| of_hour(n * 2)).collect::<Vec<_>>());
    assert_eq!(world.server.mailbox.bench().count("read_events"), 4);
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn all_11_a_page_on_another_server_does_not_get_the_token() {
    for next in
        ["https://evil.example.test/v1.0/me/calendarView", "https://graph.microsoft.com/beta/me", "nowhere"]
    {
        let world = World::new();
        let page = json!({ "value": [], "@odata.nextLink": next }).to_string();
        world.server.mailbox.bench().next([kalends_app::fake::Fault::Garbage(page.into())]);
        let error = part().busy(&world.cx, &[id("main")], window()).await.expect_err("it is refused");
        assert_eq!(error.kind, Kind::Malformed, "{next}");
        assert_eq!(world.server.mailbox.bench().seen().len(), 1, "nothing was sent there");
    }
}

#[tokio::test(start_paused = true)]
async fn all_11_pages_that_go_round_in_a_circle_are_refused() {
    let world = World::where_some(|request| {
        let page = json!({ "value": [], "@odata.nextLink": "https://graph.microsoft.com/v1.0/me/calendars/x?$skip=1" });
        Some(answer(request, 200, &[], page.to_string()))
    });
    let error = part().busy(&world.cx, &[id("main")], window()).await.expect_err("it is refused");
    assert_eq!(error.kind, Kind::Malformed, "{error}");
}

#[tokio::test(start_paused = true)]
async fn msg_05_a_calendar_we_may_not_read_says_when_it_is_busy() {
    let world = World::new();
    world.server.mailbox.put_by_other("Team", &hour("theirs", 30));
    let mut free = hour("free", 40);
    free["showAs"] = "free".into();
    world.server.mailbox.put_by_other("Team", &free);
    world.server.mailbox.hide("Team");
    assert_eq!(world.busy("team").await, [of_hour(30)]);

    let year = Span::new(window().start, window().start + 365 * 86_400);
    let all = part().changes(&world.cx, &id("team"), None, year).await.expect("tells");
    assert!(all.full && all.cursor.is_none());
    assert_eq!(all.upserts.iter().flat_map(|event| event.busy.clone()).collect::<Vec<_>>(), [of_hour(30)]);
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn all_09_an_error_of_one_mailbox_inside_a_200_is_never_free() {
    let world = World::where_some(|request| {
        let body = json!({ "value": [{ "scheduleId": "x", "error": { "responseCode": "ErrorMailRecipientNotFound" } }] });
        let is = request.url.path().ends_with("/getSchedule");
        is.then(|| answer(request, 200, &[], body.to_string()))
    });
    world.server.mailbox.hide("Team");
    let error = part().busy(&world.cx, &[id("team")], window()).await.expect_err("it is unknown");
    assert_eq!(error.kind, Kind::PolicyDenied);
}

#[tokio::test(start_paused = true)]
async fn msg_05_what_does_not_block_by_its_own_word_and_by_setting() {
    let shows = |server: &vendor_microsoft::fake::Server| {
        for (n, (name, value)) in (0..).zip([
            ("showAs", json!("free")),
            ("isCancelled", json!(true)),
            ("responseStatus", json!({ "response": "declined" })),
            ("showAs", json!("workingElsewhere")),
            ("showAs", json!("oof")),
        ]) {
            let mut event = hour("theirs", n);
            event[name] = value;
            server.mailbox.put_by_other("Calendar", &event);
        }
    };
    let world = World::new();
    shows(&world.server);
    assert_eq!(world.busy("main").await, [of_hour(4)]);
    let world = World::new().set(json!({ "elsewhere": "blocks" }));
    shows(&world.server);
    assert_eq!(world.busy("main").await, [of_hour(3), of_hour(4)]);
}

#[tokio::test(start_paused = true)]
async fn msg_08_a_whole_day_is_one_of_its_owner() {
    let world = World::new();
    let day =
        |date: &str| json!({ "dateTime": format!("{date}T00:00:00"), "timeZone": "Tokyo Standard Time" });
    let event =
        json!({ "subject": "Away", "isAllDay": true, "start": day("2027-03-05"), "end": day("2027-03-07") });
    world.server.mailbox.put_by_other("Calendar", &event);
    let expected = Span::new(at("2027-03-04T23:00:00Z"), at("2027-03-06T23:00:00Z"));
    assert_eq!(world.busy("main").await, [expected], "FB-05");
}
