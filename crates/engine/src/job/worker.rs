//! The loop that claims jobs and does them, several at once, until it is told to stop.

use std::time::Duration;

use jiff::SignedDuration;
use kalends_store::{Change, in_background, repo::Job as Row};
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    task::{JoinError, JoinHandle, JoinSet},
};

use super::run::{self, Ended};
use crate::Engine;

/// Jobs under way at once in one process.
const AT_ONCE: usize = 16;
/// While people write, no more than so many begin at once, so long apart: work makes way for them, and still goes on.
const MAKING_WAY: (usize, Duration) = (4, Duration::from_millis(10));
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
    engine: Engine,
    stop: watch::Sender<bool>,
    loops: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts claiming jobs, and the schedule of periodic work.
    pub fn start(engine: &Engine) -> Self {
        let (stop, stopped) = watch::channel(false);
        let work = tokio::spawn(Worker::new(engine.clone()).run(stopped.clone()));
        let schedule = tokio::spawn(super::schedule::run(engine.clone(), stopped.clone()));
        let record = tokio::spawn(super::schedule::record(engine.clone(), stopped));
        Self { engine: engine.clone(), stop, loops: vec![work, schedule, record] }
    }

    /// Claims nothing more, and waits for what is under way; what is not done in time is given back by its lease.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for one in self.loops {
            if let Err(error) = one.await {
                tracing::error!(%error, "a worker ended badly");
            }
        }
        // What the last jobs called.
        super::schedule::write(&self.engine).await;
    }
}

struct Worker {
    engine: Engine,
    name: String,
    running: JoinSet<Option<Ended>>,
    /// Run, and not yet written down.
    ended: Vec<Ended>,
}

impl Worker {
    fn new(engine: Engine) -> Self {
        let name = engine.ids().uid().to_string();
        Self { engine, name, running: JoinSet::new(), ended: Vec::new() }
    }

    async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut changes = self.engine.db.changes();
        self.take_over().await;
        while !*stopped.borrow() {
            if self.engine.db.is_crowded() {
                tokio::time::sleep(MAKING_WAY.1).await;
            }
            let full = self.turn().await;
            let nap = if full { POLL } else { self.nap().await };
            tokio::select! {
                _ = stopped.changed() => {}
                () = tokio::time::sleep(nap) => {}
                Some(ended) = self.running.join_next(), if !self.running.is_empty() => self.note(ended),
                () = notice(&mut changes), if !full => {}
            }
            while let Some(ended) = self.running.try_join_next() {
                self.note(ended);
            }
        }
        let farewell = async {
            while let Some(ended) = self.running.join_next().await {
                self.note(ended);
            }
        };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("stopped before every job was done; the rest is taken up again at the next start");
        }
        self.write(0).await;
    }

    fn note(&mut self, ended: Result<Option<Ended>, JoinError>) {
        match ended {
            Ok(ended) => self.ended.extend(ended),
            Err(error) => tracing::error!(%error, "a job stopped in the middle; it is done again"),
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

    /// Writes down what ended and takes what is due; true when no more fits.
    async fn turn(&mut self) -> bool {
        let most = if self.engine.db.is_crowded() { MAKING_WAY.0 } else { AT_ONCE };
        let room = most.min(AT_ONCE.saturating_sub(self.running.len()));
        let claimed = self.write(room).await;
        let full = claimed.len() == room;
        for row in claimed {
            self.running.spawn(in_background(finish(self.engine.clone(), row)));
        }
        full
    }

    /// Both in one transaction. While it waits for its commit others end: the busier, the more go together.
    async fn write(&mut self, room: usize) -> Vec<Row> {
        let due = room > 0
            && is_due(&self.engine).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "what is due cannot be read now; it is looked at again");
                false
            });
        if self.ended.is_empty() && !due {
            return Vec::new();
        }
        let (worker, ended) = (self.name.clone(), self.ended.clone());
        let room = if due { u32::try_from(room).unwrap_or(1) } else { 0 };
        let written = self.engine.db.write(move |tx| {
            let (worker, ended) = (worker.clone(), ended.clone());
            Box::pin(async move {
                for one in &ended {
                    run::settle(tx, one).await?;
                }
                if room == 0 {
                    Ok(Vec::new())
                } else {
                    tx.jobs().claim(&worker, &run::KINDS, room, LEASE).await
                }
            })
        });
        match in_background(written).await {
            Ok(claimed) => {
                self.ended.clear();
                claimed
            }
            Err(error) => {
                let error: kalends_store::Error = error;
                tracing::warn!(%error, "jobs can neither be claimed nor written down as ended, now");
                // One that never can be written down must not keep back the others: it is done again.
                if !error.is_unavailable() {
                    self.ended.clear();
                }
                Vec::new()
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

/// Looking is cheap and blocks nobody; claiming is a write.
async fn is_due(engine: &Engine) -> kalends_store::Result<bool> {
    let due = engine.db.read().await?.jobs().next_at().await?;
    Ok(due.is_some_and(|due| due <= engine.now()))
}

/// Does one job; how it ended, or none when its lease was lost: another has it now.
async fn finish(engine: Engine, row: Row) -> Option<Ended> {
    let outcome = tokio::select! {
        outcome = run::run(&engine, &row) => outcome,
        () = keep(&engine, &row) => return None,
        () = tokio::time::sleep(LONGEST) => Err(super::Failed::again("it took too long and was stopped")),
    };
    Some(run::ended(&engine, row, outcome))
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
    Box::pin(one(engine, &[kind])).await
}

/// Does everything that is due now, one after the other, and what that leaves behind: for tests and tools.
///
/// How many jobs were run. What waits for a later instant stays.
pub async fn drain(engine: &Engine) -> kalends_store::Result<u32> {
    let mut done = 0;
    while is_due(engine).await? && Box::pin(one(engine, &run::KINDS)).await? {
        done += 1;
    }
    Ok(done)
}

/// Claims one job of these kinds, does it and writes down how it ended; false when none is due.
async fn one<const N: usize>(engine: &Engine, kinds: &[&'static str; N]) -> kalends_store::Result<bool> {
    let (name, kinds) = (engine.ids().uid().to_string(), *kinds);
    let claim = engine.db.write(move |tx| {
        let name = name.clone();
        Box::pin(async move { tx.jobs().claim(&name, &kinds, 1, LEASE).await })
    });
    let Some(row) = claim.await?.pop() else { return Ok(false) };
    let outcome = run::run(engine, &row).await;
    let ended = run::ended(engine, row, outcome);
    let settle = engine.db.write(move |tx| {
        let ended = ended.clone();
        Box::pin(async move { run::settle(tx, &ended).await })
    });
    settle.await?;
    Ok(true)
}
