//! The signed-in side.

mod availability;
mod notice;
