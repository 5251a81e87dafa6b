//! Every verb of booking, on SQLite and on PostgreSQL.
//!
//! The full-size race takes minutes and is run by name: `cargo test -p kalends-engine --test suite -- --ignored full::`.
//!
//! Without `KALENDS_TEST_POSTGRES` the second half is reported as ignored.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what cannot go on fails, and says where")]

mod house;

use futures::future::BoxFuture;
use kalends_testkit::{Dialect, postgres};
use libtest_mimic::{Arguments, Trial};

use self::house::House;

/// One check: a name that is a sentence, and what it does with a fresh house.
struct Check {
    name: &'static str,
    run: for<'h> fn(&'h House) -> BoxFuture<'h, ()>,
}

macro_rules! checks {
    ($($name:ident),* $(,)?) => {
        pub(crate) const CHECKS: &[crate::Check] =
            &[$(crate::Check { name: stringify!($name), run: |h| Box::pin($name(h)) }),*];
    };
}

mod book;
mod change;
mod edit;
mod full;
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
    let arguments = Arguments::from_args();
    let missing = postgres().err();
    if let Some(why) = missing
        && !arguments.list
    {
        eprintln!("the PostgreSQL half is ignored: {why}");
    }
    let mut trials = Vec::new();
    for check in full::CHECKS {
        for (dialect, name) in [(Dialect::Sqlite, "sqlite"), (Dialect::Postgres, "postgres")] {
            let trial = Trial::test(format!("full::{}::{name}", check.name), move || {
                run(check, dialect);
                Ok(())
            });
            // Minutes long: run by name, with `-- --ignored full::`.
            trials.push(trial.with_ignored_flag(true));
        }
    }
    for (of, checks) in SUITE {
        for check in *checks {
            for (dialect, name) in [(Dialect::Sqlite, "sqlite"), (Dialect::Postgres, "postgres")] {
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
        let house = House::open(dialect).await;
        (check.run)(&house).await;
        house.end().await;
    });
}
