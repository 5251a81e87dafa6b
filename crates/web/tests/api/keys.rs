//! Keys: which are good, and what is said to those that are not.

use http::{Method, header};
use jiff::{SignedDuration, Timestamp};
use kalends_domain::Clock;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::server::{Api, member, wish};

checks!(
    a_request_without_a_key_is_refused,
    a_malformed_key_is_refused,
    a_revoked_key_is_refused_at_once,
    a_key_is_refused_once_it_has_expired,
    a_bad_key_is_refused_where_none_is_needed,
    a_key_of_somebody_who_may_not_come_in_is_refused,
    a_change_of_the_user_is_seen_by_the_next_request,
);

const ALL: [(&str, &str); 8] = [
    ("GET", "/v2/me"),
    ("PATCH", "/v2/me"),
    ("GET", "/v2/bookings"),
    ("POST", "/v2/bookings/abcdefghijklmnopqrstuv/confirm"),
    ("POST", "/v2/event-types"),
    ("DELETE", "/v2/event-types/1"),
    ("GET", "/v2/schedules"),
    ("POST", "/v2/schedules"),
];

async fn a_request_without_a_key_is_refused(api: &Api) {
    for (method, path) in ALL {
        let method: Method = method.parse().expect("a method");
        let asking = api.guest().asking(method, path).header(header::CONTENT_TYPE, "application/json");
        let error = api.guest().send(asking.body("{}".into())).await.refused(401, "bad_api_key");
        assert!(error["detail"].as_str().is_some_and(|detail| detail.contains("Bearer cal_")), "{error}");
    }
}

async fn a_malformed_key_is_refused(api: &Api) {
    for key in ["", "cal_", "cal_nobody_has_this", "sk_live_other", "cal_\u{7f}"] {
        api.with_key(&key.replace('\u{7f}', " x")).get("/v2/me").await.refused(401, "bad_api_key");
    }
    for value in ["Basic Zm9vOmJhcg==", "Bearer", "cal_without_scheme"] {
        let asking = api.guest().asking(Method::GET, "/v2/me").header(header::AUTHORIZATION, value);
        api.guest().send(asking.body("".into())).await.refused(401, "bad_api_key");
    }
}

async fn a_revoked_key_is_refused_at_once(api: &Api) {
    let made = api.house.engine.make_api_key(&member(&api.host), "to revoke", None).await.expect("a key");
    let key = made.key.expose_secret();
    api.with_key(key).get("/v2/me").await.ok();
    api.house.engine.revoke_api_key(&member(&api.host), made.kept.id).await.expect("revoked");
    api.with_key(key).get("/v2/me").await.refused(401, "bad_api_key");
}

async fn a_key_is_refused_once_it_has_expired(api: &Api) {
    let until: Timestamp = api.house.test.clock.now() + SignedDuration::from_hours(1);
    let made = api.house.engine.make_api_key(&member(&api.host), "short", Some(until)).await.expect("a key");
    let key = made.key.expose_secret();
    api.with_key(key).get("/v2/me").await.ok();
    api.house.test.clock.advance(SignedDuration::from_hours(1));
    api.with_key(key).get("/v2/me").await.refused(401, "bad_api_key");
}

async fn a_bad_key_is_refused_where_none_is_needed(api: &Api) {
    let event_type = api.event_type(json!({})).await;
    let stranger = api.with_key("cal_nobody_has_this");
    let ask = wish(event_type, "2026-11-24T10:00:00Z", json!({}));
    stranger.post("/v2/bookings", ask).await.refused(401, "bad_api_key");
    let path = format!("/v2/slots?eventTypeId={event_type}&start=2026-11-24&end=2026-11-24");
    stranger.get(&path).await.refused(401, "bad_api_key");
}

async fn a_key_of_somebody_who_may_not_come_in_is_refused(api: &Api) {
    let (bea, key) = api.colleague("bea").await;
    api.with_key(&key).get("/v2/me").await.ok();
    let now = api.house.engine.now();
    let gone: Result<(), kalends_store::Error> = api
        .house
        .test
        .db
        .write(move |tx| {
            let bea = kalends_domain::people::User { disabled_at: Some(now), ..bea.clone() };
            Box::pin(async move { tx.people().save(&bea).await })
        })
        .await;
    gone.expect("saved");
    api.with_key(&key).get("/v2/me").await.refused(401, "bad_api_key");
}

async fn a_change_of_the_user_is_seen_by_the_next_request(api: &Api) {
    api.host().get("/v2/me").await.ok();
    api.host().patch("/v2/me", json!({ "bio": "Plays the cello." })).await.ok();
    assert_eq!(api.host().get("/v2/me").await.ok()["bio"], "Plays the cello.");
}
