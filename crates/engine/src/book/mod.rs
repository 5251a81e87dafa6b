//! Booking: every way to claim, move and give back a host's time.

mod after;
mod amend;
mod approve;
mod ask;
mod cancel;
mod change;
pub(crate) mod check;
mod error;
mod hold;
mod join;
mod limits;
mod list;
mod make;
mod move_seat;
mod plan;
mod repeat;
mod reschedule;
mod terms;
mod turn;
mod verb;
mod view;

pub use kalends_store::repo::Order;

pub(crate) use self::{
    after::Changed,
    amend::{heard, live},
    change::subject,
    view::{leads, may_see, seen, views},
};
pub use self::{
    ask::{
        Absences, BookAsk, Booked, Booker, Bounds, CancelAsk, CancelWhat, Held, HoldAsk, LocationChoice,
        LocationPick, ReassignAsk, RescheduleAsk,
    },
    error::{BookError, ChangeError},
    list::{
        BookingView, BookingsAsk, BookingsPage, EventTypeBrief, GuestMay, HistoryLine, Listed, Person, Whose,
    },
};
