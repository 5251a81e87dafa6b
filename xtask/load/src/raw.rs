//! What the database itself can do: single inserts under a constraint, each its own commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::measure::rate;

const TABLE: &str =
    "CREATE TABLE raw_claims (host_id TEXT NOT NULL, starts BIGINT NOT NULL, ends BIGINT NOT NULL,
    UNIQUE (host_id, starts))";
const INSERT: &str = "INSERT INTO raw_claims (host_id, starts, ends) VALUES ($1, $2, $3)";

#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Inserts a second from so many clients, as durable as bookings are.
pub async fn run(database: Option<&str>, clients: usize, time: Duration) -> Result<f64> {
    let folder = TempDir::new()?;
    let pool = match database {
        Some(url) => {
            let options = PgPoolOptions::new().max_connections(u32::try_from(clients)?.min(64));
            let pool = options.connect(url).await?;
            sqlx::query("DROP TABLE IF EXISTS raw_claims").execute(&pool).await?;
            sqlx::query(TABLE).execute(&pool).await?;
            Pool::Postgres(pool)
        }
        None => {
            let options = SqliteConnectOptions::new()
                .filename(folder.path().join("raw.db"))
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full);
            // One writer, as SQLite has it: more connections would only wait for each other.
            let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
            sqlx::query(TABLE).execute(&pool).await?;
            Pool::Sqlite(pool)
        }
    };
    let next = Arc::new(AtomicI64::new(0));
    let began = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let (pool, next) = (pool.clone(), Arc::clone(&next));
        running.spawn(async move {
            while began.elapsed() < time {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let (host, start) = (format!("0190163d-8694-739b-aea5-{:012}", number % 8), number * 300);
                match &pool {
                    Pool::Sqlite(pool) => sqlx::query(INSERT)
                        .bind(host)
                        .bind(start)
                        .bind(start + 300)
                        .execute(pool)
                        .await
                        .map(drop),
                    Pool::Postgres(pool) => sqlx::query(INSERT)
                        .bind(host)
                        .bind(start)
                        .bind(start + 300)
                        .execute(pool)
                        .await
                        .map(drop),
                }?;
            }
            Ok::<_, sqlx::Error>(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    let (took, count) = (began.elapsed(), usize::try_from(next.load(Ordering::Relaxed))?);
    if let Pool::Postgres(pool) = &pool {
        sqlx::query("DROP TABLE raw_claims").execute(pool).await?;
    }
    Ok(rate(count, took))
}
