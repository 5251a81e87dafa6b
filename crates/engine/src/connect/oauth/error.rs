//! Why somebody came back from a provider without a connection.

use kalends_app::Error;

/// Why somebody came back from a provider without a connection. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfinished {
    /// The question is over, was answered before, or was asked in another browser or for another app (OAU-02).
    #[error("This sign-in is over. Begin it again here; it takes a minute.")]
    Over,
    /// They said no there.
    #[error("You said no at the provider, so nothing was connected.")]
    Denied,
    /// An administrator at the provider must allow it first.
    #[error("An administrator of your organization at the provider must allow this app first.")]
    Approval,
    /// The answer is another provider's (OAU-03).
    #[error("The answer came from somewhere else than the provider, so it was not used. Begin again.")]
    Elsewhere,
    /// Something without which the app does not work was left out (OAU-07).
    #[error("Nothing was connected, because this was not allowed: {}. Begin again and leave it ticked.", .0.join(", "))]
    Scopes(Vec<String>),
    /// Nobody has entered our registration.
    #[error(
        "This server is not registered at the provider yet. An administrator has to enter the client id first."
    )]
    Unregistered,
    /// The provider does not take our registration: an administrator's problem.
    #[error("The provider does not take this server’s registration. An administrator has to look at it.")]
    Registration,
    /// The provider refused, or did not answer.
    #[error("{0}")]
    Refused(Error),
}

impl Unfinished {
    /// Stable, for programs and addresses.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Over => "over",
            Self::Denied => "denied",
            Self::Approval => "approval",
            Self::Elsewhere => "elsewhere",
            Self::Scopes(_) => "scopes",
            Self::Unregistered => "unregistered",
            Self::Registration => "registration",
            Self::Refused(_) => "refused",
        }
    }
}
