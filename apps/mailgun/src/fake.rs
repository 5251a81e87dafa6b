//! Mailgun, played: a domain in one region, and what was handed over for it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use http::{HeaderMap, Method};
use jiff::Timestamp;
use kalends_app::{
    Request, Response,
    fake::{Became, Bench, Fake, answer, parts},
    hook::{Back, Raw, signature},
};
use serde_json::{Value, json};
use url::Url;

/// The account's key.
pub const KEY: &str = "key-0123456789abcdef0123456789abcdef";
/// The domain's key, which may only send.
pub const SENDING_KEY: &str = "send-0123456789abcdef0123456789abcde";
const SIGNING_KEY: &str = "signing-0123456789abcdef0123456789ab";
/// The region the domain is in.
const HOST: &str = "api.eu.mailgun.net";
const DOMAIN: &str = "mg.example.com";

/// One account with one domain.
pub struct Mailgun {
    bench: Bench,
    state: Mutex<State>,
}

/// What it remembers.
pub struct State {
    /// `active`, `unverified` or `disabled`.
    pub domain: &'static str,
    /// Mails that go out, each by its own `Message-ID`.
    pub mails: Vec<(String, String)>,
    /// Notices sent: no token comes twice.
    tokens: u32,
}

impl Default for Mailgun {
    fn default() -> Self {
        let state = State { domain: "active", mails: vec![], tokens: 0 };
        Self { bench: Bench::default(), state: Mutex::new(state) }
    }
}

impl Mailgun {
    /// What it remembers.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fake for Mailgun {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        let sent = request.headers.get("authorization").and_then(|value| value.to_str().ok());
        let is = |key: &str| sent == Some(&basic(key));
        let sends_only = is(SENDING_KEY);
        // A key is known in its own region alone.
        if (!is(KEY) && !sends_only) || request.url.host_str() != Some(HOST) {
            return Ok(no(request, 401, "Invalid private key"));
        }
        let path = request.url.path();
        if let Some(domain) = parts(path, "/v4/domains/{}") {
            return match (request.method.as_str(), domain[0]) {
                ("GET", _) if sends_only => Ok(no(request, 401, "Forbidden")),
                ("GET", DOMAIN) => {
                    let state = self.state().domain;
                    let there = json!({ "domain": { "name": DOMAIN, "state": state, "type": "custom" } });
                    Ok(said(request, 200, &there))
                }
                ("GET", _) => Ok(no(request, 404, "Domain not found")),
                (method, _) => Err(format!("{method} is not for looking at a domain")),
            };
        }
        let domain = parts(path, "/v3/{}/messages.mime").ok_or_else(|| format!("there is no {path}"))?[0];
        if request.method != Method::POST {
            return Err("a mail is posted".into());
        }
        if domain != DOMAIN {
            return Ok(no(request, 404, &format!("Domain not found: {domain}")));
        }
        self.state().take(request)
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [
            ("region", "eu"),
            ("domain", DOMAIN),
            ("key", KEY),
            ("from_email", "bookings@mg.example.com"),
            ("from_name", "Example bookings"),
            ("webhook_secret", SIGNING_KEY),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
    }

    fn tell_of_mail(&self, message_id: &str, became: Became, address: &Url, at: Timestamp) -> Option<Raw> {
        let mut state = self.state();
        let (id, recipient) = state.mails.iter().find(|(id, _)| id == message_id)?.clone();
        let mut event = json!({
            "id": format!("event-{}", state.tokens), "timestamp": at.as_second(), "recipient": recipient,
            "message": { "headers": { "message-id": id, "to": recipient } }, "flags": { "is-test-mode": false },
        });
        let why = json!({ "code": 550, "message": "5.1.1 no such mailbox", "description": "" });
        let (name, more) = match became {
            Became::Delivered => {
                ("delivered", json!({ "delivery-status": { "code": 250, "message": "OK" } }))
            }
            Became::Returned(Back::Complaint) => ("complained", json!({})),
            Became::Returned(back) => {
                let reason = if back == Back::ForGood { "bounce" } else { "old" };
                ("failed", json!({ "severity": "permanent", "reason": reason, "delivery-status": why }))
            }
        };
        event.as_object_mut()?.extend(more.as_object()?.clone());
        event["event"] = name.into();
        state.tokens += 1;
        let token = format!("e0b5477167110d68991efc6b9f89f0a11066af278346{:06}", state.tokens);
        Some(notice(&token, &event, address, at))
    }
}

