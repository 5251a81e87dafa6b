//! Backup, restore and check of the SQLite file, while it serves.

use std::path::Path;

use crate::{Change, Db, Error, Result, Sql, Tx, sql};

impl Db {
    /// Writes a whole, consistent copy to a new file while others read and write. `PostgreSQL` has its own tools.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        self.only_sqlite("backup", "pg_dump")?;
        if to.exists() {
            return Err(Error::Refused(format!("{} is there already; name a new file", to.display())));
        }
        let text = to
            .to_str()
            .ok_or_else(|| Error::Refused(format!("{} is no readable file name", to.display())))?;
        let mut tx = self.read().await?;
        tx.run(sql("PRAGMA query_only = OFF")).await?;
        let copied = tx.run(sql("VACUUM INTO $1").bind(text)).await;
        tx.run(sql("PRAGMA query_only = ON")).await?;
        copied.map(drop)
    }

    /// Replaces everything by what is in a backup, in one transaction, while it serves: others see all of the old or all
    /// of the new.
    pub async fn restore(&self, from: &Path) -> Result<()> {
        self.only_sqlite("restore", "pg_restore")?;
        let path = from
            .to_str()
            .filter(|_| from.is_file())
            .ok_or_else(|| Error::Refused(format!("{} is no file", from.display())))?
            .to_owned();
        let Some(mut tx) = self.alone().await? else { return Ok(()) };
        tx.run(sql("ATTACH DATABASE $1 AS backup").bind(path)).await?;
        // Rows come table by table; each refers to others of the same backup.
        tx.run(sql("PRAGMA foreign_keys = OFF")).await?;
        tx.run(sql("BEGIN IMMEDIATE")).await?;
        let copied = copy(&mut tx).await;
        let ended = tx.run(sql(if copied.is_ok() { "COMMIT" } else { "ROLLBACK" })).await;
        tx.run(sql("PRAGMA foreign_keys = ON")).await?;
        tx.run(sql("DETACH DATABASE backup")).await?;
        copied.and(ended)?;
        self.tell(&[Change::Everything]);
        Ok(())
    }

    /// What is wrong with the file, in SQLite's words; empty when all is well.
    pub async fn integrity(&self) -> Result<Vec<String>> {
        let mut tx = self.read().await?;
        if tx.is_postgres() {
            return Ok(Vec::new());
        }
        let mut found = column(&mut tx, "PRAGMA integrity_check(100)", "integrity_check").await?;
        found.retain(|line| line != "ok");
        for row in tx.rows(sql("PRAGMA foreign_key_check")).await? {
            let (table, parent): (String, String) = (row.get("table")?, row.get("parent")?);
            found.push(format!("a row of {table} refers to a row of {parent} that is not there"));
        }
        Ok(found)
    }

    fn only_sqlite(&self, what: &str, tool: &str) -> Result<()> {
        if self.is_postgres() {
            return Err(Error::Refused(format!("{what} is for SQLite; use {tool} for PostgreSQL")));
        }
        Ok(())
    }
}

async fn copy(tx: &mut Tx) -> Result<()> {
    let versions = |of: &str| {
        Sql::built(format!("SELECT name || ' ' || checksum AS version FROM {of}.migrations ORDER BY name"))
    };
    let read = async |tx: &mut Tx, query| -> Result<Vec<String>> {
        tx.rows(query).await?.iter().map(|row| row.get("version")).collect()
    };
    let ours = read(tx, versions("main")).await?;
    let theirs = read(tx, versions("backup"))
        .await
        .map_err(|error| Error::Refused(format!("the file is no backup of this server ({error})")))?;
    if ours != theirs {
        return Err(Error::Refused(
            "the backup is of another version: stop the server, put the file in the database's place, start it again".into(),
        ));
    }
    let tables = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    for table in column(tx, tables, "name").await? {
        tx.run(Sql::built(format!("DELETE FROM main.{table}"))).await?;
        tx.run(Sql::built(format!("INSERT INTO main.{table} SELECT * FROM backup.{table}"))).await?;
    }
    Ok(())
}

async fn column(tx: &mut Tx, text: &'static str, name: &str) -> Result<Vec<String>> {
    tx.rows(sql(text)).await?.iter().map(|row| row.get(name)).collect()
}
