//! Booking: every way to claim, move and give back a host's time.

mod ask;
mod error;
mod list;

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
