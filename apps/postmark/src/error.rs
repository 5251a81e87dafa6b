//! What Postmark says no with: a number of its own, mostly under 422, sometimes under 200 (ALL-09).

use kalends_app::{Error, Kind, Response};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct No {
    error_code: i64,
    #[serde(default)]
    message: String,
}

/// The numbers as Postmark documents them.
pub fn judge(answer: &Response) -> Option<Error> {
    let no: No = answer.json().ok().filter(|no: &No| no.error_code != 0)?;
    let (kind, message) = match no.error_code {
        10 => (Kind::AuthRevoked, "Postmark does not take this server API token"),
        100 => (Kind::Down, "Postmark is being worked on"),
        300 => (Kind::Invalid, "Postmark does not take this mail"),
        400 | 401 => {
            (Kind::PolicyDenied, "Postmark does not know the sender’s address: confirm its signature there")
        }
        405 => (Kind::QuotaExhausted { resets: None }, "the Postmark account has no mails left"),
        406 => (
            Kind::Gone,
            "Postmark sends to this address no more: it bounced, or its reader called a mail spam",
        ),
        412 | 413 => (Kind::PolicyDenied, "Postmark does not let this account send yet"),
        429 => (Kind::RateLimited { until: None }, "Postmark asks for fewer calls"),
        _ => return None,
    };
    Some(Error::new(kind, message).said(format!("{} {}", no.error_code, no.message)))
}
