//! When somebody can be booked.

mod rules;

pub use rules::{
    DateHours, Hours, OutOfOffice, RuleProblem, Schedule, Travel, WallTime, Weekday, WeeklyHours,
};
