//! Gmail, played: it sends mails of the account that signed in, and keeps what it was handed.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use kalends_app::{
    Request, Response,
    fake::{Bench, Fake, OAuth, answer},
};
use serde_json::{Value, json};

const SEND: &str = "https://www.googleapis.com/auth/gmail.send";

/// An account.
pub(crate) struct Gmail {
    bench: Bench,
    desk: OAuth,
    sent: AtomicUsize,
}

impl Default for Gmail {
    fn default() -> Self {
        let desk = OAuth::of(super::APP.manifest());
        Self { bench: Bench::default(), desk, sent: AtomicUsize::new(0) }
    }
}

impl Fake for Gmail {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if let Some(answer) = self.desk.answer(request) {
            return answer;
        }
        let Some(granted) = self.desk.bearer(request) else {
            return Ok(no(request, 401, "authError", "Request had invalid authentication credentials."));
        };
        match (request.method.as_str(), request.url.host_str(), request.url.path()) {
            ("GET", Some("www.googleapis.com"), "/oauth2/v2/userinfo") => {
                let owner = json!({ "id": "115001", "email": granted.subject, "verified_email": true });
                Ok(said(request, 200, &owner))
            }
            ("POST", Some("gmail.googleapis.com"), "/upload/gmail/v1/users/me/messages/send") => {
                if !granted.scopes.contains(SEND) {
                    let why = "Request had insufficient authentication scopes.";
                    return Ok(no(request, 403, "insufficientPermissions", why));
                }
                is_whole(request, &granted.subject)?;
                let id = format!("18f{:013x}", self.sent.fetch_add(1, Ordering::Relaxed));
                Ok(said(request, 200, &json!({ "id": id, "threadId": id, "labelIds": ["SENT"] })))
            }
            (method, host, path) => Err(format!("a {method} to {}{path}", host.unwrap_or_default())),
        }
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [("grant", "authorization_code"), ("from_name", "Example bookings")]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into()
    }

    fn oauth(&self) -> Option<&OAuth> {
        Some(&self.desk)
    }
}

/// Gmail mends much of a mail that is not as it should be, and a test would not see it.
fn is_whole(request: &Request, owner: &str) -> Result<(), String> {
    let kind = request.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    if kind != Some("message/rfc822")
        || !request.url.query_pairs().any(|pair| pair == ("uploadType".into(), "media".into()))
    {
        return Err("a mail is uploaded as message/rfc822 with uploadType=media".into());
    }
    let text = std::str::from_utf8(&request.body).map_err(|_| "the mail is not UTF-8")?;
    if text.replace("\r\n", "").contains(['\r', '\n']) {
        return Err("lines end with CRLF (RFC 5322)".into());
    }
    let (head, _) = text.split_once("\r\n\r\n").ok_or("the mail has no body")?;
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    for name in ["From", "To", "Subject", "Date", "Message-ID"] {
        header(name).ok_or_else(|| format!("the header {name} is missing"))?;
    }
    if !header("From").is_some_and(|from| from.ends_with(&format!("<{owner}>")) || from == owner) {
        return Err(format!("a mail of {owner} says it is from somebody else, which Gmail writes over"));
    }
    Ok(())
}

fn no(request: &Request, status: u16, reason: &str, message: &str) -> Response {
    let one = json!({ "domain": "global", "reason": reason, "message": message });
    said(request, status, &json!({ "error": { "code": status, "message": message, "errors": [one] } }))
}

fn said(request: &Request, status: u16, body: &Value) -> Response {
    answer(request, status, &[("content-type", "application/json; charset=UTF-8")], body.to_string())
}
