//! Which starts can be booked, answered from memory.

mod answer;
mod ask;
mod view;

pub use self::ask::{
    Explanation, HostExplanation, Offer, SeatsLeft, Slots, SlotsAsk, SlotsError, Which, Withheld,
};
pub(crate) use self::{
    answer::zone_or_utc,
    view::{Offered, View},
};
