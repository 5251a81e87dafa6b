//! Postmark, played: strict about a mail, and with a word about what became of it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use kalends_app::{
    Request, Response,
    fake::{Became, Bench, Fake, answer},
    hook::{Back, Raw, SECRET},
};
use serde_json::{Value, json};
use url::Url;
use vendor_mail::parts::address as bare;

use crate::api;

const TOKEN: &str = "00000000-fake-4000-8000-000000000000";
const PASSWORD: &str = "a-password-for-notices-nobody-can-guess";
/// Whoever writes to an address that begins so is told that it is inactive.
pub const INACTIVE: &str = "inactive";

/// The provider.
#[derive(Default)]
pub struct Postmark {
    bench: Bench,
    mails: Mutex<Vec<Kept>>,
}

/// A mail that was taken.
struct Kept {
    id: String,
    to: String,
    metadata: Value,
}

impl Fake for Postmark {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if request.url.host_str() != Some("api.postmarkapp.com") {
            return Err("this is not Postmark".to_owned());
        }
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        if header("accept") != Some("application/json") {
            return Err("Postmark answers JSON to whoever accepts that".to_owned());
        }
        if header("x-postmark-server-token") != Some(TOKEN) {
            return Ok(no(
                request,
                401,
                10,
                "No Account or Server API tokens were supplied in the HTTP headers.",
            ));
        }
        match (request.method.as_str(), request.url.path()) {
            ("GET", "/server") => {
                Ok(said(request, 200, &json!({ "ID": 1, "Name": "Bookings", "Color": "blue" })))
            }
            ("POST", "/email") => self.take(request),
            (method, path) => Err(format!("Postmark has no {method} {path}")),
        }
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [
            ("server_token", TOKEN),
            ("from_email", "bookings@example.com"),
            ("from_name", "Bookings"),
            (SECRET, PASSWORD),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
    }

    fn described_by(&self) -> Option<(&'static str, &'static str)> {
        Some(("postmark/server-openapi-trimmed.json", "api"))
    }

    fn tell_of_mail(&self, message_id: &str, became: Became, address: &Url, at: Timestamp) -> Option<Raw> {
        let mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, mail) =
            mails.iter().enumerate().rfind(|(_, mail)| ours(mail).as_deref() == Some(message_id))?;
        let body = notice(number, mail, became, at).to_string();
        let signed_in = format!("Basic {}", BASE64_STANDARD.encode(format!("postmark:{PASSWORD}")));
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("authorization", HeaderValue::from_str(&signed_in).ok()?);
        Some(Raw { method: Method::POST, url: address.clone(), headers, body: body.into() })
    }
}

impl Postmark {
    fn take(&self, request: &Request) -> Result<Response, String> {
        let mail: Value =
            serde_json::from_slice(&request.body).map_err(|error| format!("no JSON: {error}"))?;
        if let Err(problem) = check(&mail) {
            return Ok(no(request, 422, 300, problem));
        }
        let all: Vec<&str> = text(&mail["To"]).split(", ").map(bare).collect();
        let (out, to): (Vec<&str>, Vec<&str>) = all.iter().partition(|one| one.starts_with(INACTIVE));
        let message = format!("inactive addresses: {}.", out.join(", "));
        if to.is_empty() {
            let message = format!(
                "You tried to send to recipient(s) that have been marked as inactive. Found {message}"
            );
            return Ok(no(request, 422, 406, &message));
        }
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let id = format!("b7bc2f4a-e38e-4336-af7d-{:012}", mails.len() + 1);
        let message = if out.is_empty() {
            "OK".to_owned()
        } else {
            format!("Message OK, but will not deliver to these {message}")
        };
        let body = json!({
            "To": mail["To"], "SubmittedAt": "2027-03-01T08:00:00.0000000Z", "MessageID": id, "ErrorCode": 0,
            "Message": message,
        });
        mails.push(Kept { id, to: to[0].to_owned(), metadata: mail["Metadata"].clone() });
        Ok(said(request, 200, &body))
    }
}

/// What Postmark documents that it refuses.
fn check(mail: &Value) -> Result<(), &'static str> {
    let people = text(&mail["To"]).split(", ").chain([text(&mail["From"])]);
    if !people.map(bare).all(|one| one.contains('@') && !one.contains([' ', '<', '"'])) {
        return Err("Error parsing 'To': Illegal email address.");
    }
    if text(&mail["TextBody"]).is_empty() && text(&mail["HtmlBody"]).is_empty() {
        return Err("Provide either email TextBody or HtmlBody or both.");
    }
    for (name, value) in mail["Metadata"].as_object().into_iter().flatten() {
        if name.len() > 20 || text(value).len() > 80 {
            return Err("Metadata keys have 20 characters, values 80.");
        }
    }
    for file in mail["Attachments"].as_array().into_iter().flatten() {
        let content = BASE64_STANDARD.decode(text(&file["Content"]));
        if text(&file["Name"]).is_empty() || text(&file["ContentType"]).is_empty() || content.is_err() {
            return Err("An attachment has a Name, a ContentType and Content in base64.");
        }
    }
    for header in mail["Headers"].as_array().into_iter().flatten() {
        if text(&header["Name"]).is_empty() || text(&header["Value"]).contains(['\r', '\n']) {
            return Err("A header has a Name, and a Value of one line.");
        }
    }
    Ok(())
}

fn ours(mail: &Kept) -> Option<String> {
    api::our_name(&serde_json::from_value(mail.metadata.clone()).ok()?)
}

fn notice(number: usize, mail: &Kept, became: Became, at: Timestamp) -> Value {
    let (number, at) = (number + 1, at.to_string());
    let back = |record: &str, kind: &str, of: usize, inactive: bool, description: &str, details: &str| {
        json!({
            "RecordType": record, "MessageStream": "outbound", "ID": number * 10 + of, "Type": kind, "Name": kind,
            "MessageID": mail.id, "Metadata": mail.metadata, "ServerID": 1, "Description": description,
            "Details": details, "Email": mail.to, "BouncedAt": at, "Inactive": inactive, "CanActivate": true,
        })
    };
    match became {
        Became::Delivered => json!({
            "RecordType": "Delivery", "MessageStream": "outbound", "MessageID": mail.id, "Recipient": mail.to,
            "DeliveredAt": at, "Details": "250 OK", "ServerID": 1, "Metadata": mail.metadata,
        }),
        Became::Returned(Back::ForNow) => back(
            "Bounce",
            "SoftBounce",
            1,
            false,
            "Unable to temporarily deliver message.",
            "452 4.2.2 Mailbox full",
        ),
        Became::Returned(Back::ForGood) => back(
            "Bounce",
            "HardBounce",
            2,
            true,
            "The server was unable to deliver your message.",
            "550 5.1.1 The address does not exist",
        ),
        Became::Returned(Back::Complaint) => back(
            "SpamComplaint",
            "SpamComplaint",
            3,
            true,
            "The subscriber explicitly marked this message as spam.",
            "",
        ),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn no(request: &Request, status: u16, code: i64, message: &str) -> Response {
    said(request, status, &json!({ "ErrorCode": code, "Message": message }))
}

fn said(request: &Request, status: u16, body: &Value) -> Response {
    answer(request, status, &[("content-type", "application/json")], body.to_string())
}
