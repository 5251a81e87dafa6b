//! Accounts: connected, listed, checked and taken away; which of their calendars count.

use kalends_domain::{Span, event_type::Location};
use kalends_engine::job;
use kalends_testkit::planner::Edit;
use serde_json::{Value, json};

use crate::server::{Answer, Api, text};

checks!(
    an_account_is_connected_listed_checked_and_taken_away,
    what_the_form_does_not_take_is_named_and_nothing_is_kept,
    the_same_account_is_not_connected_twice,
    an_account_that_does_not_answer_is_told_from_one_that_is_not_there,
    an_account_is_asked_again_which_calendars_it_has,
    a_calendar_counts_or_does_not,
    one_calendar_receives_bookings,
    a_calendar_that_can_only_be_read_receives_nothing,
    busy_times_come_from_what_is_known,
    a_calendar_nobody_can_reach_is_busy_fb_09,
    a_calendar_is_read_at_a_link,
    a_sign_in_begins_on_a_page_of_this_server_oau_02,
    rooms_are_connected_listed_and_taken_away,
    new_event_types_get_the_usual_room,
    what_is_not_offered_says_so,
    nobody_sees_or_changes_another_s_accounts,
);

async fn connect(api: &Api) -> i64 {
    let ask = json!({ "username": "ines", "password": "canary-secret" });
    let made = api.host().post("/v2/calendars/planner/credentials", ask).await.made();
    made["id"].as_i64().expect("a number")
}

/// Everything waiting is done.
async fn settle(api: &Api) {
    job::drain(&api.house.engine).await.expect("the jobs");
}

async fn list(api: &Api) -> Value {
    api.host().get("/v2/calendars").await.ok()
}

fn named<'a>(account: &'a Value, name: &str) -> &'a Value {
    let all = account["calendars"].as_array().expect("calendars");
    all.iter().find(|one| one["name"] == name).expect("this calendar")
}

async fn an_account_is_connected_listed_checked_and_taken_away(api: &Api) {
    assert_eq!(list(api).await, json!({ "connectedCalendars": [], "destinationCalendar": null }));
    let number = connect(api).await;
    let all = list(api).await;
    let account = &all["connectedCalendars"][0];
    assert_eq!(account["credentialId"], number);
    assert_eq!(account["integration"]["type"], "planner_calendar");
    assert!(text(&account["integration"]["logo"]).starts_with("data:image/svg+xml;base64,"));
    let work = named(account, "work");
    assert_eq!((&work["isSelected"], &work["readOnly"]), (&json!(true), &json!(false)));
    assert_eq!((&work["integration"], &work["credentialId"]), (&json!("planner_calendar"), &json!(number)));
    assert_eq!(account["primary"]["primary"], true);
    assert_eq!(all["destinationCalendar"]["credentialId"], number);
    assert!(!all.to_string().contains("canary"), "a secret never comes out");

    assert_eq!(api.host().get("/v2/calendars/planner/check").await.status, 200);
    let gone = api.host().post("/v2/calendars/planner/disconnect", json!({ "id": number })).await.ok();
    assert_eq!((&gone["id"], &gone["appId"]), (&json!(number), &json!("planner")));
    assert_eq!(list(api).await["connectedCalendars"], json!([]));
    let again = api.host().post("/v2/calendars/planner/disconnect", json!({ "id": number })).await;
    again.refused(404, "connection_not_found");
    api.host().get("/v2/calendars/planner/check").await.refused(404, "connection_not_found");
}

async fn what_the_form_does_not_take_is_named_and_nothing_is_kept(api: &Api) {
    let ask = |body: Value| async { api.host().post("/v2/calendars/planner/credentials", body).await };
    assert_eq!(ask(json!({ "username": "ines" })).await.wrong(422), ["password"]);
    let strange = json!({ "username": "ines", "password": "x", "colour": "red" });
    assert_eq!(ask(strange).await.wrong(422), ["colour"]);
    let deep = json!({ "username": "ines", "password": "x", "colour": ["red"] });
    assert_eq!(ask(deep).await.wrong(400), ["colour"]);
    api.planner.down(true);
    ask(json!({ "username": "ines", "password": "right" })).await.refused(502, "app_refused");
    let other = api.host().post("/v2/calendars/nothing/credentials", json!({})).await;
    other.refused(404, "app_not_found");
    assert_eq!(list(api).await["connectedCalendars"], json!([]));
}

