//! A database: opened once, read by many, written in transactions.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::BoxFuture;
use jiff::Timestamp;
use kalends_domain::{Clock, Ids};
use tokio::sync::broadcast;

use super::{Change, Tx, ask::ask, background::is_awaited, postgres::Postgres, sqlite::Sqlite};
use crate::{Error, Result};

/// A database. Clones share its connections.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    driver: Driver,
    shared: Shared,
    /// Transactions that people wait for, now.
    awaited: AtomicUsize,
}

enum Driver {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// What both drivers need besides connections.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Ids,
    pub(super) changes: broadcast::Sender<Change>,
}

impl Shared {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn tell(&self, changes: &[Change]) {
        for change in changes {
            // Nobody listening is fine.
            drop(self.changes.send(*change));
        }
    }
}

/// The body of a transaction. It may run more than once; only the last run counts.
pub trait Work<T, E>: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static {}
impl<T, E, F> Work<T, E> for F where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static
{
}

/// One transaction that somebody waits for, counted while it lasts.
struct Awaited<'c>(&'c AtomicUsize);

impl<'c> Awaited<'c> {
    fn new(count: &'c AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Db {
    /// Opens `sqlite://path` (made when absent) or `postgres://…`; tables are made by [`Db::migrate`].
    pub async fn open(url: &str, clock: Arc<dyn Clock>, ids: Ids) -> Result<Self> {
        let (changes, _) = broadcast::channel(1024);
        let shared = Shared { clock, ids, changes };
        let driver = match url.split_once(':') {
            Some(("sqlite", rest)) => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                let path = path.split_once('?').map_or(path, |(path, _)| path);
                if path.is_empty() || path == ":memory:" {
                    return Err(Error::Address(url.to_owned()));
                }
                Driver::Sqlite(Sqlite::open(PathBuf::from(path), &shared).await?)
            }
            Some(("postgres" | "postgresql", _)) => Driver::Postgres(Postgres::open(url, &shared).await?),
            _ => return Err(Error::Address(without_password(url))),
        };
        Ok(Self { inner: Arc::new(Inner { driver, shared, awaited: AtomicUsize::new(0) }) })
    }

    /// A connection to read with. Each statement sees what is committed when it starts.
    pub async fn read(&self) -> Result<Tx> {
        match &self.inner.driver {
            Driver::Sqlite(sqlite) => sqlite.read(&self.inner.shared).await,
            Driver::Postgres(postgres) => postgres.connection(&self.inner.shared).await,
        }
    }

    /// Runs one transaction: all of it is kept, or none.
    ///
    /// On SQLite several are committed together; on `PostgreSQL` one that lost against another is run again.
    /// An error of the closure undoes its own writes only. A dropped caller does not stop a transaction that has begun.
    pub async fn write<T, E>(&self, work: impl Work<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let _awaited = is_awaited().then(|| Awaited::new(&self.inner.awaited));
        let (ask, answer) = ask(work);
        match &self.inner.driver {
            Driver::Sqlite(sqlite) => sqlite.write(ask).await,
            Driver::Postgres(postgres) => postgres.write(&self.inner.shared, ask),
        }
        answer.await.unwrap_or_else(|_| Err(Error::Unavailable("it is being closed".into()).into()))
    }

    /// True while several people wait for their transactions: work in the background should make way.
    pub fn is_crowded(&self) -> bool {
        self.inner.awaited.load(Ordering::Relaxed) > 1
    }

    /// Notices of what is committed from now on, here and on other nodes.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.inner.shared.changes.subscribe()
    }

    /// The present instant, by the clock it was opened with.
    pub fn now(&self) -> Timestamp {
        self.inner.shared.now()
    }

    /// The maker of ids it was opened with.
    pub fn ids(&self) -> &Ids {
        &self.inner.shared.ids
    }

    /// The file, on SQLite.
    pub fn file(&self) -> Option<&std::path::Path> {
        match &self.inner.driver {
            Driver::Sqlite(sqlite) => Some(sqlite.path()),
            Driver::Postgres(_) => None,
        }
    }

    /// True on `PostgreSQL`.
    pub fn is_postgres(&self) -> bool {
        matches!(self.inner.driver, Driver::Postgres(_))
    }

    /// The writer's own connection, outside any transaction, while all transactions wait; none on `PostgreSQL`.
    pub(crate) async fn alone(&self) -> Result<Option<Tx>> {
        match &self.inner.driver {
            Driver::Sqlite(sqlite) => sqlite.alone(&self.inner.shared).await.map(Some),
            Driver::Postgres(_) => Ok(None),
        }
    }

    pub(crate) fn tell(&self, changes: &[Change]) {
        self.inner.shared.tell(changes);
    }

    /// Waits for what has begun, then closes every connection.
    pub async fn close(&self) {
        match &self.inner.driver {
            Driver::Sqlite(sqlite) => sqlite.close().await,
            Driver::Postgres(postgres) => postgres.close().await,
        }
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_postgres() { "Db(PostgreSQL)" } else { "Db(SQLite)" })
    }
}

/// An address fit for a log: whatever stands between `//` and `@` is left out.
fn without_password(url: &str) -> String {
    match (url.split_once("//"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}//…@{host}"),
        _ => url.to_owned(),
    }
}
