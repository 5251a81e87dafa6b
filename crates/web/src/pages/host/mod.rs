//! The signed-in side.

mod availability;
mod bookings;
mod event_types;
mod form;
mod notice;
