//! What a mail server says no with.

use std::{error::Error as _, time::Duration};

use kalends_app::{Error, Kind, Retry};
use lettre::transport::smtp;

use crate::server::Judge;

/// An allowance of the day is not asked about again for this long.
const SPENT: Duration = Duration::from_hours(4);

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

/// The failure as the engine reads it: the provider's own meaning first.
pub fn judge(step: Step, error: &smtp::Error, of: Judge) -> Error {
    if let Some(code) = error.status() {
        let (code, words) = (u16::from(code), words(error));
        let meant = of(code, &words).unwrap_or_else(|| by_code(step, code, &words));
        return meant.status(code).said(words);
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
fn by_code(step: Step, code: u16, words: &str) -> Error {
    // Where there is an allowance for the day, it fills again, under whatever code its end is said (RFC 3463, 3.5).
    if enhanced(words).is_some_and(|class| class.ends_with(".4.5")) {
        let message = "the mail server takes no more mails from this account for today";
        return Error::new(Kind::QuotaExhausted { resets: None }, message).retry(Retry::After(SPENT));
    }
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

/// The class that stands before the words, such as `5.7.3` (RFC 3463).
pub fn enhanced(words: &str) -> Option<&str> {
    let first = words.split_ascii_whitespace().next()?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (first.split('.').count() == 3 && first.split('.').all(digits)).then_some(first)
}

fn words(error: &smtp::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}
