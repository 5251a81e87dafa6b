//! `GET /v2/bookings`: filters, order, pages.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::server::{Answer, Api, guest, text, wish};

checks!(
    pages_follow_each_other_and_say_where_they_are,
    lists_are_cut_by_where_bookings_stand,
    bookings_are_found_by_who_comes,
    bookings_are_found_by_uid_and_by_event_type,
    bookings_are_found_by_their_times,
    lists_are_in_the_order_asked_for,
    hosts_see_their_own_bookings_alone,
    every_wrong_word_of_a_question_is_named,
);

async fn book(api: &Api, event_type: i64, start: &str, name: &str) -> String {
    let ask = wish(event_type, start, json!({ "attendee": guest(name) }));
    text(&api.guest().post("/v2/bookings", ask).await.made()["uid"])
}

/// Three bookings: Ada's on Thursday, Bob's on Tuesday, Cleo's on Wednesday.
async fn three(api: &Api) -> (i64, [String; 3]) {
    let event_type = api.event_type(json!({})).await;
    let ada = book(api, event_type, "2026-11-26T10:00:00Z", "ada").await;
    api.house.test.clock.advance(SignedDuration::from_mins(1));
    let bob = book(api, event_type, "2026-11-24T10:00:00Z", "bob").await;
    api.house.test.clock.advance(SignedDuration::from_mins(1));
    let cleo = book(api, event_type, "2026-11-25T10:00:00Z", "cleo").await;
    (event_type, [ada, bob, cleo])
}

fn names(answer: Answer) -> Vec<String> {
    let list = answer.ok();
    let name = |one: &Value| text(&one["attendees"][0]["name"]);
    list.as_array().expect("a list").iter().map(name).collect()
}

async fn found(api: &Api, query: &str) -> Vec<String> {
    names(api.host().get(&format!("/v2/bookings?{query}")).await)
}

async fn pages_follow_each_other_and_say_where_they_are(api: &Api) {
    three(api).await;
    let first = api.host().get("/v2/bookings?take=2").await;
    let expected = json!({
        "totalItems": 3, "remainingItems": 1, "returnedItems": 2, "itemsPerPage": 2,
        "currentPage": 1, "totalPages": 2, "hasNextPage": true, "hasPreviousPage": false,
    });
    assert_eq!(first.body["pagination"], expected);
    assert_eq!(names(first), ["bob", "cleo"]);
    let second = api.host().get("/v2/bookings?take=2&skip=2").await;
    let place = &second.body["pagination"];
    assert_eq!(
        (&place["currentPage"], &place["hasNextPage"], &place["hasPreviousPage"]),
        (&json!(2), &json!(false), &json!(true))
    );
    assert_eq!(names(second), ["ada"]);
}

async fn lists_are_cut_by_where_bookings_stand(api: &Api) {
    let (_, [ada, ..]) = three(api).await;
    api.host().post(&format!("/v2/bookings/{ada}/cancel"), json!({})).await.ok();
    let policy = json!({ "slug": "asked", "confirmationPolicy": { "type": "always", "blockUnconfirmedBookingsInBooker": true } });
    let asked = api.event_type(policy).await;
    book(api, asked, "2026-11-27T10:00:00Z", "dan").await;
    let series =
        json!({ "slug": "series", "recurrence": { "interval": 1, "occurrences": 2, "frequency": "weekly" } });
    let series = api.event_type(series).await;
    api.guest()
        .post("/v2/bookings", wish(series, "2026-11-27T12:00:00Z", json!({ "attendee": guest("eve") })))
        .await
        .made();

    assert_eq!(found(api, "status=upcoming").await, ["bob", "cleo", "eve", "eve"]);
    assert_eq!(found(api, "status=cancelled").await, ["ada"]);
    assert_eq!(found(api, "status=unconfirmed").await, ["dan"]);
    assert_eq!(found(api, "status=recurring").await, ["eve", "eve"]);
    assert_eq!(found(api, "status=cancelled,unconfirmed").await, ["ada", "dan"]);
    api.house.test.clock.advance(SignedDuration::from_hours(36));
    assert_eq!(found(api, "status=past").await, ["bob"]);
    assert_eq!(found(api, "status=upcoming").await, ["cleo", "eve", "eve"]);
}