async fn the_same_account_is_not_connected_twice(api: &Api) {
    connect(api).await;
    let ask = json!({ "username": "ines", "password": "canary-secret" });
    let refused = api.host().post("/v2/calendars/planner/credentials", ask).await;
    assert_eq!(refused.wrong(422), ["user"]);
}

async fn an_account_that_does_not_answer_is_told_from_one_that_is_not_there(api: &Api) {
    connect(api).await;
    api.planner.down(true);
    api.host().get("/v2/calendars/planner/check").await.refused(502, "app_refused");
    api.planner.down(false);
    assert_eq!(api.host().get("/v2/calendars/planner/check").await.status, 200);
}

async fn an_account_is_asked_again_which_calendars_it_has(api: &Api) {
    let number = connect(api).await;
    api.planner.has_calendars(&["work", "choir", "allotment"]);
    let ask = || async { api.host().post("/v2/calendars/planner/refresh", json!({ "id": number })).await };
    let seen = ask().await.ok();
    assert_eq!((&seen["found"], &seen["new"], &seen["gone"]), (&json!(3), &json!(2), &json!(1)));
    assert_eq!(named(&seen, "choir")["isSelected"], true);
    let listed = &list(api).await["connectedCalendars"][0]["calendars"];
    assert_eq!(&seen["calendars"], listed);
    assert_eq!(ask().await.ok()["new"], 0);
    api.planner.down(true);
    ask().await.refused(502, "app_refused");
    assert_eq!(list(api).await["connectedCalendars"][0]["calendars"], seen["calendars"], "kept");
    let other = api.host().post("/v2/calendars/planner/refresh", json!({ "id": number + 1 })).await;
    other.refused(404, "connection_not_found");
}

fn chosen(number: i64, calendar: &str) -> Value {
    json!({ "integration": "planner_calendar", "externalId": calendar, "credentialId": number })
}

async fn a_calendar_counts_or_does_not(api: &Api) {
    let number = connect(api).await;
    let selected = async |name: &str| {
        named(&list(api).await["connectedCalendars"][0], name)["isSelected"] == json!(true)
    };
    let path = format!(
        "/v2/selected-calendars?integration=planner_calendar&externalId=family&credentialId={number}"
    );
    let off = api.host().delete(&path).await.ok();
    assert_eq!((&off["externalId"], &off["credentialId"]), (&json!("family"), &json!(number)));
    assert!(!selected("family").await && selected("work").await);
    let on = api.host().post("/v2/selected-calendars", chosen(number, "family")).await.made();
    assert_eq!(on["externalId"], "family");
    assert!(selected("family").await && selected("work").await);

    let absent = |body: Value| async { api.host().post("/v2/selected-calendars", body).await };
    absent(chosen(number, "nowhere")).await.refused(404, "calendar_not_found");
    absent(chosen(number + 1, "work")).await.refused(404, "calendar_not_found");
    let other = json!({ "integration": "ics-feed_calendar", "externalId": "work", "credentialId": number });
    absent(other).await.refused(404, "calendar_not_found");
    assert_eq!(absent(json!({ "integration": "planner_calendar" })).await.wrong(400), ["externalId"]);
    let path = "/v2/selected-calendars?integration=planner_calendar&externalId=work&credentialId=x";
    assert_eq!(api.host().delete(path).await.wrong(400), ["credentialId"]);
}

async fn one_calendar_receives_bookings(api: &Api) {
    let number = connect(api).await;
    let wish = json!({ "integration": "planner_calendar", "externalId": "family" });
    let done = api.host().put("/v2/destination-calendars", wish).await.ok();
    assert_eq!((&done["externalId"], &done["credentialId"]), (&json!("family"), &json!(number)));
    let all = list(api).await;
    assert_eq!(all["destinationCalendar"]["externalId"], "family");
    assert_eq!(all["destinationCalendar"]["name"], "family");
    assert_eq!(named(&all["connectedCalendars"][0], "work")["isSelected"], true, "all else stays");
    let absent = json!({ "integration": "planner_calendar", "externalId": "nowhere" });
    api.host().put("/v2/destination-calendars", absent).await.refused(404, "calendar_not_found");
}

