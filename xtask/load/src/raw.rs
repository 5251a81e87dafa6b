//! What the database itself can do: claims without anything around them, each its own durable commit.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::Connection as Lite;
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::database;
use crate::measure::rate;

/// What is inserted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A claim, as the server makes it: its table with all indexes; first its host is guarded, then nothing may overlap.
    Claim,
    /// A row of three columns under one unique key, for comparison: it keeps two apart that start together, no more.
    Row,
}

/// Hosts of the claims.
const HOSTS: i64 = 8;
const ROWS: &str =
    "CREATE TABLE raw_rows (host_id TEXT NOT NULL, starts BIGINT NOT NULL, ends BIGINT NOT NULL,
    UNIQUE (host_id, starts))";
const ROW: &str = "INSERT INTO raw_rows (host_id, starts, ends) VALUES ($1, $2, $3)";
/// On `PostgreSQL` beside the server's own tables, and the same as they are.
const COPIES: [&str; 3] = [
    "DROP TABLE IF EXISTS raw_claims, raw_guards, raw_rows",
    "CREATE TABLE raw_claims (LIKE claims INCLUDING ALL)",
    "CREATE TABLE raw_guards (LIKE host_guards INCLUDING ALL)",
];
const GUARD: &str = "SELECT host_id FROM raw_guards WHERE host_id = $1 FOR UPDATE";

/// Inserts a second from so many clients, as durable as bookings are.
pub async fn run(database: Option<&str>, what: What, clients: usize, time: Duration) -> Result<f64> {
    let next = Arc::new(AtomicI64::new(0));
    let took = match database {
        Some(url) => postgres(url, what, clients, time, &next).await?,
        None => sqlite(what, clients, time, &next).await?,
    };
    Ok(rate(usize::try_from(next.load(Ordering::Relaxed))?, took))
}

/// A host and a start that nobody has.
struct Wish {
    host: String,
    owner: String,
    start: i64,
}

impl Wish {
    fn next(next: &AtomicI64) -> Self {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let owner = format!("b0190163d-8694-739b-aea5-{number:012}");
        Self { host: host(number % HOSTS), owner, start: number / HOSTS * 300 }
    }

    const fn end(&self) -> i64 {
        self.start + 300
    }
}

fn host(number: i64) -> String {
    format!("0190163d-8694-739b-aea5-{number:012}")
}

/// The search for what overlaps, and the claim: the texts of the server.
fn texts(table: &str) -> (String, String) {
    let overlaps = format!(
        "SELECT owner_id FROM {table} WHERE starts < $1 AND ends > $2 AND starts > $2 - 345601 AND host_id = $3"
    );
    let insert = format!(
        "INSERT INTO {table} (organization_id, host_id, owner_id, owner_kind, starts, ends, expires_at, shared, seats)
         VALUES ('0190163d-8694-739b-aea5-2cf59837f3d3', $1, $2, 'booking', $3, $4, NULL, NULL, 1)"
    );
    (overlaps, insert)
}

/// One writer, as SQLite has it: each client takes its turn.
async fn sqlite(what: What, clients: usize, time: Duration, next: &Arc<AtomicI64>) -> Result<Duration> {
    let folder = TempDir::new()?;
    let file = folder.path().join("raw.db");
    let one = Arc::new(Mutex::new(opened(&file).await?));
    let (mut running, began) = (JoinSet::new(), Instant::now());
    for _ in 0..clients {
        let (one, next) = (Arc::clone(&one), Arc::clone(next));
        running.spawn_blocking(move || {
            while began.elapsed() < time {
                let wish = Wish::next(&next);
                insert(&one.lock().unwrap_or_else(PoisonError::into_inner), what, &wish)?;
            }
            Ok::<_, rusqlite::Error>(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(began.elapsed())
}

/// A file with the server's tables, and the row's.
async fn opened(file: &Path) -> Result<Lite> {
    let db = database::open(&format!("sqlite://{}", file.display())).await?;
    db.migrate().await?;
    db.close().await;
    let one = Lite::open(file)?;
    one.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    one.execute_batch(ROWS)?;
    Ok(one)
}

fn insert(one: &Lite, what: What, wish: &Wish) -> rusqlite::Result<()> {
    if what == What::Row {
        one.prepare_cached(ROW)?.execute((&wish.host, wish.start, wish.end()))?;
        return Ok(());
    }
    let (overlaps, insert) = texts("claims");
    one.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
    if !one.prepare_cached(&overlaps)?.exists((wish.end(), wish.start, &wish.host))? {
        one.prepare_cached(&insert)?.execute((&wish.host, &wish.owner, wish.start, wish.end()))?;
    }
    one.prepare_cached("COMMIT")?.execute(()).map(drop)
}

/// Each client has a connection of its own.
async fn postgres(
    url: &str,
    what: What,
    clients: usize,
    time: Duration,
    next: &Arc<AtomicI64>,
) -> Result<Duration> {
    let mut first = PgConnection::connect(url).await?;
    for text in COPIES.into_iter().chain([ROWS]) {
        first.execute(text).await?;
    }
    for number in 0..HOSTS {
        sqlx::query("INSERT INTO raw_guards (host_id) VALUES ($1)")
            .bind(host(number))
            .execute(&mut first)
            .await?;
    }
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(PgConnection::connect(url).await?);
    }
    let (mut running, began) = (JoinSet::new(), Instant::now());
    for mut one in connections {
        let next = Arc::clone(next);
        running.spawn(async move {
            while began.elapsed() < time {
                let wish = Wish::next(&next);
                match what {
                    What::Claim => claim(&mut one, &wish).await?,
                    What::Row => {
                        let insert = sqlx::query(ROW).bind(&wish.host).bind(wish.start).bind(wish.end());
                        insert.execute(&mut one).await.map(drop)?;
                    }
                }
            }
            one.close().await
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    let took = began.elapsed();
    first.execute(COPIES[0]).await?;
    Ok(took)
}

async fn claim(one: &mut PgConnection, wish: &Wish) -> Result<(), sqlx::Error> {
    let (overlaps, insert) = texts("raw_claims");
    let mut tx = one.begin().await?;
    sqlx::query(GUARD).bind(&wish.host).fetch_all(&mut *tx).await?;
    let overlaps = sqlx::query(sqlx::AssertSqlSafe(overlaps)).bind(wish.end()).bind(wish.start);
    if overlaps.bind(&wish.host).fetch_optional(&mut *tx).await?.is_none() {
        let insert = sqlx::query(sqlx::AssertSqlSafe(insert)).bind(&wish.host).bind(&wish.owner);
        insert.bind(wish.start).bind(wish.end()).execute(&mut *tx).await?;
    }
    tx.commit().await
}
