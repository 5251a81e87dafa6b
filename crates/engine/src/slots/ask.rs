//! What is asked of the slots, and what is answered.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use kalends_domain::{
    Id, Uid,
    event_type::EventType,
    people::{Organization, Slug, User},
};

use crate::Invalid;

/// Which event type is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// By its row.
    Id(Id<EventType>),
    /// By the number the v2 API says.
    Number(i64),
    /// By its address: the owner's page (a user's or a team's) and its own part.
    Page {
        /// Where the page is.
        organization: Id<Organization>,
        /// The user's username or the team's slug.
        owner: Slug,
        /// The event type's slug.
        slug: Slug,
    },
    /// By a private link.
    Link(Uid),
}

/// What slots are wanted.
#[derive(Debug, Clone)]
pub struct SlotsAsk {
    /// Of this event type.
    pub event_type: Which,
    /// From here…
    pub from: Timestamp,
    /// … to there, at most [`SlotsAsk::LONGEST_DAYS`] later.
    pub until: Timestamp,
    /// The guest's IANA zone: groups the slots by date and sets the grid.
    pub zone: String,
    /// Minutes; the usual length when none is asked for.
    pub minutes: Option<u32>,
    /// A booking about to be moved: its own time does not block (FB-07).
    pub rescheduling: Option<Uid>,
    /// The guest's own hold does not block either.
    pub hold: Option<Uid>,
}

impl SlotsAsk {
    /// The longest window answered at once.
    pub const LONGEST_DAYS: i64 = 366;
}

/// The slots of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    /// Of this event type.
    pub event_type: Id<EventType>,
    /// Minutes each lasts.
    pub minutes: u32,
    /// By date in the guest's zone, ascending; dates without slots are left out.
    pub days: BTreeMap<Date, Vec<Offer>>,
    /// Hosts whose calendars are unknown: nothing is offered for them.
    pub withheld: Vec<Withheld>,
}

/// A start that can be booked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// When it starts.
    pub start: Timestamp,
    /// Free and all seats, where guests share a slot.
    pub seats: Option<SeatsLeft>,
}

/// How full a shared slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatsLeft {
    /// Still free.
    pub left: u32,
    /// In all.
    pub count: u32,
}

/// A host left out because a calendar of theirs is not known well enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Who.
    pub host: Id<User>,
    /// As guests know them.
    pub name: String,
    /// The calendar, as its owner named it: for the host's eyes only.
    pub calendar: String,
    /// Last read successfully, if ever.
    pub fresh_at: Option<Timestamp>,
}

/// Why there is no answer about slots.
#[derive(Debug, thiserror::Error)]
pub enum SlotsError {
    /// No such event type, or it is not for the public.
    #[error("This event type does not exist any more. Ask your host for a new link.")]
    NotFound,
    /// A private link that does not book any more.
    #[error(transparent)]
    Link(#[from] kalends_domain::event_type::LinkRefused),
    /// Something in the question will not do.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// Our own trouble.
    #[error("Something went wrong on our side. Try again.")]
    Trouble(#[from] crate::Trouble),
}

impl SlotsError {
    /// Stable, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "event_type_not_found",
            Self::Link(_) => "link_refused",
            Self::Invalid(_) => "invalid_input",
            Self::Trouble(_) => "internal",
        }
    }
}

/// Why an instant is, or is not, offered: one line a reason, in words for the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Offered to guests now.
    pub offered: bool,
    /// One sentence that sums up.
    pub verdict: String,
    /// Host by host.
    pub hosts: Vec<HostExplanation>,
}

/// What one host's hours and calendars say about an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostExplanation {
    /// Who.
    pub host: Id<User>,
    /// As guests know them.
    pub name: String,
    /// Free then.
    pub free: bool,
    /// Each names its rule, calendar, booking, buffer or limit.
    pub reasons: Vec<String>,
}
