//! Where a booking can take place, and where it does.

use serde::{Deserialize, Serialize};

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
    },
    /// A room made by a conferencing app.
    App {
        /// The app's slug.
        app: String,
    },
}

impl Location {
    /// True when the guest must say a number or an address.
    pub const fn asks_guest(&self) -> bool {
        matches!(self, Self::GuestPlace | Self::GuestPhone)
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
    },
    /// A room of a conferencing app; its link arrives by itself.
    App {
        /// The app's slug.
        app: String,
        /// The guest's link, once it is known.
        url: Option<String>,
    },
}

impl BookedLocation {
    /// One line for calendars and mails; empty while nothing is known.
    pub fn line(&self) -> &str {
        match self {
            Self::Unspecified => "",
            Self::Address { address } => address,
            Self::Phone { number, .. } => number,
            Self::Link { url } => url,
            Self::App { url, .. } => url.as_deref().unwrap_or(""),
        }
    }

    /// The link to join by, if there is one yet.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Link { url } => Some(url),
            Self::App { url, .. } => url.as_deref(),
            _ => None,
        }
    }
}
