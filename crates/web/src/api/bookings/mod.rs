//! `/v2/bookings`: made, looked at, moved, called off.

mod ask;
mod out;
