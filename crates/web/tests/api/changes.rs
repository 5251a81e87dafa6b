//! Bookings that are moved, called off, given to others.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::server::{Api, text, wish};

checks!(
    a_booking_moves_and_keeps_its_uid,
    a_move_to_a_taken_time_changes_nothing,
    a_cancelled_booking_frees_its_time_and_keeps_its_reason,
    a_booking_is_cancelled_once,
    a_body_is_not_needed_to_cancel,
    of_a_series_one_or_all_that_follow_are_cancelled,
    what_the_host_does_not_let_guests_do_is_refused,
    a_stranger_s_key_changes_nothing,
    what_is_over_stays_as_it_is,
    guests_are_added,
    the_place_changes,
);

const AT: &str = "2026-11-24T10:00:00Z";

fn path(booking: &Value, verb: &str) -> String {
    format!("/v2/bookings/{}{verb}", text(&booking["uid"]))
}

async fn a_booking_moves_and_keeps_its_uid(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let booked = api.book(event_type, AT).await;
    let later = json!({ "start": "2026-11-25T11:00:00Z", "reschedulingReason": "A cold." });
    let moved = api.guest().post(&path(&booked, "/reschedule"), later).await.made();
    assert_eq!(moved["uid"], booked["uid"]);
    assert_eq!(
        (&moved["start"], &moved["end"]),
        (&json!("2026-11-25T11:00:00.000Z"), &json!("2026-11-25T11:30:00.000Z"))
    );
    assert_eq!(api.guest().get(&path(&booked, "")).await.ok(), moved);
    assert_eq!(api.starts(event_type, "2026-11-24").await.len(), 16, "its old time is free");
    let odd = json!({ "start": "later" });
    assert_eq!(api.guest().post(&path(&booked, "/reschedule"), odd).await.wrong(400), ["start"]);
}

async fn a_move_to_a_taken_time_changes_nothing(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let booked = api.book(event_type, AT).await;
    api.book(event_type, "2026-11-25T11:00:00Z").await;
    let taken = json!({ "start": "2026-11-25T11:00:00Z" });
    api.guest().post(&path(&booked, "/reschedule"), taken).await.refused(409, "slot_taken");
    let closed = json!({ "start": "2026-11-25T03:00:00Z" });
    api.guest().post(&path(&booked, "/reschedule"), closed).await.refused(422, "slot_not_offered");
    assert_eq!(api.guest().get(&path(&booked, "")).await.ok(), booked);
}

async fn a_cancelled_booking_frees_its_time_and_keeps_its_reason(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let booked = api.book(event_type, AT).await;
    let long = json!({ "cancellationReason": "x".repeat(5001) });
    let path_of = path(&booked, "/cancel");
    assert_eq!(api.guest().post(&path_of, long).await.wrong(422), ["cancellationReason"]);
    let reason = json!({ "cancellationReason": "A cold." });
    let cancelled = api.guest().post(&path(&booked, "/cancel"), reason).await.ok();
    assert_eq!(
        (&cancelled["status"], &cancelled["cancellationReason"]),
        (&json!("cancelled"), &json!("A cold."))
    );
    assert_eq!(api.starts(event_type, "2026-11-24").await.len(), 16);
    assert_eq!(api.guest().get(&path(&booked, "")).await.ok(), cancelled);
}

async fn a_booking_is_cancelled_once(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let booked = api.book(event_type, AT).await;
    api.host().post(&path(&booked, "/cancel"), json!({})).await.ok();
    api.host().post(&path(&booked, "/cancel"), json!({})).await.refused(409, "wrong_state");
    let later = json!({ "start": "2026-11-25T11:00:00Z" });
    let status = api.host().post(&path(&booked, "/reschedule"), later).await.status;
    assert_eq!(status, 409);
}

async fn a_body_is_not_needed_to_cancel(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let booked = api.book(event_type, AT).await;
    let asking = api.guest().asking(http::Method::POST, &path(&booked, "/cancel"));
    assert_eq!(api.guest().send(asking.body("".into())).await.ok()["status"], "cancelled");
}

