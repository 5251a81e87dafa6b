//! Everything Resend says no with.

use kalends_app::{Error, Kind, Response};
use serde::Deserialize;

/// Reads a refusal; none leaves the decision to the status.
pub fn judge(answer: &Response) -> Option<Error> {
    let status = answer.status.as_u16();
    if status < 400 {
        return None;
    }
    let no: No = answer.json().ok()?;
    let about = |field: &str| no.message.contains(&format!("`{field}`"));
    let (kind, message) = match (status, no.name.as_str()) {
        (_, "missing_api_key" | "invalid_api_key") => {
            (Kind::AuthRevoked, "Resend does not know this API key: make another one there and enter it here")
        }
        (_, "restricted_api_key") => {
            let scope = "full access".to_owned();
            (Kind::ScopeMissing { scope }, "this API key may only send mails")
        }
        (403, "validation_error") => (
            Kind::PolicyDenied,
            "Resend sends nothing in this sender’s name: its domain has to be verified there first",
        ),
        (429, "daily_quota_exceeded") => {
            (Kind::QuotaExhausted { resets: None }, "Resend sends no more mails for this account today")
        }
        (429, "monthly_quota_exceeded") => {
            (Kind::QuotaExhausted { resets: None }, "Resend sends no more mails for this account this month")
        }
        (_, "concurrent_idempotent_requests") => {
            (Kind::Down, "Resend still works on the same mail and asks to try later")
        }
        (_, "invalid_from_address") => (Kind::Invalid, "Resend refuses the sender’s address"),
        (400 | 422, _) if about("to") => (Kind::Invalid, "Resend refuses the recipient’s address"),
        (400 | 422, _) if about("from") => (Kind::Invalid, "Resend refuses the sender’s address"),
        (400 | 422 | 451, _) => (Kind::Invalid, "Resend does not take the mail as it is"),
        _ => return None,
    };
    Some(Error::new(kind, message).said(no.message))
}

#[derive(Deserialize)]
struct No {
    name: String,
    #[serde(default)]
    message: String,
}
