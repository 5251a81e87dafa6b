//! `/v2/slots`.

use serde_json::{Value, json};

use crate::server::{Api, text, wish};

checks!(
    slots_of_a_day_are_its_free_starts,
    slots_are_found_by_address_and_by_number_alike,
    times_and_dates_are_in_the_zone_asked_for,
    ranges_carry_their_ends,
    another_length_makes_other_slots,
    a_booking_takes_its_slot_away,
    a_booking_that_moves_does_not_block_itself,
    a_day_of_a_clock_change_has_its_real_hours,
    the_second_month_goes_on_where_the_first_ended,
    a_shared_slot_says_how_many_seats_are_left,
    a_question_that_makes_no_sense_is_answered_field_by_field,
    event_types_that_are_not_there_have_no_slots,
);

async fn slots_of_a_day_are_its_free_starts(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let starts = api.starts(event_type, "2026-11-24").await;
    assert_eq!(starts.len(), 16);
    assert_eq!(starts[0], "2026-11-24T09:00:00.000Z");
    assert_eq!(starts[15], "2026-11-24T16:30:00.000Z");
    let weekend = format!("/v2/slots?eventTypeId={event_type}&start=2026-11-28&end=2026-11-29");
    assert_eq!(api.guest().get(&weekend).await.ok(), json!({}));
}

async fn slots_are_found_by_address_and_by_number_alike(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let week = "start=2026-11-24&end=2026-11-27";
    let by_number = api.guest().get(&format!("/v2/slots?eventTypeId={event_type}&{week}")).await.ok();
    let by_address = format!("/v2/slots?username=ines&eventTypeSlug=half-an-hour&{week}");
    assert_eq!(api.guest().get(&by_address).await.ok(), by_number);
    assert_eq!(api.host().get(&by_address).await.ok(), by_number);
    assert_eq!(by_number.as_object().expect("days").len(), 4);
}

async fn times_and_dates_are_in_the_zone_asked_for(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let path = format!(
        "/v2/slots?eventTypeId={event_type}&start=2026-11-24T00:00:00Z&end=2026-11-25T00:00:00Z&timeZone=Pacific/Auckland"
    );
    let days = api.guest().get(&path).await.ok();
    assert_eq!(days["2026-11-24"][0]["start"], "2026-11-24T22:00:00.000+13:00");
    assert_eq!(days["2026-11-25"][0]["start"], "2026-11-25T00:00:00.000+13:00");
    let count = |day: &str| days[day].as_array().map_or(0, Vec::len);
    assert_eq!((count("2026-11-24"), count("2026-11-25")), (4, 12));
}

async fn ranges_carry_their_ends(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let path = format!("/v2/slots?eventTypeId={event_type}&start=2026-11-24&end=2026-11-24&format=range");
    let days = api.guest().get(&path).await.ok();
    let expected = json!({ "start": "2026-11-24T09:00:00.000Z", "end": "2026-11-24T09:30:00.000Z" });
    assert_eq!(days["2026-11-24"][0], expected);
    let path = path.replace("range", "time");
    assert_eq!(api.guest().get(&path).await.ok()["2026-11-24"][0], json!({ "start": expected["start"] }));
}

async fn another_length_makes_other_slots(api: &Api) {
    let event_type = api.event_type(json!({ "lengthInMinutesOptions": [30, 60] })).await;
    let path = format!("/v2/slots?eventTypeId={event_type}&start=2026-11-24&end=2026-11-24&duration=");
    let days = api.guest().get(&format!("{path}60")).await.ok();
    assert_eq!(days["2026-11-24"].as_array().map(Vec::len), Some(8));
    assert_eq!(api.guest().get(&format!("{path}45")).await.wrong(422), ["duration"]);
}

async fn a_booking_takes_its_slot_away(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    api.book(event_type, "2026-11-24T10:00:00Z").await;
    let starts = api.starts(event_type, "2026-11-24").await;
    assert_eq!(starts.len(), 15);
    assert!(!starts.contains(&"2026-11-24T10:00:00.000Z".to_owned()));
}

async fn a_booking_that_moves_does_not_block_itself(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let booking = api.book(event_type, "2026-11-24T10:00:00Z").await;
    let path =
        format!("/v2/slots?eventTypeId={event_type}&start=2026-11-24&end=2026-11-24&bookingUidToReschedule=");
    let days = api.guest().get(&format!("{path}{}", text(&booking["uid"]))).await.ok();
    assert_eq!(days["2026-11-24"].as_array().map(Vec::len), Some(16));
    let wrong = api.guest().get(&format!("{path}no%20uid")).await.wrong(400);
    assert_eq!(wrong, ["bookingUidToReschedule"]);
}

