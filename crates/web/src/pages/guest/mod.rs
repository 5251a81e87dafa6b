//! What guests see: a host's page, a month, a form, a booking.

mod event;
mod fields;
mod month;
mod parts;
mod visit;
