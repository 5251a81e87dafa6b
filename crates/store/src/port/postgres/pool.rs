//! Connections to the server, lent and given back.

use std::time::Duration;

use deadpool::managed::{Manager, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Instant, sleep, timeout};

use crate::{Error, Result};

/// So many connections at once at most.
const MOST: usize = 24;
/// Who waits longer for one is told so.
const PATIENCE: Duration = Duration::from_secs(5);
/// A server that starts, or starts again, is given this time; less than [`PATIENCE`], so that its reason is told.
const START: Duration = Duration::from_secs(4);
/// It is asked this often meanwhile, and the pool this often whether all have come back.
const PAUSE: Duration = Duration::from_millis(100);
/// One that was last lent longer ago is asked for a sign of life before it is lent again.
const RESTED: Duration = Duration::from_secs(1);
/// The server keeps what a connection once needed: after so long it is replaced.
const LIFE: Duration = Duration::from_mins(30);

/// Some connections, opened when they are first needed.
#[derive(Clone)]
pub(super) struct Pool(deadpool::managed::Pool<Server>);

/// A connection that goes back when it is dropped, if it is fit for another.
pub(in crate::port) struct Lent {
    conn: Option<Object<Server>>,
    /// Its last statement went well and was answered whole; else it is closed, not given back.
    sound: bool,
}

/// Where they lead.
struct Server(PgConnectOptions);

impl Pool {
    #[expect(clippy::expect_used, reason = "only a pool with timeouts of its own needs a runtime")]
    pub(super) fn new(options: PgConnectOptions) -> Self {
        // The one lent last is lent first, so the others may rest.
        let pool =
            deadpool::managed::Pool::builder(Server(options)).max_size(MOST).queue_mode(QueueMode::Lifo);
        Self(pool.build().expect("no timeouts"))
    }

    /// The next free one.
    pub(super) async fn take(&self) -> Result<Lent> {
        match timeout(PATIENCE, self.0.get()).await {
            Ok(Ok(conn)) => Ok(Lent { conn: Some(conn), sound: true }),
            Ok(Err(PoolError::Backend(error))) => Err(error.into()),
            Ok(Err(_)) => Err(Error::Unavailable("it is being closed".into())),
            Err(_) if self.0.status().size == MOST => {
                Err(Error::Unavailable("all of its connections are in use".into()))
            }
            Err(_) => Err(Error::Unavailable("it accepts no connection in time".into())),
        }
    }

    /// Lends no more, and waits for what is lent, for a while.
    pub(super) async fn close(&self) {
        self.0.close();
        let last = Instant::now() + PATIENCE;
        while self.0.status().size > 0 && Instant::now() < last {
            sleep(PAUSE).await;
        }
    }
}

impl Manager for Server {
    type Type = PgConnection;
    type Error = sqlx::Error;

    /// A fresh one. A server that is just starting is waited for.
    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        let deadline = Instant::now() + START;
        loop {
            // On the heap: large, and seldom needed by those whose future it is in.
            match Box::pin(PgConnection::connect_with(&self.0)).await {
                Err(error) if is_starting(&error) && Instant::now() < deadline => sleep(PAUSE).await,
                opened => return opened,
            }
        }
    }

    async fn recycle(&self, conn: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() > LIFE {
            return Err(RecycleError::message("it is old"));
        }
        if metrics.last_used() > RESTED {
            conn.ping().await?;
        }
        Ok(())
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
            && !self.sound
        {
            drop(Object::take(conn));
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
