//! When somebody can be booked.
//!
//! Read [`rules`](Schedule) for the words people set, [`Blocks`] for what takes their time, [`Ask`] for the
//! question, [`Ask::slots`] for the answer and [`Ask::explain`] for the reasons.

mod ask;
mod blocks;
mod explain;
mod known;
mod limits;
mod open;
mod problem;
mod rules;
mod set;
mod slots;
mod walk;

pub use ask::{Ask, Busy, HostTimes, Offer, Seated, Timing};
pub use blocks::{Block, Blocks, Source};
pub use explain::{Explanation, HostAnswer, Reason, Side};
pub use known::Known;
pub use limits::{Counted, Measure, ReachedLimit, bookable};
pub use problem::{Problem, ProblemError};
pub use rules::{
    DateHours, Hours, OutOfOffice, RuleProblem, Schedule, Travel, WallTime, Weekday, WeeklyHours,
};
pub use set::merge;
pub use slots::{Slot, Slots};