async fn of_a_series_one_or_all_that_follow_are_cancelled(api: &Api) {
    let series = json!({ "recurrence": { "interval": 1, "occurrences": 4, "frequency": "weekly" } });
    let event_type = api.event_type(series).await;
    let booked = api.guest().post("/v2/bookings", wish(event_type, AT, json!({}))).await.made();
    let one = api.guest().post(&path(&booked[0], "/cancel"), json!({})).await.ok();
    assert_eq!((&one["uid"], &one["status"]), (&booked[0]["uid"], &json!("cancelled")));
    let rest = json!({ "cancelSubsequentBookings": true });
    let rest = api.guest().post(&path(&booked[2], "/cancel"), rest).await.ok();
    let rest: Vec<&Value> = rest.as_array().expect("a list").iter().map(|one| &one["uid"]).collect();
    assert_eq!(rest, [&booked[2]["uid"], &booked[3]["uid"]]);
    assert_eq!(api.guest().get(&path(&booked[1], "")).await.ok()["status"], "accepted");
}

async fn what_the_host_does_not_let_guests_do_is_refused(api: &Api) {
    let policy = json!({
        "disableCancelling": { "disabled": true },
        "disableRescheduling": { "disabled": true },
    });
    let event_type = api.event_type(policy).await;
    let booked = api.book(event_type, AT).await;
    api.guest().post(&path(&booked, "/cancel"), json!({})).await.refused(403, "not_allowed_by_policy");
    let later = json!({ "start": "2026-11-25T11:00:00Z" });
    let refused = api.guest().post(&path(&booked, "/reschedule"), later.clone()).await;
    refused.refused(403, "not_allowed_by_policy");
    api.host().post(&path(&booked, "/reschedule"), later).await.made();
    api.host().post(&path(&booked, "/cancel"), json!({})).await.ok();
}

async fn a_stranger_s_key_changes_nothing(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let booked = api.book(event_type, AT).await;
    let (_, bea) = api.colleague("bea").await;
    let bea = api.with_key(&bea);
    bea.post(&path(&booked, "/cancel"), json!({})).await.refused(404, "booking_not_found");
    let later = json!({ "start": "2026-11-25T11:00:00Z" });
    bea.post(&path(&booked, "/reschedule"), later).await.refused(404, "booking_not_found");
    assert_eq!(api.guest().get(&path(&booked, "")).await.ok(), booked);
}

async fn what_is_over_stays_as_it_is(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let booked = api.book(event_type, AT).await;
    api.house.test.clock.advance(SignedDuration::from_hours(48));
    assert!([403, 409].contains(&api.guest().post(&path(&booked, "/cancel"), json!({})).await.status));
    let later = json!({ "start": "2026-11-27T11:00:00Z" });
    assert!([403, 409].contains(&api.guest().post(&path(&booked, "/reschedule"), later).await.status));
    assert_eq!(api.guest().get(&path(&booked, "")).await.ok()["status"], "accepted");
}

async fn guests_are_added(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let booked = api.book(event_type, AT).await;
    let more =
        json!({ "guests": [{ "email": "ada@example.com", "name": "Ada" }, { "email": "bob@example.com" }] });
    let answer = api.host().post(&path(&booked, "/guests"), more).await.ok();
    assert_eq!(answer["guests"], json!(["ada@example.com", "bob@example.com"]));
    let wrong = json!({ "guests": [{ "email": "bob at home" }] });
    assert_eq!(api.host().post(&path(&booked, "/guests"), wrong).await.wrong(422), ["guests[0]"]);
    let none = json!({ "guests": [] });
    assert_eq!(api.host().post(&path(&booked, "/guests"), none).await.wrong(400), ["guests"]);
    let more = json!({ "guests": [{ "email": "eve@example.com" }] });
    api.guest().post(&path(&booked, "/guests"), more).await.refused(401, "bad_api_key");
}

async fn the_place_changes(api: &Api) {
    let places = json!({ "locations": [
        { "type": "address", "address": "Rua Augusta 1", "public": true },
        { "type": "link", "link": "https://meet.example/room", "public": true },
    ]});
    let event_type = api.event_type(places).await;
    let ask = wish(event_type, AT, json!({ "location": { "type": "address" } }));
    let booked = api.guest().post("/v2/bookings", ask).await.made();
    assert_eq!(booked["location"], "Rua Augusta 1");
    let link = json!({ "location": { "type": "link", "link": "https://meet.example/room" } });
    let answer = api.host().patch(&path(&booked, "/location"), link).await.ok();
    assert_eq!(answer["location"], "https://meet.example/room");
    let phone = json!({ "location": { "type": "phone", "phone": "+351211234567" } });
    assert_eq!(api.host().patch(&path(&booked, "/location"), phone).await.wrong(422), ["location"]);
    assert_eq!(api.host().patch(&path(&booked, "/location"), json!({})).await.wrong(400), ["location"]);
}