async fn a_calendar_that_can_only_be_read_receives_nothing(api: &Api) {
    let url = json!({ "urls": ["https://pages.example/a.ics"] });
    api.host().post("/v2/calendars/ics-feed/save", url).await.made();
    let wish = json!({ "integration": "ics-feed_calendar", "externalId": "page" });
    let refused = api.host().put("/v2/destination-calendars", wish).await;
    assert_eq!(refused.wrong(422), ["receives"]);
}

async fn busy(api: &Api, number: i64, calendar: &str) -> Answer {
    let path = format!(
        "/v2/calendars/busy-times?dateFrom=2026-11-24&dateTo=2026-11-24&timeZone=UTC\
         &calendarsToLoad[0][credentialId]={number}&calendarsToLoad[0][externalId]={calendar}"
    );
    api.host().get(&path).await
}

async fn busy_times_come_from_what_is_known(api: &Api) {
    let number = connect(api).await;
    let start = "2026-11-24T10:00:00Z".parse::<jiff::Timestamp>().expect("an instant").as_second();
    let event = Edit::At(Span::new(start, start + 1800));
    api.planner.edit("work", "somebody-elses-meeting", event);
    settle(api).await;
    let times = busy(api, number, "work").await.ok();
    assert_eq!(
        times,
        json!([{ "start": "2026-11-24T10:00:00.000Z", "end": "2026-11-24T10:30:00.000Z", "source": "work" }])
    );
    assert_eq!(busy(api, number, "family").await.ok(), json!([]));
    assert_eq!(busy(api, number, "nowhere").await.wrong(400), ["externalId"]);
    assert_eq!(busy(api, number + 1, "work").await.wrong(400), ["credentialId"]);
    let path = format!(
        "/v2/selected-calendars?integration=planner_calendar&externalId=family&credentialId={number}"
    );
    api.host().delete(&path).await.ok();
    assert_eq!(busy(api, number, "family").await.wrong(400), ["externalId"], "it is not read");
}

async fn a_calendar_nobody_can_reach_is_busy_fb_09(api: &Api) {
    let number = connect(api).await;
    // Not read once yet.
    let times = busy(api, number, "work").await.ok();
    assert_eq!(
        (&times[0]["start"], &times[0]["end"]),
        (&json!("2026-11-24T00:00:00.000Z"), &json!("2026-11-25T00:00:00.000Z"))
    );
    settle(api).await;
    assert_eq!(busy(api, number, "work").await.ok(), json!([]));
}

async fn a_calendar_is_read_at_a_link(api: &Api) {
    let save = |body: Value| async { api.host().post("/v2/calendars/ics-feed/save", body).await };
    let made = save(json!({ "urls": ["https://pages.example/a.ics"], "readOnly": true })).await.made();
    assert_eq!((&made["type"], &made["appId"]), (&json!("ics-feed_calendar"), &json!("ics-feed")));
    assert_eq!(save(json!({ "urls": [] })).await.wrong(400), ["urls"]);
    assert_eq!(
        save(json!({ "urls": ["https://a.example/", "https://b.example/"] })).await.wrong(400),
        ["urls"]
    );
    assert_eq!(save(json!({ "urls": ["ftp://a.example/"] })).await.wrong(422), ["urls"]);
    save(json!({ "urls": ["https://pages.example/gone.ics"] })).await.refused(502, "app_refused");
    let other =
        api.host().post("/v2/calendars/planner/save", json!({ "urls": ["https://a.example/"] })).await;
    other.refused(501, "not_offered");
}

