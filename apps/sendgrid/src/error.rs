//! What SendGrid says no with.

use kalends_app::{Error, Kind, Response};
use serde::Deserialize;

#[derive(Deserialize)]
struct No {
    #[serde(default)]
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    message: String,
    #[serde(default)]
    field: Option<String>,
}

/// Several things come under one status, told apart by the words alone.
pub fn judge(answer: &Response) -> Option<Error> {
    let status = answer.status.as_u16();
    if !matches!(status, 400..=499) {
        return None;
    }
    let no: No = answer.json().ok()?;
    let first = no.errors.first()?;
    let lower = first.message.to_lowercase();
    let (kind, message) = match status {
        401 if lower.contains("credits exceeded") => {
            (Kind::QuotaExhausted { resets: None }, "the SendGrid account has no mails left")
        }
        403 if lower.contains("sender identity") || lower.contains("from address") => {
            (Kind::PolicyDenied, "SendGrid does not know the sender’s address: verify it there")
        }
        403 => (Kind::ScopeMissing { scope: "mail.send".to_owned() }, "the API key may not send mail"),
        413 => (Kind::Invalid, "SendGrid takes no mail of more than 30 MB"),
        400 => (Kind::Invalid, "SendGrid does not take this mail"),
        _ => return None,
    };
    let field = first.field.as_deref().map(|field| format!("{field}: ")).unwrap_or_default();
    Some(Error::new(kind, message).said(format!("{field}{}", first.message)))
}
