//! What guests see: a host's page, a month, a form, a booking.

mod book;
mod booking;
mod cancel;
mod change;
mod decide;
mod event;
pub(in crate::pages) mod fields;
mod form;
mod gone;
mod load;
mod month;
mod parts;
mod profile;
mod reschedule;
#[cfg(test)]
mod samples;
mod show;
mod tags;
#[cfg(test)]
mod tests;
mod times;
mod visit;

pub use self::{
    book::{form, private_form, private_send, send},
    change::{ask as ask_cancel, cancel, reschedule, times as other_times},
    decide::{accept, accepted, decline, declined},
    show::{booking, calendar, join, waiting},
    tags::{Tags, consent},
    times::{event, private, profile},
};
