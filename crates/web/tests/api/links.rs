//! Private links of event types.

use serde_json::{Value, json};

use crate::server::{Api, text};

checks!(
    a_link_is_made_listed_changed_and_deleted,
    a_link_without_bounds_is_used_once,
    a_link_that_ends_says_when,
    every_wrong_bound_of_a_link_is_named,
    nobody_sees_another_s_links,
);

async fn hidden(api: &Api) -> String {
    let number = api.event_type(json!({ "hidden": true })).await;
    format!("/v2/event-types/{number}/private-links")
}

async fn a_link_is_made_listed_changed_and_deleted(api: &Api) {
    let path = hidden(api).await;
    let made = api.host().post(&path, json!({ "maxUsageCount": 3 })).await.made();
    assert_eq!((&made["maxUsageCount"], &made["usageCount"]), (&json!(3), &json!(0)));
    assert_eq!(made["isExpired"], false);
    assert_eq!(text(&made["bookingUrl"]), format!("https://book.example/d/{}", text(&made["linkId"])));
    assert_eq!(api.host().get(&path).await.ok(), json!([made]));

    let one = format!("{path}/{}", text(&made["linkId"]));
    let changed = api.host().patch(&one, json!({ "maxUsageCount": 5 })).await.ok();
    assert_eq!((&changed["linkId"], &changed["maxUsageCount"]), (&made["linkId"], &json!(5)));
    let deleted = api.host().delete(&one).await.ok();
    assert_eq!(deleted["linkId"], made["linkId"]);
    assert_eq!(api.host().get(&path).await.ok(), json!([]));
    api.host().delete(&one).await.refused(404, "private_link_not_found");
    api.host().patch(&one, json!({ "maxUsageCount": 5 })).await.refused(404, "private_link_not_found");
}

async fn a_link_without_bounds_is_used_once(api: &Api) {
    let path = hidden(api).await;
    let made = api.host().post(&path, json!({})).await.made();
    assert_eq!(made["maxUsageCount"], 1);
}

async fn a_link_that_ends_says_when(api: &Api) {
    let path = hidden(api).await;
    let made = api.host().post(&path, json!({ "expiresAt": "2026-11-23T10:00:00Z" })).await.made();
    assert_eq!((&made["expiresAt"], &made["isExpired"]), (&json!("2026-11-23T10:00:00.000Z"), &json!(false)));
    assert_eq!(made.get("maxUsageCount"), None::<&Value>);
    api.house.test.clock.advance(jiff::SignedDuration::from_hours(1));
    assert_eq!(api.host().get(&path).await.ok()[0]["isExpired"], true);
}

async fn every_wrong_bound_of_a_link_is_named(api: &Api) {
    let path = hidden(api).await;
    let ask = |body: Value| async { api.host().post(&path, body).await };
    assert_eq!(ask(json!({ "expiresAt": "soon" })).await.wrong(400), ["expiresAt"]);
    assert_eq!(ask(json!({ "expiresAt": "2020-01-01T00:00:00Z" })).await.wrong(422), ["expiresAt"]);
    assert_eq!(ask(json!({ "maxUsageCount": 0 })).await.wrong(422), ["maxUsageCount"]);
}

async fn nobody_sees_another_s_links(api: &Api) {
    let path = hidden(api).await;
    let made = api.host().post(&path, json!({})).await.made();
    let (_, bea) = api.colleague("bea").await;
    let bea = api.with_key(&bea);
    bea.get(&path).await.refused(404, "event_type_not_found");
    bea.post(&path, json!({})).await.refused(404, "event_type_not_found");
    bea.delete(&format!("{path}/{}", text(&made["linkId"]))).await.refused(404, "event_type_not_found");
    api.guest().get(&path).await.refused(401, "bad_api_key");
}
