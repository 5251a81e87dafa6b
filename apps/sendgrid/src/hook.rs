//! What SendGrid tells: many events in one notice, signed as a whole (EML-04).

use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    Error, RemoteId, Secrets,
    hook::{Back, Hook, MailName, Raw, Refused, Reply, Signal, What, signature},
};
use serde::Deserialize;
use serde_json::Value;

use crate::api::OUR_NAME;

pub const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
pub const TIME: &str = "x-twilio-email-event-webhook-timestamp";
/// SendGrid tries to tell for a day. What it tells twice is one event by its own name, so nothing is lost by believing it that long.
const WINDOW: SignedDuration = SignedDuration::from_hours(25);

/// SendGrid's notices.
#[derive(Debug, Clone, Copy)]
pub struct SendGrid;

impl Hook for SendGrid {
    fn handshake(&self, _: &Raw, _: &Secrets) -> Option<Reply> {
        None
    }

    fn verify(&self, raw: &Raw, secrets: &Secrets, now: Timestamp) -> Result<(), Refused> {
        // Without a key nothing is looked at.
        signature::secrets(secrets)?;
        let time = raw.header(TIME).ok_or(Refused::Unsigned)?;
        let given = raw.header(SIGNATURE).ok_or(Refused::Unsigned)?;
        signature::check_p256(given, secrets, &[time.as_bytes(), &raw.body])?;
        signature::check_time_within(time, now, WINDOW)
    }

    fn signals(&self, raw: &Raw) -> Result<Vec<Signal>, Error> {
        let events: Vec<Value> = raw.json()?;
        // One that cannot be read does not take the others along (ALL-10).
        Ok(events
            .into_iter()
            .filter_map(|event| serde_json::from_value(event).ok())
            .filter_map(|event| signal(&event))
            .collect())
    }
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "event", default)]
    became: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    sg_event_id: String,
    #[serde(default)]
    sg_message_id: String,
    #[serde(default)]
    timestamp: Value,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(flatten)]
    arguments: serde_json::Map<String, Value>,
}

fn signal(event: &Event) -> Option<Signal> {
    let id = if event.sg_event_id.is_empty() {
        format!("{}:{}:{}:{}", event.became, event.timestamp, event.sg_message_id, event.email)
    } else {
        event.sg_event_id.clone()
    };
    if event.became.is_empty() {
        return None;
    }
    let returned = |back| What::MailReturned { mail: name(event), back, why: why(event) };
    let what = match (event.became.as_str(), event.kind.as_deref()) {
        ("delivered", _) => What::MailDelivered { mail: name(event) },
        ("bounce", Some("blocked")) => returned(Back::ForNow),
        // From then on SendGrid drops what goes there.
        ("bounce" | "dropped", _) => returned(Back::ForGood),
        ("spamreport", _) => returned(Back::Complaint),
        (other, _) => What::Other { kind: other.to_owned() },
    };
    Some(Signal { id, what })
}

fn name(event: &Event) -> MailName {
    let ours = event.arguments.get(OUR_NAME).and_then(Value::as_str).map(str::to_owned);
    // What came with the mail's answer, and behind it the machine that sent it.
    let theirs = [".filter", ".recvd"].iter().find_map(|end| event.sg_message_id.split_once(end));
    let theirs = theirs.map_or(event.sg_message_id.as_str(), |(id, _)| id);
    let id = (!theirs.is_empty()).then(|| RemoteId::new(theirs));
    MailName { message_id: ours, id, recipient: event.email.clone() }
}

/// The other server's words; for what SendGrid dropped itself, its own.
fn why(event: &Event) -> String {
    let reason = event.reason.as_deref().unwrap_or_default().trim();
    match (event.became.as_str(), event.status.as_deref()) {
        ("dropped", _) => format!("SendGrid does not send to this address: {reason}"),
        (_, Some(status)) if !reason.contains(status) => format!("{status} {reason}").trim().to_owned(),
        _ => reason.to_owned(),
    }
}
