//! Calendars, rooms and mails of a provider in memory, and what people do with apps: on SQLite, and on PostgreSQL where there is one.
//!
//! Without `KALENDS_TEST_POSTGRES` the second half is reported as ignored.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[macro_use]
extern crate kalends_testkit;

use kalends_testkit::suite::{self, Check};

mod accounts;
mod board;
mod booths;
mod connect;
mod follow;
mod life;
mod lost;
mod mails;
mod mirror;
mod notices;
mod recorder;
mod returned_mail;
mod rooms;
mod silence;
mod stage;
mod toy;
mod workers;

const SUITE: &[(&str, &[Check])] = &[
    ("accounts", accounts::CHECKS),
    ("connect", connect::CHECKS),
    ("follow", follow::CHECKS),
    ("life", life::CHECKS),
    ("lost", lost::CHECKS),
    ("mails", mails::CHECKS),
    ("mirror", mirror::CHECKS),
    ("notices", notices::CHECKS),
    ("recorder", recorder::CHECKS),
    ("returned_mail", returned_mail::CHECKS),
    ("rooms", rooms::CHECKS),
    ("silence", silence::CHECKS),
    ("workers", workers::CHECKS),
];

fn main() {
    suite::run(SUITE, 2);
}
