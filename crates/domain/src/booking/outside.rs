//! What somebody did in a calendar to an event of ours, and what becomes of its booking.

use serde::{Deserialize, Serialize};

use super::Booking;
use crate::{Span, people::CalendarChanges};

/// A booking's time is claimed by at most this; a longer event is a mistake, or no meeting any more.
const LONGEST: i64 = 24 * 3600;

/// An event of ours as it stands in a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "seen", rename_all = "snake_case")]
pub enum Seen {
    /// It stands there at this time.
    At {
        /// When.
        span: Span,
    },
    /// The calendar's owner said no to it.
    Declined,
    /// It was deleted or cancelled.
    Gone,
}

/// Why a change is not followed without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskWhy {
    /// The host wants to be asked.
    Wanted,
    /// There are other hosts, whose calendars say nothing of the kind.
    OtherHosts,
    /// It was moved to a time that has begun.
    Begun,
    /// It was made too short or too long.
    Length,
    /// Something else takes that time.
    Taken,
    /// The host does not work then.
    Hours,
}

impl AskWhy {
    /// In a sentence for the host.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Wanted => "The guest does not know of it yet.",
            Self::OtherHosts => "Others host it too, so nothing was changed.",
            Self::Begun => "That time has begun, so the booking cannot follow.",
            Self::Length => "No booking can be that short or that long.",
            Self::Taken => "Something else takes that time, so the booking stayed.",
            Self::Hours => "You do not work then, so the booking stayed.",
        }
    }
}

/// What becomes of a booking whose event was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heed {
    /// Nothing: it stands as it was written, or nobody wants to hear of it.
    Nothing,
    /// The booking moves there too.
    Move(Span),
    /// The booking is called off.
    Cancel,
    /// The host is asked.
    Ask(AskWhy),
}

impl Booking {
    /// What becomes of it when its event in a host's calendar is seen like this.
    ///
    /// The event is one we wrote for the booking as it is now; what was written before says nothing.
    pub fn heed(&self, seen: Seen, wish: CalendarChanges, now: i64) -> Heed {
        let same = seen == Seen::At { span: self.span };
        if same || !self.state.is_confirmed() || self.span.end <= now || wish == CalendarChanges::Ignore {
            return Heed::Nothing;
        }
        let ask = match seen {
            _ if wish == CalendarChanges::Ask => Some(AskWhy::Wanted),
            _ if self.hosts.len() > 1 => Some(AskWhy::OtherHosts),
            Seen::At { span } => unfit(span, now),
            Seen::Declined | Seen::Gone => None,
        };
        match (ask, seen) {
            (Some(why), _) => Heed::Ask(why),
            (None, Seen::At { span }) => Heed::Move(span),
            (None, Seen::Declined | Seen::Gone) => Heed::Cancel,
        }
    }
}

/// Why no booking can take place at this time, whatever its host wants.
pub const fn unfit(span: Span, now: i64) -> Option<AskWhy> {
    if span.start <= now {
        return Some(AskWhy::Begun);
    }
    let length = span.end - span.start;
    // Bookings are measured in minutes.
    if length < 60 || length > LONGEST || length % 60 != 0 {
        return Some(AskWhy::Length);
    }
    None
}
