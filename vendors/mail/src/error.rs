//! What a mail server says no with.

use std::error::Error as _;

use kalends_app::{Error, Kind};
use lettre::transport::smtp;

/// What was being done when it went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Connecting, greeting, encrypting.
    Connect,
    /// Signing in.
    SignIn,
    /// Naming sender and recipients.
    Envelope,
    /// Handing the mail over: from here on a lost answer leaves the outcome unknown.
    Text,
}

/// The failure as the engine reads it.
pub fn judge(step: Step, error: &smtp::Error) -> Error {
    if let Some(code) = error.status() {
        let code: u16 = code.into();
        return by_code(step, code).status(code).said(words(error));
    }
    let (kind, message) = if step == Step::Text {
        (Kind::UnknownOutcome, "the mail server did not say whether it took the mail")
    } else if error.is_tls() || words(error).contains("certificate") {
        (Kind::Down, "no encrypted connection to the mail server: check its name, port and certificate")
    } else if step == Step::SignIn && error.is_client() {
        (Kind::Invalid, "the mail server offers neither PLAIN nor LOGIN for signing in")
    } else if error.is_response() && !words(error).contains("incomplete") {
        (Kind::Malformed, "what answers there does not speak SMTP: check host, port and encryption")
    } else {
        (Kind::Down, "no connection to the mail server: check host, port and encryption")
    };
    Error::new(kind, message).said(words(error))
}

/// 4xx may pass, 5xx stays (EML-01).
fn by_code(step: Step, code: u16) -> Error {
    let (kind, message) = match (step, code) {
        (_, 452) => (Kind::QuotaExhausted { resets: None }, "the mail server has no room just now"),
        (_, ..500) => (Kind::Down, "the mail server asks to try later"),
        (_, 530 | 534 | 535 | 538) | (Step::SignIn, _) => {
            (Kind::AuthRevoked, "the mail server refused name or password")
        }
        (Step::Connect, _) => (Kind::PolicyDenied, "the mail server refuses connections from here"),
        (Step::Envelope, _) => (Kind::Invalid, "the mail server refused an address"),
        (Step::Text, 552) => (Kind::Invalid, "the mail is too large for the mail server"),
        (Step::Text, _) => (Kind::Invalid, "the mail server refused the mail"),
    };
    Error::new(kind, message)
}

fn words(error: &smtp::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}
