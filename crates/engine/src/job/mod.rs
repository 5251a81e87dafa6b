//! Work that follows a change: written down in the change's own transaction, done by a worker, safe to do twice.

mod cleanup;
mod failed;
pub mod kinds;
mod run;
mod schedule;
mod worker;

use kalends_store::{Result, Tx, repo::NewJob};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) use self::failed::apart;
pub use self::{
    failed::{Failed, When},
    kinds::{
        ApplyInbound, Deliver, ExpireHolds, Heed, Housekeeping, Letters, Notify, Reconcile, RenewSignIns,
        SweepRooms, SyncCalendar, Told, WatchCalendar,
    },
    schedule::{Last, tick},
    worker::{Workers, drain, drain_one},
};
use crate::Engine;

/// A piece of work as a value.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the table; never renamed.
    const NAME: &'static str;

    /// So often it is tried, each time later, before a person must look.
    const TRIES: u32;

    /// Two waiting jobs of one kind and key are one, and two are never run at once.
    fn key(&self) -> String;

    /// Does it. Whatever was done before by a try that died halfway must do no harm.
    fn run(&self, work: &Work) -> impl Future<Output = Result<(), Failed>> + Send;
}

/// What a job works with.
#[derive(Debug, Clone)]
pub struct Work {
    /// The verbs, and what is behind them.
    pub engine: Engine,
    /// So many tries failed before.
    pub tries: u32,
}

/// Writes a job down in the transaction of the change that causes it: both are kept, or neither.
pub async fn add<J: Job>(tx: &mut Tx, job: &J) -> Result<()> {
    tx.jobs().add(new(job)?).await
}

/// A job, to be written down with others.
pub(crate) fn new<J: Job>(job: &J) -> Result<NewJob> {
    Ok(NewJob::new(J::NAME, job)?.key(job.key()))
}
