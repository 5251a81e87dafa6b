//! `/v2/schedules`.

use serde_json::{Value, json};

use crate::server::Api;

checks!(
    a_schedule_is_made_shown_changed_and_deleted,
    hours_left_out_are_nine_to_five,
    the_default_schedule_is_one_and_can_be_another,
    event_types_of_a_deleted_schedule_use_the_default_one,
    the_default_schedule_is_not_deleted,
    every_wrong_part_of_a_schedule_is_named,
    nobody_sees_another_s_schedules,
);

fn evenings() -> Value {
    json!({
        "name": "Evenings",
        "timeZone": "Europe/Vienna",
        "isDefault": false,
        "availability": [{ "days": ["Monday", "Wednesday"], "startTime": "18:00", "endTime": "20:30" }],
        "overrides": [{ "date": "2026-12-24", "startTime": "00:00", "endTime": "00:00" }],
    })
}

async fn a_schedule_is_made_shown_changed_and_deleted(api: &Api) {
    let made = api.host().post("/v2/schedules", evenings()).await.made();
    for (field, value) in evenings().as_object().expect("parts") {
        assert_eq!(&made[field], value, "{field}");
    }
    assert_eq!(made["ownerId"], api.host.number);
    let path = format!("/v2/schedules/{}", made["id"]);
    assert_eq!(api.host().get(&path).await.ok(), made);

    let changed = api.host().patch(&path, json!({ "name": "Late", "overrides": [] })).await.ok();
    assert_eq!((&changed["name"], &changed["overrides"]), (&json!("Late"), &json!([])));
    assert_eq!(changed["availability"], made["availability"], "what is left out stays");

    assert_eq!(api.host().delete(&path).await.status, 200);
    api.host().get(&path).await.refused(404, "schedule_not_found");
    api.host().delete(&path).await.refused(404, "schedule_not_found");
}

async fn hours_left_out_are_nine_to_five(api: &Api) {
    let made = api.host().post("/v2/schedules", json!({ "name": "Usual", "isDefault": false })).await.made();
    assert_eq!(made["timeZone"], "Europe/Lisbon");
    let hours = &made["availability"][0];
    assert_eq!((&hours["startTime"], &hours["endTime"]), (&json!("09:00"), &json!("17:00")));
    assert_eq!(hours["days"], json!(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]));
}

async fn the_default_schedule_is_one_and_can_be_another(api: &Api) {
    let first = api.host().get("/v2/schedules/default").await.ok();
    let mut evenings = evenings();
    evenings["isDefault"] = json!(true);
    let made = api.host().post("/v2/schedules", evenings).await.made();
    assert_eq!(made["isDefault"], true);
    assert_eq!(api.host().get("/v2/schedules/default").await.ok(), made);
    let all = api.host().get("/v2/schedules").await.ok();
    let defaults: Vec<_> =
        all.as_array().expect("a list").iter().filter(|one| one["isDefault"] == true).collect();
    assert_eq!(defaults, [&made]);

    let path = format!("/v2/schedules/{}", first["id"]);
    let back = api.host().patch(&path, json!({ "isDefault": true })).await.ok();
    assert_eq!(back["isDefault"], true);
}

async fn event_types_of_a_deleted_schedule_use_the_default_one(api: &Api) {
    let made = api.host().post("/v2/schedules", evenings()).await.made();
    let event_type = api.event_type(json!({ "scheduleId": made["id"] })).await;
    assert_eq!(api.starts(event_type, "2026-11-25").await.len(), 5, "Wednesday evening");
    api.host().delete(&format!("/v2/schedules/{}", made["id"])).await;
    let path = format!("/v2/event-types/{event_type}");
    assert_eq!(api.host().get(&path).await.ok()["scheduleId"], Value::Null);
    assert_eq!(api.starts(event_type, "2026-11-25").await.len(), 16, "nine to five");
}

async fn the_default_schedule_is_not_deleted(api: &Api) {
    api.host().post("/v2/schedules", evenings()).await.made();
    let default = api.host().get("/v2/schedules/default").await.ok();
    let path = format!("/v2/schedules/{}", default["id"]);
    api.host().delete(&path).await.refused(409, "in_use");
    api.host().get(&path).await.ok();
}

async fn every_wrong_part_of_a_schedule_is_named(api: &Api) {
    let wrong = json!({
        "name": "Odd",
        "timeZone": "Mars/Olympus",
        "availability": [{ "days": ["Moonday"], "startTime": "25:00", "endTime": "17:00" }],
        "overrides": [{ "date": "24.12.", "startTime": "09:00", "endTime": "17:00" }],
    });
    let fields = api.host().post("/v2/schedules", wrong).await.wrong(400);
    assert_eq!(
        fields,
        ["timeZone", "availability[0].days", "availability[0].startTime", "overrides[0].date"]
    );
    assert_eq!(api.host().post("/v2/schedules", json!({})).await.wrong(400), ["name"]);
    assert_eq!(api.host().post("/v2/schedules", json!({ "name": " " })).await.wrong(422), ["name"]);
    let none = json!({ "days": ["Monday"], "startTime": "17:00", "endTime": "17:00" });
    let none = json!({ "name": "Odd", "availability": [none] });
    assert_eq!(api.host().post("/v2/schedules", none).await.wrong(400), ["availability[0].endTime"]);
    let backwards = json!({
        "name": "Odd",
        "availability": [{ "days": ["Monday"], "startTime": "17:00", "endTime": "09:00" }],
        "overrides": [{ "date": "2030-12-24", "startTime": "17:00", "endTime": "09:00" }],
    });
    let fields = api.host().post("/v2/schedules", backwards).await.wrong(400);
    assert_eq!(fields, ["availability[0].endTime", "overrides[0].endTime"]);
}

async fn nobody_sees_another_s_schedules(api: &Api) {
    let made = api.host().post("/v2/schedules", evenings()).await.made();
    let (_, bea) = api.colleague("bea").await;
    let path = format!("/v2/schedules/{}", made["id"]);
    api.with_key(&bea).get(&path).await.refused(404, "schedule_not_found");
    api.with_key(&bea).patch(&path, json!({ "name": "Mine" })).await.refused(404, "schedule_not_found");
    api.with_key(&bea).delete(&path).await.refused(404, "schedule_not_found");
    api.host().get("/v2/schedules/not-a-number").await.refused(404, "schedule_not_found");
}
