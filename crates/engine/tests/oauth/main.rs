//! Accounts connected by OAuth at a provider, played strictly: on SQLite, and on PostgreSQL where there is one.
//!
//! Without `KALENDS_TEST_POSTGRES` the second half is reported as ignored.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[macro_use]
extern crate kalends_testkit;

use kalends_testkit::suite::{self, Check};

mod club;
mod ends;
mod node;
mod races;
mod registration;
mod rotations;
mod signing_in;
mod silence;
mod stage;

const SUITE: &[(&str, &[Check])] = &[
    ("ends", ends::CHECKS),
    ("races", races::CHECKS),
    ("registration", registration::CHECKS),
    ("rotations", rotations::CHECKS),
    ("signing_in", signing_in::CHECKS),
    ("silence", silence::CHECKS),
];

fn main() {
    suite::run(SUITE, 4);
}
