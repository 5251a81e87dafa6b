//! Our values to requests, answers to our values; sends nothing.

use std::collections::BTreeMap;

use kalends_app::{
    Cx, Error, Kind, Request, Response,
    kind::{
        Probe,
        calendar::Person,
        messenger::{Invite, Message, Receipt},
    },
};
use serde::{Deserialize, Serialize};
use url::Url;
use vendor_mail::parts::{attached, headers, sender};

/// The permission without which nothing goes out.
const SEND: &str = "mail.send";
/// Our name of a mail among the arguments that come back with its notices.
pub const OUR_NAME: &str = "kalends_mail";

/// Asks what the key may do.
pub fn scopes(cx: &Cx) -> Result<Request, Error> {
    Ok(Request::get("scopes", url(cx, "scopes")?))
}

/// The account, if its key may send.
pub fn probe(cx: &Cx, answer: &Response) -> Result<Probe, Error> {
    #[derive(Deserialize)]
    struct Scopes {
        scopes: Vec<String>,
    }
    let may = answer.json::<Scopes>()?.scopes;
    if !may.iter().any(|scope| scope == SEND) {
        let missing = Kind::ScopeMissing { scope: SEND.to_owned() };
        return Err(Error::new(missing, "this API key may not send mail: give it Mail Send at SendGrid"));
    }
    Ok(Probe::of(sender(cx)?.email))
}

/// Hands a mail over.
pub fn send(cx: &Cx, message: &Message) -> Result<Request, Error> {
    let body = serde_json::to_vec(&mail(cx, message)?)
        .map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
    // There is no key by which a second try would be known: a lost answer is a doubt.
    Ok(Request::new("message", http::Method::POST, url(cx, "mail/send")?).body("application/json", body))
}

/// What SendGrid calls it. That is told in a header; without it our own name finds the mail.
pub fn receipt(answer: &Response, message: &Message) -> Receipt {
    let id = answer.header("x-message-id").unwrap_or(&message.message_id);
    Receipt { id: id.to_owned(), refused: vec![] }
}

#[derive(Serialize)]
struct Mail {
    personalizations: [Envelope; 1],
    from: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Named>,
    subject: String,
    content: Vec<Content>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    headers: BTreeMap<String, String>,
    tracking_settings: Tracking,
}

#[derive(Serialize)]
struct Envelope {
    to: Vec<Named>,
    custom_args: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Named {
    email: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
}

#[derive(Serialize)]
struct Content {
    #[serde(rename = "type")]
    media_type: String,
    value: String,
}

#[derive(Serialize)]
struct Attachment {
    content: String,
    #[serde(rename = "type")]
    media_type: String,
    filename: String,
    disposition: &'static str,
}

/// Links lead where they say, and nobody is watched reading.
#[derive(Serialize)]
struct Tracking {
    click_tracking: Switch,
    open_tracking: Switch,
}

#[derive(Serialize)]
struct Switch {
    enable: bool,
}

fn mail(cx: &Cx, message: &Message) -> Result<Mail, Error> {
    let from = match &message.from {
        Some(person) => person.clone(),
        None => sender(cx)?,
    };
    let mut headers = headers(message);
    headers.insert("Message-ID".to_owned(), format!("<{}>", message.message_id));
    let off = || Switch { enable: false };
    Ok(Mail {
        personalizations: [Envelope {
            to: message.to.iter().map(named).collect(),
            custom_args: BTreeMap::from([(OUR_NAME, message.message_id.clone())]),
        }],
        from: named(&from),
        reply_to: message.reply_to.as_ref().map(named),
        subject: message.subject.clone(),
        content: content(message),
        attachments: attachments(message),
        headers,
        tracking_settings: Tracking { click_tracking: off(), open_tracking: off() },
    })
}

/// The alternatives, in the order in which SendGrid wants them: text, HTML, invitation (ITIP-01).
fn content(message: &Message) -> Vec<Content> {
    let text = Content { media_type: "text/plain".to_owned(), value: message.text.clone() };
    let html = message.html.iter();
    let html = html.map(|html| Content { media_type: "text/html".to_owned(), value: html.clone() });
    let invite = message.invite.iter().map(|Invite { method, ics }| Content {
        media_type: format!("text/calendar; method={}", method.name()),
        value: ics.clone(),
    });
    std::iter::once(text).chain(html).chain(invite).collect()
}

/// A file's type goes without parameters: SendGrid takes no semicolon there.
fn attachments(message: &Message) -> Vec<Attachment> {
    let bare = |media_type: &str| media_type.split(';').next().unwrap_or_default().trim().to_owned();
    let one = |one: vendor_mail::parts::Attached| Attachment {
        media_type: if one.name == "invite.ics" {
            "application/ics".to_owned()
        } else {
            bare(&one.media_type)
        },
        content: one.content,
        filename: one.name,
        disposition: "attachment",
    };
    attached(message).into_iter().map(one).collect()
}

fn named(person: &Person) -> Named {
    Named { email: person.email.clone(), name: person.name.trim().to_owned() }
}

/// Below the operator's base address of the account's region.
fn url(cx: &Cx, path: &str) -> Result<Url, Error> {
    let base = if cx.setting("region") == Some("eu") { "api_eu" } else { "api" };
    let joined = cx.endpoints.get(base)?.join(path);
    joined.map_err(|_| Error::new(Kind::Invalid, "the base address of SendGrid takes no path"))
}
