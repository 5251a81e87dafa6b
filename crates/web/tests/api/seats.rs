//! Slots that guests share.

use serde_json::{Value, json};

use crate::server::{Api, guest, text, wish};

checks!(
    each_guest_gets_a_seat_of_the_same_booking,
    the_last_seat_is_the_last,
    a_guest_books_one_seat_of_a_slot,
    a_seat_is_called_off_and_the_others_stay,
    a_seat_moves_alone,
    a_booking_is_found_by_its_seat,
    guests_of_a_slot_do_not_see_each_other,
    guests_see_each_other_where_the_host_lets_them,
);

const AT: &str = "2026-11-24T10:00:00Z";

async fn shared(api: &Api, show: bool) -> i64 {
    let seats = json!({ "seatsPerTimeSlot": 3, "showAttendeeInfo": show, "showAvailabilityCount": true });
    api.event_type(json!({ "seats": seats })).await
}

async fn sit(api: &Api, event_type: i64, name: &str) -> Value {
    let ask = wish(event_type, AT, json!({ "attendee": guest(name) }));
    api.guest().post("/v2/bookings", ask).await.made()
}

fn names(booking: &Value) -> Vec<String> {
    booking["attendees"].as_array().expect("attendees").iter().map(|one| text(&one["name"])).collect()
}

async fn each_guest_gets_a_seat_of_the_same_booking(api: &Api) {
    let event_type = shared(api, false).await;
    let ada = sit(api, event_type, "ada").await;
    let bob = sit(api, event_type, "bob").await;
    assert_eq!(ada["uid"], bob["uid"]);
    assert_ne!(text(&ada["seatUid"]), text(&bob["seatUid"]));
    let whole = api.host().get(&format!("/v2/bookings/{}", text(&ada["uid"]))).await.ok();
    assert_eq!(names(&whole), ["ada", "bob"]);
    assert_eq!(whole["attendees"][1]["seatUid"], bob["seatUid"]);
    assert_eq!(whole["attendees"][1]["bookingFieldsResponses"]["email"], "bob@example.com");
}

async fn the_last_seat_is_the_last(api: &Api) {
    let event_type = shared(api, false).await;
    for name in ["ada", "bob", "cleo"] {
        sit(api, event_type, name).await;
    }
    let ask = wish(event_type, AT, json!({ "attendee": guest("dan") }));
    api.guest().post("/v2/bookings", ask).await.refused(409, "slot_full");
}

async fn a_guest_books_one_seat_of_a_slot(api: &Api) {
    let event_type = shared(api, false).await;
    sit(api, event_type, "ada").await;
    let again = wish(event_type, AT, json!({ "attendee": guest("ada") }));
    api.guest().post("/v2/bookings", again).await.refused(409, "already_booked");
}

async fn a_seat_is_called_off_and_the_others_stay(api: &Api) {
    let event_type = shared(api, false).await;
    let ada = sit(api, event_type, "ada").await;
    sit(api, event_type, "bob").await;
    let path = format!("/v2/bookings/{}", text(&ada["uid"]));
    let seat = json!({ "seatUid": ada["seatUid"] });
    let left = api.guest().post(&format!("{path}/cancel"), seat.clone()).await.ok();
    assert_eq!(left["status"], "accepted");
    assert_eq!(names(&api.host().get(&path).await.ok()), ["bob"]);
    api.guest().post(&format!("{path}/cancel"), seat).await.refused(404, "seat_not_found");
    let odd = json!({ "seatUid": "no uid" });
    assert_eq!(api.guest().post(&format!("{path}/cancel"), odd).await.wrong(400), ["seatUid"]);
    api.guest().post(&format!("{path}/cancel"), json!({})).await.refused(403, "forbidden");
    assert_eq!(api.host().post(&format!("{path}/cancel"), json!({})).await.ok()["status"], "cancelled");
}

async fn a_seat_moves_alone(api: &Api) {
    let event_type = shared(api, false).await;
    let ada = sit(api, event_type, "ada").await;
    sit(api, event_type, "bob").await;
    let path = format!("/v2/bookings/{}", text(&ada["uid"]));
    let later = json!({ "start": "2026-11-24T11:00:00Z", "seatUid": ada["seatUid"] });
    let moved = api.guest().post(&format!("{path}/reschedule"), later).await.made();
    assert_eq!(moved["start"], "2026-11-24T11:00:00.000Z");
    assert_eq!(moved["seatUid"], ada["seatUid"]);
    assert_eq!(names(&moved), ["ada"]);
    assert_eq!(names(&api.host().get(&path).await.ok()), ["bob"]);
}

async fn a_booking_is_found_by_its_seat(api: &Api) {
    let event_type = shared(api, false).await;
    sit(api, event_type, "ada").await;
    let bob = sit(api, event_type, "bob").await;
    let path = format!("/v2/bookings/by-seat/{}", text(&bob["seatUid"]));
    let found = api.guest().get(&path).await.ok();
    assert_eq!((&found["uid"], names(&found)), (&bob["uid"], vec!["bob".to_owned()]));
    let whole = format!("/v2/bookings/by-seat/{}", text(&bob["uid"]));
    api.guest().get(&whole).await.refused(404, "seat_not_found");
    api.guest().get("/v2/bookings/by-seat/no%20uid").await.refused(404, "seat_not_found");
}

async fn guests_of_a_slot_do_not_see_each_other(api: &Api) {
    let event_type = shared(api, false).await;
    sit(api, event_type, "ada").await;
    let bob = sit(api, event_type, "bob").await;
    assert_eq!(names(&bob), ["bob"]);
    let path = format!("/v2/bookings/{}", text(&bob["uid"]));
    assert_eq!(names(&api.guest().get(&path).await.ok()), [""; 0]);
    let (_, bea) = api.colleague("bea").await;
    assert_eq!(names(&api.with_key(&bea).get(&path).await.ok()), [""; 0]);
    assert_eq!(names(&api.host().get(&path).await.ok()), ["ada", "bob"]);
}

async fn guests_see_each_other_where_the_host_lets_them(api: &Api) {
    let event_type = shared(api, true).await;
    sit(api, event_type, "ada").await;
    let bob = sit(api, event_type, "bob").await;
    assert_eq!(names(&bob), ["ada", "bob"]);
    let path = format!("/v2/bookings/{}", text(&bob["uid"]));
    assert_eq!(names(&api.guest().get(&path).await.ok()), ["ada", "bob"]);
}
