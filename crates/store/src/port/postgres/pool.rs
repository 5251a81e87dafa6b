//! Connections to the server, lent and given back.
//!
//! A pool of our own, for the one of sqlx asks each connection for a sign of life when it comes back: a round trip and a
//! task more for every transaction.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::{Error, Result};

/// So many connections at once at most.
const MOST: u32 = 24;
/// Who waits longer for one is told so.
const PATIENCE: Duration = Duration::from_secs(5);
/// A server that starts, or starts again, is asked this often.
const STARTING: Duration = Duration::from_millis(100);
/// One that rested longer is asked for a sign of life before it is lent.
const RESTED: Duration = Duration::from_secs(1);
/// One that nobody needed for so long is closed.
const UNUSED: Duration = Duration::from_mins(10);
/// The server keeps what a connection once needed: after so long it is replaced.
const LIFE: Duration = Duration::from_mins(30);

/// Some connections, opened when they are first needed.
pub(super) struct Pool {
    options: PgConnectOptions,
    permits: Arc<Semaphore>,
    /// The one used last is lent first.
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    conn: PgConnection,
    opened: Instant,
    since: Instant,
}

/// A connection that goes back when it is dropped, if it is fit for another.
pub(in crate::port) struct Lent {
    conn: Option<PgConnection>,
    opened: Instant,
    /// Its last statement went well and was answered whole; else it is closed, not given back.
    sound: bool,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(options: PgConnectOptions) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(MOST as usize));
        Arc::new(Self { options, permits, idle: Mutex::default() })
    }

    /// The next free one.
    pub(super) async fn take(self: &Arc<Self>) -> Result<Lent> {
        let deadline = Instant::now() + PATIENCE;
        let permit = timeout_at(deadline, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| Error::Unavailable("all of its connections are in use".into()))?
            .map_err(|_| Error::Unavailable("it is being closed".into()))?;
        let opened = timeout_at(deadline, self.rested()).await;
        let (conn, opened) = match opened {
            Ok(Some(one)) => one,
            Ok(None) | Err(_) => (self.open(deadline).await?, Instant::now()),
        };
        Ok(Lent { conn: Some(conn), opened, sound: true, pool: Arc::clone(self), _permit: permit })
    }

    /// One that is there and lives.
    async fn rested(&self) -> Option<(PgConnection, Instant)> {
        loop {
            let mut one = self.last_used()?;
            if one.since.elapsed() < RESTED || one.conn.ping().await.is_ok() {
                return Some((one.conn, one.opened));
            }
        }
    }

    /// A fresh one. A server that is just starting is waited for.
    async fn open(&self, deadline: Instant) -> Result<PgConnection> {
        loop {
            match timeout_at(deadline, PgConnection::connect_with(&self.options)).await {
                Ok(Err(error)) if is_starting(&error) && Instant::now() + STARTING < deadline => {
                    tokio::time::sleep(STARTING).await;
                }
                Ok(opened) => return Ok(opened?),
                Err(_) => return Err(Error::Unavailable("it accepts no connection in time".into())),
            }
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }

    /// Lends no more, waits for what is lent, and closes all.
    pub(super) async fn close(&self) {
        let all = self.permits.acquire_many(MOST).await;
        self.permits.close();
        drop(all);
        self.idle().clear();
    }

    fn last_used(&self) -> Option<Idle> {
        self.idle().pop()
    }

    fn take_back(&self, conn: PgConnection, opened: Instant) {
        let now = Instant::now();
        if self.is_closed() || now - opened > LIFE {
            return;
        }
        let mut idle = self.idle();
        if idle.first().is_some_and(|one| now - one.since > UNUSED) {
            idle.remove(0);
        }
        idle.push(Idle { conn, opened, since: now });
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    /// For one statement. Until [`Self::answered`] it is not fit for another: whoever asked may go away in the middle.
    #[expect(clippy::expect_used, reason = "only `drop` takes it out")]
    pub(in crate::port) fn ask(&mut self) -> &mut PgConnection {
        self.sound = false;
        self.conn.as_mut().expect("lent until it is dropped")
    }

    /// The statement went well.
    pub(in crate::port) const fn answered(&mut self) {
        self.sound = true;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take()
            && self.sound
        {
            self.pool.take_back(conn, self.opened);
        }
    }
}

/// Nobody listens, or the server says that it cannot yet, or that it has too many now.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(said) => matches!(said.code().as_deref(), Some("57P03" | "53300")),
        _ => false,
    }
}
