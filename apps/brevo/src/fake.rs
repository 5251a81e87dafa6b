//! Brevo, played: it takes a key once, and knows its senders.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, Method};
use jiff::Timestamp;
use kalends_app::{
    Request, Response,
    fake::{Became, Bench, Fake, answer},
    hook::{Back, Raw},
};
use serde_json::{Map, Value, json};
use url::Url;

use crate::api::{KEY as IDEMPOTENCY, OUR_NAME};

/// The account's key.
pub const KEY: &str = "xkeysib-0123456789abcdef0123456789abcdef-0123456789abcdef";
const NOTICE_SECRET: &str = "a-long-secret-for-the-notices-of-the-fake";
/// Fields of a mail, by Brevo's reference.
const FIELDS: [&str; 8] =
    ["sender", "to", "subject", "textContent", "htmlContent", "replyTo", "headers", "attachment"];

/// One account.
pub struct Brevo {
    bench: Bench,
    state: Mutex<State>,
}

/// What it remembers.
pub struct State {
    /// Mails that may still go out.
    pub credits: usize,
    /// Whether it knows the address of whoever calls.
    pub knows_us: bool,
    /// Mails that went out, by Brevo's id.
    pub mails: BTreeMap<String, Map<String, Value>>,
    /// Keys it has taken.
    keys: Vec<String>,
    /// Notices sent: no second has two.
    notices: i64,
}

impl Default for Brevo {
    fn default() -> Self {
        let state = State { credits: 300, knows_us: true, mails: BTreeMap::new(), keys: vec![], notices: 0 };
        Self { bench: Bench::default(), state: Mutex::new(state) }
    }
}

impl Brevo {
    /// What it remembers.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fake for Brevo {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if request.headers.get("api-key").is_none_or(|key| key != KEY) {
            return Ok(no(request, 401, "unauthorized", "Key not found"));
        }
        let mut state = self.state();
        if !state.knows_us {
            let message = "We have detected you are using an unrecognised IP address 192.0.2.7.";
            return Ok(no(request, 401, "unauthorized", message));
        }
        match (request.method.as_str(), request.url.path()) {
            ("GET", "/v3/account") => {
                let plan = json!([{ "type": "free", "credits": state.credits, "creditsType": "sendLimit" }]);
                Ok(said(
                    request,
                    200,
                    &json!({ "email": "owner@example.com", "companyName": "Example", "plan": plan }),
                ))
            }
            ("GET", "/v3/senders") => {
                let one = |email: &str, active: bool| json!({ "id": 1, "name": "x", "email": email, "active": active });
                let all = [one("one@single.example", true), one("new@new.example", false)];
                Ok(said(request, 200, &json!({ "senders": all })))
            }
            ("GET", "/v3/senders/domains") => {
                let one = |name: &str, is: bool| json!({ "id": "1", "domain_name": name, "authenticated": is, "verified": is });
                Ok(said(
                    request,
                    200,
                    &json!({ "domains": [one("new.example", false), one("example.com", true)] }),
                ))
            }
            ("POST", "/v3/smtp/email") => state.send(request),
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
            ("webhook_secret", NOTICE_SECRET),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
    }

    fn tell_of_mail(&self, message_id: &str, became: Became, address: &Url, at: Timestamp) -> Option<Raw> {
        let mut state = self.state();
        state.notices += 1;
        let time = at.as_second() + state.notices;
        let (id, mail) = state.mails.iter().find(|(_, mail)| mail["headers"][OUR_NAME] == message_id)?;
        let event = match became {
            Became::Delivered => "delivered",
            Became::Returned(Back::ForNow) => "soft_bounce",
            Became::Returned(Back::ForGood) => "hard_bounce",
            Became::Returned(Back::Complaint) => "spam",
        };
        let body = json!({
            "event": event, "email": mail["to"][0]["email"], "id": 26_224, "date": "2027-03-01 09:00:00",
            "ts": time, "ts_event": time, "ts_epoch": time * 1_000, "message-id": id, "subject": mail["subject"],
            OUR_NAME: message_id, "sending_ip": "192.0.2.1", "reason": "550 5.1.1 no such mailbox", "tags": [],
        });
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {NOTICE_SECRET}").parse().ok()?);
        Some(Raw { method: Method::POST, url: address.clone(), headers, body: body.to_string().into() })
    }
}

