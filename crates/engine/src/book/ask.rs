//! What is asked of a booking, and what is answered.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kalends_domain::{Id, Uid, booking::Booking, event_type::Answers, people::User};

use crate::{Actor, slots::Which};

/// A new booking.
#[derive(Debug, Clone)]
pub struct BookAsk {
    /// What is booked.
    pub event_type: Which,
    /// When it starts.
    pub start: Timestamp,
    /// Minutes; the usual length when none is asked for.
    pub minutes: Option<u32>,
    /// Who books.
    pub booker: Booker,
    /// Email addresses of others who come along.
    pub guests: Vec<String>,
    /// Where; needed only when the event type offers several places or asks for a detail.
    pub location: Option<LocationChoice>,
    /// Answers to the questions.
    pub answers: Answers,
    /// What the booker wrote along.
    pub notes: String,
    /// Pairs an API client attaches.
    pub metadata: BTreeMap<String, String>,
    /// How many bookings of a series; the event type must repeat.
    pub times: Option<u32>,
    /// The guest's own hold, which the booking takes over.
    pub hold: Option<Uid>,
    /// Names this attempt: asked again with the same name, the first answer comes again.
    pub idempotency_key: Option<String>,
    /// Who books.
    pub actor: Actor,
    /// Which starts will do.
    pub bounds: Bounds,
}

impl BookAsk {
    /// A guest wants this start and says no more.
    pub fn new(event_type: Which, start: Timestamp, booker: Booker) -> Self {
        Self {
            event_type,
            start,
            minutes: None,
            booker,
            guests: Vec::new(),
            location: None,
            answers: Answers::new(),
            notes: String::new(),
            metadata: BTreeMap::new(),
            times: None,
            hold: None,
            idempotency_key: None,
            actor: Actor::Guest,
            bounds: Bounds::Offered,
        }
    }
}

/// Which starts will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bounds {
    /// Those offered to guests, and no other.
    #[default]
    Offered,
    /// Any time the hosts are free, outside their hours too: for hosts, refused to guests.
    AnyFreeTime,
}

/// Who books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booker {
    /// As they write it.
    pub name: String,
    /// Where the confirmation goes.
    pub email: String,
    /// IANA zone.
    pub zone: String,
    /// BCP 47 tag; empty means English.
    pub locale: String,
    /// A telephone number.
    pub phone: Option<String>,
}

/// The place the guest chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationChoice {
    /// Which of the event type's places.
    pub pick: LocationPick,
    /// The guest's address, telephone number or link, where the place asks for one.
    pub detail: String,
}

/// One of the event type's places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocationPick {
    /// By its place in the list, from 0: what a form sends.
    Nth(usize),
    /// The host's address.
    InPerson,
    /// The guest's address.
    GuestPlace,
    /// The host's telephone.
    HostPhone,
    /// The guest's telephone.
    GuestPhone,
    /// The fixed link.
    Link,
    /// Whatever place the guest says where it is, by address or link.
    GuestDefined,
    /// The room of this app, or the guest's link to it.
    App(String),
}

/// What was booked.
#[derive(Debug, Clone, PartialEq)]
pub struct Booked {
    /// One booking, or a whole series in order.
    pub bookings: Vec<Booking>,
    /// The seat's own name, where guests share a slot.
    pub seat: Option<Uid>,
    /// The answer of an earlier attempt with the same idempotency key.
    pub repeated: bool,
}

impl Booked {
    /// The booking, or the first of the series.
    pub fn first(&self) -> Option<&Booking> {
        self.bookings.first()
    }
}

/// Keeps a slot for a guest who types.
#[derive(Debug, Clone)]
pub struct HoldAsk {
    /// Of this event type.
    pub event_type: Which,
    /// When it starts.
    pub start: Timestamp,
    /// Minutes the slot lasts; the usual length when none is asked for.
    pub minutes: Option<u32>,
    /// Minutes it is kept; the event type's own number when none is asked for.
    pub keep: Option<u32>,
    /// A booking about to be moved there: its own time does not block (FB-07).
    pub rescheduling: Option<Uid>,
    /// Which starts will do.
    pub bounds: Bounds,
    /// Who asks.
    pub actor: Actor,
}

/// A kept slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its name: the booking names it to take it over.
    pub uid: Uid,
    /// The event type.
    pub event_type: Id<kalends_domain::event_type::EventType>,
    /// When it starts.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// Kept until then.
    pub until: Timestamp,
}

/// Moves a booking.
#[derive(Debug, Clone)]
pub struct RescheduleAsk {
    /// The booking.
    pub booking: Uid,
    /// Its new start.
    pub start: Timestamp,
    /// Why, in their words.
    pub reason: String,
    /// Minutes, when the guest chooses another length.
    pub minutes: Option<u32>,
    /// The guest's own hold on the new slot.
    pub hold: Option<Uid>,
    /// Who moves it.
    pub actor: Actor,
    /// Which starts will do.
    pub bounds: Bounds,
}

impl RescheduleAsk {
    /// To an offered start, with no reason given.
    pub const fn new(booking: Uid, start: Timestamp, actor: Actor) -> Self {
        let reason = String::new();
        Self { booking, start, reason, minutes: None, hold: None, actor, bounds: Bounds::Offered }
    }
}

/// Calls a booking off.
#[derive(Debug, Clone)]
pub struct CancelAsk {
    /// The booking.
    pub booking: Uid,
    /// How much of it.
    pub what: CancelWhat,
    /// Why, in their words.
    pub reason: String,
    /// Who calls it off.
    pub actor: Actor,
}

/// How much is called off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CancelWhat {
    /// This booking with everybody in it.
    #[default]
    Whole,
    /// One seat; the booking goes when its last seat does.
    Seat(Uid),
    /// This booking and all later ones of its series.
    Remaining,
}

/// Who did not come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Absences {
    /// The host; none leaves the mark as it is.
    pub host: Option<bool>,
    /// Attendees by email, and whether each was absent.
    pub attendees: Vec<(String, bool)>,
}

/// Gives a round-robin booking to another host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReassignAsk {
    /// The booking.
    pub booking: Uid,
    /// To this host; to the next in turn when none is named.
    pub to: Option<Id<User>>,
    /// Who does it.
    pub actor: Actor,
}
