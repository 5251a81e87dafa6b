//! The wire: our values to requests, answers to our values. No sending happens here.

use http::Method;
use jiff::Timestamp;
use kalends_app::{
    Cx, Error, Kind, Request, Response,
    hook::signature,
    kind::{
        calendar::Person,
        messenger::{Message, Receipt},
    },
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;
use vendor_mail::parts::{self, Attached};

/// The one header whose value comes back in notices.
pub const OUR_NAME: &str = "X-Mailin-custom";
/// The header that is a key: the same one is taken once in half an hour.
pub const KEY: &str = "idempotencyKey";
/// Longer names are refused.
const LONGEST_NAME: usize = 70;

/// Whose account it is.
pub fn account(cx: &Cx) -> Result<Request, Error> {
    Ok(Request::get("account", url(cx, "account")?))
}

/// Addresses that may be senders.
pub fn senders(cx: &Cx) -> Result<Request, Error> {
    Ok(Request::get("senders", url(cx, "senders")?))
}

/// Domains of which any address may be one.
pub fn domains(cx: &Cx) -> Result<Request, Error> {
    Ok(Request::get("domains", url(cx, "senders/domains")?))
}

/// One mail. It has the same key for as long as this call lasts, so it may be asked for again (EML-03). A later call has another:
/// Brevo does not say whether a mail it has refused has used up its key, and then one that never went out would count as sent.
pub fn send(cx: &Cx, message: &Message) -> Result<Request, Error> {
    let mut mail = mail(cx, message)?;
    let key = key(&message.message_id, &Value::from(mail.clone()).to_string(), cx.now);
    let mut headers = parts::headers(message);
    headers.insert(OUR_NAME.to_owned(), message.message_id.clone());
    headers.insert(KEY.to_owned(), key);
    mail.insert("headers".into(), json!(headers));
    let request = Request::new("message", Method::POST, url(cx, "smtp/email")?).repeatable();
    Ok(request.body("application/json", Value::from(mail).to_string()))
}

fn mail(cx: &Cx, message: &Message) -> Result<Map<String, Value>, Error> {
    let sender = message.from.clone().map_or_else(|| parts::sender(cx), Ok)?;
    let mut mail = Map::new();
    mail.insert("sender".into(), person(&sender));
    mail.insert("to".into(), message.to.iter().map(person).collect());
    mail.insert("subject".into(), message.subject.clone().into());
    mail.insert("textContent".into(), message.text.clone().into());
    if let Some(html) = &message.html {
        mail.insert("htmlContent".into(), html.clone().into());
    }
    if let Some(to) = &message.reply_to {
        mail.insert("replyTo".into(), person(to));
    }
    let along: Vec<Value> = parts::attached(message).into_iter().map(file).collect();
    if !along.is_empty() {
        mail.insert("attachment".into(), along.into());
    }
    Ok(mail)
}

fn person(person: &Person) -> Value {
    let name: String = person.name.trim().chars().take(LONGEST_NAME).collect();
    if name.is_empty() {
        json!({ "email": person.email })
    } else {
        json!({ "name": name, "email": person.email })
    }
}

/// The media type is Brevo's guess, by the name.
fn file(Attached { name, content, .. }: Attached) -> Value {
    json!({ "name": name, "content": content })
}

/// A UUID made of a mail, for Brevo takes no other key (RFC 9562, version 8).
fn key(id: &str, mail: &str, now: Timestamp) -> String {
    let time = now.as_microsecond().to_be_bytes();
    let hex = signature::hmac_hex(id.as_bytes(), &[&time, mail.as_bytes()]);
    format!("{}-{}-8{}-a{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30])
}

/// What Brevo calls the mail it has taken.
pub fn receipt(answer: &Response) -> Result<Receipt, Error> {
    #[derive(Deserialize)]
    struct Taken {
        #[serde(rename = "messageId")]
        message_id: String,
    }
    let taken: Taken = answer.json()?;
    Ok(Receipt { id: bare(&taken.message_id), refused: vec![] })
}

/// A mail's name without its brackets.
pub fn bare(id: &str) -> String {
    id.trim_matches(['<', '>']).to_owned()
}

/// The account's own address.
pub fn account_of(answer: &Response) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Account {
        email: String,
    }
    Ok(answer.json::<Account>()?.email)
}

/// Addresses that may be senders.
#[derive(Deserialize)]
pub struct Senders {
    senders: Vec<Sender>,
}

#[derive(Deserialize)]
struct Sender {
    email: String,
    #[serde(default)]
    active: bool,
}

/// Reads them.
pub fn senders_of(answer: &Response) -> Result<Senders, Error> {
    answer.json()
}

impl Senders {
    /// True when this one may be.
    pub fn has(&self, email: &str) -> bool {
        self.senders.iter().any(|one| one.active && one.email.eq_ignore_ascii_case(email))
    }
}

/// Domains of the account.
#[derive(Deserialize)]
pub struct Domains {
    domains: Vec<Domain>,
}

#[derive(Deserialize)]
struct Domain {
    #[serde(alias = "domain")]
    domain_name: String,
    #[serde(default)]
    authenticated: bool,
}

/// Reads them.
pub fn domains_of(answer: &Response) -> Result<Domains, Error> {
    answer.json()
}

impl Domains {
    /// Whether mails may come from this one.
    pub fn verdict(&self, domain: &str) -> Result<(), Error> {
        if self.domains.iter().any(|one| one.authenticated && one.domain_name.eq_ignore_ascii_case(domain)) {
            return Ok(());
        }
        let message = format!(
            "Brevo knows neither the sender’s address nor the domain {domain}: add one of them there under Senders, Domains & Dedicated IPs"
        );
        Err(Error::new(Kind::PolicyDenied, message))
    }
}

fn url(cx: &Cx, path: &str) -> Result<Url, Error> {
    let joined = cx.endpoints.get("api")?.join(path);
    joined.map_err(|error| Error::new(Kind::Invalid, format!("{path}: {error}")))
}
