//! What is done in calendars, and what becomes of bookings: events of ours that were moved, declined or deleted, and
//! foreign ones laid over a booking.
//!
//! A sync only notes what it saw. A job looks once more, so that nothing older than our own last write counts, and does what
//! the host wants: follow, ask, or nothing. What lies over a booking is not noted at all: it is read from the mirror each time.

mod answer;
mod letter;
mod needs;
mod run;
mod seen;

pub use self::{
    answer::{ChangeAnswer, ConflictStep},
    needs::{Changed, Conflict, Needs},
};
pub(crate) use self::{
    letter::tell,
    run::run,
    seen::{notice, notice_gone, notice_missing},
};
