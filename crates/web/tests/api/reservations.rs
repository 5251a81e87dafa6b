//! `/v2/slots/reservations`.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::server::{Api, text, wish};

checks!(
    a_reserved_slot_is_nobody_else_s,
    a_reservation_ends_by_itself,
    a_length_that_is_not_offered_is_named_as_a_reservation_names_it,
    a_reservation_moves_to_another_slot_and_keeps_its_name,
    a_reservation_given_back_frees_its_slot,
    whoever_reserved_a_slot_books_it,
    a_reservation_of_another_slot_does_not_help,
    only_a_key_chooses_how_long_a_slot_is_kept,
    a_slot_that_cannot_be_booked_cannot_be_reserved,
);

const AT: &str = "2026-11-24T10:00:00.000Z";

async fn reserve(api: &Api, event_type: i64) -> Value {
    let ask = json!({ "eventTypeId": event_type, "slotStart": AT });
    api.guest().post("/v2/slots/reservations", ask).await.made()
}

async fn a_reserved_slot_is_nobody_else_s(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let kept = reserve(api, event_type).await;
    assert_eq!((&kept["slotStart"], &kept["slotEnd"]), (&json!(AT), &json!("2026-11-24T10:30:00.000Z")));
    assert_eq!((&kept["slotDuration"], &kept["reservationDuration"]), (&json!(30), &json!(5)));
    assert_eq!(kept["reservationUntil"], "2026-11-23T09:05:00.000Z");
    assert!(!api.starts(event_type, "2026-11-24").await.contains(&AT.to_owned()));
    let ask = json!({ "eventTypeId": event_type, "slotStart": AT });
    api.guest().post("/v2/slots/reservations", ask).await.refused(409, "slot_taken");
    api.guest().post("/v2/bookings", wish(event_type, AT, json!({}))).await.refused(409, "slot_taken");
    let path = format!("/v2/slots/reservations/{}", text(&kept["reservationUid"]));
    assert_eq!(api.guest().get(&path).await.ok(), kept);
}

async fn a_length_that_is_not_offered_is_named_as_a_reservation_names_it(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let ask = json!({ "eventTypeId": event_type, "slotStart": AT, "slotDuration": 7 });
    assert_eq!(api.guest().post("/v2/slots/reservations", ask).await.wrong(422), ["slotDuration"]);
}

async fn a_reservation_ends_by_itself(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let kept = reserve(api, event_type).await;
    api.house.test.clock.advance(SignedDuration::from_secs(5 * 60 + 1));
    let path = format!("/v2/slots/reservations/{}", text(&kept["reservationUid"]));
    assert_eq!(api.guest().get(&path).await.ok(), Value::Null);
    assert!(api.starts(event_type, "2026-11-24").await.contains(&AT.to_owned()));
    api.book(event_type, AT).await;
}

async fn a_reservation_moves_to_another_slot_and_keeps_its_name(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let kept = reserve(api, event_type).await;
    let path = format!("/v2/slots/reservations/{}", text(&kept["reservationUid"]));
    let later = json!({ "eventTypeId": event_type, "slotStart": "2026-11-24T11:00:00Z" });
    let moved = api.guest().patch(&path, later).await.ok();
    assert_eq!(moved["reservationUid"], kept["reservationUid"]);
    assert_eq!(moved["slotStart"], "2026-11-24T11:00:00.000Z");
    assert!(api.starts(event_type, "2026-11-24").await.contains(&AT.to_owned()));
    let nobody = "/v2/slots/reservations/abcdefghijklmnopqrstuv";
    let ask = json!({ "eventTypeId": event_type, "slotStart": AT });
    assert_eq!(api.guest().patch(nobody, ask).await.status, 404);
}

async fn a_reservation_given_back_frees_its_slot(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let kept = reserve(api, event_type).await;
    let path = format!("/v2/slots/reservations/{}", text(&kept["reservationUid"]));
    assert_eq!(api.guest().delete(&path).await.status, 200);
    assert_eq!(api.guest().get(&path).await.ok(), Value::Null);
    assert!(api.starts(event_type, "2026-11-24").await.contains(&AT.to_owned()));
    assert_eq!(api.guest().delete(&path).await.status, 200, "given back already");
    api.guest().get("/v2/slots/reservations/no%20uid").await.refused(404, "reservation_not_found");
}

async fn whoever_reserved_a_slot_books_it(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let kept = reserve(api, event_type).await;
    let ask = wish(event_type, AT, json!({ "reservationUid": kept["reservationUid"] }));
    let booked = api.guest().post("/v2/bookings", ask).await.made();
    assert_eq!(booked["start"], AT);
    let path = format!("/v2/slots/reservations/{}", text(&kept["reservationUid"]));
    assert_eq!(api.guest().get(&path).await.ok(), Value::Null, "the booking took it over");
}

async fn a_reservation_of_another_slot_does_not_help(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    reserve(api, event_type).await;
    let other = json!({ "eventTypeId": event_type, "slotStart": "2026-11-24T11:00:00Z" });
    let other = api.guest().post("/v2/slots/reservations", other).await.made();
    let ask = wish(event_type, AT, json!({ "reservationUid": other["reservationUid"] }));
    api.guest().post("/v2/bookings", ask).await.refused(409, "slot_taken");
    let ask = wish(event_type, AT, json!({ "reservationUid": "no uid" }));
    assert_eq!(api.guest().post("/v2/bookings", ask).await.wrong(400), ["reservationUid"]);
}

async fn only_a_key_chooses_how_long_a_slot_is_kept(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let ask = json!({ "eventTypeId": event_type, "slotStart": AT, "reservationDuration": 20 });
    let refused = api.guest().post("/v2/slots/reservations", ask.clone()).await.wrong(400);
    assert_eq!(refused, ["reservationDuration"]);
    let kept = api.host().post("/v2/slots/reservations", ask).await.made();
    assert_eq!(kept["reservationUntil"], "2026-11-23T09:20:00.000Z");
    let long = json!({ "eventTypeId": event_type, "slotStart": AT, "reservationDuration": 61 });
    assert_eq!(api.host().post("/v2/slots/reservations", long).await.wrong(400), ["reservationDuration"]);
}

async fn a_slot_that_cannot_be_booked_cannot_be_reserved(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let at = |start: &str| json!({ "eventTypeId": event_type, "slotStart": start });
    let caller = api.guest();
    caller.post("/v2/slots/reservations", at("2026-11-24T10:07:00Z")).await.refused(422, "slot_not_offered");
    caller.post("/v2/slots/reservations", at("2026-11-22T10:00:00Z")).await.refused(422, "too_soon");
    assert_eq!(caller.post("/v2/slots/reservations", at("soon")).await.wrong(400), ["slotStart"]);
    let nothing = json!({ "eventTypeId": 4711, "slotStart": AT });
    caller.post("/v2/slots/reservations", nothing).await.refused(404, "event_type_not_found");
    let lacks = caller.post("/v2/slots/reservations", json!({ "slotStart": AT })).await.wrong(400);
    assert_eq!(lacks, ["eventTypeId"]);
}
