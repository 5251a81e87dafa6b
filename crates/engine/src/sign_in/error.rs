//! Why somebody is not let in, or an account is not changed.

use super::TooMany;
use crate::Invalid;

/// Why somebody is not let in, or an account is not changed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The address, the password, or both: nobody is told which.
    #[error("That address and password do not fit together. Try again, or set a new password.")]
    Wrong,
    /// Tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Something in the form will not do.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The link was used, is too old, or never was.
    #[error("This link does not work any more. Ask for a new one.")]
    LinkOver,
    /// The server has its owner already.
    #[error("This server is set up already. Sign in instead.")]
    AlreadySetUp,
    /// No such session or key, or not theirs.
    #[error("This {what} does not exist any more.")]
    NotFound {
        /// Which kind of thing.
        what: &'static str,
    },
    /// Our own trouble.
    #[error("Something went wrong on our side. Try again.")]
    Store(#[source] kalends_store::Error),
}

impl SignInError {
    /// Stable, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "wrong_credentials",
            Self::TooMany(_) => "too_many_tries",
            Self::Invalid(_) => "invalid_input",
            Self::LinkOver => "link_over",
            Self::AlreadySetUp => "already_set_up",
            Self::NotFound { .. } => "not_found",
            Self::Store(_) => "internal",
        }
    }
}

impl From<kalends_store::Error> for SignInError {
    fn from(error: kalends_store::Error) -> Self {
        match error {
            kalends_store::Error::Missing(what) => Self::NotFound { what },
            error => Self::Store(error),
        }
    }
}
