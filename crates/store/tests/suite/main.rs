//! Every repository and every promise of the store, on SQLite and on PostgreSQL.
//!
//! Without `KALENDS_TEST_POSTGRES` the second half is reported as ignored.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that meets an error fails by it")]

use futures::future::BoxFuture;
use kalends_testkit::{Dialect, TestDb, postgres};
use libtest_mimic::{Arguments, Trial};

/// One check: a name that is a sentence, and what it does with a fresh database.
struct Check {
    name: &'static str,
    /// Only there: the other has no such thing.
    only: Option<Dialect>,
    run: for<'t> fn(&'t TestDb) -> BoxFuture<'t, ()>,
}

macro_rules! checks {
    ($($name:ident $(on $only:ident)?),* $(,)?) => {
        pub(crate) const CHECKS: &[crate::Check] = &[$(crate::Check {
            name: stringify!($name),
            only: checks!(@only $($only)?),
            run: |t| Box::pin($name(t)),
        }),*];
    };
    (@only) => { None };
    (@only $only:ident) => { Some(kalends_testkit::Dialect::$only) };
}

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
];

fn main() {
    let arguments = Arguments::from_args();
    let missing = postgres().err();
    if let Some(why) = missing
        && !arguments.list
    {
        eprintln!("the PostgreSQL half is ignored: {why}");
    }
    let mut trials = Vec::new();
    for (of, checks) in SUITE {
        for check in *checks {
            for (dialect, name) in [(Dialect::Sqlite, "sqlite"), (Dialect::Postgres, "postgres")] {
                if check.only.is_some_and(|only| only != dialect) {
                    continue;
                }
                let ignored = missing.is_some() && dialect == Dialect::Postgres;
                let trial = Trial::test(format!("{of}::{}::{name}", check.name), move || {
                    run(check, dialect);
                    Ok(())
                });
                trials.push(trial.with_ignored_flag(ignored));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn run(check: &Check, dialect: Dialect) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime for the test");
    runtime.block_on(async {
        let database = TestDb::open(dialect).await;
        (check.run)(&database).await;
        database.close().await;
    });
}
