//! PostgreSQL: a pool, plain transactions, notices between nodes.

mod pool;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::sync::mpsc;

pub(super) use self::pool::Lent;
use self::pool::Pool;
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
/// The line for notices is given this time to end.
const FAREWELL: Duration = Duration::from_secs(1);
const CHANNEL: &str = "kalends_changes";

pub(super) struct Postgres {
    pool: Pool,
    /// One connection more, to hear what other nodes say.
    line: PgPool,
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
        let line = PgPoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
        let pool = Pool::new(options);
        // Opened now: an address that does not work is told at the start.
        drop(pool.take().await?);
        let node = shared.ids.uid().to_string();
        let (notices, sent) = mpsc::unbounded_channel();
        tokio::spawn(tell_others(pool.clone(), shared.clone(), node.clone(), sent));
        tokio::spawn(listen(line.clone(), shared.clone(), node));
        Ok(Self { pool, line, notices })
    }

    pub(super) async fn connection(&self, shared: &Shared) -> Result<Tx> {
        connection(&self.pool, shared).await
    }

    /// Begins a transaction in a task of its own: a caller who goes away must not leave it half done.
    pub(super) fn write(&self, shared: &Shared, ask: Ask) {
        tokio::spawn(run(self.pool.clone(), shared.clone(), self.notices.clone(), ask));
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
        // Who hears may have missed that it ends: sqlx asks and begins to listen in two steps.
        let _ = tokio::time::timeout(FAREWELL, self.line.close()).await;
    }
}

async fn connection(pool: &Pool, shared: &Shared) -> Result<Tx> {
    Ok(Tx::new(Conn::Postgres(pool.take().await?), &*shared.clock, shared.ids.clone()))
}

/// Begins on the first connection that still lives: nothing has happened yet, so another try is safe.
async fn begin(pool: &Pool, shared: &Shared) -> Result<Tx> {
    let mut dead = 0;
    loop {
        let mut tx = connection(pool, shared).await?;
        match tx.run(sql("BEGIN")).await {
            Ok(_) => return Ok(tx),
            Err(error) => {
                dead += 1;
                if dead == DEAD || !error.is_unavailable() {
                    return Err(error);
                }
            }
        }
    }
}

/// Runs a transaction, again while it loses against others, and answers who asked for it.
async fn run(pool: Pool, shared: Shared, notices: mpsc::UnboundedSender<Change>, mut ask: Ask) {
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
                // Given back first: whoever hears the answer finds it there.
                drop(tx);
                return ask.answer(None);
            }
            Ok(false) => None,
            Err(error) => Some(error),
        };
        if let Err(undone) = tx.undo().await {
            tracing::debug!(error = %undone, "a connection is closed in the middle of a transaction");
        }
        let again = tx.again && run < RUNS;
        drop(tx);
        if !again {
            return ask.answer(failure);
        }
        tracing::debug!(run, "lost against another transaction, again");
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

/// Sends what was committed here to the other nodes, many at a time.
///
/// After the commit, not in it: a notice inside a transaction makes all commits of the server wait for each other.
async fn tell_others(pool: Pool, shared: Shared, node: String, mut sent: mpsc::UnboundedReceiver<Change>) {
    let mut changes = Vec::new();
    while sent.recv_many(&mut changes, NOTICES).await > 0 {
        changes.sort_unstable();
        changes.dedup();
        let notice = Notice { node: node.clone(), changes: std::mem::take(&mut changes) };
        let Ok(text) = serde_json::to_string(&notice) else { continue };
        let told = async {
            let mut tx = connection(&pool, &shared).await?;
            tx.run(sql("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(text)).await
        };
        if let Err(error) = told.await {
            tracing::warn!(%error, "other nodes could not be told of a change");
        }
        tokio::time::sleep(TELLING).await;
    }
}

/// Hears what other nodes committed. A broken line means that notices were lost: then everything may have changed.
async fn listen(line: PgPool, shared: Shared, node: String) {
    while !line.is_closed() {
        if let Err(error) = hear(&line, &shared, &node).await
            && !line.is_closed()
        {
            tracing::warn!(%error, "the line for notices broke, again in a second");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn hear(line: &PgPool, shared: &Shared, node: &str) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(line).await?;
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
