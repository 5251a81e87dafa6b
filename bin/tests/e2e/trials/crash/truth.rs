//! What is true in the database, read beside the server.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::Timestamp;
use kalends_domain::id::Chance;
use kalends_domain::{Clock, Ids};
use kalends_store::{Db, Tx, sql};
use kalends_testkit::{Dialect, TestDb};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::mails::Told;

/// A booking as the database has it.
pub struct Known {
    /// Its uid.
    pub uid: String,
    /// So often it was changed.
    pub revision: i64,
    /// When it begins, as iCalendar says it.
    pub start: String,
    /// It takes place.
    pub confirmed: bool,
    /// Mails that its history makes due.
    pub told: BTreeSet<Told>,
}

/// The server's database: its own file, or one of a `PostgreSQL` server for tests.
pub struct Truth {
    runtime: Runtime,
    lent: Option<TestDb>,
    file: PathBuf,
}

impl Truth {
    /// A database for a server to be started.
    pub fn at(postgres: bool) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let lent = postgres.then(|| runtime.block_on(TestDb::open(Dialect::Postgres)));
        Ok(Self { runtime, lent, file: PathBuf::new() })
    }

    /// The address for the server's settings, where it has to be told one.
    pub fn url(&self) -> Option<&str> {
        self.lent.as_ref().map(|lent| lent.url.as_str())
    }

    /// The server that was started with it has its own files in this folder.
    pub fn beside(&mut self, folder: &Path) {
        self.file = folder.join("data/kalends.db");
    }

    /// The work of bookings that is not done.
    pub fn work_left(&self) -> Result<Vec<String>> {
        self.read(&self.file, async |tx| {
            let left = sql("SELECT kind, dead_at, COALESCE(last_error, '') AS why FROM jobs
                            WHERE kind IN ('reconcile', 'notify', 'deliver')");
            let mut all = Vec::new();
            for row in tx.rows(left).await? {
                let dead: Option<Timestamp> = row.get("dead_at")?;
                let state = if dead.is_some() { "given up" } else { "waits" };
                let (kind, why): (String, String) = (row.get("kind")?, row.get("why")?);
                all.push(format!("{kind} {state} {why}"));
            }
            Ok(all)
        })
    }

    /// Mails whose sending is noted as begun and not as done, as a killed server left it.
    pub fn begun(&self) -> Result<BTreeSet<Told>> {
        // Read in a copy: whoever opens the file first mends it, and that is for the server to do.
        let copies = TempDir::new()?;
        let copy = copies.path().join("kalends.db");
        if self.lent.is_none() {
            fs::copy(&self.file, &copy)?;
            let log = |of: &Path| of.with_extension("db-wal");
            fs::copy(log(&self.file), log(&copy))?;
        }
        self.read(&copy, async |tx| {
            let begun = sql("SELECT b.uid, d.revision, d.message, d.recipient FROM deliveries d
                             JOIN bookings b ON b.organization_id = d.organization_id AND b.id = d.booking_id
                             WHERE d.status = 'trying'");
            let rows = tx.rows(begun).await?;
            let told = rows.iter().map(|row| {
                Ok((row.get("uid")?, row.get("revision")?, row.get("message")?, row.get("recipient")?))
            });
            told.collect()
        })
    }

    /// How many mails say of themselves that they may have arrived.
    pub fn doubtful(&self) -> Result<usize> {
        self.read(&self.file, async |tx| {
            let doubtful = sql("SELECT id FROM deliveries WHERE status = 'failed' AND last_error LIKE $1");
            Ok(tx.rows(doubtful.bind("%It may have arrived%")).await?.len())
        })
    }

    /// Every booking, with the mails that its history makes due.
    pub fn bookings(&self) -> Result<Vec<Known>> {
        self.read(&self.file, async |tx| {
            let mut known = BTreeMap::new();
            for row in tx.rows(sql("SELECT id, uid, revision, starts, status FROM bookings")).await? {
                let (id, uid, status): (String, String, String) =
                    (row.get("id")?, row.get("uid")?, row.get("status")?);
                let start =
                    Timestamp::from_second(row.get("starts")?)?.strftime("%Y%m%dT%H%M%SZ").to_string();
                let (revision, confirmed) = (row.get("revision")?, status == "confirmed");
                known.insert(id, Known { uid, revision, start, confirmed, told: BTreeSet::new() });
            }
            let history = sql("SELECT e.booking_id, e.kind, e.revision, a.email FROM booking_events e
                 JOIN attendees a ON a.organization_id = e.organization_id AND a.booking_id = e.booking_id
                 WHERE e.kind IN ('booked', 'moved', 'cancelled')");
            for row in tx.rows(history).await? {
                let (id, kind, email): (String, String, String) =
                    (row.get("booking_id")?, row.get("kind")?, row.get("email")?);
                let topic = if kind == "booked" { "confirmed".to_owned() } else { kind };
                let one = known.get_mut(&id).context("a history of no booking")?;
                for to in [email, "hanna@example.com".to_owned()] {
                    one.told.insert((one.uid.clone(), row.get("revision")?, topic.clone(), to));
                }
            }
            Ok(known.into_values().collect())
        })
    }

    /// Reads while the server serves, or after it was killed.
    fn read<T>(&self, file: &Path, read: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        let url = self.url().map_or_else(|| format!("sqlite://{}", file.display()), str::to_owned);
        let clock: Arc<dyn Clock> = Arc::new(Now);
        self.runtime.block_on(async {
            let db = Db::open(&url, Arc::clone(&clock), Ids::new(clock, Arc::new(Zeros))).await?;
            let done = async { read(&mut db.read().await?).await }.await;
            db.close().await;
            done
        })
    }
}

impl Drop for Truth {
    fn drop(&mut self) {
        if let Some(lent) = self.lent.take() {
            self.runtime.block_on(lent.close());
        }
    }
}

struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "it looks at a server that lives in real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Nothing is written, so no id is made.
struct Zeros;

impl Chance for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}
