//! The API as a client meets it: every operation through the router, over a real engine.
//!
//! Each check runs on SQLite, on PostgreSQL, and once more with every good answer held against the published
//! description of the v2 API. Without `KALENDS_TEST_POSTGRES`, or without the description (`KALENDS_SPECS`, default
//! `../shared/specs` beside the workspace), those parts are reported as ignored.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails, and says where")]

use futures::future::BoxFuture;
use kalends_testkit::{Dialect, TestDb, postgres};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::{published::Published, server::Api};

/// One check: a name that is a sentence, and what it does with a fresh server.
struct Check {
    name: &'static str,
    run: for<'a> fn(&'a Api) -> BoxFuture<'a, ()>,
}

macro_rules! checks {
    ($($name:ident),* $(,)?) => {
        pub(crate) const CHECKS: &[crate::Check] = &[$(crate::Check {
            name: stringify!($name),
            run: |api| Box::pin($name(api)),
        }),*];
    };
}

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

const SUITE: &[(&str, &[Check])] = &[
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

/// Where a check runs, and who looks on.
#[derive(Clone, Copy)]
enum Way {
    On(Dialect),
    Judged,
}

fn main() {
    let arguments = Arguments::from_args();
    let no_postgres = postgres().err();
    let no_description = Published::path().err();
    if !arguments.list {
        for why in no_postgres.map(str::to_owned).iter().chain(&no_description) {
            eprintln!("a part is ignored: {why}");
        }
    }
    let ways = [
        (Way::On(Dialect::Sqlite), "sqlite", false),
        (Way::On(Dialect::Postgres), "postgres", no_postgres.is_some()),
        (Way::Judged, "judged", no_description.is_some()),
    ];
    let mut trials = Vec::new();
    for (of, checks) in SUITE {
        for check in *checks {
            for (way, name, ignored) in ways {
                let trial = Trial::test(format!("{of}::{}::{name}", check.name), move || run(check, way));
                trials.push(trial.with_ignored_flag(ignored));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn run(check: &Check, way: Way) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let dialect = if let Way::On(dialect) = way { dialect } else { Dialect::Sqlite };
        let api = Api::open(TestDb::open(dialect).await).await;
        (check.run)(&api).await;
        let seen = api.close().await;
        let Way::Judged = way else { return Ok(()) };
        let published = Published::read()?;
        for answer in seen {
            published.judge(&answer)?;
        }
        Ok(())
    })
}
