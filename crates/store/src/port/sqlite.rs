//! SQLite: many readers, one writer that commits in groups.
//!
//! Readers run their statements where they are asked. The writer has a thread of its own, for a commit waits for the
//! disk.

mod pool;
mod statement;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
};

use self::pool::Pool;
pub(super) use self::{
    pool::Lent,
    statement::{LiteRow, rows, run},
};
use super::{Change, Tx, ask::Ask, background::is_in_background, db::Shared, sql, tx::Conn};
use crate::{Error, Result};

/// So many transactions share one commit at most.
const GROUP: usize = 128;
/// So many of them may be in the background where somebody waits for the same commit, and where nobody does.
const BEHIND: (usize, usize) = (4, 16);
/// Work in the background waits so long for somebody to share a commit with, while people write.
const MOMENT: Duration = Duration::from_millis(2);
/// So many read at once at most.
const READERS: usize = 8;

pub(super) struct Sqlite {
    readers: Arc<Pool>,
    one: Arc<Pool>,
    writer: mpsc::Sender<Ask>,
    behind: mpsc::Sender<Ask>,
    closing: watch::Sender<bool>,
    ended: Mutex<Option<oneshot::Receiver<()>>>,
    path: PathBuf,
}

impl Sqlite {
    pub(super) async fn open(path: PathBuf, shared: &Shared) -> Result<Self> {
        // A restore may hold the writer's for a while.
        let one = Pool::new(path.clone(), 1, Duration::from_mins(5), false);
        // Opened now: a file that cannot be used is told at the start.
        drop(one.take().await?);
        let readers = Pool::new(path.clone(), READERS, Duration::from_secs(10), true);
        let (writer, ahead) = mpsc::channel(1024);
        let (behind, later) = mpsc::channel(1024);
        let asks = Asks { ahead, later };
        let (closing, closed) = watch::channel(false);
        let (end, ended) = oneshot::channel();
        let (pool, shared, runtime) = (Arc::clone(&one), shared.clone(), Handle::current());
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || {
                runtime.block_on(serve(pool, asks, closed, shared));
                let _ = end.send(()); // nobody waits when it was dropped instead of closed
            })
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Self { readers, one, writer, behind, closing, ended: Mutex::new(Some(ended)), path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn read(&self, shared: &Shared) -> Result<Tx> {
        Ok(Tx::new(Conn::Sqlite(self.readers.take().await?), &*shared.clock, shared.ids.clone()))
    }

    pub(super) async fn alone(&self, shared: &Shared) -> Result<Tx> {
        Ok(Tx::new(Conn::Sqlite(self.one.take().await?), &*shared.clock, shared.ids.clone()))
    }

    /// Puts a transaction into the writer's row; one that is not taken any more is dropped.
    pub(super) async fn write(&self, ask: Ask) {
        let lane = if is_in_background() { &self.behind } else { &self.writer };
        drop(lane.send(ask).await);
    }

    pub(super) async fn close(&self) {
        self.closing.send_replace(true);
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended
            && ended.await.is_err()
        {
            tracing::error!("the writer did not end well");
        }
        self.readers.close();
    }
}

/// What waits for the writer: what somebody waits for, and what is done in the background.
struct Asks {
    ahead: mpsc::Receiver<Ask>,
    later: mpsc::Receiver<Ask>,
}

impl Asks {
    /// The next one, once there is one; none when all are done and no more can come. True with one that somebody
    /// waits for.
    async fn next(&mut self, busy: bool) -> Option<(Ask, bool)> {
        if busy && let Ok(Some(ask)) = tokio::time::timeout(MOMENT, self.ahead.recv()).await {
            return Some((ask, true));
        }
        tokio::select! {
            biased;
            Some(ask) = self.ahead.recv() => Some((ask, true)),
            Some(ask) = self.later.recv() => Some((ask, false)),
            else => None,
        }
    }

    fn close(&mut self) {
        self.ahead.close();
        self.later.close();
    }
}

/// The one writer: takes what waits, runs each in its own savepoint, commits once, answers all.
async fn serve(pool: Arc<Pool>, mut asks: Asks, mut closed: watch::Receiver<bool>, shared: Shared) {
    let mut busy = false;
    loop {
        let first = tokio::select! {
            biased;
            first = asks.next(busy) => first,
            _ = closed.changed() => {
                asks.close();
                asks.next(busy).await
            }
        };
        let Some((first, awaited)) = first else { break };
        busy = awaited;
        let mut group = Group { tx: None, kept: Vec::new(), refused: Vec::new(), changes: Vec::new() };
        let result = group.run(&pool, &shared, (first, awaited), &mut asks).await;
        group.finish(&shared, result).await;
    }
    pool.close();
}

struct Group {
    tx: Option<Tx>,
    kept: Vec<Ask>,
    refused: Vec<Ask>,
    changes: Vec<Change>,
}

impl Group {
    async fn run(
        &mut self,
        pool: &Arc<Pool>,
        shared: &Shared,
        (first, mut awaited): (Ask, bool),
        asks: &mut Asks,
    ) -> Result<()> {
        let begun = async {
            let conn = pool.take().await?;
            let mut tx = Tx::new(Conn::Sqlite(conn), &*shared.clock, shared.ids.clone());
            // A deferred transaction that reads first and then writes may be refused; this one waits its turn.
            tx.run(sql("BEGIN IMMEDIATE")).await?;
            Ok(tx)
        };
        let tx = match begun.await {
            Ok(tx) => self.tx.insert(tx),
            Err(error) => {
                self.kept.push(first);
                return Err(error);
            }
        };
        let (mut next, mut behind) = (Some(first), 0);
        while let Some(mut ask) = next {
            tx.at(shared.now());
            let step = async {
                tx.run(sql("SAVEPOINT one")).await?;
                if ask.run(tx).await {
                    tx.run(sql("RELEASE one")).await?;
                    Ok::<_, Error>(true)
                } else {
                    tx.run(sql("ROLLBACK TO one")).await?;
                    tx.run(sql("RELEASE one")).await?;
                    Ok(false)
                }
            };
            let changed = match step.await {
                Ok(true) => {
                    self.kept.push(ask);
                    true
                }
                // Not yet answered: what it ran into may be a change of this group that nobody has been told of.
                Ok(false) => {
                    self.refused.push(ask);
                    false
                }
                Err(error) => {
                    self.kept.push(ask);
                    return Err(error);
                }
            };
            let mut told = std::mem::take(&mut tx.changes);
            if changed {
                self.changes.append(&mut told);
            }
            if self.kept.len() + self.refused.len() >= GROUP {
                break;
            }
            next = asks.ahead.try_recv().ok();
            awaited |= next.is_some();
            let most = if awaited { BEHIND.0 } else { BEHIND.1 };
            if next.is_none() && behind < most {
                behind += 1;
                next = asks.later.try_recv().ok();
            }
        }
        tx.run(sql("COMMIT")).await.map(drop)
    }

    async fn finish(self, shared: &Shared, result: Result<()>) {
        match result {
            Ok(()) => {
                shared.tell(&self.changes);
                self.kept.into_iter().chain(self.refused).for_each(|ask| ask.answer(None));
            }
            Err(error) => {
                if let Some(mut tx) = self.tx {
                    // SQLite may have undone it by itself when the disk was full.
                    if let Err(undone) = tx.undo().await {
                        tracing::debug!(error = %undone, "nothing left to undo");
                    }
                }
                for ask in self.kept.into_iter().chain(self.refused) {
                    ask.answer(Some(error.again()));
                }
            }
        }
    }
}
