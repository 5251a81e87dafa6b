//! What Amazon tells of a mail, brought by its event bus with a secret along (EML-04).

use jiff::Timestamp;
use kalends_app::{
    Error, RemoteId, Secrets,
    hook::{Back, Hook, MailName, Raw, Refused, Reply, Signal, What, carried},
};
use serde::Deserialize;
use serde_json::Value;
use vendor_mail::parts;

/// Amazon's notices.
#[derive(Debug, Clone, Copy)]
pub struct AmazonSes;

impl Hook for AmazonSes {
    /// There is none.
    fn handshake(&self, _: &Raw, _: &Secrets) -> Option<Reply> {
        None
    }

    fn verify(&self, raw: &Raw, secrets: &Secrets, _: Timestamp) -> Result<(), Refused> {
        carried::check(raw, secrets)
    }

    fn signals(&self, raw: &Raw) -> Result<Vec<Signal>, Error> {
        let notice: Notice = raw.json()?;
        let told = notice.detail.told().into_iter().enumerate();
        Ok(told.map(|(at, what)| Signal { id: format!("{}:{at}", notice.id), what }).collect())
    }
}

#[derive(Deserialize)]
struct Notice {
    /// Sent again, it is the same.
    id: String,
    detail: Detail,
}

/// An event, read leniently: those of different types have different fields.
#[derive(Deserialize)]
#[serde(transparent)]
struct Detail(Value);

impl Detail {
    fn at(&self, path: &str) -> Option<&str> {
        self.0.pointer(path).and_then(Value::as_str)
    }

    fn told(&self) -> Vec<What> {
        let kind = self.at("/eventType").unwrap_or_default();
        let each = |list: &str, what: &dyn Fn(MailName, &Value) -> What| -> Vec<What> {
            let all = self.0.pointer(list).and_then(Value::as_array).into_iter().flatten();
            let named = |one: &Value| {
                let written = one.as_str().or_else(|| one["emailAddress"].as_str())?;
                Some(what(self.mail(parts::address(written)), one))
            };
            all.filter_map(named).collect()
        };
        let told = match kind {
            "Delivery" => each("/delivery/recipients", &|mail, _| What::MailDelivered { mail }),
            "Bounce" => {
                let back = if self.at("/bounce/bounceType") == Some("Permanent") {
                    Back::ForGood
                } else {
                    Back::ForNow
                };
                each("/bounce/bouncedRecipients", &|mail, one| {
                    let said = one["diagnosticCode"].as_str().or_else(|| self.at("/bounce/bounceSubType"));
                    What::MailReturned { mail, back, why: said.unwrap_or_default().to_owned() }
                })
            }
            "Complaint" => each("/complaint/complainedRecipients", &|mail, _| What::MailReturned {
                mail,
                back: Back::Complaint,
                why: String::new(),
            }),
            "Reject" => each("/mail/destination", &|mail, _| What::MailReturned {
                mail,
                back: Back::ForNow,
                why: self.at("/reject/reason").unwrap_or_default().to_owned(),
            }),
            _ => vec![],
        };
        if told.is_empty() { vec![What::Other { kind: kind.to_owned() }] } else { told }
    }

    fn mail(&self, recipient: &str) -> MailName {
        let headers = self.0.pointer("/mail/headers").and_then(Value::as_array).into_iter().flatten();
        let is_ours = |one: &&Value| {
            one["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(parts::OUR_NAME))
        };
        MailName {
            message_id: headers
                .clone()
                .find(is_ours)
                .and_then(|one| one["value"].as_str())
                .map(str::to_owned),
            id: self.at("/mail/messageId").map(RemoteId::new),
            recipient: recipient.to_owned(),
        }
    }
}
