//! What the database itself can do: single inserts under a constraint, each its own commit.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::Connection;
use sqlx::postgres::PgPoolOptions;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::measure::rate;

const TABLE: &str =
    "CREATE TABLE raw_claims (host_id TEXT NOT NULL, starts BIGINT NOT NULL, ends BIGINT NOT NULL,
    UNIQUE (host_id, starts))";
const INSERT: &str = "INSERT INTO raw_claims (host_id, starts, ends) VALUES ($1, $2, $3)";

/// Inserts a second from so many clients, as durable as bookings are.
pub async fn run(database: Option<&str>, clients: usize, time: Duration) -> Result<f64> {
    let next = Arc::new(AtomicI64::new(0));
    let began = Instant::now();
    match database {
        Some(url) => postgres(url, clients, time, &next).await?,
        None => sqlite(clients, time, &next).await?,
    }
    Ok(rate(usize::try_from(next.load(Ordering::Relaxed))?, began.elapsed()))
}

/// The next row: a host and a start that nobody has.
fn row(next: &AtomicI64) -> (String, i64) {
    let number = next.fetch_add(1, Ordering::Relaxed);
    (format!("0190163d-8694-739b-aea5-{:012}", number % 8), number * 300)
}

/// One writer, as SQLite has it: each client takes its turn.
async fn sqlite(clients: usize, time: Duration, next: &Arc<AtomicI64>) -> Result<()> {
    let folder = TempDir::new()?;
    let one = Connection::open(folder.path().join("raw.db"))?;
    one.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    one.execute_batch(TABLE)?;
    let (one, began) = (Arc::new(Mutex::new(one)), Instant::now());
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let (one, next) = (Arc::clone(&one), Arc::clone(next));
        running.spawn_blocking(move || {
            while began.elapsed() < time {
                let (host, start) = row(&next);
                let one = one.lock().unwrap_or_else(PoisonError::into_inner);
                one.prepare_cached(INSERT)?.execute((host, start, start + 300))?;
            }
            Ok::<_, rusqlite::Error>(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

async fn postgres(url: &str, clients: usize, time: Duration, next: &Arc<AtomicI64>) -> Result<()> {
    let options = PgPoolOptions::new().max_connections(u32::try_from(clients)?.min(64));
    let pool = options.connect(url).await?;
    sqlx::query("DROP TABLE IF EXISTS raw_claims").execute(&pool).await?;
    sqlx::query(TABLE).execute(&pool).await?;
    let (mut running, began) = (JoinSet::new(), Instant::now());
    for _ in 0..clients {
        let (pool, next) = (pool.clone(), Arc::clone(next));
        running.spawn(async move {
            while began.elapsed() < time {
                let (host, start) = row(&next);
                sqlx::query(INSERT).bind(host).bind(start).bind(start + 300).execute(&pool).await?;
            }
            Ok::<_, sqlx::Error>(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    sqlx::query("DROP TABLE raw_claims").execute(&pool).await?;
    Ok(())
}
