//! Why a change to settings is not made.

use crate::Invalid;

/// Why an event type, a schedule, an absence, a team or a profile stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It is not there, or not theirs to see.
    #[error("This {what} does not exist, or it is not yours.")]
    NotFound {
        /// Which kind of thing.
        what: &'static str,
    },
    /// Theirs to see, not to change.
    #[error("You may not change this {what}. Ask an admin.")]
    Forbidden {
        /// Which kind of thing.
        what: &'static str,
    },
    /// Something in the form will not do.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// Something else needs it.
    #[error("{why}")]
    InUse {
        /// What needs it and what to do.
        why: String,
    },
    /// Our own trouble.
    #[error("Something went wrong on our side. Nothing was changed; try again.")]
    Trouble(#[from] crate::Trouble),
}

impl EditError {
    /// Stable, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::Forbidden { .. } => "forbidden",
            Self::Invalid(_) => "invalid_input",
            Self::InUse { .. } => "in_use",
            Self::Trouble(_) => "internal",
        }
    }
}
