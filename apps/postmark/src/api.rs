//! Our values to requests, answers to our values; sends nothing.

use std::collections::BTreeMap;

use kalends_app::{
    Cx, Error, Kind, Request, Response,
    kind::{
        Probe,
        messenger::{Message, Receipt},
    },
};
use serde::{Deserialize, Serialize};
use url::Url;
use vendor_mail::parts::{Attached, attached, headers, sender, written};

/// The longest value Postmark keeps with a mail.
const PIECE: usize = 80;
/// What the pieces of our name of a mail are called there: this and a number.
pub const OUR_NAME: &str = "kalends-mail-";

/// Asks which server the token belongs to.
pub fn server(cx: &Cx) -> Result<Request, Error> {
    Request::get("server", url(cx, "server")?).header("accept", "application/json")
}

/// The server and the address mails come from.
pub fn probe(cx: &Cx, answer: &Response) -> Result<Probe, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Server {
        name: String,
    }
    let name = answer.json::<Server>()?.name;
    Ok(Probe::of(format!("{} by {name}", sender(cx)?.email)))
}

/// Hands a mail over.
pub fn send(cx: &Cx, message: &Message) -> Result<Request, Error> {
    let body = serde_json::to_vec(&mail(cx, message)?)
        .map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
    // There is no key by which a second try would be known: a lost answer is a doubt.
    let request = Request::new("message", http::Method::POST, url(cx, "email")?);
    request.body("application/json", body).header("accept", "application/json")
}

/// What Postmark calls it, and who of several does not get it.
pub fn receipt(answer: &Response, message: &Message) -> Result<Receipt, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Taken {
        #[serde(rename = "MessageID")]
        message_id: String,
        #[serde(default)]
        message: String,
    }
    let taken: Taken = answer.json()?;
    let said = taken.message.to_lowercase();
    let inactive = said.split_once("inactive addresses:").map_or("", |(_, all)| all);
    let inactive: Vec<&str> = inactive.split([',', ' ']).map(|one| one.trim_end_matches('.')).collect();
    let out = message.to.iter().filter(|person| inactive.contains(&person.email.to_lowercase().as_str()));
    let refused = out.map(|person| {
        (
            person.clone(),
            Error::new(Kind::Gone, "Postmark sends to this address no more").said(&taken.message),
        )
    });
    Ok(Receipt { id: taken.message_id, refused: refused.collect() })
}

/// Nobody gets it, each for this reason.
pub fn refused(message: &Message, why: &Error) -> Receipt {
    let refused = message.to.iter().map(|person| (person.clone(), why.clone()));
    Receipt { id: message.message_id.clone(), refused: refused.collect() }
}

/// Our name of a mail, put together from what came back with a notice.
pub fn our_name(metadata: &BTreeMap<String, String>) -> Option<String> {
    let piece = |at: usize| metadata.get(&format!("{OUR_NAME}{at}")).map(String::as_str);
    let whole: String = (1..).map_while(piece).collect();
    (!whole.is_empty()).then_some(whole)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Mail {
    from: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    subject: String,
    text_body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    html_body: Option<String>,
    headers: Vec<Header>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    metadata: BTreeMap<String, String>,
    message_stream: String,
    track_opens: bool,
    track_links: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: String,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attachment {
    name: String,
    content: String,
    content_type: String,
}

fn mail(cx: &Cx, message: &Message) -> Result<Mail, Error> {
    let from = match &message.from {
        Some(person) => person.clone(),
        None => sender(cx)?,
    };
    let mut all = headers(message);
    all.insert("Message-ID".to_owned(), format!("<{}>", message.message_id));
    // Otherwise Postmark writes one of its own.
    all.insert("X-PM-KeepID".to_owned(), "true".to_owned());
    let file =
        |one: Attached| Attachment { name: one.name, content: one.content, content_type: one.media_type };
    Ok(Mail {
        from: written(&from),
        to: message.to.iter().map(written).collect::<Vec<_>>().join(", "),
        reply_to: message.reply_to.as_ref().map(written),
        subject: message.subject.clone(),
        text_body: message.text.clone(),
        html_body: message.html.clone(),
        headers: all.into_iter().map(|(name, value)| Header { name, value }).collect(),
        attachments: attached(message).into_iter().map(file).collect(),
        metadata: pieces(&message.message_id),
        message_stream: cx.setting("stream").unwrap_or("outbound").to_owned(),
        track_opens: false,
        track_links: "None",
    })
}

fn pieces(name: &str) -> BTreeMap<String, String> {
    // The name is ASCII alone, so it can be cut anywhere.
    let pieces = name.as_bytes().chunks(PIECE).map(|piece| String::from_utf8_lossy(piece).into_owned());
    pieces.zip(1..).map(|(piece, at)| (format!("{OUR_NAME}{at}"), piece)).collect()
}

fn url(cx: &Cx, path: &str) -> Result<Url, Error> {
    let joined = cx.endpoints.get("api")?.join(path);
    joined.map_err(|_| Error::new(Kind::Invalid, "the base address of Postmark takes no path"))
}
