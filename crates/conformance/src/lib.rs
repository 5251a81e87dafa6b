//! One suite per kind of app, crossed with every app of that kind.
//!
//! A suite is a list of [`Check`]s. Adding an app adds its tests with no line anywhere: the runner reads the
//! catalog and each app's powers. A check that does not apply is reported *ignored*, with the reason in its name.

pub mod published;
mod stage;
pub mod suites;

use std::sync::Arc;

use futures::future::BoxFuture;
use kalends_app::{App, fake::Way};
use libtest_mimic::{Failed, Trial};

use crate::published::Published;
pub use crate::stage::{BEGIN, Flights, Stage};

/// How the stage's time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Waits end at once: for fakes that answer in memory.
    AtOnce,
    /// Waits take their time: for fakes behind a socket.
    Real,
}

/// As the fake's own form says.
const USUAL: Way = ("", &[]);

/// One thing every app of a kind must get right.
pub struct Check<P: ?Sized> {
    name: &'static str,
    applies: fn(&P) -> Result<(), &'static str>,
    run: fn(Arc<Stage>, Arc<P>) -> BoxFuture<'static, ()>,
}

impl<P: ?Sized> Check<P> {
    /// A check for every app of the kind. It fails by panicking.
    pub const fn new(name: &'static str, run: fn(Arc<Stage>, Arc<P>) -> BoxFuture<'static, ()>) -> Self {
        Self { name, applies: |_| Ok(()), run }
    }

    /// Only for apps with a power; the error says which one the others lack.
    #[must_use]
    pub const fn only(mut self, applies: fn(&P) -> Result<(), &'static str>) -> Self {
        self.applies = applies;
        self
    }
}

/// The checks crossed with the apps that have this part.
pub fn cross<P: ?Sized + Send + Sync + 'static>(
    kind: &'static str,
    pass: Pass,
    checks: &'static [Check<P>],
    apps: &[&'static App],
    part: fn(&App) -> Option<Arc<P>>,
) -> Vec<Trial> {
    let mut trials = Vec::new();
    for app in apps.iter().copied() {
        let Some(of_app) = part(app) else { continue };
        let ways = (app.fake)().ways();
        for (way, typed) in [USUAL].into_iter().chain(ways.iter().copied()) {
            let of = if way.is_empty() { app.slug.to_owned() } else { format!("{}-by-{way}", app.slug) };
            for check in checks {
                let name = format!("{kind}::{of}::{}", check.name);
                trials.push(match (check.applies)(&of_app) {
                    Ok(()) => {
                        let of_app = Arc::clone(&of_app);
                        Trial::test(name, move || {
                            perform(app, typed, pass, |stage| (check.run)(stage, of_app))
                        })
                    }
                    Err(lacks) => Trial::test(format!("{name} - {lacks}"), || Ok(())).with_ignored_flag(true),
                });
            }
        }
    }
    trials
}

/// Whether the descriptions are there by which requests are judged, one trial for each app that names one.
pub fn described(apps: &[&'static App]) -> Vec<Trial> {
    let each = apps.iter().filter_map(|app| Some((app, Published::of(app, (app.fake)().as_ref())?)));
    let trial = |(app, found): (&&'static App, Result<_, String>)| match found {
        Ok(_) => Trial::test(format!("published::{}::requests_are_judged", app.slug), || Ok(())),
        Err(why) => {
            let name = format!("published::{}::requests_are_judged - {why}", app.slug);
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
    };
    each.map(trial).collect()
}

/// The checks on stages of the caller's making, as before real servers. `place` names the server.
pub fn played<P: ?Sized + Send + Sync + 'static>(
    place: &str,
    checks: &'static [Check<P>],
    part: &Arc<P>,
    stage: fn(&str, &'static str) -> BoxFuture<'static, Result<Stage, Failed>>,
) -> Vec<Trial> {
    let trial = |check: &'static Check<P>| {
        let name = format!("{place}::{}", check.name);
        let (place, part) = (place.to_owned(), Arc::clone(part));
        match (check.applies)(&part) {
            Ok(()) => Trial::test(name, move || {
                tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
                    let stage = Arc::new(stage(&place, check.name).await?);
                    (check.run)(Arc::clone(&stage), part).await;
                    stage.closed()
                })
            }),
            Err(lacks) => Trial::test(format!("{name} - {lacks}"), || Ok(())).with_ignored_flag(true),
        }
    };
    checks.iter().map(trial).collect()
}

fn perform(
    app: &'static App,
    typed: &[(&str, &str)],
    pass: Pass,
    run: impl FnOnce(Arc<Stage>) -> BoxFuture<'static, ()>,
) -> Result<(), Failed> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(pass == Pass::AtOnce);
    runtime.build()?.block_on(async {
        let stage = Stage::of(app, typed).await?;
        let stage = Arc::new(if pass == Pass::Real { stage.asked().await? } else { stage });
        run(Arc::clone(&stage)).await;
        stage.closed()
    })
}
