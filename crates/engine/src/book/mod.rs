//! Booking: every way to claim, move and give back a host's time.

mod after;
mod ask;
pub(crate) mod check;
mod error;
mod join;
mod limits;
mod list;
mod make;
mod plan;
mod repeat;
mod terms;
mod turn;
mod verb;

pub use self::{
    ask::{
        Absences, BookAsk, Booked, Booker, Bounds, CancelAsk, CancelWhat, Held, HoldAsk, LocationChoice,
        LocationPick, ReassignAsk, RescheduleAsk,
    },
    error::{BookError, ChangeError},
    list::{
        BookingView, BookingsAsk, BookingsPage, EventTypeBrief, GuestMay, HistoryLine, Listed, Person, Sort,
        Whose,
    },
};
