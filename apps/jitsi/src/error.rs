//! What can go wrong with a link.

use kalends_app::Kind;

/// Why there is no room or no pass.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The setup lacks something or holds something else.
    #[error("{0}")]
    Setup(kalends_app::Error),
    /// The private key or secret signs nothing.
    #[error("the private key cannot be used: paste an RSA key in PEM form, from BEGIN to END")]
    Key,
    /// It is too early for a pass.
    #[error("the room opens 15 minutes before the meeting")]
    Early,
    /// It is too late for a pass.
    #[error("the meeting is over")]
    Over,
}

impl From<kalends_app::Error> for Error {
    fn from(error: kalends_app::Error) -> Self {
        Self::Setup(error)
    }
}

impl From<Error> for kalends_app::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Setup(error) => error,
            Error::Key => Self::new(Kind::AuthRevoked, error.to_string()),
            Error::Early => Self::new(Kind::PolicyDenied, error.to_string()),
            Error::Over => Self::new(Kind::Gone, error.to_string()),
        }
    }
}
