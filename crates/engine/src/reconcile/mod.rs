//! Makes the outside follow a booking: rooms and calendar events, there or gone, whatever happened before.
//!
//! Nothing here trusts an earlier run. Each run reads what is wanted, compares it with what was last seen to be there, and
//! writes the difference; a run that dies anywhere is simply followed by another.

mod allowance;
mod calendar;
mod draft;
mod event;
mod join;
mod look;
mod room;
mod scene;
pub(crate) mod sweep;
mod told;
mod turn;

use futures::future::join_all;
use jiff::Timestamp;
use kalends_app::Error;
use kalends_domain::event_type::MOST_FALLBACKS;
use kalends_store::repo::Reference;

pub(crate) use self::look::told;
pub use self::{
    join::JoinError,
    told::{Fix, Happening, Progress, What},
};
use self::{
    scene::{Scene, Tie},
    turn::Verdict,
};
use crate::{
    Engine,
    flights::{self, About, Step},
    job::{Failed, Job as _, Reconcile, When},
};

/// Reference kinds, as they are stored.
pub(crate) const ROOM: &str = "conferencing";
pub(crate) const EVENT: &str = "calendar";

/// One run for one booking.
#[tracing::instrument(name = "job.reconcile", skip_all, fields(booking = %job.booking))]
pub(crate) async fn run(engine: &Engine, job: &Reconcile, tries: u32) -> Result<(), Failed> {
    let about = About::of(job.organization)
        .booking(Some(job.booking))
        .notice(job.because)
        .after(tries, Reconcile::TRIES);
    flights::about(about, Box::pin(bring(engine, job, tries))).await
}

async fn bring(engine: &Engine, job: &Reconcile, tries: u32) -> Result<(), Failed> {
    let Some(mut scene) = Scene::plan(engine, job.booking).await? else { return Ok(()) };
    let mut outcome = Outcome { tries, engine, again: None, never: None };
    // Rooms first: the event carries the link. An app that is passed over makes a new plan, at most once each.
    for _ in 0..=MOST_FALLBACKS {
        if !rooms(engine, &mut scene, &mut outcome).await? {
            break;
        }
        let Some(next) = Scene::plan(engine, job.booking).await? else { return Ok(()) };
        scene = next;
    }
    let events = scene.take(EVENT);
    let results =
        join_all(events.iter().map(|tie| as_step(tie, Box::pin(event::follow(engine, &scene, tie))))).await;
    for (tie, result) in events.iter().zip(results) {
        outcome.note(tie, result, None).await?;
    }
    outcome.end()
}

/// Brings every room to what is wanted; true when an app lost its turn, so that there is another to ask.
async fn rooms(engine: &Engine, scene: &mut Scene, outcome: &mut Outcome<'_>) -> Result<bool, Failed> {
    let ties = scene.take(ROOM);
    for tie in &ties {
        let result = as_step(tie, Box::pin(room::follow(engine, scene, tie))).await;
        let Err(trouble) = &result else { continue };
        match turn::judge(scene, tie, &ties, trouble, engine.now()) {
            Verdict::Stays => outcome.note(tie, result, None).await?,
            Verdict::Until(end) => {
                room::troubled(engine, tie).await?;
                outcome.note(tie, result, Some(end)).await?;
            }
            Verdict::Over(why) => {
                tracing::warn!(app = tie.row.wanted.app, why, "an app makes no room; the next one is asked");
                room::pass(engine, scene, tie, &why).await?;
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Calls that are made for one tie are recorded as its own.
async fn as_step<T>(tie: &Tie, work: impl Future<Output = T>) -> T {
    flights::within(Step::Reference(tie.row.id), work).await
}

/// Why one thing outside is not as wanted.
pub(crate) enum Trouble {
    /// The app said no, or nothing.
    App(Error),
    /// Not now; it is asked again at this instant.
    Pending(Timestamp, &'static str),
    /// Only its owner can mend it; they were told, and it is taken up when they have.
    Parked(String),
    /// What stands could not be looked at; nothing says that it is not as wanted.
    Unseen(Error),
    /// Our own database.
    Store(kalends_store::Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::App(error)
    }
}

impl From<kalends_store::Error> for Trouble {
    fn from(error: kalends_store::Error) -> Self {
        Self::Store(error)
    }
}

/// What all ties together came to.
struct Outcome<'a> {
    engine: &'a Engine,
    tries: u32,
    again: Option<(Timestamp, String)>,
    never: Option<String>,
}

impl Outcome<'_> {
    /// Writes down how one tie went; it is taken up again at `by` the latest.
    async fn note(
        &mut self,
        tie: &Tie,
        result: Result<(), Trouble>,
        by: Option<Timestamp>,
    ) -> Result<(), Failed> {
        let now = self.engine.now();
        let (why, next) = match result {
            Ok(()) => return Ok(()),
            Err(Trouble::Store(error)) => return Err(error.into()),
            Err(Trouble::Parked(why)) => (why, None),
            Err(Trouble::Pending(at, why)) => (why.to_owned(), Some(at)),
            Err(Trouble::App(error) | Trouble::Unseen(error)) if error.kind.needs_owner() => {
                (error.to_string(), None)
            }
            Err(Trouble::App(error) | Trouble::Unseen(error)) => match Failed::from(error) {
                Failed::Again { when, why } => {
                    let at = when.instant(self.tries + 1, now, self.engine.ids());
                    (why, Some(at))
                }
                Failed::NotYet { until } => (String::new(), Some(until)),
                Failed::Never { why } => {
                    self.never.get_or_insert_with(|| why.clone());
                    (why, None)
                }
            },
        };
        let next = match (next, by) {
            (Some(at), Some(by)) => Some(at.min(by)),
            (next, _) => next,
        };
        if let Some(at) = next {
            let earlier = self.again.as_ref().is_none_or(|(other, _)| at < *other);
            if earlier {
                self.again = Some((at, why.clone()));
            }
        }
        self.failed(&tie.row, why, next).await.map_err(Failed::from)
    }

    async fn failed(
        &self,
        row: &Reference,
        why: String,
        next: Option<Timestamp>,
    ) -> kalends_store::Result<()> {
        let row = row.clone();
        self.engine
            .db
            .write(move |tx| {
                let (row, why) = (row.clone(), why.clone());
                Box::pin(async move { tx.references().failed(&row, &why, next).await })
            })
            .await
    }

    fn end(self) -> Result<(), Failed> {
        match (self.again, self.never) {
            (Some((at, why)), _) => Err(Failed::Again { when: When::At(at), why }),
            (None, Some(why)) => Err(Failed::Never { why }),
            (None, None) => Ok(()),
        }
    }
}
