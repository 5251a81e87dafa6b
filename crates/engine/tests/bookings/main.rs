//! Every verb of booking, on SQLite and on PostgreSQL.
//!
//! The full-size race takes minutes and is run by name: `cargo test -p kalends-engine --test bookings -- --ignored full::`.
//!
//! Without `KALENDS_TEST_POSTGRES` the second half is reported as ignored.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what cannot go on fails, and says where")]

#[macro_use]
extern crate kalends_testkit;

use kalends_testkit::suite;

use self::house::House;

type Check = suite::Check<House>;

mod book;
mod change;
mod edit;
mod full;
mod house;
mod outside;
mod races;
mod seats;
mod series;
mod slots;
mod turns;

const SUITE: &[(&str, &[Check])] = &[
    ("book", book::CHECKS),
    ("change", change::CHECKS),
    ("edit", edit::CHECKS),
    ("outside", outside::CHECKS),
    ("races", races::CHECKS),
    ("seats", seats::CHECKS),
    ("series", series::CHECKS),
    ("slots", slots::CHECKS),
    ("turns", turns::CHECKS),
];

fn main() {
    suite::run_and_offer(SUITE, &[("full", full::CHECKS)], 4);
}
