//! Bookings: what comes, what waits, what was.

mod page;
