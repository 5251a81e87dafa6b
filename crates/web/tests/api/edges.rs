//! What is not an operation: odd addresses, odd bodies, versions, programs in browsers, the description.

use http::{Method, header};
use serde_json::json;

use crate::server::{Answer, Api, text, wish};

checks!(
    an_address_that_is_none_is_answered_in_the_envelope,
    a_kind_of_request_that_is_not_taken_is_said_so,
    a_body_that_is_not_json_is_said_so,
    a_megabyte_of_nested_json_is_refused,
    a_deep_body_is_refused_not_followed,
    another_version_of_the_shapes_is_refused,
    programs_in_browsers_may_ask_from_anywhere,
    errors_are_not_kept_by_anybody_between,
    the_description_is_served,
);

async fn an_address_that_is_none_is_answered_in_the_envelope(api: &Api) {
    for path in ["/v2/nothing", "/v2/bookings/x/y/z", "/v2/slots/nothing"] {
        let answer = api.guest().get(path).await;
        assert_eq!(
            (answer.status, &answer.body["status"]),
            (404, &json!("error")),
            "{path}: {}",
            answer.body
        );
        assert_eq!(answer.body["path"], path);
        assert_eq!(answer.body["error"]["status"], 404);
    }
}

async fn a_kind_of_request_that_is_not_taken_is_said_so(api: &Api) {
    api.guest().delete("/v2/slots").await.refused(405, "method_not_allowed");
    let answer = api.host().patch("/v2/bookings", json!({})).await;
    assert!(answer.header("allow").is_some_and(|allow| allow.contains("POST")), "{:?}", answer.headers);
    answer.refused(405, "method_not_allowed");
}

async fn send(api: &Api, kind: &str, body: String) -> Answer {
    let asking = api.host().asking(Method::POST, "/v2/bookings").header(header::CONTENT_TYPE, kind);
    api.host().send(asking.body(body.into())).await
}

async fn a_body_that_is_not_json_is_said_so(api: &Api) {
    send(api, "text/plain", "start=now".into()).await.refused(415, "not_json");
    send(api, "application/x-www-form-urlencoded", "start=now".into()).await.refused(415, "not_json");
    for body in ["", "start=now", "{\"start\": "] {
        send(api, "application/json", body.into()).await.refused(400, "bad_body");
    }
    let event_type = api.event_type(json!({})).await;
    let good = wish(event_type, "2026-11-24T10:00:00Z", json!({})).to_string();
    send(api, "application/json; charset=utf-8", good).await.made();
}

async fn a_megabyte_of_nested_json_is_refused(api: &Api) {
    let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
    send(api, "application/json", deep).await.refused(413, "too_large");
}

async fn a_deep_body_is_refused_not_followed(api: &Api) {
    let deep = format!("{{\"metadata\": {}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(send(api, "application/json", deep).await.status, 400);
}

async fn versioned(api: &Api, path: &str, version: &str) -> Answer {
    let asking = api.host().asking(Method::GET, path).header("cal-api-version", version);
    api.host().send(asking.body("".into())).await
}

async fn another_version_of_the_shapes_is_refused(api: &Api) {
    let parts =
        [("/v2/bookings", "2024-08-13"), ("/v2/event-types", "2024-06-14"), ("/v2/schedules", "2024-06-11")];
    for (path, ours) in parts {
        assert_eq!(versioned(api, path, ours).await.header("cal-api-version"), Some(ours));
        assert_eq!(api.host().get(path).await.header("cal-api-version"), Some(ours));
        let error = versioned(api, path, "2024-04-15").await.refused(400, "unknown_api_version");
        assert!(text(&error["detail"]).contains(ours), "{error}");
    }
    assert_eq!(
        versioned(api, "/v2/me", "2024-04-15").await.status,
        200,
        "one version, whatever is asked for"
    );
}

async fn programs_in_browsers_may_ask_from_anywhere(api: &Api) {
    let asking = api.guest().asking(Method::OPTIONS, "/v2/bookings");
    let asking = asking
        .header(header::ORIGIN, "https://shop.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(
            header::ACCESS_CONTROL_REQUEST_HEADERS,
            "authorization,content-type,cal-api-version,idempotency-key",
        );
    let answer = api.guest().send(asking.body("".into())).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let headers = answer.header("access-control-allow-headers").unwrap_or_default();
    // A star does not stand for `authorization`: it must be named.
    assert!(headers.contains("authorization"), "{headers}");
    assert!(answer.header("access-control-allow-credentials").is_none());

    let asking =
        api.guest().asking(Method::GET, "/v2/bookings").header(header::ORIGIN, "https://shop.example");
    let answer = api.guest().send(asking.body("".into())).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "errors can be read too");
    let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
    assert!(exposed.contains("x-request-id") && exposed.contains("retry-after"), "{exposed}");
}

async fn errors_are_not_kept_by_anybody_between(api: &Api) {
    let answer = api.guest().get("/v2/me").await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("x-request-id").is_some());
}

async fn the_description_is_served(api: &Api) {
    let answer = api.guest().get("/docs/openapi.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["openapi"], "3.1.0");
    let page = api.guest().get("/docs/api").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
}
