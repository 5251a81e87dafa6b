//! A suite of checks, each run on ground of its own: on SQLite, and on PostgreSQL where there is one.

use futures::future::BoxFuture;
use libtest_mimic::{Arguments, Trial};

use crate::{Dialect, TestDb, postgres};

/// What a check stands on: a fresh database, or more built over one.
pub trait Ground: Sync + Sized + 'static {
    /// Makes it.
    fn open(dialect: Dialect) -> impl Future<Output = Self>;

    /// Takes it down.
    fn close(self) -> impl Future<Output = ()>;
}

impl Ground for TestDb {
    fn open(dialect: Dialect) -> impl Future<Output = Self> {
        Self::open(dialect)
    }

    fn close(self) -> impl Future<Output = ()> {
        self.close()
    }
}

/// One check: a name that is a sentence, and what it does with fresh ground.
pub struct Check<G = TestDb> {
    /// The function's name.
    pub name: &'static str,
    /// Only there: the other has no such thing.
    pub only: Option<Dialect>,
    /// The function.
    pub run: for<'g> fn(&'g G) -> BoxFuture<'g, ()>,
}

/// Checks by topic.
pub type Topics<G> = &'static [(&'static str, &'static [Check<G>])];

/// Makes `CHECKS` of the functions named, for [`run`]; the suite's root says what a `Check` is. `name on Sqlite` is run
/// there alone.
#[macro_export]
#[expect(clippy::crate_in_macro_def, reason = "the ground is the suite's own")]
macro_rules! checks {
    ($($name:ident $(on $only:ident)?),* $(,)?) => {
        pub(crate) const CHECKS: &[crate::Check] = &[$(crate::Check {
            name: stringify!($name),
            only: $crate::checks!(@only $($only)?),
            run: |ground| Box::pin($name(ground)),
        }),*];
    };
    (@only) => { None };
    (@only $only:ident) => { Some($crate::Dialect::$only) };
}

/// Runs all checks by topic, each with so many threads, as the command line asks; then ends the process.
///
/// Without `KALENDS_TEST_POSTGRES` the second half is reported as ignored.
pub fn run<G: Ground>(topics: Topics<G>, threads: usize) -> ! {
    conclude(trials(topics, threads))
}

/// The same with topics that take minutes: they are ignored unless somebody asks for them, with `--ignored topic::`.
pub fn run_and_offer<G: Ground>(topics: Topics<G>, long: Topics<G>, threads: usize) -> ! {
    let offered = trials(long, threads).into_iter().map(|trial| trial.with_ignored_flag(true));
    conclude(trials(topics, threads).into_iter().chain(offered).collect())
}

/// Every check on both databases, for suites that add trials of their own.
pub fn trials<G: Ground>(topics: Topics<G>, threads: usize) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (topic, checks) in topics {
        for check in *checks {
            for (dialect, word) in [(Dialect::Sqlite, "sqlite"), (Dialect::Postgres, "postgres")] {
                if check.only.is_some_and(|only| only != dialect) {
                    continue;
                }
                let trial = Trial::test(format!("{topic}::{}::{word}", check.name), move || {
                    runtime(threads)?.block_on(async {
                        let ground = G::open(dialect).await;
                        (check.run)(&ground).await;
                        ground.close().await;
                    });
                    Ok(())
                });
                trials.push(trial.with_ignored_flag(dialect == Dialect::Postgres && postgres().is_err()));
            }
        }
    }
    trials
}

/// Runs trials as the command line asks, then ends the process.
pub fn conclude(trials: Vec<Trial>) -> ! {
    let arguments = Arguments::from_args();
    if let Err(why) = postgres()
        && !arguments.list
    {
        eprintln!("the PostgreSQL half is ignored: {why}");
    }
    libtest_mimic::run(&arguments, trials).exit()
}

/// A runtime for one check.
pub fn runtime(threads: usize) -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}
