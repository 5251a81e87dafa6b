//! The states of a booking.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Span;

/// Where a booking stands, with what is true only then. Changed by [`State::step`] alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// The guest is to pay; the time is theirs until then.
    AwaitingPayment {
        /// The claim ends here.
        until: Timestamp,
    },
    /// A host is to say yes; the time is kept.
    AwaitingConfirmation {
        /// Asked then.
        since: Timestamp,
        /// Money came in before.
        paid: bool,
    },
    /// It takes place.
    Confirmed {
        /// Agreed then.
        since: Timestamp,
        /// Money came in before.
        paid: bool,
    },
    /// It does not take place any more.
    Cancelled {
        /// When it was called off.
        at: Timestamp,
        /// By whom.
        by: By,
        /// Why, in their words.
        reason: String,
    },
    /// A host said no.
    Rejected {
        /// When.
        at: Timestamp,
        /// Why, in their words.
        reason: String,
    },
}

/// Who changed a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The booker, or one who holds a seat.
    Guest,
    /// A host, or somebody who manages for them.
    Host,
    /// A calendar in which it was moved or deleted.
    Calendar,
    /// Time: a payment or an answer that never came.
    Timeout,
}

/// Where a booking stands, in one word: how lists are cut and what the API says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for money.
    AwaitingPayment,
    /// Waits for a host.
    AwaitingConfirmation,
    /// Will take place.
    Confirmed,
    /// Took place.
    Completed,
    /// Was called off.
    Cancelled,
    /// Was refused.
    Rejected,
}

impl Status {
    /// As it is stored and written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingPayment => "awaiting_payment",
            Self::AwaitingConfirmation => "awaiting_confirmation",
            Self::Confirmed => "confirmed",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }
}

impl State {
    /// The stored word; never `completed`, which is a matter of the clock.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::AwaitingPayment { .. } => "awaiting_payment",
            Self::AwaitingConfirmation { .. } => "awaiting_confirmation",
            Self::Confirmed { .. } => "confirmed",
            Self::Cancelled { .. } => "cancelled",
            Self::Rejected { .. } => "rejected",
        }
    }

    /// In one word, at `now`.
    pub fn status(&self, span: Span, now: Timestamp) -> Status {
        match self {
            Self::AwaitingPayment { .. } => Status::AwaitingPayment,
            Self::AwaitingConfirmation { .. } => Status::AwaitingConfirmation,
            Self::Confirmed { .. } if span.end <= now.as_second() => Status::Completed,
            Self::Confirmed { .. } => Status::Confirmed,
            Self::Cancelled { .. } => Status::Cancelled,
            Self::Rejected { .. } => Status::Rejected,
        }
    }

    /// True while the hosts' time is claimed.
    pub const fn claims_time(&self) -> bool {
        !matches!(self, Self::Cancelled { .. } | Self::Rejected { .. })
    }

    /// True when others have been told that it takes place.
    pub const fn is_confirmed(&self) -> bool {
        matches!(self, Self::Confirmed { .. })
    }
}
