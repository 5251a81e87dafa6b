//! `POST /v2/bookings`, and what it answers.

use http::{Method, header};
use serde_json::{Value, json};

use crate::server::{Answer, Api, text, wish};

checks!(
    a_guest_books_and_sees_the_booking,
    a_booking_by_address_is_the_same,
    everything_sent_along_is_kept,
    a_taken_slot_is_refused_with_its_code,
    an_attempt_sent_again_gets_the_first_answer,
    a_key_of_an_attempt_is_not_used_for_another,
    a_series_is_answered_by_a_list,
    another_length_is_booked_where_it_is_offered,
    answers_are_checked_against_the_questions,
    a_place_is_chosen_among_those_offered,
    every_wrong_part_of_a_booking_is_named,
    what_is_of_the_wrong_kind_is_named_by_its_path,
    what_is_not_known_is_let_be,
    times_that_are_not_offered_are_refused,
    a_booking_that_is_not_there_is_not_found,
);

const AT: &str = "2026-11-24T10:00:00Z";

async fn a_guest_books_and_sees_the_booking(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let booked = api.guest().post("/v2/bookings", wish(event_type, AT, json!({}))).await.made();
    assert_eq!(booked["status"], "accepted");
    assert_eq!(
        (&booked["start"], &booked["end"]),
        (&json!("2026-11-24T10:00:00.000Z"), &json!("2026-11-24T10:30:00.000Z"))
    );
    assert_eq!((&booked["duration"], &booked["eventTypeId"]), (&json!(30), &json!(event_type)));
    assert_eq!(booked["eventType"], json!({ "id": event_type, "slug": "half-an-hour" }));
    assert_eq!(booked["hosts"][0]["username"], "ines");
    assert_eq!(booked["attendees"][0]["email"], "gus@example.com");
    assert_eq!(booked["attendees"][0]["timeZone"], "Europe/Vienna");
    assert_eq!(booked["title"], "Half an hour between Inês Carvalho and Gus");
    assert_eq!(booked["icsUid"], booked["uid"]);
    let path = format!("/v2/bookings/{}", text(&booked["uid"]));
    assert_eq!(api.guest().get(&path).await.ok(), booked, "the answer is what is stored");
}

async fn a_booking_by_address_is_the_same(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let ask = json!({
        "start": "2026-11-24T11:00:00+01:00",
        "eventTypeSlug": "half-an-hour",
        "username": "ines",
        "attendee": { "name": "Gus", "email": "gus@example.com", "timeZone": "Europe/Vienna" },
    });
    let booked = api.guest().post("/v2/bookings", ask).await.made();
    assert_eq!(booked["eventTypeId"], event_type);
    assert_eq!(booked["start"], "2026-11-24T10:00:00.000Z");
}

async fn everything_sent_along_is_kept(api: &Api) {
    let questions = json!([
        { "type": "text", "slug": "topic", "label": "Topic", "required": true, "placeholder": "What about?" },
        { "type": "multiselect", "slug": "tools", "label": "Tools", "required": false, "options": ["pen", "board"] },
        { "type": "boolean", "slug": "first", "label": "First time?", "required": false },
    ]);
    let event_type = api.event_type(json!({ "bookingFields": questions })).await;
    let parts = json!({
        "guests": ["Ada@Example.com", "bob@example.com"],
        "metadata": { "campaign": "autumn" },
        "bookingFieldsResponses": { "topic": "Bees", "tools": ["pen"], "first": true, "notes": "See you." },
        "attendee": {
            "name": "Gus", "email": "Gus@Example.com", "timeZone": "Europe/Vienna", "language": "de", "phoneNumber": "+4312345678",
        },
    });
    let booked = api.guest().post("/v2/bookings", wish(event_type, AT, parts)).await.made();
    assert_eq!(booked["guests"], json!(["ada@example.com", "bob@example.com"]));
    assert_eq!(booked["metadata"], json!({ "campaign": "autumn" }));
    let gus = &booked["attendees"][0];
    assert_eq!((&gus["email"], &gus["language"]), (&json!("gus@example.com"), &json!("de")));
    assert_eq!(gus["phoneNumber"], "+4312345678");
    let answers = &booked["bookingFieldsResponses"];
    assert_eq!((&answers["topic"], &answers["tools"]), (&json!("Bees"), &json!(["pen"])));
    assert_eq!((&answers["first"], &answers["notes"]), (&json!(true), &json!("See you.")));
    assert_eq!((&answers["name"], &answers["email"]), (&json!("Gus"), &json!("gus@example.com")));
    let path = format!("/v2/bookings/{}", text(&booked["uid"]));
    assert_eq!(api.guest().get(&path).await.ok(), booked);
}

async fn a_taken_slot_is_refused_with_its_code(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    api.book(event_type, AT).await;
    let again = wish(event_type, AT, json!({}));
    let error = api.guest().post("/v2/bookings", again).await.refused(409, "slot_taken");
    assert!(text(&error["message"]).starts_with("That time was just taken."));
    let other = api.event_type(json!({ "slug": "other", "lengthInMinutes": 60 })).await;
    api.guest().post("/v2/bookings", wish(other, AT, json!({}))).await.refused(409, "slot_taken");
}

