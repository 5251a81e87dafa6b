//! SQLite: many readers, one writer that commits in groups.

use std::{
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{Change, Tx, Work, db::Shared, sql, tx::Conn};
use crate::{Error, Result};

/// So many transactions share one commit at most.
const GROUP: usize = 128;
/// A transaction that takes longer is undone, for all others wait behind it.
const LONGEST: Duration = Duration::from_secs(30);

pub(super) struct Sqlite {
    readers: SqlitePool,
    one: SqlitePool,
    writer: mpsc::Sender<Ask>,
    closing: tokio::sync::watch::Sender<bool>,
    serving: Mutex<Option<JoinHandle<()>>>,
    path: PathBuf,
}

/// One waiting transaction, its types forgotten.
type Ask = Box<dyn Waiting>;

trait Waiting: Send {
    /// Runs the body; whether it is to be kept.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;
    /// Answers the caller: with what the body gave, or with why it could not be kept.
    fn answer(self: Box<Self>, failure: Option<Error>);
}

struct Asked<F, T, E> {
    work: F,
    done: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<F: Work<T, E>, T: Send, E: From<Error> + Send> Waiting for Asked<F, T, E> {
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let run = AssertUnwindSafe((self.work)(tx)).catch_unwind();
            let done = match tokio::time::timeout(LONGEST, run).await {
                Ok(Ok(done)) => done,
                Ok(Err(_)) => Err(Error::Database("the transaction panicked and was undone".into()).into()),
                Err(_) => {
                    Err(Error::Unavailable("the transaction took too long and was undone".into()).into())
                }
            };
            self.done.insert(done).is_ok()
        })
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        let answer = match (failure, self.done) {
            (None, Some(done)) => done,
            // Its own error says more than that of the group.
            (Some(_), Some(Err(own))) => Err(own),
            (Some(failure), _) => Err(failure.into()),
            (None, None) => Err(Error::Unavailable("the transaction was not run".into()).into()),
        };
        // A caller who went away does not care.
        drop(self.caller.send(answer));
    }
}

impl Sqlite {
    pub(super) async fn open(path: PathBuf, shared: &Shared) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .statement_cache_capacity(256);
        let one = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            // A restore may hold it for a while.
            .acquire_timeout(Duration::from_mins(5))
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        let (writer, asks) = mpsc::channel(1024);
        let (closing, closed) = tokio::sync::watch::channel(false);
        let serving = Mutex::new(Some(tokio::spawn(serve(one.clone(), asks, closed, shared.clone()))));
        Ok(Self { readers, one, writer, closing, serving, path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn read(&self, shared: &Shared) -> Result<Tx> {
        Ok(Tx::new(Conn::Sqlite(self.readers.acquire().await?), &*shared.clock, shared.ids.clone()))
    }

    pub(super) async fn alone(&self, shared: &Shared) -> Result<Tx> {
        Ok(Tx::new(Conn::Sqlite(self.one.acquire().await?), &*shared.clock, shared.ids.clone()))
    }

    pub(super) async fn write<T, E>(&self, work: impl Work<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let gone = || Error::Unavailable("it is being closed".into());
        self.writer.send(Box::new(Asked { work, done: None, caller })).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone().into()))
    }

    pub(super) async fn close(&self) {
        self.closing.send_replace(true);
        let serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(serving) = serving
            && let Err(error) = serving.await
        {
            tracing::error!(%error, "the writer did not end well");
        }
        self.readers.close().await;
    }
}

/// The one writer: takes what waits, runs each in its own savepoint, commits once, answers all.
async fn serve(
    pool: SqlitePool,
    mut asks: mpsc::Receiver<Ask>,
    mut closed: tokio::sync::watch::Receiver<bool>,
    shared: Shared,
) {
    loop {
        let first = tokio::select! {
            biased;
            first = asks.recv() => first,
            _ = closed.changed() => {
                asks.close();
                asks.recv().await
            }
        };
        let Some(first) = first else { break };
        let mut group = Group { tx: None, kept: Vec::new(), refused: Vec::new(), changes: Vec::new() };
        let result = group.run(&pool, &shared, first, &mut asks).await;
        group.finish(&shared, result).await;
    }
    pool.close().await;
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
        pool: &SqlitePool,
        shared: &Shared,
        first: Ask,
        asks: &mut mpsc::Receiver<Ask>,
    ) -> Result<()> {
        let begun = async {
            let conn = pool.acquire().await?;
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
        let mut next = Some(first);
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
            next = if self.kept.len() + self.refused.len() < GROUP { asks.try_recv().ok() } else { None };
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
