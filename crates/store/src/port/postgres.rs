//! PostgreSQL: a pool, plain transactions, notices between nodes.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::sync::mpsc;

use super::{Change, Tx, ask::Ask, db::Shared, sql, tx::Conn};
use crate::{Error, Result};

/// So often is a transaction run that keeps losing against others.
const RUNS: u32 = 8;
/// So many dead connections are thrown away before giving up.
const DEAD: u32 = 40;
/// Other nodes are told at most this often: what changes meanwhile goes together.
const TELLING: Duration = Duration::from_millis(5);
/// `PostgreSQL` takes notices of up to 8,000 bytes; one of ours has about 70.
const NOTICES: usize = 100;
const CHANNEL: &str = "kalends_changes";

pub(super) struct Postgres {
    pool: PgPool,
    notices: mpsc::UnboundedSender<Change>,
}

/// What goes from node to node.
#[derive(Serialize, Deserialize)]
struct Notice {
    node: String,
    changes: Vec<Change>,
}

impl Postgres {
    pub(super) async fn open(url: &str, shared: &Shared) -> Result<Self> {
        let options: PgConnectOptions = url
            .parse::<PgConnectOptions>()
            .map_err(|error| Error::Refused(format!("the database address cannot be used: {error}")))?
            .application_name("kalends")
            .statement_cache_capacity(256);
        let pool = PgPoolOptions::new()
            // One of them listens for notices.
            .max_connections(25)
            .acquire_timeout(Duration::from_secs(5))
            // Pinged after a rest only: a ping before each would cost every write a round trip.
            .test_before_acquire(false)
            .before_acquire(|conn, rest| {
                Box::pin(async move {
                    if rest.idle_for > Duration::from_secs(1) {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options.clone())
            .await;
        let pool = match pool {
            Ok(pool) => pool,
            Err(error) => return Err(cause(error, &options).await.into()),
        };
        let node = shared.ids.uid().to_string();
        let (notices, sent) = mpsc::unbounded_channel();
        tokio::spawn(tell_others(pool.clone(), node.clone(), sent));
        tokio::spawn(listen(pool.clone(), shared.clone(), node));
        Ok(Self { pool, notices })
    }

    pub(super) async fn connection(&self, shared: &Shared) -> Result<Tx> {
        Ok(Tx::new(Conn::Postgres(self.pool.acquire().await?), &*shared.clock, shared.ids.clone()))
    }

    /// Begins a transaction in a task of its own: a caller who goes away must not leave it half done.
    pub(super) fn write(&self, shared: &Shared, ask: Ask) {
        tokio::spawn(run(self.pool.clone(), shared.clone(), self.notices.clone(), ask));
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// A pool only says that it waited in vain; one connection by itself says why.
async fn cause(error: sqlx::Error, options: &PgConnectOptions) -> sqlx::Error {
    if !matches!(error, sqlx::Error::PoolTimedOut) {
        return error;
    }
    match tokio::time::timeout(Duration::from_secs(5), PgConnection::connect_with(options)).await {
        Ok(Err(cause)) => cause,
        Ok(Ok(_)) | Err(_) => error,
    }
}

/// Begins on the first connection that still lives: nothing has happened yet, so another try is safe.
async fn begin(pool: &PgPool, shared: &Shared) -> Result<Tx> {
    let mut dead = 0;
    loop {
        let mut tx = Tx::new(Conn::Postgres(pool.acquire().await?), &*shared.clock, shared.ids.clone());
        match tx.run(sql("BEGIN")).await {
            Ok(_) => return Ok(tx),
            Err(error) => {
                throw_away(&mut tx);
                dead += 1;
                if dead == DEAD || !error.is_unavailable() {
                    return Err(error);
                }
            }
        }
    }
}

/// Runs a transaction, again while it loses against others, and answers who asked for it.
async fn run(pool: PgPool, shared: Shared, notices: mpsc::UnboundedSender<Change>, mut ask: Ask) {
    for run in 1.. {
        let mut tx = match begin(&pool, &shared).await {
            Ok(tx) => tx,
            Err(error) => return ask.answer(Some(error)),
        };
        let failure = match once(&mut tx, &mut ask).await {
            Ok(true) => {
                shared.tell(&tx.changes);
                for change in &tx.changes {
                    let _ = notices.send(*change); // the other end lives as long as the pool
                }
                return ask.answer(None);
            }
            Ok(false) => None,
            Err(error) => Some(error),
        };
        if tx.undo().await.is_err() {
            throw_away(&mut tx);
        }
        if !tx.again || run == RUNS {
            return ask.answer(failure);
        }
        tracing::debug!(run, "lost against another transaction, again");
        drop(tx);
        tokio::time::sleep(Duration::from_millis(u64::from(run * run))).await;
    }
}

/// True when it was kept, false when its body says no; an error is the commit's.
async fn once(tx: &mut Tx, ask: &mut Ask) -> Result<bool> {
    if !ask.run(tx).await {
        return Ok(false);
    }
    tx.run(sql("COMMIT")).await.map(|_| true)
}

fn throw_away(tx: &mut Tx) {
    if let Conn::Postgres(conn) = &mut tx.conn {
        conn.close_on_drop();
    }
}

/// Sends what was committed here to the other nodes, many at a time.
///
/// After the commit, not in it: a notice inside a transaction makes all commits of the server wait for each other.
async fn tell_others(pool: PgPool, node: String, mut sent: mpsc::UnboundedReceiver<Change>) {
    let mut changes = Vec::new();
    while sent.recv_many(&mut changes, NOTICES).await > 0 {
        changes.sort_unstable();
        changes.dedup();
        let notice = Notice { node: node.clone(), changes: std::mem::take(&mut changes) };
        let Ok(text) = serde_json::to_string(&notice) else { continue };
        let told = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(text).execute(&pool).await;
        if let Err(error) = told {
            tracing::warn!(%error, "other nodes could not be told of a change");
        }
        tokio::time::sleep(TELLING).await;
    }
}

/// Hears what other nodes committed. A broken line means that notices were lost: then everything may have changed.
async fn listen(pool: PgPool, shared: Shared, node: String) {
    while !pool.is_closed() {
        if let Err(error) = hear(&pool, &shared, &node).await
            && !pool.is_closed()
        {
            tracing::warn!(%error, "the line for notices broke, again in a second");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn hear(pool: &PgPool, shared: &Shared, node: &str) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    shared.tell(&[Change::Everything]);
    loop {
        let Some(notice) = listener.try_recv().await? else {
            shared.tell(&[Change::Everything]);
            continue;
        };
        match serde_json::from_str::<Notice>(notice.payload()) {
            Ok(notice) if notice.node == node => {}
            Ok(notice) => shared.tell(&notice.changes),
            Err(_) => shared.tell(&[Change::Everything]),
        }
    }
}
