//! What Mailgun tells of a mail. A signature is over a time and a token and not over what is told, so each token counts once.

use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    Error, Secrets,
    hook::{Back, Hook, MailName, Raw, Refused, Reply, Signal, What, signature},
};
use serde::Deserialize;
use serde_json::Value;

/// Mailgun tries for eight hours and does not say whether it signs anew. A token is remembered for far longer than this.
const WINDOW: SignedDuration = SignedDuration::from_hours(12);

/// Mailgun's notices.
#[derive(Debug, Clone, Copy)]
pub struct Mailgun;

impl Hook for Mailgun {
    /// There is none.
    fn handshake(&self, _: &Raw, _: &Secrets) -> Option<Reply> {
        None
    }

    fn verify(&self, raw: &Raw, secrets: &Secrets, now: Timestamp) -> Result<(), Refused> {
        signature::secrets(secrets)?;
        let Signed { token, timestamp, signature: own, parent } =
            raw.json::<Notice>().map_err(|_| Refused::Unsigned)?.signature;
        let seconds = text(&timestamp).ok_or(Refused::Unsigned)?;
        if token.is_empty() {
            return Err(Refused::Unsigned);
        }
        // A subaccount's notice is signed by its own key and by the whole account's.
        let parts: [&[u8]; 2] = [seconds.as_bytes(), token.as_bytes()];
        let fits = |given: &str| signature::check_hex(given, secrets, &parts);
        fits(&own).or_else(|no| parent.as_deref().map_or(Err(no), fits))?;
        let at = seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        let age = now.duration_since(at.ok_or(Refused::Unsigned)?);
        if age <= WINDOW && age >= -signature::WINDOW { Ok(()) } else { Err(Refused::Stale) }
    }

    fn signals(&self, raw: &Raw) -> Result<Vec<Signal>, Error> {
        let notice: Notice = raw.json()?;
        Ok(vec![Signal { id: notice.signature.token, what: notice.event.what() }])
    }
}

#[derive(Deserialize)]
struct Notice {
    signature: Signed,
    #[serde(rename = "event-data")]
    event: Event,
}

#[derive(Deserialize)]
struct Signed {
    token: String,
    timestamp: Value,
    signature: String,
    #[serde(rename = "parent-signature")]
    parent: Option<String>,
}

/// What is told, read leniently: notices of different events have different fields.
#[derive(Deserialize)]
#[serde(transparent)]
struct Event(Value);

impl Event {
    fn at(&self, path: &str) -> Option<String> {
        self.0.pointer(path).and_then(text).filter(|text| !text.trim().is_empty())
    }

    fn what(&self) -> What {
        let event = self.at("/event").unwrap_or_default();
        let reason = self.at("/reason");
        // Mailgun keeps the `Message-ID` we gave.
        let ours = self.at("/message/headers/message-id");
        let mail = MailName {
            message_id: ours.as_deref().map(|id| id.trim_matches(['<', '>']).to_owned()),
            id: None,
            recipient: self.at("/recipient").unwrap_or_default(),
        };
        let returned = |back| {
            let said =
                ["/delivery-status/message", "/delivery-status/description", "/reject/reason", "/reason"];
            let why = said.iter().find_map(|path| self.at(path)).unwrap_or_default();
            What::MailReturned { mail: mail.clone(), back, why }
        };
        match (event.as_str(), self.at("/severity").as_deref()) {
            _ if ours.is_none() => What::Other { kind: event },
            ("delivered", _) => What::MailDelivered { mail },
            // It was tried until it was too old.
            ("failed", Some("permanent")) if reason.as_deref() == Some("old") => returned(Back::ForNow),
            ("failed", Some("permanent")) => returned(Back::ForGood),
            ("rejected", _) => returned(Back::ForNow),
            ("complained", _) => What::MailReturned { mail, back: Back::Complaint, why: String::new() },
            // One that failed for now is tried again by Mailgun itself.
            _ => What::Other { kind: event },
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
