//! Bookings as they are looked at: one, a page of many, and what became of them outside.

use jiff::Timestamp;
use kalends_domain::{
    Id, Uid,
    booking::{Booking, By},
    event_type::EventType,
    people::{Slug, Team, User},
};

use super::{Order, view::party};
use crate::Member;

/// One booking with everything a page or the API says about it.
#[derive(Debug, Clone, PartialEq)]
pub struct BookingView {
    /// The booking itself.
    pub booking: Booking,
    /// What was booked.
    pub event_type: EventTypeBrief,
    /// All hosts, the organizer first.
    pub hosts: Vec<Person>,
    /// What the guest may still do.
    pub may: GuestMay,
    /// The seat by whose uid it was asked for.
    pub seat: Option<Uid>,
}

impl BookingView {
    /// As much of it as they may see: hosts and those who manage see all, guests who share a slot each other only
    /// where the event type lets them.
    #[must_use]
    pub fn seen_by(mut self, member: Option<Member>) -> Self {
        let hosts = member.is_some_and(|member| {
            member.organization == self.booking.organization
                && (self.booking.hosts.contains(&member.user) || member.role.manages())
        });
        if hosts || self.event_type.seats.is_none_or(|seats| seats.show_guests) {
            return self;
        }
        let own = self.seat.as_ref().map(|seat| party(&self.booking, seat)).unwrap_or_default();
        if own.first().is_none_or(|first| self.booking.booker() != Some(first)) {
            // Somebody else wrote these.
            self.booking.answers.clear();
            self.booking.notes.clear();
            self.booking.metadata.clear();
        }
        self.booking.attendees = own;
        self
    }
}

/// An event type in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTypeBrief {
    /// The row.
    pub id: Id<EventType>,
    /// The same, as the v2 API says it.
    pub number: i64,
    /// Its part of the address.
    pub slug: Slug,
    /// The page it is on: a username or a team's slug.
    pub owner: Slug,
    /// As guests see it.
    pub title: String,
    /// Guests share its slots.
    pub seats: Option<kalends_domain::event_type::Seats>,
}

/// A user as others see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The row.
    pub id: Id<User>,
    /// The same, as the v2 API says it.
    pub number: i64,
    /// As guests see it.
    pub name: String,
    /// Where mails to them go.
    pub email: String,
    /// Their page's address.
    pub username: Slug,
    /// IANA zone.
    pub zone: String,
}

/// What the guest may still do with a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestMay {
    /// Call it off.
    pub cancel: bool,
    /// Move it.
    pub reschedule: bool,
    /// Both end then.
    pub until: Timestamp,
    /// A reason must be given.
    pub reason_required: bool,
}

/// Which bookings are wanted. Empty lists and `None` leave nothing out.
#[derive(Debug, Clone, Default)]
pub struct BookingsAsk {
    /// Any of these.
    pub status: Vec<Listed>,
    /// With this attendee's email.
    pub attendee_email: Option<String>,
    /// With this part in an attendee's name.
    pub attendee_name: Option<String>,
    /// This one.
    pub uid: Option<Uid>,
    /// Of these event types, by number.
    pub event_types: Vec<i64>,
    /// Of these teams' event types.
    pub teams: Vec<Id<Team>>,
    /// Everybody's, for one who manages; else their own.
    pub whose: Whose,
    /// Starting at or after.
    pub after_start: Option<Timestamp>,
    /// Ending at or before.
    pub before_end: Option<Timestamp>,
    /// Made at or after.
    pub after_created: Option<Timestamp>,
    /// Made at or before.
    pub before_created: Option<Timestamp>,
    /// Changed at or after.
    pub after_updated: Option<Timestamp>,
    /// Changed at or before.
    pub before_updated: Option<Timestamp>,
    /// In this order.
    pub order: Order,
    /// Leaves out so many from the front.
    pub skip: u32,
    /// At most so many, 1 to 250; none means 100.
    pub take: Option<u32>,
}

/// Whose bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Whose {
    /// Those the asker hosts.
    #[default]
    Own,
    /// Those of one user; asked by one who manages, or by themselves.
    User(Id<User>),
    /// The organization's; asked by one who manages.
    Everybody,
}

/// How lists are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Listed {
    /// Confirmed, not over.
    Upcoming,
    /// Waits for a host or for money.
    Unconfirmed,
    /// Over, and took place.
    Past,
    /// Called off or refused.
    Cancelled,
    /// Of a series, not over.
    Recurring,
}

/// A page of bookings.
#[derive(Debug, Clone, PartialEq)]
pub struct BookingsPage {
    /// In the order asked for.
    pub items: Vec<BookingView>,
    /// How many there are in all.
    pub total: u64,
}

/// One line of a booking's history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryLine {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: By,
    /// Who exactly, where it was a signed-in user.
    pub user: Option<Id<User>>,
    /// A stable word: `booked`, `confirmed`, `moved`, ….
    pub kind: String,
    /// The facts, as they were stored.
    pub data: serde_json::Value,
}
