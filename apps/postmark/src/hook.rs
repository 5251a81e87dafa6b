//! What Postmark tells: one thing in each notice, by a sender that signs in and signs nothing (EML-04).

use std::collections::BTreeMap;

use jiff::Timestamp;
use kalends_app::{
    Error, RemoteId, Secrets,
    hook::{Back, Hook, MailName, Raw, Refused, Reply, Signal, What, carried},
};
use serde::Deserialize;

use crate::api;

/// Types of bounces that say something else than that a mail came back: holiday replies, moves to another address, and that
/// Postmark is still trying.
const NOT_BACK: [&str; 9] = [
    "Transient",
    "AutoResponder",
    "AddressChange",
    "ChallengeVerification",
    "Subscribe",
    "Unsubscribe",
    "OpenRelayTest",
    "InboundError",
    "TemplateRenderingFailed",
];

/// Postmark's notices.
#[derive(Debug, Clone, Copy)]
pub struct Postmark;

impl Hook for Postmark {
    fn handshake(&self, _: &Raw, _: &Secrets) -> Option<Reply> {
        None
    }

    fn verify(&self, raw: &Raw, secrets: &Secrets, _: Timestamp) -> Result<(), Refused> {
        carried::check(raw, secrets)
    }

    fn signals(&self, raw: &Raw) -> Result<Vec<Signal>, Error> {
        let notice: Notice = raw.json()?;
        Ok(signal(&notice).into_iter().collect())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Notice {
    record_type: String,
    #[serde(rename = "ID")]
    id: Option<i64>,
    #[serde(rename = "MessageID")]
    message_id: String,
    email: String,
    recipient: String,
    #[serde(rename = "Type")]
    kind: String,
    inactive: bool,
    description: String,
    details: String,
    metadata: BTreeMap<String, String>,
}

fn signal(notice: &Notice) -> Option<Signal> {
    let record = notice.record_type.as_str();
    if record.is_empty() {
        return None;
    }
    let id = match notice.id {
        Some(id) => format!("{record}:{id}"),
        None => format!("{record}:{}:{}", notice.message_id, notice.recipient),
    };
    let returned = |back| What::MailReturned { mail: name(notice), back, why: why(notice) };
    let what = match (record, notice.kind.as_str()) {
        ("Delivery", _) => What::MailDelivered { mail: name(notice) },
        ("SpamComplaint", _) | ("Bounce", "SpamComplaint") => returned(Back::Complaint),
        ("Bounce", kind) if NOT_BACK.contains(&kind) => What::Other { kind: kind.to_owned() },
        // From then on Postmark refuses what goes there.
        ("Bounce", "HardBounce" | "BadEmailAddress" | "ManuallyDeactivated") => returned(Back::ForGood),
        ("Bounce", _) if notice.inactive => returned(Back::ForGood),
        ("Bounce", _) => returned(Back::ForNow),
        (other, _) => What::Other { kind: other.to_owned() },
    };
    Some(Signal { id, what })
}

fn name(notice: &Notice) -> MailName {
    let whose = if notice.email.is_empty() { &notice.recipient } else { &notice.email };
    let id = (!notice.message_id.is_empty()).then(|| RemoteId::new(notice.message_id.clone()));
    MailName { message_id: api::our_name(&notice.metadata), id, recipient: whose.clone() }
}

/// Postmark's sentence, and the other server's words.
fn why(notice: &Notice) -> String {
    format!("{} {}", notice.description.trim(), notice.details.trim()).trim().to_owned()
}
