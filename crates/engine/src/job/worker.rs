//! The loop that claims jobs and does them, several at once, until it is told to stop.

use std::time::Duration;

use jiff::SignedDuration;
use kalends_store::{Change, repo::Job as Row};
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    task::{JoinHandle, JoinSet},
};

use super::run;
use crate::Engine;

/// Jobs under way at once in one process.
const AT_ONCE: usize = 16;
/// How long a claimed job is ours. A worker that dies gives its jobs back after this.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// A job that takes longer has its lease made longer, this often.
const RENEW: Duration = Duration::from_secs(20);
/// No job takes longer than this: it is given back and tried again.
const LONGEST: Duration = Duration::from_mins(10);
/// Notices may be lost: the table is looked at anyway, this often.
const POLL: Duration = Duration::from_secs(5);
/// How long a stop waits for what is under way.
const FAREWELL: Duration = Duration::from_secs(20);

/// A running worker. Dropped, it goes on; [`Self::stop`] ends it in peace.
#[derive(Debug)]
pub struct Workers {
    stop: watch::Sender<bool>,
    loops: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts claiming jobs, and the schedule of periodic work.
    pub fn start(engine: &Engine) -> Self {
        let (stop, stopped) = watch::channel(false);
        let work = tokio::spawn(Worker::new(engine.clone()).run(stopped.clone()));
        let schedule = tokio::spawn(super::schedule::run(engine.clone(), stopped));
        Self { stop, loops: vec![work, schedule] }
    }

    /// Claims nothing more, and waits for what is under way; what is not done in time is given back by its lease.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for one in self.loops {
            if let Err(error) = one.await {
                tracing::error!(%error, "a worker ended badly");
            }
        }
    }
}

struct Worker {
    engine: Engine,
    name: String,
    running: JoinSet<()>,
}

impl Worker {
    fn new(engine: Engine) -> Self {
        let name = engine.ids().uid().to_string();
        Self { engine, name, running: JoinSet::new() }
    }

    async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut changes = self.engine.db.changes();
        self.take_over().await;
        while !*stopped.borrow() {
            let full = self.claim().await;
            let nap = if full { POLL } else { self.nap().await };
            tokio::select! {
                _ = stopped.changed() => {}
                () = tokio::time::sleep(nap) => {}
                Some(_) = self.running.join_next(), if !self.running.is_empty() => {}
                () = notice(&mut changes), if !full => {}
            }
        }
        let farewell = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("stopped before every job was done; the rest is taken up again at the next start");
        }
    }

    /// On SQLite there is one process: whatever is leased was left by one that died.
    async fn take_over(&self) {
        if self.engine.db.is_postgres() {
            return;
        }
        let freed = self
            .engine
            .db
            .write(|tx| {
                Box::pin(async move {
                    let now = tx.now();
                    let query =
                        kalends_store::sql("UPDATE jobs SET lease_until = $1 WHERE lease_owner IS NOT NULL");
                    tx.run(query.bind(now)).await
                })
            })
            .await;
        match freed {
            Ok(0) => {}
            Ok(jobs) => tracing::info!(jobs, "taking up what the last run left undone"),
            Err(error) => tracing::warn!(%error, "jobs of the last run wait for their leases"),
        }
    }

    /// Takes what is due; true when no more fits.
    async fn claim(&mut self) -> bool {
        let room = AT_ONCE - self.running.len().min(AT_ONCE);
        if room == 0 {
            return true;
        }
        match claim(&self.engine, &self.name, u32::try_from(room).unwrap_or(1)).await {
            Ok(rows) => {
                let full = rows.len() == room;
                for row in rows {
                    self.running.spawn(finish(self.engine.clone(), row));
                }
                full
            }
            Err(error) => {
                tracing::warn!(%error, "jobs cannot be claimed");
                false
            }
        }
    }

    /// Until the next job is due, at most until the next look.
    async fn nap(&self) -> Duration {
        let next = async { self.engine.db.read().await?.jobs().next_at().await };
        let Ok(Some(next)) = next.await else { return POLL };
        let left = next.duration_since(self.engine.now());
        Duration::try_from(left).unwrap_or(Duration::from_millis(20)).clamp(Duration::from_millis(20), POLL)
    }
}

/// Done when there may be work.
async fn notice(changes: &mut tokio::sync::broadcast::Receiver<Change>) {
    loop {
        match changes.recv().await {
            Ok(Change::Jobs | Change::Everything) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn claim(engine: &Engine, worker: &str, most: u32) -> kalends_store::Result<Vec<Row>> {
    // Looking is cheap and blocks nobody; claiming is a write.
    let due = engine.db.read().await?.jobs().next_at().await?;
    if due.is_none_or(|due| due > engine.now()) {
        return Ok(vec![]);
    }
    let worker = worker.to_owned();
    engine
        .db
        .write(move |tx| {
            let worker = worker.clone();
            Box::pin(async move { tx.jobs().claim(&worker, &run::KINDS, most, LEASE).await })
        })
        .await
}

/// Does one job and writes down how it ended. A lost lease stops the work: another has it now.
async fn finish(engine: Engine, row: Row) {
    let outcome = tokio::select! {
        outcome = run::run(&engine, &row) => outcome,
        () = keep(&engine, &row) => return,
        () = tokio::time::sleep(LONGEST) => Err(super::Failed::again("it took too long and was stopped")),
    };
    if let Err(error) = run::settle(&engine, &row, outcome).await {
        tracing::warn!(%error, job = row.kind, "how a job ended could not be written down; it is done again");
    }
}

/// Keeps the lease; ends when it is lost.
async fn keep(engine: &Engine, row: &Row) {
    loop {
        tokio::time::sleep(RENEW).await;
        let row = row.clone();
        let kept = engine
            .db
            .write(move |tx| {
                let row = row.clone();
                Box::pin(async move { tx.jobs().extend(&row, LEASE).await })
            })
            .await;
        match kept {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, "a lease could not be made longer"),
        }
    }
}

/// Does one job of this kind that is due now; false when there is none: for tests and tools.
pub async fn drain_one(engine: &Engine, kind: &'static str) -> kalends_store::Result<bool> {
    let name = engine.ids().uid().to_string();
    let rows = engine
        .db
        .write(move |tx| {
            let name = name.clone();
            Box::pin(async move { tx.jobs().claim(&name, &[kind], 1, LEASE).await })
        })
        .await?;
    let Some(row) = rows.first() else { return Ok(false) };
    let outcome = run::run(engine, row).await;
    run::settle(engine, row, outcome).await?;
    Ok(true)
}

/// Does everything that is due now, one after the other, and what that leaves behind: for tests and tools.
///
/// How many jobs were run. What waits for a later instant stays.
pub async fn drain(engine: &Engine) -> kalends_store::Result<u32> {
    let name = engine.ids().uid().to_string();
    let mut done = 0;
    loop {
        let rows = claim(engine, &name, 1).await?;
        let Some(row) = rows.first() else { return Ok(done) };
        let outcome = run::run(engine, row).await;
        run::settle(engine, row, outcome).await?;
        done += 1;
    }
}
