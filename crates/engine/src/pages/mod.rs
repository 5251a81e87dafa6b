//! What guest pages are made of.

mod read;

use kalends_domain::{
    Id,
    event_type::{EventType, LinkRefused},
    people::{Organization, Profile, Slug, Team, User},
};

use crate::{book::Person, connect::Apps};

/// A host's or a team's page.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfilePage {
    /// Whose.
    pub owner: PageOwner,
    /// What can be booked, in the owner's order; hidden ones left out.
    pub event_types: Vec<EventType>,
}

/// Whose page it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOwner {
    /// One person's.
    User {
        /// The row.
        id: Id<User>,
        /// Their part of the address.
        slug: Slug,
        /// As guests see it.
        name: String,
        /// How the page looks, and a few words.
        profile: Profile,
    },
    /// A team's.
    Team {
        /// The row.
        id: Id<Team>,
        /// Its part of the address.
        slug: Slug,
        /// As guests see it.
        name: String,
        /// Who belongs to it.
        members: Vec<Person>,
    },
}

impl PageOwner {
    /// Its part of the address.
    pub const fn slug(&self) -> &Slug {
        match self {
            Self::User { slug, .. } | Self::Team { slug, .. } => slug,
        }
    }

    /// As guests see it.
    pub fn name(&self) -> &str {
        match self {
            Self::User { name, .. } | Self::Team { name, .. } => name,
        }
    }
}

/// The page of one event type.
#[derive(Debug, Clone, PartialEq)]
pub struct EventTypePage {
    /// What can be booked.
    pub event_type: EventType,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Whose page it is on.
    pub owner: PageOwner,
    /// Who can be booked through it.
    pub hosts: Vec<Person>,
    /// The zone of the hours; where the first host is.
    pub zone: String,
    /// Reached through this private link.
    pub link: Option<kalends_domain::Uid>,
    /// The apps of this build: its places may be theirs.
    pub apps: Apps,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Nobody and nothing has this address.
    #[error("There is nothing at this address. Check the link, or ask your host for a new one.")]
    NotFound,
    /// A private link that does not book any more.
    #[error(transparent)]
    Link(#[from] LinkRefused),
    /// Our own trouble.
    #[error("Something went wrong on our side. Try again.")]
    Trouble(#[from] crate::Trouble),
}

impl PageError {
    /// Stable, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "page_not_found",
            Self::Link(_) => "link_refused",
            Self::Trouble(_) => "internal",
        }
    }
}
