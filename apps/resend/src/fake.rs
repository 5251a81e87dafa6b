//! Resend, played: it keeps mails under their keys, and sends for verified domains alone.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, Method};
use jiff::Timestamp;
use kalends_app::{
    Request, Response, Secret,
    fake::{Became, Bench, Fake, answer},
    hook::{Back, Raw, standard},
};
use serde_json::{Map, Value, json};
use url::Url;
use vendor_mail::parts;

/// A key that may do everything.
pub const KEY: &str = "re_full_0123456789abcdefghijklmn";
/// One that may only send.
pub const SENDING_KEY: &str = "re_send_0123456789abcdefghijklmn";
const WEBHOOK_SECRET: &str = "whsec_a2FsZW5kcy1wbGF5cy1yZXNlbmQtaW4tdGVzdHM=";
/// So many domains are listed in one page, whatever is asked for: pages are followed.
const PAGE: usize = 2;
/// Fields of a mail, by Resend's reference.
const FIELDS: [&str; 8] = ["from", "to", "subject", "text", "html", "reply_to", "headers", "attachments"];

/// One account.
pub struct Resend {
    bench: Bench,
    state: Mutex<State>,
}

/// What it remembers.
pub struct State {
    /// Domains by name, and how far they are.
    pub domains: Vec<(&'static str, &'static str)>,
    /// Mails that went out, by id.
    pub mails: BTreeMap<String, Value>,
    /// What was asked under a key, and the id of what came of it.
    keys: BTreeMap<String, (Vec<u8>, String)>,
    /// Mails that may still go out today.
    pub left: usize,
    /// Notices sent: each has a name of its own.
    notices: u32,
}

impl Default for Resend {
    fn default() -> Self {
        let state = State {
            domains: vec![
                ("one.example", "verified"),
                ("two.example", "failed"),
                ("new.example", "pending"),
                ("example.com", "verified"),
            ],
            mails: BTreeMap::new(),
            keys: BTreeMap::new(),
            left: 100,
            notices: 0,
        };
        Self { bench: Bench::default(), state: Mutex::new(state) }
    }
}

impl Resend {
    /// What it remembers.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fake for Resend {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        let key = request.headers.get("authorization").and_then(|value| value.to_str().ok());
        let key = key.and_then(|text| text.strip_prefix("Bearer "));
        if key != Some(KEY) && key != Some(SENDING_KEY) {
            return Ok(no(request, 403, "invalid_api_key", "API key is invalid"));
        }
        match (request.method.as_str(), request.url.path()) {
            ("GET", "/domains") if key == Some(SENDING_KEY) => {
                Ok(no(request, 401, "restricted_api_key", "This API key is restricted to only send emails"))
            }
            ("GET", "/domains") => self.state().list(request),
            ("POST", "/emails") => self.state().send(request),
            (method, path) => Err(format!("there is no {method} {path}")),
        }
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [
            ("key", KEY),
            ("from_email", "bookings@example.com"),
            ("from_name", "Example bookings"),
            ("webhook_secret", WEBHOOK_SECRET),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
    }

    fn described_by(&self) -> Option<(&'static str, &'static str)> {
        Some(("resend/openapi-trimmed.json", "api"))
    }

    fn tell_of_mail(&self, message_id: &str, became: Became, address: &Url, at: Timestamp) -> Option<Raw> {
        let mut state = self.state();
        state.notices += 1;
        let notice = format!("msg_{:027}", state.notices);
        let (id, mail) =
            state.mails.iter().find(|(_, mail)| mail["headers"][parts::OUR_NAME] == message_id)?;
        let (kind, more) = match became {
            Became::Delivered => ("email.delivered", json!({})),
            Became::Returned(Back::Complaint) => ("email.complained", json!({})),
            Became::Returned(back) => {
                let lasts = if back == Back::ForGood { "Permanent" } else { "Transient" };
                let code = ["smtp; 550 5.1.1 user unknown"];
                let message = "The recipient's mail server did not take the mail.";
                let bounce = json!({ "diagnosticCode": code, "message": message, "subType": "General", "type": lasts });
                ("email.bounced", json!({ "bounce": bounce }))
            }
        };
        let named = |(name, value): (&String, &Value)| json!({ "name": name, "value": value });
        let headers: Vec<Value> = mail["headers"].as_object()?.iter().map(named).collect();
        let to: Vec<&str> =
            mail["to"].as_array()?.iter().filter_map(Value::as_str).map(parts::address).collect();
        let mut data = json!({
            "email_id": id, "created_at": at.to_string(), "from": mail["from"], "to": to,
            "subject": mail["subject"], "headers": headers,
        });
        data.as_object_mut()?.extend(more.as_object()?.clone());
        let body = json!({ "type": kind, "created_at": at.to_string(), "data": data }).to_string();
        signed(&notice, body, address, at)
    }
}

/// A notice as Resend posts it.
fn signed(id: &str, body: String, address: &Url, at: Timestamp) -> Option<Raw> {
    let time = at.as_second().to_string();
    let signature = standard::sign(&Secret::new(WEBHOOK_SECRET), id, &time, body.as_bytes())?;
    let mut headers = HeaderMap::new();
    headers.insert("svix-id", id.parse().ok()?);
    headers.insert("svix-timestamp", time.parse().ok()?);
    headers.insert("svix-signature", signature.parse().ok()?);
    headers.insert("content-type", "application/json".parse().ok()?);
    Some(Raw { method: Method::POST, url: address.clone(), headers, body: body.into() })
}

