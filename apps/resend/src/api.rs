//! The wire: our values to requests, answers to our values. No sending happens here.

use kalends_app::{
    Cx, Error, Kind, Request, Response,
    hook::signature,
    kind::messenger::{Message, Receipt},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;
use vendor_mail::parts::{self, Attached};

/// Where everybody may try Resend out, but only with mails to themselves.
const TRIAL: &str = "resend.dev";

/// The domains of the account behind this one, in their order there.
pub fn domains(cx: &Cx, after: Option<&str>) -> Result<Request, Error> {
    let mut url = url(cx, "domains")?;
    url.query_pairs_mut().append_pair("limit", "100").extend_pairs(after.map(|id| ("after", id)));
    Ok(Request::get("domains", url))
}

/// One mail. Under the same key Resend sends the same mail once for a day, whatever becomes of its answer (EML-03).
pub fn send(cx: &Cx, message: &Message) -> Result<Request, Error> {
    let body = mail(cx, message)?.to_string();
    // A key may not come back with another mail: when one's words change, it is another one.
    let key = signature::hmac_hex(message.message_id.as_bytes(), &[body.as_bytes()]);
    let request = Request::new("message", http::Method::POST, url(cx, "emails")?).repeatable();
    Ok(request.header("idempotency-key", &key)?.body("application/json", body))
}

fn mail(cx: &Cx, message: &Message) -> Result<Value, Error> {
    let sender = message.from.clone().map_or_else(|| parts::sender(cx), Ok)?;
    let mut headers = parts::headers(message);
    headers.insert(parts::OUR_NAME.to_owned(), message.message_id.clone());
    let mut mail = Map::new();
    mail.insert("from".into(), parts::written(&sender).into());
    mail.insert("to".into(), message.to.iter().map(parts::written).collect());
    mail.insert("subject".into(), message.subject.clone().into());
    mail.insert("text".into(), message.text.clone().into());
    mail.insert("headers".into(), json!(headers));
    if let Some(html) = &message.html {
        mail.insert("html".into(), html.clone().into());
    }
    if let Some(person) = &message.reply_to {
        mail.insert("reply_to".into(), parts::written(person).into());
    }
    let along: Vec<Value> = parts::attached(message).into_iter().map(file).collect();
    if !along.is_empty() {
        mail.insert("attachments".into(), along.into());
    }
    Ok(mail.into())
}

fn file(Attached { name, media_type, content }: Attached) -> Value {
    json!({ "filename": name, "content_type": media_type, "content": content })
}

/// What Resend calls the mail it has taken.
pub fn receipt(answer: &Response) -> Result<Receipt, Error> {
    #[derive(Deserialize)]
    struct Taken {
        id: String,
    }
    let taken: Taken = answer.json()?;
    Ok(Receipt { id: taken.id, refused: vec![] })
}

/// Some of the account's domains.
#[derive(Deserialize)]
pub struct Page {
    data: Vec<Domain>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct Domain {
    id: String,
    name: String,
    #[serde(default)]
    status: String,
}

/// Reads them.
pub fn page(answer: &Response) -> Result<Page, Error> {
    answer.json()
}

impl Page {
    /// Whether mails may come from this domain, if it is on the page.
    pub fn verdict(&self, domain: &str) -> Option<Result<(), Error>> {
        if domain.eq_ignore_ascii_case(TRIAL) {
            return Some(Ok(()));
        }
        let found = self.data.iter().find(|one| one.name.eq_ignore_ascii_case(domain))?;
        // One that is verified in part may send or not: the first mail tells.
        Some(verified(domain, matches!(found.status.as_str(), "verified" | "partially_verified")))
    }

    /// The one behind which the next page begins.
    pub fn next(&self) -> Option<String> {
        self.data.last().filter(|_| self.has_more).map(|last| last.id.clone())
    }
}

/// The verdict in words.
pub fn verified(domain: &str, is: bool) -> Result<(), Error> {
    if is {
        return Ok(());
    }
    let message = format!(
        "the domain {domain} is not verified at Resend: add it there under Domains, or take another sender’s address"
    );
    Err(Error::new(Kind::PolicyDenied, message))
}

fn url(cx: &Cx, path: &str) -> Result<Url, Error> {
    let joined = cx.endpoints.get("api")?.join(path);
    joined.map_err(|error| Error::new(Kind::Invalid, format!("{path}: {error}")))
}
