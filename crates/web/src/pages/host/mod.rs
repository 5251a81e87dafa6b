//! The signed-in side.

mod availability;
mod event_types;
mod form;
mod notice;
