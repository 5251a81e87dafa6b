//! The tables, one file for each thing that is kept.

mod allowances;
mod audit;
mod bookings;
mod calendars;
mod channels;
mod claims;
mod credentials;
mod deliveries;
mod event_types;
mod flights;
mod holds;
mod hooks;
mod idempotency;
mod installations;
mod jobs;
mod lives;
mod notices;
mod oauth;
mod outside;
mod people;
mod references;
mod schedules;
mod sessions;
mod settings;

pub use self::{
    allowances::Allowances,
    audit::{Audit, Deed},
    bookings::{Agreed, Booked, BookingEvent, Bookings, Compared, Filter, Happened, Listed, Order, Page},
    calendars::{Calendar, Calendars, FailurePolicy, Freshness, MirrorBusy, MirrorEvent},
    channels::{CalendarChannel, ChannelState, Channels},
    claims::{Ask, Claimed, ClaimedTime, Claims, Overlap, Owner, Seat},
    credentials::{Credential, Credentials},
    deliveries::{Deliveries, Delivery, NewDelivery, Sent},
    event_types::{EventTypes, Turn},
    flights::{Flight, Flights, LineOf, Mark, Recorded, Step},
    holds::{Hold, Holds},
    hooks::{Hook, Hooks, Inbound, InboundEvent, RefusedNotices},
    idempotency::{Idempotency, Seen},
    installations::{Connection, Health, Installation, Installations, Scope},
    jobs::{Dead, Job, Jobs, NewJob},
    lives::{Life, Removed},
    notices::{Notices, RawNotice},
    oauth::{Flow, Grant, OAuth, Registration},
    outside::{Answered, ConflictAnswer, LaidOver, OutsideChange, OutsideChanges},
    people::People,
    references::{Applied, Following, Reference, References, Standing, Wanted},
    schedules::{Away, Schedules, Stay, StoredSchedule},
    sessions::{ApiKey, Session, Sessions, Token},
    settings::Settings,
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
    /// Allowances of a day at a provider.
    allowances: Allowances,
    /// Who did what.
    audit: Audit,
    /// Mirrors of external calendars.
    calendars: Calendars,
    /// Channels by which calendars tell of changes.
    channels: Channels,
    /// Sealed secrets.
    credentials: Credentials,
    /// Messages to people, one row each.
    deliveries: Deliveries,
    /// Calls to the outside, redacted.
    flights: Flights,
    /// Where providers reach us, and what they told.
    hooks: Hooks,
    /// Enabled apps and the health of their accounts.
    installations: Installations,
    /// Providers' notices as they came.
    notices: Notices,
    /// Sign-ins at providers.
    oauth: OAuth,
    /// What was done in calendars to events of ours.
    outside_changes: OutsideChanges,
    /// What bookings have outside.
    references: References,
    /// Settings of the whole server.
    settings: Settings,
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
