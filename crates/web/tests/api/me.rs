//! `/v2/me`.

use serde_json::json;

use crate::server::Api;

checks!(
    the_key_s_user_is_shown,
    parts_of_the_user_change_and_the_rest_stays,
    every_wrong_part_of_the_user_is_named,
    a_foreign_schedule_is_no_default,
);

async fn the_key_s_user_is_shown(api: &Api) {
    let me = api.host().get("/v2/me").await.ok();
    assert_eq!(me["username"], "ines");
    assert_eq!((&me["email"], &me["timeZone"]), (&json!("ines@example.com"), &json!("Europe/Lisbon")));
    assert_eq!(me["id"], api.host.number);
    assert!(me["defaultScheduleId"].is_i64(), "{me}");
}

async fn parts_of_the_user_change_and_the_rest_stays(api: &Api) {
    let changed = api
        .host()
        .patch("/v2/me", json!({ "name": "Inês C.", "timeFormat": 12, "weekStart": "Sunday", "timeZone": "Asia/Calcutta", "bio": "Plays the cello." }))
        .await
        .ok();
    assert_eq!(changed["name"], "Inês C.");
    assert_eq!((&changed["timeFormat"], &changed["weekStart"]), (&json!(12), &json!("Sunday")));
    assert_eq!(changed["timeZone"], "Asia/Kolkata", "the zone's name of today");
    assert_eq!(changed["username"], "ines");
    assert_eq!(api.host().get("/v2/me").await.ok(), changed);
}

async fn every_wrong_part_of_the_user_is_named(api: &Api) {
    let wrong = json!({ "timeFormat": 13, "weekStart": "Moonday", "timeZone": "Mars/Olympus", "email": "x@example.com" });
    let fields = api.host().patch("/v2/me", wrong).await.wrong(400);
    assert_eq!(fields, ["timeFormat", "weekStart", "timeZone", "email"]);
}

async fn a_foreign_schedule_is_no_default(api: &Api) {
    let (_, bea) = api.colleague("bea").await;
    let hers = api.with_key(&bea).get("/v2/schedules").await.ok()[0]["id"].clone();
    let answer = api.with_key(&bea).patch("/v2/me", json!({ "defaultScheduleId": hers })).await.ok();
    assert_eq!(answer["defaultScheduleId"], hers);
    api.with_key(&bea)
        .patch("/v2/me", json!({ "defaultScheduleId": 4711 }))
        .await
        .refused(404, "schedule_not_found");
}
