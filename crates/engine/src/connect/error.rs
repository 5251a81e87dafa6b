//! Why an app is not connected, or not changed.

use kalends_app::manifest::WrongField;
use kalends_domain::event_type::FieldProblem;

use super::Unfinished;
use crate::Invalid;

/// Why an app is not connected, or not changed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no such app in this build, or the operator has switched it off.
    #[error("There is no app of that name here.")]
    NoSuchApp,
    /// The installation is not there, or not theirs.
    #[error("This connection does not exist, or it is not yours.")]
    NotFound,
    /// Theirs to see, not to change.
    #[error("Only an admin may connect this app, for everybody. Ask one.")]
    Forbidden,
    /// Something in the form will not do.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// The app was asked with what was typed, and said no. Nothing was saved.
    #[error("{0}")]
    Probe(kalends_app::Error),
    /// Another app must be set up first.
    #[error("{app} works through {needs}. Install {needs} first, then come back.")]
    Needs {
        /// The app.
        app: String,
        /// What it needs.
        needs: String,
        /// That app's slug.
        slug: &'static str,
    },
    /// Another app works through it.
    #[error("{by} works through {app}. Uninstall or switch off {by} first; nothing was changed.")]
    NeededBy {
        /// The app.
        app: String,
        /// What needs it.
        by: String,
    },
    /// The same account was set up anew meanwhile.
    #[error("{app} is connected with this account again already. There is nothing to bring back.")]
    ThereAgain {
        /// The app.
        app: String,
    },
    /// They were sent to the provider and came back without a connection.
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
    /// Our own trouble.
    #[error("Something went wrong on our side. Nothing was changed; try again.")]
    Store(kalends_store::Error),
}

impl ConnectError {
    /// Stable, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchApp => "app_not_found",
            Self::NotFound => "connection_not_found",
            Self::Forbidden => "forbidden",
            Self::Invalid(_) => "invalid_input",
            Self::Probe(_) => "app_refused",
            Self::Needs { .. } => "app_needs_another",
            Self::NeededBy { .. } => "app_needed_by_another",
            Self::ThereAgain { .. } => "connected_again",
            Self::Unfinished(_) => "sign_in_unfinished",
            Self::Store(_) => "internal",
        }
    }
}

impl From<kalends_store::Error> for ConnectError {
    fn from(error: kalends_store::Error) -> Self {
        match error {
            // Taken away, by somebody else or on another node, since it was looked for.
            kalends_store::Error::Missing("installation" | "connection") => Self::NotFound,
            error => Self::Store(error),
        }
    }
}

impl From<Vec<WrongField>> for ConnectError {
    fn from(wrong: Vec<WrongField>) -> Self {
        let problems =
            wrong.into_iter().map(|wrong| FieldProblem { field: wrong.field, fix: wrong.problem }).collect();
        Self::Invalid(Invalid { problems })
    }
}

impl From<kalends_store::seal::Broken> for ConnectError {
    fn from(broken: kalends_store::seal::Broken) -> Self {
        Self::Store(broken.into())
    }
}
