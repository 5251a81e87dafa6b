//! Work that follows a change.

pub mod kinds;
