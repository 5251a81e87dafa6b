//! Event types of teams: found by the team's address, booked with a host in turn, given to another.

use kalends_domain::{
    event_type::{Assignment, Owner},
    people::{Role, User},
};
use kalends_engine::event_types::EventTypeDraft;
use kalends_testkit::make;
use serde_json::{Value, json};

use crate::server::{Api, guest, member, text, wish};

checks!(
    a_team_s_slots_are_found_by_its_address,
    hosts_are_booked_in_turn,
    a_booking_is_given_to_the_next_host,
    a_booking_is_given_to_a_host_of_choice,
    what_has_one_host_is_not_given_away,
);

const AT: &str = "2026-11-24T10:00:00Z";

/// A team of the host and Bea, booked in turn; Bea and the event type's number.
async fn team(api: &Api) -> (User, i64) {
    let (bea, _) = api.colleague("bea").await;
    let host = member(&api.host);
    let engine = &api.house.engine;
    let team = engine.create_team(&host, "Support", "support").await.expect("a team");
    engine.set_team_member(&host, team.id, bea.id, Some(Role::Member)).await.expect("a member");
    let draft = EventTypeDraft {
        slug: "help".into(),
        assignment: Assignment::RoundRobin,
        hosts: vec![make::host(api.host.id), make::host(bea.id)],
        ..EventTypeDraft::new(Owner::Team(team.id), "Help")
    };
    let made = engine.create_event_type(&host, &draft).await.expect("an event type");
    (bea, made.number)
}

async fn book(api: &Api, event_type: i64, name: &str) -> Value {
    let ask = wish(event_type, AT, json!({ "attendee": guest(name) }));
    api.guest().post("/v2/bookings", ask).await.made()
}

async fn a_team_s_slots_are_found_by_its_address(api: &Api) {
    let (_, number) = team(api).await;
    let day = "start=2026-11-24&end=2026-11-24";
    let by_address =
        api.guest().get(&format!("/v2/slots?teamSlug=support&eventTypeSlug=help&{day}")).await.ok();
    assert_eq!(by_address["2026-11-24"].as_array().map(Vec::len), Some(16));
    assert_eq!(api.guest().get(&format!("/v2/slots?eventTypeId={number}&{day}")).await.ok(), by_address);
    let ask =
        json!({ "start": AT, "teamSlug": "support", "eventTypeSlug": "help", "attendee": guest("gus") });
    assert_eq!(api.guest().post("/v2/bookings", ask).await.made()["eventTypeId"], number);
}

async fn hosts_are_booked_in_turn(api: &Api) {
    let (_, number) = team(api).await;
    let first = book(api, number, "ada").await;
    let second = book(api, number, "bob").await;
    assert_ne!(first["hosts"], second["hosts"]);
    let ask = wish(number, AT, json!({ "attendee": guest("cleo") }));
    api.guest().post("/v2/bookings", ask).await.refused(409, "slot_taken");
}

async fn a_booking_is_given_to_the_next_host(api: &Api) {
    let (_, number) = team(api).await;
    let booked = book(api, number, "ada").await;
    let path = format!("/v2/bookings/{}/reassign", text(&booked["uid"]));
    let given = api.host().post(&path, json!({})).await.ok();
    assert_eq!(given["bookingUid"], booked["uid"]);
    let now = api.guest().get(&format!("/v2/bookings/{}", text(&booked["uid"]))).await.ok();
    assert_ne!(now["hosts"], booked["hosts"]);
    assert_eq!(given["reassignedTo"]["email"], now["hosts"][0]["email"]);
    api.guest().post(&path, json!({})).await.refused(401, "bad_api_key");
}

async fn a_booking_is_given_to_a_host_of_choice(api: &Api) {
    let (bea, number) = team(api).await;
    let booked = book(api, number, "ada").await;
    let to = if booked["hosts"][0]["id"] == bea.number { api.host.number } else { bea.number };
    let path = format!("/v2/bookings/{}/reassign", text(&booked["uid"]));
    let given = api.host().post(&format!("{path}/{to}"), json!({ "reason": "On a plane." })).await.ok();
    assert_eq!(given["reassignedTo"]["id"], to);
    api.host().post(&format!("{path}/{to}"), json!({})).await.refused(409, "slot_taken");
    api.host().post(&format!("{path}/4711"), json!({})).await.refused(404, "user_not_found");
}

async fn what_has_one_host_is_not_given_away(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let booked = book(api, event_type, "ada").await;
    let path = format!("/v2/bookings/{}/reassign", text(&booked["uid"]));
    assert_eq!(api.host().post(&path, json!({})).await.wrong(422), ["hosts"]);
}