impl State {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        let mail = read(request)?;
        let key = mail["headers"][IDEMPOTENCY].as_str().ok_or("without its key a mail could go out twice")?;
        if !is_uuid(key) {
            return Err("the key must be a UUID".into());
        }
        if self.keys.iter().any(|known| known == key) {
            return Ok(no(request, 400, "duplicate_parameter", "Idempotency key is already used"));
        }
        if let Some(refusal) = self.refusal(request, &mail) {
            return Ok(refusal);
        }
        self.keys.push(key.to_owned());
        let id = format!("<2027030108.{:011}@smtp-relay.mailin.fr>", self.mails.len() + 1);
        self.mails.insert(id.clone(), mail);
        self.credits -= 1;
        Ok(said(request, 201, &json!({ "messageId": id })))
    }

    /// What Brevo itself would not send.
    fn refusal(&self, request: &Request, mail: &Map<String, Value>) -> Option<Response> {
        let from = mail["sender"]["email"].as_str()?;
        if from != "one@single.example" && !from.ends_with("@example.com") {
            let message = format!(
                "Sending has been rejected because the sender you used {from} is not valid. Validate your sender or authenticate your domain"
            );
            return Some(no(request, 400, "invalid_parameter", &message));
        }
        if mail["to"]
            .as_array()?
            .iter()
            .any(|one| one["email"].as_str().is_none_or(|to| to.starts_with("refused@")))
        {
            return Some(no(request, 400, "invalid_parameter", "email is not valid in to"));
        }
        (self.credits == 0).then(|| no(request, 402, "not_enough_credits", "You do not have enough credits"))
    }
}

/// A mail, if it is one by the reference.
fn read(request: &Request) -> Result<Map<String, Value>, String> {
    if request.headers.get("content-type").is_none_or(|kind| kind != "application/json") {
        return Err("the body must be JSON".into());
    }
    let mail: Map<String, Value> =
        serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
    if let Some(stray) = mail.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("a mail has no field {stray}"));
    }
    let missing = ["sender", "to", "subject", "textContent", "headers"]
        .into_iter()
        .find(|name| !mail.contains_key(*name));
    if let Some(missing) = missing {
        return Err(format!("a mail must have {missing}"));
    }
    let people = mail["to"].as_array().ok_or("to must be a list")?.iter();
    for person in people.chain(mail.get("sender")).chain(mail.get("replyTo")) {
        let email = person["email"].as_str().ok_or("a person has an address")?;
        let named = person
            .get("name")
            .is_none_or(|name| name.as_str().is_some_and(|name| (1..=70).contains(&name.chars().count())));
        if !email.contains('@') || !named {
            return Err(format!("{email} is no address, or its name is empty or too long"));
        }
    }
    if mail["headers"]["Auto-Submitted"] != "auto-generated" {
        return Err("a mail must say that a machine wrote it".into());
    }
    for file in mail.get("attachment").and_then(Value::as_array).into_iter().flatten() {
        let fields = file.as_object().ok_or("a file is an object")?;
        if fields.len() != 2 || file["name"].as_str().is_none_or(|name| !name.contains('.')) {
            return Err("a file has a name with an ending, a content and nothing else".into());
        }
        BASE64_STANDARD.decode(file["content"].as_str().unwrap_or("?")).map_err(|error| error.to_string())?;
    }
    Ok(mail)
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn no(request: &Request, status: u16, code: &str, message: &str) -> Response {
    said(request, status, &json!({ "code": code, "message": message }))
}

fn said(request: &Request, status: u16, body: &Value) -> Response {
    answer(request, status, &[("content-type", "application/json")], body.to_string())
}
