//! The tables: one list of scripts, each run once and never changed afterwards.

use crate::{Db, Error, Result, Tx, sql};

/// One script, as it is in this version.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its file's name, which orders it.
    pub name: &'static str,
    /// Its statements.
    pub text: &'static str,
    /// Its statements on `PostgreSQL`, where they must differ.
    pub postgres: Option<&'static str>,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        &[$(Migration { name: $name, text: include_str!(concat!("../migrations/", $name, ".sql")), postgres: None }),*]
    };
}

/// All scripts of this version, oldest first.
pub const ALL: &[Migration] = migrations![
    "0001_people",
    "0002_event_types",
    "0003_bookings",
    "0004_work",
    "0005_apps",
    "0006_calendars",
    "0007_oauth",
    "0008_two_ways",
    "0009_app_life",
    "0010_rooms",
    "0011_flight_recorder",
    "0013_notices",
    "0014_api",
    "0015_indexes",
    "0016_walls",
    "0017_returned_mail",
    "0018_silence",
];

impl Migration {
    fn text_for(&self, postgres: bool) -> &'static str {
        if postgres { self.postgres.unwrap_or(self.text) } else { self.text }
    }

    /// SHA-256 of the text, in hexadecimal digits.
    fn checksum(&self) -> String {
        crate::sha256(self.text)
    }
}

impl Db {
    /// Makes or completes the tables; the names of the scripts that were run.
    ///
    /// Refused when a script that was run before has changed, or when the database was made by a later version.
    pub async fn migrate(&self) -> Result<Vec<&'static str>> {
        self.migrate_with(ALL).await
    }

    /// As [`Db::migrate`], with another list.
    pub async fn migrate_with(&self, list: &'static [Migration]) -> Result<Vec<&'static str>> {
        self.write(move |tx| Box::pin(run(tx, list))).await
    }

    /// The scripts that [`Db::migrate`] would run.
    pub async fn pending_migrations(&self) -> Result<Vec<&'static str>> {
        let mut tx = self.read().await?;
        let there = if tx.is_postgres() {
            sql("SELECT 1 AS there FROM information_schema.tables
                 WHERE table_name = 'migrations' AND table_schema = current_schema()")
        } else {
            sql("SELECT 1 AS there FROM sqlite_master WHERE name = 'migrations'")
        };
        if tx.row(there).await?.is_none() {
            return Ok(ALL.iter().map(|one| one.name).collect());
        }
        pending(&mut tx, ALL).await.map(|list| list.into_iter().map(|one| one.name).collect())
    }
}

async fn run(tx: &mut Tx, list: &'static [Migration]) -> Result<Vec<&'static str>> {
    if tx.is_postgres() {
        // Two nodes that start together: one waits. The number is ours alone.
        tx.rows(sql("SELECT 1 AS one FROM (SELECT pg_advisory_xact_lock(7266201)) AS locked")).await?;
    }
    tx.run(sql("CREATE TABLE IF NOT EXISTS migrations (
            name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)"))
        .await?;
    let mut done = Vec::new();
    for one in pending(tx, list).await? {
        tx.script(one.text_for(tx.is_postgres())).await?;
        let now = tx.now();
        tx.run(
            sql("INSERT INTO migrations (name, checksum, applied_at) VALUES ($1, $2, $3)")
                .bind(one.name)
                .bind(one.checksum())
                .bind(now),
        )
        .await?;
        done.push(one.name);
    }
    Ok(done)
}

async fn pending(tx: &mut Tx, list: &'static [Migration]) -> Result<Vec<&'static Migration>> {
    let rows = tx.rows(sql("SELECT name, checksum FROM migrations ORDER BY name")).await?;
    for row in &rows {
        let (name, checksum): (String, String) = (row.get("name")?, row.get("checksum")?);
        match list.iter().find(|one| one.name == name) {
            None => {
                return Err(Error::Migration(format!(
                    "the database was made by a later version (it has `{name}`); start that version"
                )));
            }
            Some(one) if one.checksum() != checksum => {
                return Err(Error::Migration(format!(
                    "migration `{name}` is not the one this database was made with; restore the file, or a backup of the database"
                )));
            }
            Some(_) => {}
        }
    }
    Ok(list.iter().skip(rows.len()).collect())
}
