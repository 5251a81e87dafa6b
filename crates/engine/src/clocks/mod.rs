//! New rules of local time: bookings to come are compared with what was agreed, and whoever hosts them decides (TZ-02).

mod answer;
mod follow;
mod list;

pub use self::{
    answer::ShiftAnswer,
    follow::RulesInForce,
    list::{Shifted, ShiftedPage},
};
