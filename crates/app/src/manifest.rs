//! An app's manifest, `app.toml`: everything about it that is data.

mod address;
mod check;
mod parse;
mod setup;

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

pub use self::{
    check::{Filled, WrongField},
    parse::ManifestError,
    setup::{Choice, Field, Hint, Input, When},
};

/// What an app says about itself.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The folder's name.
    pub slug: String,
    /// As the shop window shows it.
    pub name: String,
    /// One line below the name.
    pub tagline: String,
    /// Some plain sentences.
    pub description: String,
    /// What it can be used as.
    pub kinds: Vec<AppKind>,
    /// The shelves it stands on.
    pub categories: Vec<String>,
    /// Who made it.
    pub publisher: String,
    /// Who can set it up.
    #[serde(default)]
    pub scope: Scope,
    /// Pages to read on.
    #[serde(default)]
    pub links: Links,
    /// What it may do, in plain words, as the connect page lists it.
    pub may: Vec<String>,
    /// Apps that must be there too.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// How its requests are signed.
    #[serde(default)]
    pub auth: Auth,
    /// The setup form's fields in order.
    #[serde(default)]
    pub setup: Vec<Field>,
    /// Base addresses by name; an operator may override them, a form never (ALL-01).
    #[serde(default, deserialize_with = "address::named")]
    pub endpoints: BTreeMap<String, Url>,
    /// How much the provider allows one account.
    #[serde(default)]
    pub quota: Quota,
}

/// What an app can be used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppKind {
    /// Busy times and events.
    Calendar,
    /// Places to meet.
    Conference,
    /// Messages to people.
    Messenger,
}

impl AppKind {
    /// Its word in addresses and pages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Conference => "conference",
            Self::Messenger => "messenger",
        }
    }
}

/// Who sets an app up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Every user for themselves.
    #[default]
    User,
    /// An administrator for the whole organization.
    Organization,
}

/// Pages to read on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// The provider's own.
    #[serde(default, deserialize_with = "address::one")]
    pub website: Option<Url>,
    /// How to set it up.
    #[serde(default, deserialize_with = "address::one")]
    pub help: Option<Url>,
    /// The provider's privacy statement.
    #[serde(default, deserialize_with = "address::one")]
    pub privacy: Option<Url>,
}

/// How requests are signed. Names are setup fields.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(tag = "scheme", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// A name and a password with each request.
    Basic {
        /// The field with the name.
        user: String,
        /// The secret field with the password.
        password: String,
    },
    /// A fixed token with each request.
    Bearer {
        /// The secret field with the token.
        token: String,
    },
}

/// How much the provider allows one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quota {
    /// Requests in a second, over time.
    pub per_second: u32,
    /// Requests at once after a pause.
    pub burst: u32,
    /// Requests under way together.
    pub concurrent: u32,
}

impl Default for Quota {
    fn default() -> Self {
        Self { per_second: 10, burst: 20, concurrent: 4 }
    }
}

#[cfg(test)]
mod tests;
