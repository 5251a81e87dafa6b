//! Two-way sync: what calendars tell us and what is done in them, on SQLite, and on PostgreSQL where there is one.
//!
//! Without `KALENDS_TEST_POSTGRES` the second half is reported as ignored.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[macro_use]
extern crate kalends_testkit;

use kalends_testkit::suite::{self, Check};

mod clocks;
mod conflicts;
mod guards;
mod kept;
mod moves;
mod notices;
mod proof;
mod registered;
mod stage;
mod told;

const SUITE: &[(&str, &[Check])] = &[
    ("clocks", clocks::CHECKS),
    ("conflicts", conflicts::CHECKS),
    ("guards", guards::CHECKS),
    ("kept", kept::CHECKS),
    ("moves", moves::CHECKS),
    ("notices", notices::CHECKS),
    ("proof", proof::CHECKS),
    ("registered", registered::CHECKS),
    ("told", told::CHECKS),
];

fn main() {
    suite::run(SUITE, 2);
}
