//! What can be asked of claims, and what is answered.

use jiff::Timestamp;
use kalends_domain::{
    Id, Span,
    booking::Booking,
    people::{Organization, User},
};

use super::super::Hold;
use crate::{Result, Value, port::broken};

/// Whose claim it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// A booking's.
    Booking(Id<Booking>),
    /// A hold's.
    Hold(Id<Hold>),
}

/// A wish for time.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Where the hosts belong.
    pub organization: Id<Organization>,
    /// All of these, or none.
    pub hosts: Vec<Id<User>>,
    /// The time, widened by the buffers.
    pub span: Span,
    /// For whom.
    pub owner: Owner,
    /// It ends by itself: a hold, or a booking that waits for money.
    pub until: Option<Timestamp>,
    /// This owner's claims give way, and are gone when the new one is made: a move, or a hold that becomes a booking.
    pub instead_of: Option<Owner>,
    /// A seat in a slot that others may share.
    pub seat: Option<Seat>,
    /// Events in the hosts' calendars are in the way, too.
    pub clear_of_calendars: bool,
}

/// Seats in one slot: claims with the same key lie over each other up to the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Names the slot: event type and start.
    pub key: String,
    /// Wanted.
    pub count: u32,
    /// There are so many in all.
    pub of: u32,
}

impl Ask {
    /// Time for a booking, for good.
    pub fn booking(
        organization: Id<Organization>,
        booking: Id<Booking>,
        hosts: &[Id<User>],
        span: Span,
    ) -> Self {
        Self {
            organization,
            hosts: hosts.to_vec(),
            span,
            owner: Owner::Booking(booking),
            until: None,
            instead_of: None,
            seat: None,
            clear_of_calendars: false,
        }
    }

    /// Time for a hold, until it ends.
    pub fn hold(
        organization: Id<Organization>,
        hold: Id<Hold>,
        hosts: &[Id<User>],
        span: Span,
        until: Timestamp,
    ) -> Self {
        Self {
            organization,
            hosts: hosts.to_vec(),
            span,
            owner: Owner::Hold(hold),
            until: Some(until),
            instead_of: None,
            seat: None,
            clear_of_calendars: false,
        }
    }

    /// The same, taking over what this owner has.
    #[must_use]
    pub fn instead_of(mut self, owner: Owner) -> Self {
        self.instead_of = Some(owner);
        self
    }

    /// The same, where no calendar of the hosts' that blocks has anything.
    #[must_use]
    pub const fn clear_of_calendars(mut self) -> Self {
        self.clear_of_calendars = true;
        self
    }

    /// The same, as a seat among others.
    #[must_use]
    pub fn seat(mut self, seat: Seat) -> Self {
        self.seat = Some(seat);
        self
    }
}

/// What came of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Claimed {
    /// It is theirs.
    Made,
    /// Somebody has it; nothing was changed.
    Taken {
        /// Of this host.
        host: Id<User>,
        /// The time that was wished for: of a series, which one.
        span: Span,
    },
}

/// Two claims of one host that share time: there must be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// Whose time.
    pub host: Id<User>,
    /// One claim.
    pub one: (String, Span),
    /// The other.
    pub other: (String, Span),
}

/// One claimed time, as read for slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedTime {
    /// Widened by buffers.
    pub span: Span,
    /// Whose.
    pub owner: Owner,
    /// It ends by itself then.
    pub until: Option<Timestamp>,
    /// The slot whose seats it is part of.
    pub shared: Option<String>,
    /// How many seats.
    pub seats: u32,
}

impl From<Owner> for Value {
    fn from(owner: Owner) -> Self {
        owner.key().into()
    }
}

impl Owner {
    pub(super) fn key(self) -> String {
        match self {
            Self::Booking(id) => format!("b{id}"),
            Self::Hold(id) => format!("h{id}"),
        }
    }

    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Booking(_) => "booking",
            Self::Hold(_) => "hold",
        }
    }

    pub(super) fn parse(key: &str) -> Result<Self> {
        let id = key.get(1..).unwrap_or_default();
        let read = match key.as_bytes().first() {
            Some(b'b') => id.parse().map(Self::Booking),
            _ => id.parse().map(Self::Hold),
        };
        read.map_err(|error| broken("owner_id", &error))
    }
}
