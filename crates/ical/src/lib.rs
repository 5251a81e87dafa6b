//! iCalendar, pure: what calendars tell us becomes busy times, and what we promise becomes events and invitations.
//!
//! Reading is lenient, one bad event never drops a feed, and what cannot be understood is reported and never free.

mod about;
mod busy;
mod expand;
mod read;
mod rule;
mod text;
mod vtimezone;
mod when;
mod write;
mod zone;

pub use about::About;
pub use busy::{Busy, BusyTime, Owner, Problem, Unanswered};
pub use read::{Feed, Found, MAX_BYTES, Unreadable};
pub use write::{Answer, Attendee, Meeting, Method, Person, Role, ShowsAs, Status, css};