async fn attempt(api: &Api, key: &str, body: Value) -> Answer {
    let asking = api.guest().asking(Method::POST, "/v2/bookings");
    let asking = asking.header(header::CONTENT_TYPE, "application/json").header("idempotency-key", key);
    api.guest().send(asking.body(body.to_string().into())).await
}

async fn an_attempt_sent_again_gets_the_first_answer(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let first = attempt(api, "attempt-1", wish(event_type, AT, json!({}))).await.made();
    let second = attempt(api, "attempt-1", wish(event_type, AT, json!({}))).await.made();
    assert_eq!(first, second);
    let all = api.host().get("/v2/bookings").await;
    assert_eq!(all.body["pagination"]["totalItems"], 1);
}

async fn a_key_of_an_attempt_is_not_used_for_another(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    attempt(api, "attempt-1", wish(event_type, AT, json!({}))).await.made();
    let other = wish(event_type, "2026-11-24T12:00:00Z", json!({}));
    attempt(api, "attempt-1", other).await.refused(422, "idempotency_key_reused");
    attempt(api, "two words", wish(event_type, AT, json!({}))).await.refused(400, "bad_idempotency_key");
    attempt(api, &"x".repeat(256), wish(event_type, AT, json!({}))).await.refused(400, "bad_idempotency_key");
}

async fn a_series_is_answered_by_a_list(api: &Api) {
    let series = json!({ "recurrence": { "interval": 1, "occurrences": 4, "frequency": "weekly" } });
    let event_type = api.event_type(series).await;
    let booked =
        api.guest().post("/v2/bookings", wish(event_type, AT, json!({ "recurrenceCount": 3 }))).await.made();
    let booked = booked.as_array().cloned().expect("a list");
    let starts: Vec<String> = booked.iter().map(|one| text(&one["start"])).collect();
    assert_eq!(starts, ["2026-11-24T10:00:00.000Z", "2026-12-01T10:00:00.000Z", "2026-12-08T10:00:00.000Z"]);
    assert!(booked[0]["recurringBookingUid"].is_string());
    assert!(booked.iter().all(|one| one["recurringBookingUid"] == booked[0]["recurringBookingUid"]));
    let many = wish(event_type, "2026-11-24T12:00:00Z", json!({ "recurrenceCount": 5 }));
    assert_eq!(api.guest().post("/v2/bookings", many).await.wrong(422), ["recurrenceCount"]);

    // All or none: the third week is taken.
    let third = wish(event_type, "2026-12-08T12:00:00Z", json!({ "recurrenceCount": 1 }));
    api.guest().post("/v2/bookings", third).await.made();
    let whole = wish(event_type, "2026-11-24T12:00:00Z", json!({ "recurrenceCount": 3 }));
    api.guest().post("/v2/bookings", whole).await.refused(409, "slot_taken");
    assert!(api.starts(event_type, "2026-11-24").await.contains(&"2026-11-24T12:00:00.000Z".to_owned()));
}

async fn another_length_is_booked_where_it_is_offered(api: &Api) {
    let event_type = api.event_type(json!({ "lengthInMinutesOptions": [30, 60] })).await;
    let ask = |minutes: u32| wish(event_type, AT, json!({ "lengthInMinutes": minutes }));
    assert_eq!(api.guest().post("/v2/bookings", ask(45)).await.wrong(422), ["lengthInMinutes"]);
    assert_eq!(api.guest().post("/v2/bookings", ask(60)).await.made()["duration"], 60);
}

async fn answers_are_checked_against_the_questions(api: &Api) {
    let questions = json!([
        { "type": "text", "slug": "topic", "label": "Topic", "required": true },
        { "type": "select", "slug": "size", "label": "Size", "required": false, "options": ["s", "m"] },
    ]);
    let event_type = api.event_type(json!({ "bookingFields": questions })).await;
    let ask = |answers: Value| wish(event_type, AT, json!({ "bookingFieldsResponses": answers }));
    let topic = ["bookingFieldsResponses.topic"];
    assert_eq!(api.guest().post("/v2/bookings", ask(json!({}))).await.wrong(422), topic);
    let odd = ask(json!({ "topic": "Bees", "size": "xxl" }));
    assert_eq!(api.guest().post("/v2/bookings", odd).await.wrong(422), ["bookingFieldsResponses.size"]);
    let kind = ask(json!({ "topic": { "deep": true } }));
    assert_eq!(api.guest().post("/v2/bookings", kind).await.wrong(400), topic);
}

