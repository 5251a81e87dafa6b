//! From a row to the work it names, and from the outcome back to the row.

use kalends_store::{Tx, repo};

use super::{
    ApplyInbound, Deliver, ExpireHolds, Failed, Heed, Housekeeping, Job, Letters, Notify, Reconcile,
    RenewSignIns, SweepRooms, SyncCalendar, WatchCalendar, Work,
};
use crate::Engine;

/// The kinds a worker claims.
pub const KINDS: [&str; 12] = [
    Reconcile::NAME,
    Notify::NAME,
    Deliver::NAME,
    Letters::NAME,
    SyncCalendar::NAME,
    Heed::NAME,
    WatchCalendar::NAME,
    ApplyInbound::NAME,
    ExpireHolds::NAME,
    Housekeeping::NAME,
    RenewSignIns::NAME,
    SweepRooms::NAME,
];

/// Does one claimed job.
pub async fn run(engine: &Engine, row: &repo::Job) -> Result<(), Failed> {
    let work = Work { engine: engine.clone(), tries: row.tries };
    match row.kind.as_str() {
        Reconcile::NAME => one::<Reconcile>(row, &work).await,
        Notify::NAME => one::<Notify>(row, &work).await,
        Deliver::NAME => Box::pin(one::<Deliver>(row, &work)).await,
        Letters::NAME => one::<Letters>(row, &work).await,
        SyncCalendar::NAME => one::<SyncCalendar>(row, &work).await,
        Heed::NAME => one::<Heed>(row, &work).await,
        WatchCalendar::NAME => Box::pin(one::<WatchCalendar>(row, &work)).await,
        ApplyInbound::NAME => one::<ApplyInbound>(row, &work).await,
        ExpireHolds::NAME => one::<ExpireHolds>(row, &work).await,
        Housekeeping::NAME => one::<Housekeeping>(row, &work).await,
        RenewSignIns::NAME => one::<RenewSignIns>(row, &work).await,
        SweepRooms::NAME => one::<SweepRooms>(row, &work).await,
        other => Err(Failed::never(format!("this version knows no work of the kind {other:?}"))),
    }
}

async fn one<J: Job>(row: &repo::Job, work: &Work) -> Result<(), Failed> {
    let job: J = row.read().map_err(|error| Failed::never(error.to_string()))?;
    job.run(work).await
}

/// So often a kind is tried.
fn tries(kind: &str) -> u32 {
    match kind {
        Reconcile::NAME => Reconcile::TRIES,
        Notify::NAME => Notify::TRIES,
        Deliver::NAME => Deliver::TRIES,
        Letters::NAME => Letters::TRIES,
        SyncCalendar::NAME => SyncCalendar::TRIES,
        Heed::NAME => Heed::TRIES,
        ApplyInbound::NAME => ApplyInbound::TRIES,
        _ => 1,
    }
}

/// How a job ended, as its row will say.
#[derive(Debug, Clone)]
enum Ending {
    Done,
    Again(jiff::Timestamp, String),
    Later(jiff::Timestamp),
    Dead(String),
}

/// A job that was run, and how that ended.
#[derive(Debug, Clone)]
pub struct Ended {
    row: repo::Job,
    ending: Ending,
}

/// Decides what becomes of a job that was run.
pub fn ended(engine: &Engine, row: repo::Job, outcome: Result<(), Failed>) -> Ended {
    let (ids, now) = (engine.ids(), engine.now());
    let ending = match outcome {
        Ok(()) => Ending::Done,
        Err(Failed::NotYet { until }) => Ending::Later(until),
        Err(Failed::Again { why, .. }) if row.tries + 1 >= tries(&row.kind) => Ending::Dead(why),
        Err(Failed::Again { when, why }) => Ending::Again(when.instant(row.tries + 1, now, ids), why),
        Err(Failed::Never { why }) => Ending::Dead(why),
    };
    match &ending {
        Ending::Done | Ending::Later(_) => {}
        Ending::Again(at, why) => {
            tracing::info!(job = row.kind, key = row.key, %at, why, "job is tried again");
        }
        Ending::Dead(why) => tracing::error!(job = row.kind, key = row.key, why, "job is given up"),
    }
    Ended { row, ending }
}

/// Writes down how a job ended. A lease that was lost meanwhile changes nothing: another has the job.
pub async fn settle(tx: &mut Tx, Ended { row, ending }: &Ended) -> kalends_store::Result<()> {
    match ending {
        Ending::Done => tx.jobs().done(row).await.map(drop),
        Ending::Again(at, why) => tx.jobs().again(row, *at, why).await.map(drop),
        Ending::Dead(why) => tx.jobs().give_up(row, why).await.map(drop),
        // As new: waiting is no failure.
        Ending::Later(at) => {
            if tx.jobs().done(row).await? {
                let same = repo::NewJob::new(&row.kind, &row.read::<serde_json::Value>()?)?;
                let same = row.key.iter().fold(same.at(*at), repo::NewJob::key);
                tx.jobs().add(same).await?;
            }
            Ok(())
        }
    }
}
