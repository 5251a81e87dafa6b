//! Which starts can be booked, answered from memory.

mod ask;

pub use self::ask::{
    Explanation, HostExplanation, Offer, SeatsLeft, Slots, SlotsAsk, SlotsError, Which, Withheld,
};
