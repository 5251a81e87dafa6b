//! An app's manifest, `app.toml`: everything about it that is data.

mod address;
mod api;
mod check;
mod parse;
mod place;
mod scope;
mod setup;
mod shortcut;
mod tag;

use std::{collections::BTreeMap, num::NonZeroU32};

use serde::Deserialize;
use url::Url;

use crate::oauth::OAuth;

pub use self::{
    api::ApiNames,
    check::{Filled, WrongField},
    parse::ManifestError,
    place::{Asks, LinkPattern, Place},
    scope::Scope,
    setup::{Choice, Field, Hint, Input, When},
    shortcut::Shortcut,
    tag::{Consent, Load, Placed, Tag},
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
    /// For whom it can be set up: one word or several.
    #[serde(rename = "scope", default = "scope::usual", deserialize_with = "scope::one_or_more")]
    pub scopes: Vec<Scope>,
    /// How clients of the REST API know it.
    #[serde(default)]
    pub api: ApiNames,
    /// Pages to read on.
    #[serde(default)]
    pub links: Links,
    /// What it may do, in plain words, as the connect page lists it.
    pub may: Vec<String>,
    /// Apps that must be there too.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// Calendar apps in whose events it can make its rooms.
    #[serde(default)]
    pub beside: Vec<String>,
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
    /// The links an app of kind `location` takes.
    #[serde(rename = "location")]
    pub place: Option<Place>,
    /// What an app of kind `tag` puts on booking pages.
    pub tag: Option<Tag>,
    /// Where an app of kind `link` leads.
    #[serde(rename = "link")]
    pub shortcut: Option<Shortcut>,
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
    /// A place that is a link its owner has already.
    Location,
    /// Something public booking pages load.
    Tag,
    /// A way out to something that works with this server by itself.
    Link,
}

impl AppKind {
    /// Its word in addresses and pages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Conference => "conference",
            Self::Messenger => "messenger",
            Self::Location => "location",
            Self::Tag => "tag",
            Self::Link => "link",
        }
    }

    /// True when a manifest alone makes an app of this kind.
    pub const fn is_data(self) -> bool {
        matches!(self, Self::Location | Self::Tag | Self::Link)
    }
}

impl Manifest {
    /// True when it is all there is of its app: no code stands behind it.
    pub fn is_data(&self) -> bool {
        self.kinds.iter().all(|kind| kind.is_data())
    }
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
    /// A key as the password of a name that is the same for everybody.
    BasicKey {
        /// The name, itself.
        name: String,
        /// The secret field with the key.
        key: String,
    },
    /// A fixed token in a header of the provider's own.
    Header {
        /// The header's name.
        header: String,
        /// The secret field with the token.
        token: String,
    },
    /// A token its owner granted at the provider (RFC 6749).
    Oauth2(Box<OAuth>),
}

impl Auth {
    /// How the provider does OAuth 2, if it does.
    pub fn oauth(&self) -> Option<&OAuth> {
        if let Self::Oauth2(oauth) = self { Some(oauth) } else { None }
    }
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
    /// Of them such as change something; 0 where all may.
    pub concurrent_writes: u32,
    /// Rooms made or changed in a day, by UTC, for one host; 0 where it is not limited.
    pub daily_writes: u32,
}

/// An account's pace as an operator knows it better; what is left out stays as the manifest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnPace {
    /// Requests in a second, over time.
    pub per_second: Option<NonZeroU32>,
    /// Requests at once after a pause.
    pub burst: Option<NonZeroU32>,
    /// Requests under way together.
    pub concurrent: Option<NonZeroU32>,
}

impl Quota {
    /// The same at the operator's pace.
    #[must_use]
    pub fn at(self, own: OwnPace) -> Self {
        let or = |own: Option<NonZeroU32>, figure| own.map_or(figure, NonZeroU32::get);
        Self {
            per_second: or(own.per_second, self.per_second),
            burst: or(own.burst, self.burst),
            concurrent: or(own.concurrent, self.concurrent),
            ..self
        }
    }
}

impl Default for Quota {
    fn default() -> Self {
        Self { per_second: 10, burst: 20, concurrent: 4, concurrent_writes: 0, daily_writes: 0 }
    }
}

#[cfg(test)]
mod tests;
