//! SendGrid, played: strict about a mail, and with a word about what became of it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use kalends_app::{
    Request, Response,
    fake::{Became, Bench, Fake, P256, Way, answer},
    hook::{Back, Raw, SECRET},
};
use serde_json::{Value, json};
use url::Url;

use crate::{
    api::OUR_NAME,
    hook::{SIGNATURE, TIME},
};

const KEY: &str = "SG.key-of-the-fake.0000000000000000000000";
/// Headers that SendGrid writes itself.
const RESERVED: [&str; 12] = [
    "x-sg-id",
    "x-sg-eid",
    "received",
    "dkim-signature",
    "content-type",
    "content-transfer-encoding",
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
];

/// The provider.
#[derive(Default)]
pub struct SendGrid {
    bench: Bench,
    mails: Mutex<Vec<Kept>>,
    key: P256,
}

/// A mail that was taken.
struct Kept {
    id: String,
    ours: String,
    to: String,
}

impl Fake for SendGrid {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        let host = request.url.host_str().unwrap_or_default();
        if !["api.sendgrid.com", "api.eu.sendgrid.com"].contains(&host) {
            return Err(format!("{host} is not SendGrid"));
        }
        if request.headers.get("authorization").is_none_or(|sent| sent != &format!("Bearer {KEY}")) {
            return Ok(said(
                request,
                401,
                "The provided authorization grant is invalid, expired, or revoked",
            ));
        }
        match (request.method.as_str(), request.url.path()) {
            ("GET", "/v3/scopes") => {
                let body = json!({ "scopes": ["mail.send", "sender_verification_eligible"] });
                Ok(answer(request, 200, &[("content-type", "application/json")], body.to_string()))
            }
            ("POST", "/v3/mail/send") => self.take(request),
            (method, path) => Err(format!("SendGrid has no {method} {path}")),
        }
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        let key = self.key.public();
        [("api_key", KEY), ("from_email", "bookings@example.com"), ("from_name", "Bookings"), (SECRET, &key)]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into()
    }

    fn ways(&self) -> &'static [Way] {
        &[("europe", &[("region", "eu")])]
    }

    fn described_by(&self) -> Option<(&'static str, &'static str)> {
        Some(("sendgrid/openapi-trimmed.json", "api"))
    }

    fn tell_of_mail(&self, message_id: &str, became: Became, address: &Url, at: Timestamp) -> Option<Raw> {
        let mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let mail = mails.iter().rfind(|mail| mail.ours == message_id)?;
        let body = json!([event(mail, became, at)]).to_string();
        let time = at.as_second().to_string();
        let signed = self.key.sign(&[time.as_bytes(), body.as_bytes()]);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert(TIME, HeaderValue::from_str(&time).ok()?);
        headers.insert(SIGNATURE, HeaderValue::from_str(&signed).ok()?);
        Some(Raw { method: Method::POST, url: address.clone(), headers, body: body.into() })
    }
}

impl SendGrid {
    fn take(&self, request: &Request) -> Result<Response, String> {
        let mail: Value =
            serde_json::from_slice(&request.body).map_err(|error| format!("no JSON: {error}"))?;
        if let Err(problem) = check(&mail) {
            return Ok(said(request, 400, &problem));
        }
        let envelope = &mail["personalizations"][0];
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let id = format!("mail{:018}", mails.len() + 1);
        mails.push(Kept {
            id: id.clone(),
            ours: text(&envelope["custom_args"][OUR_NAME]).to_owned(),
            to: text(&envelope["to"][0]["email"]).to_owned(),
        });
        Ok(answer(request, 202, &[("x-message-id", &id)], ""))
    }
}

/// What SendGrid documents that it refuses.
fn check(mail: &Value) -> Result<(), String> {
    let all = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let people = all(&mail["personalizations"][0]["to"]);
    let mut seen = std::collections::BTreeSet::new();
    for person in people.iter().chain([&mail["from"]]).chain(mail.get("reply_to")) {
        if !text(&person["email"]).contains('@') {
            return Err(format!("Does not contain a valid address: {person}"));
        }
    }
    if people.is_empty() || !people.iter().all(|one| seen.insert(text(&one["email"]).to_lowercase())) {
        return Err("The to array is required, and each address in it must be unique".to_owned());
    }
    if text(&mail["subject"]).is_empty() {
        return Err("The subject is required".to_owned());
    }
    let order = ["text/plain", "text/html", "text/calendar"];
    let content = all(&mail["content"]);
    let kinds = content.iter().map(|one| text(&one["type"]).split(';').next().unwrap_or_default());
    let places: Vec<_> = kinds.map(|kind| order.iter().position(|known| *known == kind)).collect();
    let rising = places.windows(2).all(|pair| pair[0] < pair[1]);
    if places.first() != Some(&Some(0)) || !rising || content.iter().any(|one| text(&one["value"]).is_empty())
    {
        return Err(
            "If present, text/plain must be first, followed by text/html, followed by others".to_owned()
        );
    }
    for file in all(&mail["attachments"]) {
        if text(&file["type"]).contains([';', '\r', '\n']) || text(&file["filename"]).is_empty() {
            return Err("The attachment type cannot contain ';', or CRLF characters".to_owned());
        }
    }
    for (name, value) in mail["headers"].as_object().into_iter().flatten() {
        if RESERVED.contains(&name.to_lowercase().as_str()) || text(value).contains(['\r', '\n']) {
            return Err(format!("The header {name} is reserved"));
        }
    }
    Ok(())
}

fn event(mail: &Kept, became: Became, at: Timestamp) -> Value {
    let (kind, name, reason) = match became {
        Became::Delivered => ("", "delivered", ""),
        Became::Returned(Back::ForNow) => ("blocked", "bounce", "452 4.2.2 The mailbox is full"),
        Became::Returned(Back::ForGood) => ("bounce", "bounce", "550 5.1.1 The address does not exist"),
        Became::Returned(Back::Complaint) => ("", "spamreport", ""),
    };
    let mut event = json!({
        "email": mail.to, "timestamp": at.as_second(), "event": name,
        "smtp-id": format!("<{}@geopod-ismtpd-1>", mail.id),
        "sg_event_id": format!("{}-{name}-{kind}", mail.id),
        "sg_message_id": format!("{}.recvd-7f8cd5b4c9-x2xkz-1-65E1B0A3-1.0", mail.id),
        "ip": "192.0.2.1", "tls": 1,
    });
    for (field, text) in [("type", kind), ("reason", reason), (OUR_NAME, &mail.ours)] {
        if !text.is_empty() {
            event[field] = text.into();
        }
    }
    event
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn said(request: &Request, status: u16, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "field": null, "help": null }] });
    answer(request, status, &[("content-type", "application/json")], body.to_string())
}