async fn a_day_of_a_clock_change_has_its_real_hours(api: &Api) {
    let nights = json!({
        "name": "Nights",
        "isDefault": false,
        "availability": [{ "days": ["Sunday"], "startTime": "00:00", "endTime": "05:00" }],
    });
    let schedule = api.host().post("/v2/schedules", nights).await.made();
    let rules = json!({ "scheduleId": schedule["id"], "bookingWindow": { "disabled": true } });
    let event_type = api.event_type(rules).await;
    // In Lisbon the clock goes from one to two on 28 March 2027, and from two back to one on 31 October.
    let path = format!("/v2/slots?eventTypeId={event_type}&timeZone=Europe/Lisbon&start=");
    let spring = api.guest().get(&format!("{path}2027-03-27&end=2027-03-28")).await.ok();
    let starts: Vec<String> =
        spring["2027-03-28"].as_array().expect("slots").iter().map(|slot| text(&slot["start"])).collect();
    assert_eq!(starts.len(), 8);
    assert_eq!(starts[1], "2027-03-28T00:30:00.000Z");
    assert_eq!(starts[2], "2027-03-28T02:00:00.000+01:00");
    let autumn = api.guest().get(&format!("{path}2027-10-30&end=2027-10-31")).await.ok();
    assert_eq!(autumn["2027-10-31"].as_array().map(Vec::len), Some(12));
}

async fn the_second_month_goes_on_where_the_first_ended(api: &Api) {
    let event_type = api.event_type(json!({ "bookingWindow": { "disabled": true } })).await;
    let month = |from: &str, to: &str| format!("/v2/slots?eventTypeId={event_type}&start={from}&end={to}");
    let count = |days: Value| -> usize {
        let days = days.as_object().expect("days").clone();
        days.values().map(|slots| slots.as_array().map_or(0, Vec::len)).sum()
    };
    let december = count(api.guest().get(&month("2026-12-01", "2026-12-31")).await.ok());
    let january = count(api.guest().get(&month("2027-01-01", "2027-01-31")).await.ok());
    let both = count(api.guest().get(&month("2026-12-01", "2027-01-31")).await.ok());
    assert_eq!((december, january, both), (23 * 16, 21 * 16, 44 * 16));
}

async fn a_shared_slot_says_how_many_seats_are_left(api: &Api) {
    let seats = json!({ "seatsPerTimeSlot": 3, "showAttendeeInfo": false, "showAvailabilityCount": true });
    let event_type = api.event_type(json!({ "seats": seats })).await;
    let booking = api.book(event_type, "2026-11-24T10:00:00Z").await;
    let path = format!("/v2/slots?eventTypeId={event_type}&start=2026-11-24&end=2026-11-24");
    let slots = api.guest().get(&path).await.ok()["2026-11-24"].as_array().cloned().expect("slots");
    assert_eq!(slots.len(), 16, "a slot with seats left is offered");
    let at = |start: &str| slots.iter().find(|slot| slot["start"] == start).cloned().expect("a slot");
    let shared = at("2026-11-24T10:00:00.000Z");
    assert_eq!(shared["seatsBooked"], 1);
    assert_eq!((&shared["seatsRemaining"], &shared["seatsTotal"]), (&json!(2), &json!(3)));
    assert!(booking["seatUid"].is_string());
    assert_eq!(at("2026-11-24T11:00:00.000Z")["seatsRemaining"], 3);
}

async fn a_question_that_makes_no_sense_is_answered_field_by_field(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let fields = api.guest().get("/v2/slots").await.wrong(400);
    assert_eq!(fields, ["start", "end", "eventTypeId"]);
    let path = format!(
        "/v2/slots?eventTypeId={event_type}&start=soon&end=2026-11-24&timeZone=Mars/Olympus&format=moon"
    );
    assert_eq!(api.guest().get(&path).await.wrong(400), ["start", "timeZone", "format"]);
    let backwards = format!("/v2/slots?eventTypeId={event_type}&start=2026-11-25&end=2026-11-23");
    assert_eq!(api.guest().get(&backwards).await.wrong(422), ["end"]);
    let long = format!("/v2/slots?eventTypeId={event_type}&start=2026-11-25&end=2028-11-23");
    assert_eq!(api.guest().get(&long).await.wrong(422), ["end"]);
    let word = "/v2/slots?eventTypeId=seven&start=2026-11-24&end=2026-11-24";
    assert_eq!(api.guest().get(word).await.wrong(400), ["eventTypeId"]);
}

async fn event_types_that_are_not_there_have_no_slots(api: &Api) {
    let day = "start=2026-11-24&end=2026-11-24";
    for which in
        ["eventTypeId=4711", "username=ines&eventTypeSlug=nothing", "username=nobody&eventTypeSlug=x"]
    {
        api.guest().get(&format!("/v2/slots?{which}&{day}")).await.refused(404, "event_type_not_found");
    }
    let event_type = api.event_type(json!({})).await;
    assert_eq!(api.starts(event_type, "2026-11-24").await.len(), 16);
    api.host().delete(&format!("/v2/event-types/{event_type}")).await.ok();
    api.guest()
        .get(&format!("/v2/slots?eventTypeId={event_type}&{day}"))
        .await
        .refused(404, "event_type_not_found");
    let ask = wish(event_type, "2026-11-24T10:00:00Z", json!({}));
    api.guest().post("/v2/bookings", ask).await.refused(404, "event_type_not_found");
}
