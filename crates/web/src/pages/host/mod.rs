//! The signed-in side.

mod apps;
mod availability;
mod bookings;
mod event_types;
mod form;
mod notice;
mod settings;
