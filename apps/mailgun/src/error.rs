//! Everything Mailgun says no with.

use kalends_app::{Error, Kind, Response};
use serde::Deserialize;

/// Reads a refusal; none leaves the decision to the status.
pub fn judge(answer: &Response) -> Option<Error> {
    let status = answer.status.as_u16();
    if status < 400 {
        return None;
    }
    let no: No = answer.json().unwrap_or_default();
    let says = |text: &str| no.message.to_ascii_lowercase().contains(text);
    let (kind, message) = match status {
        401 => (
            Kind::AuthRevoked,
            "Mailgun does not know this key in this region: look whether the domain is in the other one, or make another key",
        ),
        400 if says("'to'") || says("to parameter") => {
            (Kind::Invalid, "Mailgun refuses the recipient’s address")
        }
        400 if says("'from'") || says("from parameter") => {
            (Kind::Invalid, "Mailgun refuses the sender’s address")
        }
        400 => (Kind::Invalid, "Mailgun does not take the mail as it is"),
        413 => (Kind::Invalid, "the mail is too large for Mailgun"),
        403 | 420 | 421 | 429 if says("limit exceeded") || says("quota") => {
            (Kind::QuotaExhausted { resets: None }, "Mailgun sends no more mails for this domain just now")
        }
        403 if says("authorized recipients") || says("sandbox") => (
            Kind::PolicyDenied,
            "Mailgun’s domain for trials writes to nobody but authorized recipients: add a domain of your own there",
        ),
        403 | 421 => (
            Kind::PolicyDenied,
            "Mailgun lets this domain send nothing: look there whether it is verified and the account active",
        ),
        402 => {
            (Kind::PolicyDenied, "Mailgun sends nothing for this account: look there at its plan and state")
        }
        404 if says("domain") => (
            Kind::PolicyDenied,
            "Mailgun has no such domain in this region: look at its name, and whether it is in the other one",
        ),
        _ => return None,
    };
    Some(Error::new(kind, message).said(no.message))
}

#[derive(Deserialize, Default)]
struct No {
    #[serde(default)]
    message: String,
}
