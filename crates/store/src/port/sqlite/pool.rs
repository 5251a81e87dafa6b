//! Connections to the file, lent and given back.

use std::{
    ops::{Deref, DerefMut},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Result};

/// Statements kept ready on each connection.
const PREPARED: usize = 256;
/// Another process may write: a statement waits so long for it.
const BUSY: Duration = Duration::from_secs(10);

/// What every connection is told first.
///
/// The log is written back every 4,000 pages (16 MB): a page that changes often is then written back once for many
/// commits. What undoes one transaction of a group is kept in memory; it would be a file else.
const OPENING: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
    PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY;";
/// The writer's page cache in KiB: it is never void, for nobody else writes. A reader's is after each commit.
const WRITER_CACHE: i64 = 8192;

/// Some connections, opened when they are first needed.
pub(super) struct Pool {
    path: PathBuf,
    read_only: bool,
    patience: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

/// A connection that goes back when it is dropped.
pub(in crate::port) struct Lent {
    conn: Option<Connection>,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    /// At most so many connections at once; who waits longer than `patience` for one is told so.
    pub(super) fn new(path: PathBuf, most: usize, patience: Duration, read_only: bool) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(most));
        Arc::new(Self { path, read_only, patience, permits, idle: Mutex::default() })
    }

    /// The next free one.
    pub(super) async fn take(self: &Arc<Self>) -> Result<Lent> {
        let permit = tokio::time::timeout(self.patience, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| Error::Unavailable("all of its connections are in use".into()))?
            .map_err(|_| Error::Unavailable("it is being closed".into()))?;
        let idle = self.idle().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => self.open()?,
        };
        Ok(Lent { conn: Some(conn), pool: Arc::clone(self), _permit: permit })
    }

    fn open(&self) -> Result<Connection> {
        let conn = Connection::open(&self.path)?;
        conn.busy_timeout(BUSY)?;
        conn.execute_batch(OPENING)?;
        if self.read_only {
            conn.execute_batch("PRAGMA query_only = ON")?;
        } else {
            conn.pragma_update(None, "cache_size", -WRITER_CACHE)?;
        }
        conn.set_prepared_statement_cache_capacity(PREPARED);
        Ok(conn)
    }

    /// Lends no more, and closes what comes back.
    pub(super) fn close(&self) {
        self.permits.close();
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take()
            && !self.pool.permits.is_closed()
        {
            self.pool.idle().push(conn);
        }
    }
}

#[expect(clippy::expect_used, reason = "only `drop` takes it out")]
impl Deref for Lent {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn.as_ref().expect("lent until it is dropped")
    }
}

#[expect(clippy::expect_used, reason = "only `drop` takes it out")]
impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Connection {
        self.conn.as_mut().expect("lent until it is dropped")
    }
}
