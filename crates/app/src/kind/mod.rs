//! The kinds of apps: one file each, with the trait authors write and the twin the engine holds.

pub mod calendar;
pub mod conference;
pub mod messenger;
pub mod watch;

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a provider calls a thing. Opaque: kept and handed back, never read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RemoteId(pub String);

impl RemoteId {
    /// Takes the provider's text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The provider's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a first, cheap, read-only call found (ALL-13).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Whose account it is, as its owner would say it: a name or an address.
    pub identity: String,
    /// The account's own id there, which stays when its name changes; the identity where there is none (OAU-15).
    #[serde(default)]
    pub subject: Option<String>,
    /// Settings worth keeping (a discovered address): merged over the installation's.
    pub found: serde_json::Map<String, serde_json::Value>,
    /// The account's zone, if the provider says.
    pub zone: Option<String>,
}

impl Probe {
    /// An account of this name, nothing else found.
    pub fn of(identity: impl Into<String>) -> Self {
        Self { identity: identity.into(), ..Self::default() }
    }
}