async fn bookings_are_found_by_who_comes(api: &Api) {
    three(api).await;
    assert_eq!(found(api, "attendeeEmail=Bob@example.com").await, ["bob"]);
    assert_eq!(found(api, "attendeeEmail=nobody@example.com").await, [""; 0]);
    assert_eq!(found(api, "attendeeName=cle").await, ["cleo"]);
}

async fn bookings_are_found_by_uid_and_by_event_type(api: &Api) {
    let (event_type, [_, bob, _]) = three(api).await;
    let other = api.event_type(json!({ "slug": "other" })).await;
    book(api, other, "2026-11-27T10:00:00Z", "dan").await;
    assert_eq!(found(api, &format!("bookingUid={bob}")).await, ["bob"]);
    assert_eq!(found(api, &format!("eventTypeId={other}")).await, ["dan"]);
    assert_eq!(found(api, &format!("eventTypeIds={event_type},{other}")).await.len(), 4);
    assert_eq!(found(api, "eventTypeId=4711").await, [""; 0]);
}

async fn bookings_are_found_by_their_times(api: &Api) {
    three(api).await;
    assert_eq!(found(api, "afterStart=2026-11-25T10:00:00Z").await, ["cleo", "ada"]);
    assert_eq!(found(api, "beforeEnd=2026-11-25T10:30:00Z").await, ["bob", "cleo"]);
    assert_eq!(found(api, "afterCreatedAt=2026-11-23T09:01:00Z").await, ["bob", "cleo"]);
    assert_eq!(found(api, "beforeCreatedAt=2026-11-23T09:00:30Z").await, ["ada"]);
    assert_eq!(found(api, "afterUpdatedAt=2026-11-23T09:02:00Z").await, ["cleo"]);
    assert_eq!(found(api, "beforeUpdatedAt=2026-11-23T09:01:30Z").await, ["bob", "ada"]);
}

async fn lists_are_in_the_order_asked_for(api: &Api) {
    three(api).await;
    for (order, expected) in [
        ("sortStart=asc", ["bob", "cleo", "ada"]),
        ("sortStart=desc", ["ada", "cleo", "bob"]),
        ("sortEnd=asc", ["bob", "cleo", "ada"]),
        ("sortEnd=desc", ["ada", "cleo", "bob"]),
        ("sortCreated=asc", ["ada", "bob", "cleo"]),
        ("sortCreated=desc", ["cleo", "bob", "ada"]),
        ("sortUpdatedAt=desc", ["cleo", "bob", "ada"]),
    ] {
        assert_eq!(found(api, order).await, expected, "{order}");
    }
}

async fn hosts_see_their_own_bookings_alone(api: &Api) {
    let (_, [ada, ..]) = three(api).await;
    let (_, bea) = api.colleague("bea").await;
    assert_eq!(names(api.with_key(&bea).get("/v2/bookings").await), [""; 0]);
    assert_eq!(names(api.with_key(&bea).get(&format!("/v2/bookings?bookingUid={ada}")).await), [""; 0]);
}

async fn every_wrong_word_of_a_question_is_named(api: &Api) {
    let query = "status=upcoming,lost&eventTypeIds=1,x&bookingUid=no%20uid&teamId=7&afterStart=soon&sortEnd=up&take=251";
    let fields = api.host().get(&format!("/v2/bookings?{query}")).await.wrong(400);
    assert_eq!(fields, ["status", "eventTypeIds", "teamId", "bookingUid", "afterStart", "sortEnd", "take"]);
    assert_eq!(api.host().get("/v2/bookings?take=many").await.wrong(400), ["take"]);
    assert_eq!(api.host().get("/v2/bookings?skip=-1").await.wrong(400), ["skip"]);
}
