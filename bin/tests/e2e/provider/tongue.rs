//! What a provider in a bad mood says: everything it should have kept to itself.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use super::form;

/// How a provider answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As its fake does.
    Well,
    /// With this status, and what it was told in the words of its own errors.
    Refuses(u16),
    /// With this status, and what it was told in a page for people.
    Page(u16),
    /// By sending the caller on, what it was told in the address.
    SendsOn,
    /// With what it was told where a value of another type is expected.
    Babbles,
    /// Not at all.
    Silent,
}

/// The name and the password in an `Authorization` header.
pub fn pair(sent: &str) -> Option<String> {
    String::from_utf8(BASE64_STANDARD.decode(sent.strip_prefix("Basic ")?).ok()?).ok()
}

/// A token nobody can guess, the same for the same name.
pub fn token(slug: &str, name: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{slug} {name}").as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(hash)
}

/// All it was told, the best first: long texts are cut short.
fn told(request: &Request<()>, body: &str) -> String {
    let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let sent = header(AUTHORIZATION).unwrap_or_default();
    let mut told: Vec<String> = Vec::new();
    if let Some((user, password)) = pair(sent).as_deref().and_then(|pair| pair.split_once(':')) {
        told.push(format!("{password} was refused for {user}"));
    }
    let fields = form(body);
    let of = |name: &str| fields.get(name).cloned();
    told.extend(
        ["code", "refresh_token", "code_verifier", "client_secret", "token"].into_iter().filter_map(of),
    );
    told.push(sent.split(' ').next_back().unwrap_or_default().to_owned());
    told.push(sent.to_owned());
    told.push(request.uri().to_string());
    told.extend(
        ["x-goog-channel-token", "cookie"]
            .into_iter()
            .filter_map(|name| header(name.parse().ok()?).map(str::to_owned)),
    );
    told.push(body.to_owned());
    told.join(" ")
}

/// The answer of this mood.
pub fn says(mood: Mood, slug: &str, request: &Request<()>, body: &str) -> Response {
    let told = told(request, body);
    let (status, kind, text) = match mood {
        Mood::Refuses(status) => (status, kind_of(slug), refusal(slug, request.uri().path(), &told)),
        Mood::Page(status) => {
            let text = format!(
                "<!doctype html><html><head><title>{told}</title></head><body><h1>{told}</h1></body></html>"
            );
            (status, "text/html; charset=utf-8", text)
        }
        Mood::Babbles => (200, "application/json", babble(&told)),
        Mood::SendsOn => (302, "text/plain", told.clone()),
        Mood::Well | Mood::Silent => (504, "text/plain", String::new()),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    let line: String = url::form_urlencoded::byte_serialize(told.as_bytes()).collect();
    if mood == Mood::SendsOn
        && let Ok(to) = HeaderValue::from_str(&format!("/elsewhere/{line}?told={line}#{line}"))
    {
        headers.insert(LOCATION, to);
    }
    if status == 401
        && let Ok(asks) =
            HeaderValue::from_str(&format!("Basic realm=\"{}\"", told.replace(['"', '\r', '\n'], " ")))
    {
        headers.insert(WWW_AUTHENTICATE, asks);
    }
    response
}

fn kind_of(slug: &str) -> &'static str {
    match slug {
        "caldav" | "icloud" => "application/xml; charset=utf-8",
        "exchange" => "text/xml; charset=utf-8",
        _ => "application/json",
    }
}

/// An error in the provider's own form.
fn refusal(slug: &str, path: &str, told: &str) -> String {
    let escaped = told.replace('&', "&amp;").replace('<', "&lt;");
    match slug {
        "caldav" | "icloud" => format!(
            "<?xml version=\"1.0\"?><d:error xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\"><s:exception>{escaped}</s:exception>\
             <s:message>{escaped}</s:message><d:responsedescription>{escaped}</d:responsedescription></d:error>"
        ),
        "exchange" => format!(
            "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>\
             <faultcode>s:Server</faultcode><faultstring>{escaped}</faultstring><detail>{escaped}</detail></s:Fault></s:Body></s:Envelope>"
        ),
        _ if path.ends_with("token") => {
            json!({ "error": "invalid_request", "error_description": told, "reason": told }).to_string()
        }
        _ => json!({
            "error": { "code": 400, "message": told, "status": told, "errors": [{ "reason": told, "message": told }] },
            "code": 300, "message": told, "description": told, "msg": told, "errorCode": told, "int_err_code": told,
        })
        .to_string(),
    }
}

/// Says yes, with what it was told where numbers, lists and addresses belong.
fn babble(told: &str) -> String {
    json!({
        "access_token": { "is": told }, "error": told, "error_description": told, "id": [told], "email": told, "items": told,
        "value": told, "nextPageToken": [told], "kind": told, "join_url": told, "mail": [told], "calendars": told, told: told,
    })
    .to_string()
}
