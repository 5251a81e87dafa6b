//! Everything Brevo says no with.

use std::time::Duration;

use kalends_app::{Error, Kind, Response, Retry, http::retry_after};
use serde::Deserialize;

/// Reads a refusal; none leaves the decision to the status.
pub fn judge(answer: &Response) -> Option<Error> {
    let status = answer.status.as_u16();
    if status < 400 {
        return None;
    }
    if status == 429 {
        return wait(answer);
    }
    let no: No = answer.json().ok()?;
    let says = |text: &str| no.message.to_ascii_lowercase().contains(text);
    let (kind, message) = match (status, no.code.as_str()) {
        (401, _) if says("ip address") => (
            Kind::PolicyDenied,
            "Brevo does not let this server’s address call: add it there under Security, Authorized IPs",
        ),
        (401, _) => {
            (Kind::AuthRevoked, "Brevo does not know this API key: make another one there and enter it here")
        }
        (402, _) | (_, "not_enough_credits") => (
            Kind::QuotaExhausted { resets: None },
            "Brevo sends no more mails for this account: its credits are used up",
        ),
        (403, _) | (_, "permission_denied" | "account_under_validation") => {
            (Kind::PolicyDenied, "Brevo lets this account send nothing: look there whether it is activated")
        }
        (_, "duplicate_parameter" | "duplicate_request") => (Kind::Conflict, "Brevo has this mail already"),
        (400, _) if says("sender") => (
            Kind::PolicyDenied,
            "Brevo sends nothing in this sender’s name: verify the address there, or its domain",
        ),
        (400, _) if says("email is not valid in to") || says("valid email") || says("recipient") => {
            (Kind::Invalid, "Brevo refuses the recipient’s address")
        }
        (400 | 406 | 422, _) => (Kind::Invalid, "Brevo does not take the mail as it is"),
        _ => return None,
    };
    Some(Error::new(kind, message).said(no.message))
}

/// Brevo says how many seconds are left in a header of its own.
fn wait(answer: &Response) -> Option<Error> {
    if answer.header("retry-after").is_some() {
        return None;
    }
    let seconds = answer.header("x-sib-ratelimit-reset")?.trim().parse().ok()?;
    let wait = Duration::from_secs(seconds).min(retry_after::LONGEST);
    let error = Error::new(Kind::RateLimited { until: None }, "Brevo asks for fewer calls");
    Some(error.retry(Retry::After(wait)))
}

/// A mail under a key that was used within the last half an hour.
pub fn is_known_already(error: &Error) -> bool {
    error.kind == Kind::Conflict && error.http_status() == Some(400)
}

#[derive(Deserialize)]
struct No {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}