async fn a_place_is_chosen_among_those_offered(api: &Api) {
    let places = json!({ "locations": [
        { "type": "address", "address": "Rua Augusta 1", "public": true },
        { "type": "link", "link": "https://meet.example/room", "public": true },
        { "type": "attendeePhone" },
    ]});
    let event_type = api.event_type(places).await;
    let ask = |start: &str, place: Value| wish(event_type, start, json!({ "location": place }));
    let link = ask(AT, json!({ "type": "link" }));
    let booked = api.guest().post("/v2/bookings", link).await.made();
    assert_eq!(
        (&booked["location"], &booked["meetingUrl"]),
        (&json!("https://meet.example/room"), &json!("https://meet.example/room"))
    );
    let phone = ask("2026-11-24T11:00:00Z", json!({ "type": "attendeePhone", "phone": "+4312345678" }));
    assert_eq!(api.guest().post("/v2/bookings", phone).await.made()["location"], "+4312345678");
    let lacks = ask("2026-11-24T12:00:00Z", json!({ "type": "attendeePhone" }));
    assert_eq!(api.guest().post("/v2/bookings", lacks).await.wrong(422), ["location"]);
    let not_offered = ask("2026-11-24T12:00:00Z", json!({ "type": "phone" }));
    assert_eq!(api.guest().post("/v2/bookings", not_offered).await.wrong(422), ["location"]);
    let unknown = ask("2026-11-24T12:00:00Z", json!({ "type": "moon" }));
    assert_eq!(api.guest().post("/v2/bookings", unknown).await.wrong(400), ["location.type"]);
    let shapeless = ask("2026-11-24T12:00:00Z", json!(7));
    assert_eq!(api.guest().post("/v2/bookings", shapeless).await.wrong(400), ["location"]);
}

async fn every_wrong_part_of_a_booking_is_named(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let wrong = wish(
        event_type,
        AT,
        json!({
            "attendee": { "name": " ", "email": "nowhere", "timeZone": "Mars/Olympus", "phoneNumber": "call me" },
            "guests": ["ada@example.com", "bob at home"],
        }),
    );
    let fields = api.guest().post("/v2/bookings", wrong).await.wrong(422);
    assert_eq!(
        fields,
        ["attendee.name", "attendee.email", "attendee.phoneNumber", "attendee.timeZone", "guests[1]"]
    );
    let attendee = |phone: &str| json!({ "name": "Gus", "email": "gus@example.com", "timeZone": "UTC", "phoneNumber": phone });
    let long = wish(event_type, AT, json!({ "attendee": attendee("+12345678901234567890") }));
    let refused = api.guest().post("/v2/bookings", long).await;
    assert!(refused.body.to_string().contains("15 digits"), "{:?}", refused.body);
    assert_eq!(refused.wrong(422), ["attendee.phoneNumber"]);
    let words = wish(event_type, "tomorrow", json!({ "instant": true }));
    assert_eq!(api.guest().post("/v2/bookings", words).await.wrong(400), ["start", "instant"]);
}

async fn what_is_of_the_wrong_kind_is_named_by_its_path(api: &Api) {
    let ask = |body: Value| async move { api.guest().post("/v2/bookings", body).await.wrong(400) };
    let attendee = json!({ "name": "Gus", "email": "gus@example.com", "timeZone": 5 });
    assert_eq!(ask(json!({ "start": AT, "attendee": attendee })).await, ["attendee.timeZone"]);
    let attendee = json!({ "name": "Gus", "email": "gus@example.com" });
    assert_eq!(ask(json!({ "start": AT, "attendee": attendee })).await, ["attendee.timeZone"]);
    assert_eq!(ask(json!({ "start": AT })).await, ["attendee"]);
    assert_eq!(ask(wish(1, AT, json!({ "guests": ["a@example.com", 7] }))).await, ["guests[1]"]);
    assert_eq!(ask(wish(1, AT, json!({ "metadata": { "a": 1 } }))).await, ["metadata.a"]);
    assert_eq!(ask(wish(1, AT, json!({ "lengthInMinutes": "long" }))).await, ["lengthInMinutes"]);
    assert_eq!(ask(wish(1, AT, json!({ "lengthInMinutes": -30 }))).await, ["lengthInMinutes"]);
    assert_eq!(ask(json!([])).await, ["body"]);
}

async fn what_is_not_known_is_let_be(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let ask = wish(event_type, AT, json!({ "routing": { "responseId": 7 }, "colour": "red" }));
    api.guest().post("/v2/bookings", ask).await.made();
}

async fn times_that_are_not_offered_are_refused(api: &Api) {
    let event_type = api
        .event_type(
            json!({ "bookingWindow": { "type": "calendarDays", "value": 7 }, "minimumBookingNotice": 120 }),
        )
        .await;
    let at = |start: &str| wish(event_type, start, json!({}));
    api.guest().post("/v2/bookings", at("2026-11-24T10:07:00Z")).await.refused(422, "slot_not_offered");
    api.guest().post("/v2/bookings", at("2026-11-24T03:00:00Z")).await.refused(422, "slot_not_offered");
    api.guest().post("/v2/bookings", at("2026-11-23T10:00:00Z")).await.refused(422, "too_soon");
    api.guest().post("/v2/bookings", at("2027-02-02T10:00:00Z")).await.refused(422, "outside_window");
}

async fn a_booking_that_is_not_there_is_not_found(api: &Api) {
    api.guest().get("/v2/bookings/abcdefghijklmnopqrstuv").await.refused(404, "booking_not_found");
    api.guest().get("/v2/bookings/no%20uid").await.refused(404, "booking_not_found");
}