/// A notice as Mailgun posts it.
pub fn notice(token: &str, event: &Value, address: &Url, at: Timestamp) -> Raw {
    let time = at.as_second().to_string();
    let signed = signature::hmac_hex(SIGNING_KEY.as_bytes(), &[time.as_bytes(), token.as_bytes()]);
    let signature = json!({ "token": token, "timestamp": time, "signature": signed });
    let body = json!({ "signature": signature, "event-data": event }).to_string();
    Raw { method: Method::POST, url: address.clone(), headers: HeaderMap::new(), body: body.into() }
}

impl State {
    fn take(&mut self, request: &Request) -> Result<Response, String> {
        let fields = fields(request)?;
        let all = |name: &str| {
            fields.iter().filter(|(one, _)| one == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>()
        };
        let (to, message) = (all("to"), all("message"));
        if to.is_empty() {
            return Ok(no(request, 400, "to parameter is missing"));
        }
        if let Some(stray) =
            fields.iter().find(|(name, _)| !["to", "message", "o:tracking"].contains(&name.as_str()))
        {
            return Err(format!("there is no parameter {}", stray.0));
        }
        let [mail] = message.as_slice() else { return Ok(no(request, 400, "message parameter is missing")) };
        if to.iter().any(|one| one.starts_with("refused@") || !one.contains('@')) {
            return Ok(no(request, 400, "'to' parameter is not a valid address. please check documentation"));
        }
        if self.domain != "active" {
            let message = "The domain is unverified and requires DNS configuration. Log in to your control panel to view required DNS records.";
            return Ok(no(request, 403, message));
        }
        let (head, _) = mail.split_once("\r\n\r\n").ok_or("a mail has a head and a body")?;
        let id = head.lines().find_map(|line| line.strip_prefix("Message-ID: <")?.strip_suffix('>'));
        let id = id.ok_or("without its own name a mail sent again is another one (EML-03)")?;
        if !head.contains("\r\nFrom: ") && !head.starts_with("From: ") {
            return Err("a mail is from somebody".into());
        }
        self.mails.extend(to.iter().map(|one| (id.to_owned(), (*one).to_owned())));
        Ok(said(request, 200, &json!({ "id": format!("<{id}>"), "message": "Queued. Thank you." })))
    }
}

/// The fields of a form with files (RFC 7578), or of an empty one.
fn fields(request: &Request) -> Result<Vec<(String, String)>, String> {
    let kind = request.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if request.body.is_empty() {
        return Ok(vec![]);
    }
    let boundary =
        kind.strip_prefix("multipart/form-data; boundary=").ok_or("a mail goes as a form with a file")?;
    let boundary = boundary.trim_matches('"');
    let body = std::str::from_utf8(&request.body).map_err(|error| error.to_string())?;
    let inner = body.strip_suffix(&format!("--{boundary}--\r\n")).ok_or("the form has no end")?;
    let line = format!("--{boundary}\r\n");
    let mut parts = inner.split(line.as_str());
    if parts.next() != Some("") {
        return Err("something stands before the form".into());
    }
    let read = |part: &str| {
        let (head, value) = part.split_once("\r\n\r\n").ok_or("a field has no head")?;
        let name = head
            .strip_prefix("Content-Disposition: form-data; name=\"")
            .and_then(|rest| rest.split('"').next());
        let name = name.ok_or("a field has no name")?;
        if name == "message" && !head.contains("filename=") {
            return Err("'message' parameter is not a file".to_owned());
        }
        Ok((name.to_owned(), value.strip_suffix("\r\n").ok_or("a field has no end")?.to_owned()))
    };
    parts.map(read).collect()
}

fn basic(key: &str) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    format!("Basic {}", BASE64_STANDARD.encode(format!("api:{key}")))
}

fn no(request: &Request, status: u16, message: &str) -> Response {
    said(request, status, &json!({ "message": message }))
}

fn said(request: &Request, status: u16, body: &Value) -> Response {
    answer(request, status, &[("content-type", "application/json")], body.to_string())
}
