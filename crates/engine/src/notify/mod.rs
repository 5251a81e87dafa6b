//! Telling people: mails about bookings and accounts.

mod letter;
mod when;

pub use self::{
    letter::{Action, Fact, Letter},
    when::{Reading, hours_of},
};
