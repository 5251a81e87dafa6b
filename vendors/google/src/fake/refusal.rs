//! How Google says no.

use kalends_app::{Request, Response, fake};
use serde_json::json;

const JSON: (&str, &str) = ("content-type", "application/json; charset=UTF-8");

/// As the calendar says it.
pub(super) fn calendar(request: &Request, status: u16, reason: &str, message: &str) -> Response {
    let domain = if reason.ends_with("Exceeded") { "usageLimits" } else { "global" };
    let mut one = json!({ "domain": domain, "reason": reason, "message": message });
    if message.starts_with("Sync token") || message.starts_with("Invalid sync token") {
        one["locationType"] = "parameter".into();
        one["location"] = "syncToken".into();
    }
    let body = json!({ "error": { "code": status, "message": message, "errors": [one] } });
    fake::answer(request, status, &[JSON], body.to_string())
}

/// As Meet says it.
pub(super) fn new_form(request: &Request, status: u16, word: &str, message: &str) -> Response {
    let body = json!({ "error": { "code": status, "message": message, "status": word } });
    fake::answer(request, status, &[JSON], body.to_string())
}

/// The token was not granted this.
pub(super) fn scope(request: &Request, scope: &str) -> Response {
    let why = "Request had insufficient authentication scopes.";
    let one = json!({ "domain": "global", "reason": "insufficientPermissions", "message": why });
    let body =
        json!({ "error": { "code": 403, "message": why, "errors": [one], "status": "PERMISSION_DENIED" } });
    let challenge = format!(
        r#"Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="{scope}""#
    );
    fake::answer(request, 403, &[JSON, ("www-authenticate", &challenge)], body.to_string())
}
