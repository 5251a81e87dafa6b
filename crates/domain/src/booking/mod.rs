//! A booking: the agreement between hosts and guests.

mod change;
mod outside;
mod state;

use jiff::{Timestamp, civil::DateTime};
use serde::{Deserialize, Serialize};

pub use self::{
    change::{Effect, Event, Message, Refused, Rules},
    outside::{AskWhy, Heed, Seen, unfit},
    state::{By, State, Status},
};
use crate::{
    Id, Span, Uid,
    event_type::{Answers, BookedLocation, EventType},
    people::{Organization, User},
    zone::Zone,
};

/// One booking, as it is now. Moving it keeps its uid and counts its revision up.
#[derive(Debug, Clone, PartialEq)]
pub struct Booking {
    /// The row.
    pub id: Id<Self>,
    /// The same, as the v2 API says it.
    pub number: i64,
    /// Its name in addresses, and its iCalendar UID.
    pub uid: Uid,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// What was booked.
    pub event_type: Id<EventType>,
    /// What it is called in calendars.
    pub title: String,
    /// When.
    pub span: Span,
    /// The organizer's zone when it was agreed: the wall time there is the promise (TZ-01).
    pub zone: String,
    /// What clocks in that zone showed at its start when it was agreed.
    pub wall: DateTime,
    /// Where it stands.
    pub state: State,
    /// Counts changes that others must hear of; the iTIP SEQUENCE.
    pub revision: u32,
    /// The organizer: the host guests deal with.
    pub host: Id<User>,
    /// All hosts, the organizer first.
    pub hosts: Vec<Id<User>>,
    /// Who comes; the booker first.
    pub attendees: Vec<Attendee>,
    /// Where it takes place.
    pub location: BookedLocation,
    /// What the booker answered.
    pub answers: Answers,
    /// What a guest wrote along.
    pub notes: String,
    /// Pairs an API client attached.
    pub metadata: std::collections::BTreeMap<String, String>,
    /// Bookings of one series share this.
    pub series: Option<Uid>,
    /// What happened after the time was over.
    pub marks: Marks,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Somebody who comes, besides the hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// The seat's own name where guests share a slot: their links use it.
    pub seat: Option<Uid>,
    /// As they wrote it.
    pub name: String,
    /// Lower case.
    pub email: String,
    /// IANA zone their mails are written in.
    pub zone: String,
    /// BCP 47 tag their mails are written in.
    pub locale: String,
    /// A telephone number, if they gave one.
    pub phone: Option<String>,
    /// Brought along by the booker, who alone can move and cancel.
    pub extra: bool,
    /// Did not come.
    pub absent: bool,
}

/// What happened after the time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// The host did not come.
    pub host_absent: bool,
}

impl Booking {
    /// Where it stands at `now`: a confirmed booking whose end is over is completed.
    pub fn status(&self, now: Timestamp) -> Status {
        self.state.status(self.span, now)
    }

    /// It is agreed for this time, in this zone.
    pub fn agree(&mut self, span: Span, zone: &Zone) {
        self.span = span;
        zone.name().clone_into(&mut self.zone);
        self.wall = zone.wall(span.start);
    }

    /// The agreed local time by the rules of its zone now, where that is no longer when it is booked (TZ-02).
    pub fn shifted(&self) -> Option<Span> {
        let start = Zone::parse(&self.zone).ok()?.promised(self.wall, self.span.start);
        (start != self.span.start).then(|| Span::new(start, start + self.span.len()))
    }

    /// Who booked.
    pub fn booker(&self) -> Option<&Attendee> {
        self.attendees.first()
    }
}
