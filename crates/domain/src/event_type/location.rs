//! Where a booking can take place, and where it does.

use serde::{Deserialize, Serialize};

/// So many apps can follow one that makes no room.
pub const MOST_FALLBACKS: usize = 4;

/// A place an event type offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Location {
    /// At the host's address.
    InPerson {
        /// Street and town.
        address: String,
        /// Shown before booking.
        public: bool,
    },
    /// At an address the guest gives.
    GuestPlace,
    /// The guest calls this number.
    HostPhone {
        /// With country code.
        number: String,
        /// Shown before booking.
        public: bool,
    },
    /// The host calls a number the guest gives.
    GuestPhone,
    /// A fixed link.
    Link {
        /// An `https` address.
        url: String,
        /// Shown before booking.
        public: bool,
        /// The app whose room it is; none for any link.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app: Option<String>,
    },
    /// A link the guest gives, to somewhere an app knows.
    GuestLink {
        /// The app's slug.
        app: String,
    },
    /// A room made by a conferencing app.
    App {
        /// The app's slug.
        app: String,
        /// The apps that make the room when it cannot, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fallbacks: Vec<String>,
    },
}

impl Location {
    /// A room made by this app and no other.
    pub fn app(slug: impl Into<String>) -> Self {
        Self::App { app: slug.into(), fallbacks: Vec::new() }
    }

    /// True when the guest must say a number, an address or a link.
    pub const fn asks_guest(&self) -> bool {
        matches!(self, Self::GuestPlace | Self::GuestPhone | Self::GuestLink { .. })
    }
}

/// The place of one booking: what was chosen, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BookedLocation {
    /// Nothing was said.
    Unspecified,
    /// In person, at the host's or the guest's address.
    Address {
        /// Street and town.
        address: String,
    },
    /// By telephone.
    Phone {
        /// With country code.
        number: String,
        /// True when the host calls.
        host_calls: bool,
    },
    /// A fixed link.
    Link {
        /// An `https` address.
        url: String,
        /// The app whose room it is; none for any link.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app: Option<String>,
    },
    /// A room of a conferencing app; its link arrives by itself.
    App {
        /// The slug of the app that was chosen.
        app: String,
        /// The guest's link, once it is known.
        url: Option<String>,
        /// What guests type to join, where the room asks for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// The apps that make the room when the chosen one cannot, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fallbacks: Vec<String>,
        /// The app whose turn it is, where it is not the chosen one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead: Option<String>,
    },
}

impl BookedLocation {
    /// A room of this app, with no link yet and no other app to fall back on.
    pub fn app(slug: impl Into<String>) -> Self {
        Self::App { app: slug.into(), url: None, password: None, fallbacks: Vec::new(), instead: None }
    }

    /// The slug of the app that makes the room now.
    pub fn made_by(&self) -> Option<&str> {
        match self {
            Self::App { app, instead, .. } => Some(instead.as_deref().unwrap_or(app)),
            _ => None,
        }
    }

    /// Every app that may make the room, the chosen one first.
    pub fn apps(&self) -> impl Iterator<Item = &str> {
        let (app, fallbacks) = match self {
            Self::App { app, fallbacks, .. } => (Some(app.as_str()), fallbacks.as_slice()),
            _ => (None, [].as_slice()),
        };
        app.into_iter().chain(fallbacks.iter().map(String::as_str))
    }

    /// What guests type to join, where the room asks for it.
    pub fn password(&self) -> Option<&str> {
        match self {
            Self::App { password, .. } => password.as_deref(),
            _ => None,
        }
    }

    /// One line for calendars and mails; empty while nothing is known.
    pub fn line(&self) -> &str {
        match self {
            Self::Unspecified => "",
            Self::Address { address } => address,
            Self::Phone { number, .. } => number,
            Self::Link { url, .. } => url,
            Self::App { url, .. } => url.as_deref().unwrap_or(""),
        }
    }

    /// The link to join by, if there is one yet.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Link { url, .. } => Some(url),
            Self::App { url, .. } => url.as_deref(),
            _ => None,
        }
    }
}
