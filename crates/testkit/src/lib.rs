//! A held clock, seeded ids, builders, a database per test.

mod chance;
mod clock;
mod database;
mod house;
pub mod make;
pub mod planner;
pub mod postbox;
pub mod suite;

pub use self::{
    chance::Counting,
    clock::{Held, Hurried},
    database::{Dialect, TestDb, postgres},
    house::{House, hear, settle},
};
