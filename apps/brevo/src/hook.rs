//! What Brevo tells of a mail: unsigned, with a secret along (EML-04).

use jiff::Timestamp;
use kalends_app::{
    Error, RemoteId, Secrets,
    hook::{Back, Hook, MailName, Raw, Refused, Reply, Signal, What, carried},
};
use serde_json::Value;

use crate::api::{self, OUR_NAME};

/// Brevo's notices.
#[derive(Debug, Clone, Copy)]
pub struct Brevo;

impl Hook for Brevo {
    /// There is none.
    fn handshake(&self, _: &Raw, _: &Secrets) -> Option<Reply> {
        None
    }

    fn verify(&self, raw: &Raw, secrets: &Secrets, _: Timestamp) -> Result<(), Refused> {
        carried::check(raw, secrets)
    }

    fn signals(&self, raw: &Raw) -> Result<Vec<Signal>, Error> {
        // One notice, or several in a list where the webhook is set to batches.
        let told = match raw.json::<Value>()? {
            Value::Array(all) => all.iter().filter_map(signal).collect(),
            one => signal(&one).into_iter().collect(),
        };
        Ok(told)
    }
}

fn signal(notice: &Value) -> Option<Signal> {
    let text = |name: &str| match notice.get(name)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let event = text("event")?;
    let mail = MailName {
        message_id: text(OUR_NAME),
        id: text("message-id").map(|id| RemoteId::new(api::bare(&id))),
        recipient: text("email").unwrap_or_default(),
    };
    let returned =
        |back| What::MailReturned { mail: mail.clone(), back, why: text("reason").unwrap_or_default() };
    let what = match event.as_str() {
        _ if mail.id.is_none() => What::Other { kind: event.clone() },
        "delivered" => What::MailDelivered { mail: mail.clone() },
        // Brevo knows the address as bad, or its owner as unwilling, and does not even try.
        "hard_bounce" | "invalid_email" | "blocked" => returned(Back::ForGood),
        "soft_bounce" | "error" => returned(Back::ForNow),
        "spam" => returned(Back::Complaint),
        // A deferred one is tried again by Brevo itself.
        _ => What::Other { kind: event.clone() },
    };
    // The id in a notice is the webhook's, so what is told is its name.
    let at = text("ts_event").or_else(|| text("ts")).unwrap_or_default();
    let of = mail.id.as_ref().map(RemoteId::as_str).unwrap_or_default();
    Some(Signal { id: format!("{event}:{of}:{}:{at}", mail.recipient), what })
}
