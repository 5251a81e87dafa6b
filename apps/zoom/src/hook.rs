//! What Zoom tells: signed with the secret token of the registration (ZOOM-11 to ZOOM-14).

use jiff::Timestamp;
use kalends_app::{
    Error, RemoteId, Secret, Secrets,
    hook::{Hook, Raw, Refused, Reply, Signal, What, signature},
};
use serde::Deserialize;
use serde_json::{Value, json};

const SIGNATURE: &str = "x-zm-signature";
const TIME: &str = "x-zm-request-timestamp";
const VALIDATION: &str = "endpoint.url_validation";

/// Zoom's notices.
#[derive(Debug, Clone, Copy)]
pub struct Zoom;

impl Hook for Zoom {
    /// The challenge is signed like every notice, and answered only then (ZOOM-12).
    fn handshake(&self, raw: &Raw, secrets: &Secrets) -> Option<Reply> {
        let secret = signed(raw, secrets).ok()?;
        let notice: Notice = raw.json().ok()?;
        let plain = notice.payload.get("plainToken").filter(|_| notice.event == VALIDATION)?.as_str()?;
        let encrypted = signature::hmac_hex(secret.expose().as_bytes(), &[plain.as_bytes()]);
        Some(Reply::json(&json!({ "plainToken": plain, "encryptedToken": encrypted })))
    }

    fn verify(&self, raw: &Raw, secrets: &Secrets, now: Timestamp) -> Result<(), Refused> {
        signed(raw, secrets)?;
        signature::check_time(raw.header(TIME).unwrap_or_default(), now)
    }

    fn signals(&self, raw: &Raw) -> Result<Vec<Signal>, Error> {
        let notice: Notice = raw.json()?;
        let object = notice.payload.get("object");
        let room = object.and_then(|object| object.get("id")).and_then(text).map(RemoteId::new);
        let what = match (notice.event.as_str(), room) {
            ("meeting.ended", Some(room)) => What::MeetingEnded { room },
            ("meeting.updated", Some(room)) => What::MeetingChanged { room },
            ("meeting.deleted", Some(room)) => What::MeetingGone { room },
            ("app_deauthorized", _) => What::Deauthorized { account: account(&notice.payload) },
            _ => What::Other { kind: notice.event.clone() },
        };
        Ok(vec![Signal { id: id(&notice), what }])
    }
}

#[derive(Deserialize)]
struct Notice {
    event: String,
    #[serde(default)]
    event_ts: Value,
    #[serde(default)]
    payload: Value,
}

/// The secret it is signed with: of two that are good the one Zoom has now (INB-07).
fn signed<'a>(raw: &Raw, secrets: &'a Secrets) -> Result<&'a Secret, Refused> {
    // Without a secret nothing is looked at.
    signature::secrets(secrets)?;
    let time = raw.header(TIME).ok_or(Refused::Unsigned)?;
    let given = raw.header(SIGNATURE).and_then(|text| text.strip_prefix("v0=")).ok_or(Refused::Unsigned)?;
    signature::by_hex(given, secrets, &[b"v0:", time.as_bytes(), b":", &raw.body])
}

/// Zoom sends some notices twice, so they are told apart by event, time and meeting (ZOOM-14).
fn id(notice: &Notice) -> String {
    let object = notice.payload.get("object");
    let of = object.and_then(|object| object.get("uuid").or_else(|| object.get("id"))).and_then(text);
    let of = of.unwrap_or_else(|| account(&notice.payload));
    format!("{}:{}:{of}", notice.event, text(&notice.event_ts).unwrap_or_default())
}

/// Whose access was taken back, as the probe names its subject: the user, or the whole account.
fn account(payload: &Value) -> String {
    let of = payload.get("user_id").or_else(|| payload.get("account_id"));
    of.and_then(text).unwrap_or_default()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
