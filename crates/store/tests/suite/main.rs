//! Every repository and every promise of the store, on SQLite and on PostgreSQL.
//!
//! Without `KALENDS_TEST_POSTGRES` the second half is reported as ignored.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that meets an error fails by it")]

#[macro_use]
extern crate kalends_testkit;

use kalends_testkit::suite::{self, Check};

/// Runs a body as one transaction, with these values cloned into it.
macro_rules! write {
    ($db:expr, [$($value:ident),* $(,)?], |$tx:ident| $body:block) => {{
        $(let $value = $value.clone();)*
        $db.write(move |$tx| {
            $(let $value = $value.clone();)*
            Box::pin(async move {
                let done: Result<_, kalends_store::Error> = async { $body }.await;
                done
            })
        })
        .await
    }};
}

mod apps;
mod backup;
mod bookings;
mod calendars;
mod claims;
mod event_types;
mod holds;
mod jobs;
mod migrations;
mod outside;
mod people;
mod port;
mod races;
mod schedules;
mod sessions;
mod told;

const SUITE: &[(&str, &[Check])] = &[
    ("apps", apps::CHECKS),
    ("backup", backup::CHECKS),
    ("bookings", bookings::CHECKS),
    ("calendars", calendars::CHECKS),
    ("claims", claims::CHECKS),
    ("event_types", event_types::CHECKS),
    ("holds", holds::CHECKS),
    ("jobs", jobs::CHECKS),
    ("migrations", migrations::CHECKS),
    ("outside", outside::CHECKS),
    ("people", people::CHECKS),
    ("port", port::CHECKS),
    ("races", races::CHECKS),
    ("schedules", schedules::CHECKS),
    ("sessions", sessions::CHECKS),
    ("told", told::CHECKS),
];

fn main() {
    suite::run(SUITE, 4);
}
