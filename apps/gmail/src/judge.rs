//! What Gmail says no with, beyond what all of Google does.

use kalends_app::{Error, Kind, Response};
use serde::Deserialize;

/// What only this permission does.
const SEND: &str = "https://www.googleapis.com/auth/gmail.send";

/// Reads Gmail's reason, else Google's.
pub fn judge(response: &Response) -> Option<Error> {
    let status = response.status.as_u16();
    let said = said(response).filter(|_| status >= 400);
    if let Some(until) = said.as_deref().and_then(until) {
        let message = "Gmail takes no more mails from this account until then";
        return Some(
            Error::new(Kind::RateLimited { until: Some(until) }, message).said(said.unwrap_or_default()),
        );
    }
    let (kind, message) = match (status, said.as_deref()) {
        (400, Some(said)) if said.contains("Mail service not enabled") => {
            (Kind::PolicyDenied, "this Google account has no Gmail: sign in with one that has")
        }
        (413, _) => (Kind::Invalid, "the mail is too large for Gmail"),
        _ => return vendor_google::judge(response).map(of_mails),
    };
    Some(Error::new(kind, message).said(said.unwrap_or_default()))
}

/// A permission that is missing here is the one to send.
fn of_mails(error: Error) -> Error {
    match error.kind {
        Kind::ScopeMissing { .. } => error.as_kind(Kind::ScopeMissing { scope: SEND.to_owned() }),
        _ => error,
    }
}

fn said(response: &Response) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        error: Said,
    }
    #[derive(Deserialize)]
    struct Said {
        message: String,
    }
    Some(serde_json::from_slice::<Body>(&response.body).ok()?.error.message)
}

/// The instant in "User-rate limit exceeded.  Retry after 2027-03-01T08:15:00.000Z (Mail sending)": no header says it.
fn until(said: &str) -> Option<jiff::Timestamp> {
    said.split("Retry after ").nth(1)?.split_ascii_whitespace().next()?.parse().ok()
}
