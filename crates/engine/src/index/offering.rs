//! An event type with everything needed to book it, kept in memory.

use std::sync::Arc;

use kalends_domain::{
    Id, Span,
    availability::{Schedule, Source, Weekday},
    booking::Booking,
    event_type::{self, EventType, Host},
    people::User,
    zone::Zone,
};

use kalends_store::repo::Owner;

use super::source_of;
use crate::{PageOwner, book::Person};

/// An event type, its owner and its hosts.
#[derive(Debug)]
pub(crate) struct Offering {
    /// The event type.
    pub event_type: EventType,
    /// Whose page it is on.
    pub owner: PageOwner,
    /// Who can be booked, in the event type's order; who may no longer be booked is left out.
    pub hosts: Vec<Bookable>,
    /// The zone its days and limits are counted in: the first host's hours'.
    pub zone: Zone,
    /// The first day of a week, for limits.
    pub week_start: Weekday,
}

/// A host with the hours that count for one event type.
#[derive(Debug)]
pub(crate) struct Bookable {
    /// How they take part.
    pub host: Host,
    /// Who they are.
    pub person: Person,
    /// Their hours here.
    pub hours: Arc<Schedule>,
}

impl Offering {
    /// The hosts' rows.
    pub fn users(&self) -> Vec<Id<User>> {
        self.hosts.iter().map(|one| one.host.user).collect()
    }

    /// True when a change of this user may change it.
    pub fn concerns(&self, user: Id<User>) -> bool {
        self.event_type.owner == event_type::Owner::User(user)
            || self.event_type.hosts.iter().any(|host| host.user == user)
    }

    /// True when some rule counts what is booked.
    pub fn counts(&self) -> bool {
        let settings = &self.event_type.settings;
        settings.seats.is_some()
            || !settings.limits.bookings.is_empty()
            || !settings.limits.minutes.is_empty()
    }
}

/// What is booked of one event type, where a rule counts it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Live bookings.
    pub booked: Vec<Counted>,
    /// Whose hosts' times it rests on.
    pub hosts: Vec<Id<User>>,
    /// The first hold in it ends then.
    pub good_until: i64,
}

impl Tally {
    /// The booking behind a source.
    pub fn booking(&self, source: Source) -> Option<Owner> {
        let found = self.booked.iter().find(|one| source_of(one.booking) == source)?;
        Some(Owner::Booking(found.booking))
    }
}

/// One live booking of an event type.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    /// Which.
    pub booking: Id<Booking>,
    /// When.
    pub span: Span,
    /// Seats taken in it, holds included.
    pub seats: u32,
    /// Holds among them: a guest's own takes nothing from them.
    pub holds: Vec<Source>,
}
