//! `kalends backup` and `kalends restore`: an SQLite database, copied while it is in use, and put back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use kalends_store::{Db, sql};

use crate::base::{Base, Guard, system};
use crate::config::Config;

/// Writes a whole copy to `to`, which must not exist. The server may be running.
pub async fn backup(config: &Config, to: &Path) -> Result<ExitCode> {
    let base = Base::there(config).await?;
    base.db.backup(to).await?;
    base.db.close().await;
    println!(
        "{} holds the whole database. The key file {} is not in it: back it up apart.",
        to.display(),
        config.secret_key_file.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Puts a copy in the database's place; the old one is kept beside it. The server must not be running.
pub async fn restore(config: &Config, from: &Path) -> Result<ExitCode> {
    let Some(place) = config.database_file() else {
        bail!("this is for SQLite; restore a PostgreSQL database with pg_restore")
    };
    let _guard = Guard::take(&config.data_dir)?;
    // Proven on a copy of our own, so that nothing is written beside the backup.
    let copy = beside(&place, "restoring");
    fs::copy(from, &copy).with_context(|| format!("cannot copy {}", from.display()))?;
    if let Err(error) = prove(&copy).await {
        remove(&copy)?;
        return Err(error.context(format!("{} was not restored; nothing was changed", from.display())));
    }
    let kept = beside(&place, "before-restore");
    let had = place.exists();
    if had {
        // Opening and closing it alone brings what stands in its log into the file.
        let (clock, ids) = system();
        Db::open(config.database_url.expose(), clock, ids).await?.close().await;
        fs::rename(&place, &kept).with_context(|| kept.display().to_string())?;
        remove(&place)?;
    }
    fs::rename(&copy, &place)?;
    remove(&copy)?;
    println!("{} is restored.", place.display());
    if had {
        println!("What was there before is {}.", kept.display());
    }
    println!("Start the server; it completes the tables if the copy is older.");
    Ok(ExitCode::SUCCESS)
}

/// Refuses what is no sound database of ours.
async fn prove(copy: &Path) -> Result<()> {
    let (clock, ids) = system();
    let db = Db::open(&format!("sqlite://{}", copy.display()), clock, ids)
        .await
        .context("it is no SQLite database")?;
    let sound = async {
        let wrong = db.integrity().await?;
        if !wrong.is_empty() {
            bail!("the file is damaged: {}", wrong.join("; "));
        }
        let mut tx = db.read().await?;
        if tx.row(sql("SELECT 1 AS one FROM sqlite_master WHERE name = 'migrations'")).await?.is_none() {
            bail!("it holds no Kalends data");
        }
        Ok(())
    };
    let result = sound.await;
    db.close().await;
    result
}

fn beside(place: &Path, word: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".");
    name.push(word);
    name.into()
}

/// The file, and what SQLite keeps beside it.
fn remove(place: &Path) -> Result<()> {
    for path in [place.to_owned(), tail(place, "-wal"), tail(place, "-shm")] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| path.display().to_string());
            }
            _ => {}
        }
    }
    Ok(())
}

fn tail(place: &Path, end: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(end);
    name.into()
}
