//! The REST API, compatible with Cal.com's API v2: its paths, headers and shapes.

mod bookings;
pub mod shape;
mod slots;
