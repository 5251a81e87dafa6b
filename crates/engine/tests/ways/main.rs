//! Both ways: what calendars tell us and what is done in them, on SQLite, and on PostgreSQL where there is one.
//!
//! Without `KALENDS_TEST_POSTGRES` the second half is reported as ignored.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use futures::future::BoxFuture;
use kalends_testkit::{Dialect, TestDb, postgres};
use libtest_mimic::{Arguments, Trial};

/// One check: a name that is a sentence, and what it does with a fresh database.
struct Check {
    name: &'static str,
    run: for<'t> fn(&'t TestDb) -> BoxFuture<'t, ()>,
}

macro_rules! checks {
    ($($name:ident),* $(,)?) => {
        pub(crate) const CHECKS: &[crate::Check] =
            &[$(crate::Check { name: stringify!($name), run: |t| Box::pin($name(t)) }),*];
    };
}

mod conflicts;
mod moves;
mod proof;
mod registered;
mod stage;
mod told;

const SUITE: &[(&str, &[Check])] = &[
    ("conflicts", conflicts::CHECKS),
    ("moves", moves::CHECKS),
    ("proof", proof::CHECKS),
    ("registered", registered::CHECKS),
    ("told", told::CHECKS),
];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (dialect, word) in [(Dialect::Sqlite, "sqlite"), (Dialect::Postgres, "postgres")] {
        let missing = dialect == Dialect::Postgres && postgres().is_err();
        for (topic, checks) in SUITE {
            for check in *checks {
                let trial = Trial::test(format!("{word}::{topic}::{}", check.name), move || {
                    run(check, dialect);
                    Ok(())
                });
                trials.push(trial.with_ignored_flag(missing));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn run(check: &Check, dialect: Dialect) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let t = TestDb::open(dialect).await;
        (check.run)(&t).await;
        t.close().await;
    });
}
