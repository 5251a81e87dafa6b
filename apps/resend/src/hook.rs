//! What Resend tells of a mail, signed as Standard Webhooks are (EML-04).

use jiff::Timestamp;
use kalends_app::{
    Error, RemoteId, Secrets,
    hook::{Back, Hook, MailName, Raw, Refused, Reply, Signal, What, standard},
};
use serde::Deserialize;
use vendor_mail::parts;

/// Resend's notices.
#[derive(Debug, Clone, Copy)]
pub struct Resend;

impl Hook for Resend {
    /// There is none.
    fn handshake(&self, _: &Raw, _: &Secrets) -> Option<Reply> {
        None
    }

    fn verify(&self, raw: &Raw, secrets: &Secrets, now: Timestamp) -> Result<(), Refused> {
        standard::check(raw, secrets, now)
    }

    fn signals(&self, raw: &Raw) -> Result<Vec<Signal>, Error> {
        let notice: Notice = raw.json()?;
        // Sent again, it has the same id.
        let id = standard::id(raw).unwrap_or_default();
        let told = match notice.data.to.as_slice() {
            [] => vec![notice.what("")],
            to => to.iter().map(|one| notice.what(parts::address(one))).collect(),
        };
        let signals = told.into_iter().enumerate();
        Ok(signals.map(|(at, what)| Signal { id: format!("{id}:{at}"), what }).collect())
    }
}

#[derive(Deserialize)]
struct Notice {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    email_id: String,
    to: Vec<String>,
    headers: Vec<Header>,
    bounce: Why,
    failed: Why,
    suppressed: Why,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Why {
    #[serde(rename = "type")]
    kind: String,
    message: String,
    reason: String,
}

impl Notice {
    fn what(&self, recipient: &str) -> What {
        let data = &self.data;
        let returned =
            |back, why: &str| What::MailReturned { mail: self.mail(recipient), back, why: why.to_owned() };
        match self.kind.as_str() {
            "email.delivered" if !recipient.is_empty() => What::MailDelivered { mail: self.mail(recipient) },
            "email.bounced" if data.bounce.kind == "Permanent" => {
                returned(Back::ForGood, &data.bounce.message)
            }
            "email.bounced" => returned(Back::ForNow, &data.bounce.message),
            // Resend remembers an earlier bounce or complaint, and did not even try.
            "email.suppressed" => returned(Back::ForGood, &data.suppressed.message),
            "email.failed" => returned(Back::ForNow, &data.failed.reason),
            "email.complained" => returned(Back::Complaint, ""),
            other => What::Other { kind: other.to_owned() },
        }
    }

    fn mail(&self, recipient: &str) -> MailName {
        let ours = self.data.headers.iter().find(|one| one.name.eq_ignore_ascii_case(parts::OUR_NAME));
        MailName {
            message_id: ours.map(|one| one.value.clone()),
            id: Some(RemoteId::new(&self.data.email_id)).filter(|id| !id.as_str().is_empty()),
            recipient: recipient.to_owned(),
        }
    }
}
