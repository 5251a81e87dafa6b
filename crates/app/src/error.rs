//! What can go wrong outside, as one closed set (ALL-02).
//!
//! The engine reads [`Kind`] and [`Retry`]; the provider's vocabulary stays in the app.

use std::{fmt, time::Duration};

use jiff::Timestamp;

use crate::redact;

/// What an integration answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, in the words the engine acts on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The credential is spent: refresh it once, then try again.
    AuthExpired,
    /// The credential is refused for good: the owner must connect again.
    AuthRevoked,
    /// The credential lacks a permission.
    ScopeMissing {
        /// The permission to ask for.
        scope: String,
    },
    /// Too many calls just now.
    RateLimited {
        /// When calls are welcome again, if the provider said.
        until: Option<Timestamp>,
    },
    /// The allowance of a longer period is used up.
    QuotaExhausted {
        /// When it fills again, if the provider said.
        resets: Option<Timestamp>,
    },
    /// There is no such thing there.
    NotFound,
    /// It was there and never will be again.
    Gone,
    /// Somebody changed it meanwhile: read it, then decide.
    Conflict,
    /// The request itself is wrong; sending it again changes nothing.
    Invalid,
    /// No connection, no valid certificate, no answer, or a 5xx.
    Down,
    /// A write was sent and its answer lost: look before writing again (ALL-07).
    UnknownOutcome,
    /// The sync cursor is too old: start again from nothing.
    CursorExpired,
    /// An administrator there forbids it.
    PolicyDenied,
    /// The payment was declined.
    Declined,
    /// An answer that cannot be read. Never success, never "failed".
    Malformed,
}

impl Kind {
    /// Its name in logs, metrics and the database.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AuthExpired => "auth_expired",
            Self::AuthRevoked => "auth_revoked",
            Self::ScopeMissing { .. } => "scope_missing",
            Self::RateLimited { .. } => "rate_limited",
            Self::QuotaExhausted { .. } => "quota_exhausted",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid_request",
            Self::Down => "provider_down",
            Self::UnknownOutcome => "unknown_outcome",
            Self::CursorExpired => "cursor_expired",
            Self::PolicyDenied => "policy_denied",
            Self::Declined => "declined",
            Self::Malformed => "malformed",
        }
    }

    /// What to do next when nothing better is known.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::RateLimited { .. } | Self::QuotaExhausted { .. } | Self::Down | Self::Malformed => {
                Retry::Backoff
            }
            Self::UnknownOutcome => Retry::LookFirst,
            Self::AuthExpired
            | Self::AuthRevoked
            | Self::ScopeMissing { .. }
            | Self::NotFound
            | Self::Gone
            | Self::Conflict
            | Self::Invalid
            | Self::CursorExpired
            | Self::PolicyDenied
            | Self::Declined => Retry::Never,
        }
    }

    /// True when only the account's owner (or an administrator) can mend it.
    pub const fn needs_owner(&self) -> bool {
        matches!(self, Self::AuthRevoked | Self::ScopeMissing { .. } | Self::PolicyDenied)
    }
}

/// Whether and when the same call may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Not as it is.
    Never,
    /// Not before this long.
    After(Duration),
    /// Yes, each time later.
    Backoff,
    /// Only after a look-up proves that the first try left nothing.
    LookFirst,
}

/// A failure outside: what it means, what to do, and what the provider said.
///
/// Its texts are redacted when it is made, so it can be logged, stored and shown (ALL-08).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What it means.
    pub kind: Kind,
    /// What to do.
    pub retry: Retry,
    message: String,
    said: Option<String>,
    status: Option<u16>,
}

impl Error {
    /// A failure in our own words: short, plain, for the person who must fix it.
    pub fn new(kind: Kind, message: impl AsRef<str>) -> Self {
        let retry = kind.retry();
        Self { kind, retry, message: redact::text(message.as_ref()), said: None, status: None }
    }

    /// With the provider's own words, redacted and shortened.
    #[must_use]
    pub fn said(mut self, words: impl AsRef<str>) -> Self {
        let words = redact::text(words.as_ref().trim());
        self.said = (!words.is_empty()).then_some(words);
        self
    }

    /// Without these secrets, should the provider have said one back.
    #[must_use]
    pub fn without<'a>(mut self, secrets: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        self.message = redact::known(&self.message, secrets.clone());
        self.said = self.said.map(|said| redact::known(&said, secrets));
        self
    }

    /// With the status it came under.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same failure, understood as this kind.
    #[must_use]
    pub fn as_kind(mut self, kind: Kind) -> Self {
        self.retry = kind.retry();
        self.kind = kind;
        self
    }

    /// With another decision about trying again.
    #[must_use]
    pub const fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// What happened, in our words.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the provider said, redacted.
    pub fn provider_said(&self) -> Option<&str> {
        self.said.as_deref()
    }

    /// The status it came under, if it was an answer.
    pub const fn http_status(&self) -> Option<u16> {
        self.status
    }

    /// True for "not there" in either form: for a delete that is success.
    pub const fn is_missing(&self) -> bool {
        matches!(self.kind, Kind::NotFound | Kind::Gone)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.said {
            Some(said) => write!(f, " (it said: {said})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
