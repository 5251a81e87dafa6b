//! A database per test: a file in a directory that goes away, or a PostgreSQL database that is dropped.

use std::{fmt::Write as _, sync::Arc};

use kalends_domain::{Clock, Ids};
use kalends_store::{Db, Error, Sql};
use tempfile::TempDir;

use crate::{Counting, Held};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Always there.
    Sqlite,
    /// Where `KALENDS_TEST_POSTGRES` names a server.
    Postgres,
}

/// The server for tests, from `KALENDS_TEST_POSTGRES`: an address whose user may create databases; or why there is none.
pub fn postgres() -> Result<String, &'static str> {
    std::env::var("KALENDS_TEST_POSTGRES").map_err(
        |_| "KALENDS_TEST_POSTGRES is not set: name a server, such as postgres://postgres@127.0.0.1/postgres",
    )
}

/// A database with all tables and nothing in them, for one test.
#[derive(Debug)]
pub struct TestDb {
    /// The database.
    pub db: Db,
    /// Its clock, which stands at 2026-11-23 09:00 UTC.
    pub clock: Held,
    /// Its maker of ids, which counts.
    pub ids: Ids,
    /// How it was opened: another node can be opened with it.
    pub url: String,
    directory: Option<TempDir>,
    server: Option<(String, String)>,
}

impl TestDb {
    /// A fresh database.
    pub async fn open(dialect: Dialect) -> Self {
        Self::open_with(dialect, Held::from_text("2026-11-23T09:00:00Z")).await
    }

    /// A fresh SQLite database.
    pub async fn sqlite() -> Self {
        Self::open(Dialect::Sqlite).await
    }

    /// A fresh database whose time is this clock's.
    ///
    /// # Panics
    /// When it cannot be made: a test without its database has nothing to say.
    pub async fn open_with(dialect: Dialect, clock: Held) -> Self {
        let ids = Counting::default().ids(clock.clone());
        let made = match dialect {
            Dialect::Sqlite => Self::file(&clock, &ids).await,
            Dialect::Postgres => Self::on_server(&clock, &ids).await,
        };
        match made {
            Ok(made) => made,
            Err(error) => panic!("no database for the test: {error}"),
        }
    }

    /// The same database again, as another process sees it.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn another_node(&self) -> Db {
        // Far away, so that its ids do not meet the first one's.
        let ids = Counting::from(1 << 40).ids(self.clock.clone());
        match Db::open(&self.url, shared(&self.clock), ids).await {
            Ok(db) => db,
            Err(error) => panic!("no second node: {error}"),
        }
    }

    /// A database file that is there, such as a backup.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn of_file(path: &std::path::Path, clock: &Held) -> Db {
        let url = format!("sqlite://{}", path.display());
        match Db::open(&url, shared(clock), Counting::from(1 << 41).ids(clock.clone())).await {
            Ok(db) => db,
            Err(error) => panic!("{} cannot be opened: {error}", path.display()),
        }
    }

    async fn file(clock: &Held, ids: &Ids) -> Result<Self, Error> {
        let directory = tempfile::tempdir().map_err(|error| Error::Refused(error.to_string()))?;
        let url = format!("sqlite://{}", directory.path().join("kalends.db").display());
        let db = Db::open(&url, shared(clock), ids.clone()).await?;
        db.migrate().await?;
        let (clock, ids) = (clock.clone(), ids.clone());
        Ok(Self { db, clock, ids, url, directory: Some(directory), server: None })
    }

    async fn on_server(clock: &Held, ids: &Ids) -> Result<Self, Error> {
        let server = postgres().map_err(|why| Error::Refused(why.into()))?;
        let name = database_name();
        run_on(&server, format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")).await?;
        let url = with_database(&server, &name);
        let db = Db::open(&url, shared(clock), ids.clone()).await?;
        db.migrate().await?;
        let (clock, ids) = (clock.clone(), ids.clone());
        Ok(Self { db, clock, ids, url, directory: None, server: Some((server, name)) })
    }

    /// Closes the database and removes it. One that is not closed is left to the temporary directory or the throw-away server.
    pub async fn close(self) {
        self.db.close().await;
        if let Some((server, name)) = &self.server {
            // A second node may still be connected to it.
            let dropped = run_on(server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            assert!(dropped.is_ok(), "the test's database could not be dropped: {dropped:?}");
        }
        drop(self.directory);
    }
}

fn shared(clock: &Held) -> Arc<dyn Clock> {
    Arc::new(clock.clone())
}

/// Runs one statement outside a transaction.
async fn run_on(server: &str, statement: String) -> Result<(), Error> {
    let clock = Held::from_text("2026-11-23T09:00:00Z");
    let db = Db::open(server, shared(&clock), Counting::default().ids(clock.clone())).await?;
    let done = async {
        let mut tx = db.read().await?;
        tx.run(Sql::built(statement)).await
    }
    .await;
    db.close().await;
    done.map(drop)
}

/// A name no other run has: databases outlive a process that was killed.
fn database_name() -> String {
    let mut bytes = [0; 12];
    if let Err(error) = getrandom::fill(&mut bytes) {
        panic!("no randomness for a database name: {error}");
    }
    bytes.iter().fold(String::from("kalends_test_"), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

/// The server's address with another database.
fn with_database(server: &str, name: &str) -> String {
    let (address, query) =
        server.split_once('?').map_or((server, None), |(address, query)| (address, Some(query)));
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    let base = match host.rfind('/') {
        Some(_) => address.rsplit_once('/').map_or(address, |(base, _)| base),
        None => address,
    };
    query.map_or_else(|| format!("{base}/{name}"), |query| format!("{base}/{name}?{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_keeps_the_rest_of_the_address() {
        assert_eq!(with_database("postgres://u:p@h:1/a?x=y", "b"), "postgres://u:p@h:1/b?x=y");
        assert_eq!(with_database("postgres://u@h", "b"), "postgres://u@h/b");
    }
}