async fn a_sign_in_begins_on_a_page_of_this_server_oau_02(api: &Api) {
    let asked = api.host().get("/v2/calendars/clubhouse/connect?isDryRun=false").await.ok();
    assert_eq!(asked["authUrl"], "https://book.example/apps/club");
    let known = api.host().get("/v2/calendars/club/connect").await.ok();
    assert_eq!(known, asked, "by its slug, too");
    api.host().get("/v2/calendars/unknown/connect").await.refused(409, "sign_in_unfinished");
    api.host().get("/v2/calendars/planner/connect").await.refused(409, "no_sign_in");
    let ask = json!({ "username": "ines", "password": "x" });
    let refused = api.host().post("/v2/calendars/club/credentials", ask).await.refused(409, "sign_in_needed");
    assert!(text(&refused["detail"]).contains("https://book.example/apps/club"));
    api.host().get("/v2/calendars/club/save?state=a&code=b").await.refused(501, "not_offered");
    api.host().get("/v2/conferencing/rooms/oauth/auth-url").await.refused(409, "no_sign_in");
    let back = api.host().get("/v2/conferencing/rooms/oauth/callback?state=a&code=b").await;
    back.refused(501, "not_offered");
}

async fn rooms_are_connected_listed_and_taken_away(api: &Api) {
    let wrong = api.host().post("/v2/conferencing/rooms/connect", json!({ "floor": 12 })).await;
    assert_eq!(wrong.wrong(422), ["floor"]);
    let made = api.host().post("/v2/conferencing/rooms/connect", json!({ "floor": 3 })).await.ok();
    assert_eq!((&made["type"], &made["invalid"]), (&json!("acme_video"), &json!(false)));
    assert_eq!(api.host().get("/v2/conferencing").await.ok(), json!([made]));
    assert_eq!(api.host().delete("/v2/conferencing/rooms/disconnect").await.status, 200);
    assert_eq!(api.host().get("/v2/conferencing").await.ok(), json!([]));
    api.host().delete("/v2/conferencing/rooms/disconnect").await.refused(404, "connection_not_found");
    api.host().delete("/v2/conferencing/planner/disconnect").await.refused(404, "app_not_found");
}

async fn new_event_types_get_the_usual_room(api: &Api) {
    api.host().post("/v2/conferencing/rooms/default", json!({})).await.refused(404, "connection_not_found");
    assert_eq!(api.host().get("/v2/conferencing/default").await.ok(), json!({}));
    api.host().post("/v2/conferencing/rooms/connect", json!({})).await.ok();
    assert_eq!(api.host().post("/v2/conferencing/rooms/default", json!({})).await.status, 200);
    assert_eq!(api.host().get("/v2/conferencing/default").await.ok(), json!({ "appSlug": "rooms" }));
    let number = api.event_type(json!({})).await;
    let made = api.house.engine.event_type_numbered(&crate::server::member(&api.host), number).await;
    assert_eq!(made.expect("it is there").settings.locations, [Location::app("rooms")]);
    api.host().delete("/v2/conferencing/rooms/disconnect").await;
    assert_eq!(api.host().get("/v2/conferencing/default").await.ok(), json!({}), "it is not there any more");
}

async fn what_is_not_offered_says_so(api: &Api) {
    api.host().get("/v2/calendars/planner/event/some-uid").await.refused(501, "not_offered");
    let change = api.host().patch("/v2/calendars/planner/events/some-uid", json!({ "title": "x" })).await;
    change.refused(501, "not_offered");
}

async fn nobody_sees_or_changes_another_s_accounts(api: &Api) {
    let number = connect(api).await;
    let (_, bea) = api.colleague("bea").await;
    let bea = api.with_key(&bea);
    assert_eq!(bea.get("/v2/calendars").await.ok()["connectedCalendars"], json!([]));
    bea.post("/v2/selected-calendars", chosen(number, "work")).await.refused(404, "calendar_not_found");
    let gone = bea.post("/v2/calendars/planner/disconnect", json!({ "id": number })).await;
    gone.refused(404, "connection_not_found");
    bea.get("/v2/calendars/planner/check").await.refused(404, "connection_not_found");
    for path in ["/v2/calendars", "/v2/conferencing", "/v2/calendars/planner/check"] {
        api.guest().get(path).await.refused(401, "bad_api_key");
    }
}