impl State {
    fn list(&self, request: &Request) -> Result<Response, String> {
        let asked: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let from = match asked.get("after") {
            None => 0,
            Some(id) => {
                let place = self.domains.iter().position(|(name, _)| *id == format!("id-of-{name}"));
                place.ok_or_else(|| format!("no domain has the id {id}"))? + 1
            }
        };
        let shown = |(name, status): &(&str, &str)| json!({ "id": format!("id-of-{name}"), "name": name, "status": status, "region": "eu-west-1" });
        let page: Vec<Value> = self.domains.iter().skip(from).take(PAGE).map(shown).collect();
        let more = from + page.len() < self.domains.len();
        Ok(said(request, 200, &json!({ "object": "list", "has_more": more, "data": page })))
    }

    fn send(&mut self, request: &Request) -> Result<Response, String> {
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        if header("content-type") != Some("application/json") {
            return Err("the body must be JSON".into());
        }
        let key = header("idempotency-key").ok_or("without its key a mail could go out twice")?;
        if key.is_empty() || key.len() > 256 {
            return Ok(no(request, 400, "invalid_idempotency_key", "The key must be between 1-256 chars."));
        }
        if let Some((before, id)) = self.keys.get(key) {
            if before.as_slice() != request.body.as_ref() {
                let message = "Same idempotency key used with a different request payload.";
                return Ok(no(request, 409, "invalid_idempotent_request", message));
            }
            return Ok(said(request, 200, &json!({ "id": id })));
        }
        let mail = read(&request.body)?;
        if let Some(refusal) = self.refusal(request, &mail) {
            return Ok(refusal);
        }
        let id = format!("4ef9a417-02e9-4d39-ad75-{:012}", self.mails.len() + 1);
        self.keys.insert(key.to_owned(), (request.body.to_vec(), id.clone()));
        self.mails.insert(id.clone(), mail.into());
        self.left -= 1;
        Ok(said(request, 200, &json!({ "id": id })))
    }

    /// What Resend itself would not send.
    fn refusal(&self, request: &Request, mail: &Map<String, Value>) -> Option<Response> {
        let from = parts::address(mail["from"].as_str()?);
        let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
        if !self.domains.iter().any(|(name, status)| *name == domain && *status == "verified") {
            let message = format!("The {domain} domain is not verified. Please, add and verify your domain.");
            return Some(no(request, 403, "validation_error", &message));
        }
        let odd = |one: &&Value| one.as_str().is_none_or(|text| parts::address(text).starts_with("refused@"));
        if mail["to"].as_array()?.iter().find(odd).is_some() {
            let message =
                "Invalid `to` field. The email address needs to follow the `email@example.com` format.";
            return Some(no(request, 422, "validation_error", message));
        }
        (self.left == 0).then(|| {
            no(request, 429, "daily_quota_exceeded", "You have reached your daily email sending quota.")
        })
    }
}

/// A mail, if it is one by the reference.
fn read(body: &[u8]) -> Result<Map<String, Value>, String> {
    let mail: Map<String, Value> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if let Some(stray) = mail.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("a mail has no field {stray}"));
    }
    let to = mail.get("to").and_then(Value::as_array).ok_or("to must be a list")?;
    if to.is_empty() || to.len() > 50 {
        return Err("to names 1 to 50 recipients".into());
    }
    let texts = to.iter().chain(["from", "subject", "text"].iter().filter_map(|name| mail.get(*name)));
    if texts.clone().count() != to.len() + 3 || texts.clone().any(|text| !text.is_string()) {
        return Err("from, to, subject and text must be texts".into());
    }
    let people = to.iter().chain(["from", "reply_to"].iter().filter_map(|name| mail.get(*name)));
    if let Some(odd) = people.filter_map(Value::as_str).find(|text| !parts::address(text).contains('@')) {
        return Err(format!("{odd} is no address"));
    }
    let headers = mail.get("headers").and_then(Value::as_object).ok_or("headers must be an object")?;
    if headers.get("Auto-Submitted") != Some(&json!("auto-generated")) {
        return Err("a mail must say that a machine wrote it".into());
    }
    for file in mail.get("attachments").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| file[name].as_str().ok_or_else(|| format!("{name} must be a text"));
        text("filename")?;
        let content = BASE64_STANDARD.decode(text("content")?).map_err(|error| error.to_string())?;
        if text("content_type")?.starts_with("text/calendar") && !content.starts_with(b"BEGIN:VCALENDAR") {
            return Err("this is no calendar".into());
        }
    }
    Ok(mail)
}

fn no(request: &Request, status: u16, name: &str, message: &str) -> Response {
    said(request, status, &json!({ "statusCode": status, "message": message, "name": name }))
}

fn said(request: &Request, status: u16, body: &Value) -> Response {
    answer(request, status, &[("content-type", "application/json; charset=utf-8")], body.to_string())
}
