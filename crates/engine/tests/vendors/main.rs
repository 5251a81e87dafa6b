//! Two apps of one vendor in the whole engine: connected by signing in, told of changes, one event with its room.
//!
//! Without `KALENDS_TEST_POSTGRES` the second half is reported as ignored.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[macro_use]
extern crate kalends_testkit;

use kalends_testkit::suite::{self, Check};

mod delegated;
mod google;
mod microsoft;
mod others;
mod stage;
mod two_ways;

const SUITE: &[(&str, &[Check])] = &[
    ("delegated", delegated::CHECKS),
    ("google", google::CHECKS),
    ("microsoft", microsoft::CHECKS),
    ("others", others::CHECKS),
    ("two_ways", two_ways::CHECKS),
];

fn main() {
    suite::run(SUITE, 2);
}
