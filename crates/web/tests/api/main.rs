//! The API as a client meets it: every operation through the router, over a real engine.
//!
//! Each check runs on SQLite, on PostgreSQL, and once more with every good answer held against the published
//! description of the v2 API. Without `KALENDS_TEST_POSTGRES`, or without the description (`KALENDS_SPECS`, default
//! `../shared/specs` beside the workspace), those parts are reported as ignored.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails, and says where")]

#[macro_use]
extern crate kalends_testkit;

use kalends_testkit::{Dialect, suite};
use libtest_mimic::{Failed, Trial};

use crate::{published::Published, server::Api};

type Check = suite::Check<Api>;

mod accounts;
mod approvals;
mod bookings;
mod changes;
mod edges;
mod event_types;
mod flights;
mod keys;
mod links;
mod lists;
mod me;
mod published;
mod reservations;
mod sample_apps;
mod schedules;
mod seats;
mod server;
mod slots;
mod teams;

const SUITE: suite::Topics<Api> = &[
    ("accounts", accounts::CHECKS),
    ("bookings", bookings::CHECKS),
    ("changes", changes::CHECKS),
    ("edges", edges::CHECKS),
    ("event_types", event_types::CHECKS),
    ("flights", flights::CHECKS),
    ("keys", keys::CHECKS),
    ("links", links::CHECKS),
    ("lists", lists::CHECKS),
    ("me", me::CHECKS),
    ("reservations", reservations::CHECKS),
    ("approvals", approvals::CHECKS),
    ("schedules", schedules::CHECKS),
    ("seats", seats::CHECKS),
    ("slots", slots::CHECKS),
    ("teams", teams::CHECKS),
];

/// One database's connections and the server's own tasks are two threads' work.
const THREADS: usize = 2;

fn main() {
    let mut trials = suite::trials(SUITE, THREADS);
    let no_description = Published::path().err();
    if let Some(why) = &no_description {
        eprintln!("nothing is judged: {why}");
    }
    for (topic, checks) in SUITE {
        for check in *checks {
            let judged = Trial::test(format!("{topic}::{}::judged", check.name), move || judge(check));
            trials.push(judged.with_ignored_flag(no_description.is_some()));
        }
    }
    suite::conclude(trials)
}

/// The check once more, its good answers held against the published description.
fn judge(check: &Check) -> Result<(), Failed> {
    let seen = suite::runtime(THREADS)?.block_on(async {
        let api = <Api as suite::Ground>::open(Dialect::Sqlite).await;
        (check.run)(&api).await;
        api.close().await
    });
    let published = Published::read()?;
    seen.iter().try_for_each(|answer| published.judge(answer))?;
    Ok(())
}
