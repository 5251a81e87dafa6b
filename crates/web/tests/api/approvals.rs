//! Hosts' answers: confirm, decline, who did not come.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::server::{Api, guest, text, wish};

checks!(
    a_booking_waits_until_its_host_says_yes,
    a_no_frees_the_time_and_keeps_its_reason,
    only_a_host_says_yes_or_no,
    an_answer_is_given_once,
    of_a_series_all_that_wait_are_answered,
    absences_are_noted_once_it_has_begun,
);

const AT: &str = "2026-11-24T10:00:00Z";

async fn waiting(api: &Api) -> (i64, String) {
    let policy =
        json!({ "confirmationPolicy": { "type": "always", "blockUnconfirmedBookingsInBooker": true } });
    let event_type = api.event_type(policy).await;
    let booked = api.book(event_type, AT).await;
    assert_eq!(booked["status"], "pending");
    (event_type, format!("/v2/bookings/{}", text(&booked["uid"])))
}

async fn a_booking_waits_until_its_host_says_yes(api: &Api) {
    let (_, path) = waiting(api).await;
    let confirmed = api.host().post(&format!("{path}/confirm"), json!({})).await.ok();
    assert_eq!(confirmed["status"], "accepted");
    assert_eq!(api.guest().get(&path).await.ok()["status"], "accepted");
}

async fn a_no_frees_the_time_and_keeps_its_reason(api: &Api) {
    let (event_type, path) = waiting(api).await;
    assert_eq!(api.starts(event_type, "2026-11-24").await.len(), 15);
    let declined = api.host().post(&format!("{path}/decline"), json!({ "reason": "Away." })).await.ok();
    assert_eq!((&declined["status"], &declined["cancellationReason"]), (&json!("rejected"), &json!("Away.")));
    assert_eq!(api.starts(event_type, "2026-11-24").await.len(), 16);
}

async fn only_a_host_says_yes_or_no(api: &Api) {
    let (_, path) = waiting(api).await;
    api.guest().post(&format!("{path}/confirm"), json!({})).await.refused(401, "bad_api_key");
    let (_, bea) = api.colleague("bea").await;
    for verb in ["confirm", "decline"] {
        let answer = api.with_key(&bea).post(&format!("{path}/{verb}"), json!({})).await;
        answer.refused(404, "booking_not_found");
    }
    assert_eq!(api.guest().get(&path).await.ok()["status"], "pending");
}

async fn an_answer_is_given_once(api: &Api) {
    let (_, path) = waiting(api).await;
    api.host().post(&format!("{path}/decline"), json!({})).await.ok();
    api.host().post(&format!("{path}/confirm"), json!({})).await.refused(409, "wrong_state");
}

async fn of_a_series_all_that_wait_are_answered(api: &Api) {
    let policy = json!({
        "confirmationPolicy": { "type": "always", "blockUnconfirmedBookingsInBooker": true },
        "recurrence": { "interval": 1, "occurrences": 3, "frequency": "weekly" },
    });
    let event_type = api.event_type(policy).await;
    let booked = api.guest().post("/v2/bookings", wish(event_type, AT, json!({}))).await.made();
    let path = format!("/v2/bookings/{}", text(&booked[0]["uid"]));
    api.host().post(&format!("{path}/confirm"), json!({})).await.ok();
    for one in booked.as_array().expect("a list") {
        let path = format!("/v2/bookings/{}", text(&one["uid"]));
        assert_eq!(api.guest().get(&path).await.ok()["status"], "accepted");
    }
}

async fn absences_are_noted_once_it_has_begun(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let ask = wish(event_type, AT, json!({ "attendee": guest("gus") }));
    let booked = api.guest().post("/v2/bookings", ask).await.made();
    let path = format!("/v2/bookings/{}/mark-absent", text(&booked["uid"]));
    let who: Value = json!({ "host": true, "attendees": [{ "email": "gus@example.com", "absent": true }] });
    assert_eq!(api.host().post(&path, who.clone()).await.wrong(422), ["booking"]);
    api.house.test.clock.advance(SignedDuration::from_hours(26));
    let marked = api.host().post(&path, who).await.ok();
    assert_eq!((&marked["absentHost"], &marked["attendees"][0]["absent"]), (&json!(true), &json!(true)));
    let nobody = json!({ "attendees": [{ "email": "ada@example.com", "absent": true }] });
    assert_eq!(api.host().post(&path, nobody).await.wrong(422), ["attendees[0].email"]);
    api.guest().post(&path, json!({ "host": true })).await.refused(401, "bad_api_key");
}
