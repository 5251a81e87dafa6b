//! What guests see: a host's page, a month, a form, a booking.

mod booking;
mod cancel;
mod event;
pub(in crate::pages) mod fields;
mod form;
mod gone;
mod month;
mod parts;
mod profile;
mod reschedule;
mod visit;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
