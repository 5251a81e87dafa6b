//! A suite of checks, each run on a fresh database: on SQLite, and on PostgreSQL where there is one.

use futures::future::BoxFuture;
use libtest_mimic::{Arguments, Trial};

use crate::{Dialect, TestDb, postgres};

/// One check: a name that is a sentence, and what it does with a fresh database.
pub struct Check {
    /// The function's name.
    pub name: &'static str,
    /// The function.
    pub run: for<'t> fn(&'t TestDb) -> BoxFuture<'t, ()>,
}

/// Makes `CHECKS` of the functions named, for [`run`].
#[macro_export]
macro_rules! checks {
    ($($name:ident),* $(,)?) => {
        pub(crate) const CHECKS: &[$crate::suite::Check] =
            &[$($crate::suite::Check { name: stringify!($name), run: |t| Box::pin($name(t)) }),*];
    };
}

/// Runs all checks by topic, each with so many threads, as the command line asks; then ends the process.
///
/// Without `KALENDS_TEST_POSTGRES` the second half is reported as ignored.
pub fn run(topics: &'static [(&str, &[Check])], threads: usize) -> ! {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (dialect, word) in [(Dialect::Sqlite, "sqlite"), (Dialect::Postgres, "postgres")] {
        let missing = dialect == Dialect::Postgres && postgres().is_err();
        for (topic, checks) in topics {
            for check in *checks {
                let trial = Trial::test(format!("{word}::{topic}::{}", check.name), move || {
                    one(check, dialect, threads)?;
                    Ok(())
                });
                trials.push(trial.with_ignored_flag(missing));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}

fn one(check: &Check, dialect: Dialect, threads: usize) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let t = TestDb::open(dialect).await;
        (check.run)(&t).await;
        t.close().await;
    });
    Ok(())
}
