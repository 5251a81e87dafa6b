//! When hosts can be booked: schedules, dates that differ, time away.

mod hours;
mod page;

pub use self::page::{ZoneChoice, zones};
