//! The tables, one file for each thing that is kept.

mod bookings;
mod claims;
mod event_types;
mod holds;
mod idempotency;
mod jobs;
mod people;
mod schedules;
mod sessions;

pub use self::{
    bookings::{Booked, BookingEvent, Bookings, Filter, Happened, Listed, Order, Page},
    claims::{Ask, Claimed, ClaimedTime, Claims, Overlap, Owner, Seat},
    event_types::{EventTypes, Turn},
    holds::{Hold, Holds},
    idempotency::{Idempotency, Seen},
    jobs::{Dead, Job, Jobs, NewJob},
    people::People,
    schedules::{Away, Schedules, Stay, StoredSchedule},
    sessions::{ApiKey, Session, Sessions, Token},
};
use crate::Tx;

macro_rules! repositories {
    ($($(#[$doc:meta])* $name:ident: $type:ident),* $(,)?) => {
        impl Tx {
            $($(#[$doc])* pub fn $name(&mut self) -> $type<'_> {
                $type { tx: self }
            })*
        }
    };
}

repositories! {
    /// Bookings, their hosts and attendees, their history.
    bookings: Bookings,
    /// Who owns which time of a host.
    claims: Claims,
    /// Event types, their hosts, private links.
    event_types: EventTypes,
    /// Slots kept while a guest types.
    holds: Holds,
    /// What was answered to requests that may come again.
    idempotency: Idempotency,
    /// Work to be done after the commit.
    jobs: Jobs,
    /// Organizations, users, teams.
    people: People,
    /// Weekly hours, and out of office.
    schedules: Schedules,
    /// Sign-ins, one-time tokens, API keys.
    sessions: Sessions,
}

/// A value as JSON text. Values of the domain always have one.
fn json<T: serde::Serialize>(value: &T) -> crate::Result<String> {
    serde_json::to_string(value).map_err(|error| crate::Error::Unfit(error.to_string()))
}
