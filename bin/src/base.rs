//! What every command that touches data needs: clock, ids, the database, its keys.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use kalends_domain::{Clock, Ids};
use kalends_store::{Db, MIGRATIONS};

use crate::config::Config;
use crate::keyfile::KeyFile;
use crate::system::{SystemChance, SystemClock};

/// An opened database with what belongs to it.
pub struct Base {
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
    /// Ids from the machine's clock and chance.
    pub ids: Ids,
    /// The database.
    pub db: Db,
    /// The keys to its secrets.
    pub keys: KeyFile,
}

impl Base {
    /// Opens what the settings name, making folder, file and key where there is none yet.
    pub async fn open(config: &Config) -> Result<Self> {
        make_folder(&config.data_dir)?;
        let (clock, ids) = system();
        let db = database(config, &clock, &ids).await?;
        if !config.secret_key_file.exists() {
            // A fresh key opens nothing of what is there: that is for the operator to decide.
            let sealed = keys_used(&db).await?;
            if let Some(said) = missing(&sealed, &BTreeSet::new(), &config.secret_key_file) {
                bail!(
                    "{said}. If it is lost for good, run `kalends key new`, and connect every account again"
                );
            }
        }
        let keys = KeyFile::open(&config.secret_key_file, &ids)?;
        Ok(Self { clock, ids, db, keys })
    }

    /// As [`Base::open`], for work on a database that must be there already.
    pub async fn there(config: &Config) -> Result<Self> {
        if let Some(file) = config.database_file().filter(|file| !file.exists()) {
            bail!("there is no database at {}; data_dir or database_url says where it is", file.display());
        }
        Self::open(config).await
    }

    /// As [`Base::open`], with tables of this version: made where there are none, else refused when they are older.
    pub async fn ready(config: &Config) -> Result<Self> {
        let base = Self::open(config).await?;
        let pending = base.db.pending_migrations().await?;
        if pending.len() == MIGRATIONS.len() {
            base.db.migrate().await?;
        } else if !pending.is_empty() {
            bail!(
                "the tables are older than this version: run `kalends migrate` (it adds {})",
                pending.join(", ")
            );
        }
        Ok(base)
    }
}

/// Opens the database, or says why not.
pub async fn database(config: &Config, clock: &Arc<dyn Clock>, ids: &Ids) -> Result<Db> {
    let opened = Db::open(config.database_url.expose(), Arc::clone(clock), ids.clone()).await;
    opened.map_err(|error| match error {
        kalends_store::Error::Unavailable(why) => anyhow!(
            "cannot open the database: {why}; check database_url, that what it names is there, and that this user may use it"
        ),
        other => anyhow!(other).context("cannot open the database; check database_url"),
    })
}

/// The keys that secrets are sealed with, and how many each; none in a database without tables.
pub async fn keys_used(db: &Db) -> Result<BTreeMap<String, i64>> {
    let mut used = BTreeMap::new();
    if db.pending_migrations().await?.is_empty() {
        let mut tx = db.read().await?;
        for (key, many) in [
            tx.credentials().keys_used().await?,
            tx.oauth().keys_used().await?,
            tx.hooks().keys_used().await?,
            tx.notices().keys_used().await?,
        ]
        .concat()
        {
            *used.entry(key).or_default() += many;
        }
    }
    Ok(used)
}

/// What is wrong when secrets are sealed with keys that the file does not hold.
pub fn missing(used: &BTreeMap<String, i64>, held: &BTreeSet<&str>, file: &Path) -> Option<String> {
    let lost: Vec<_> = used.iter().filter(|(key, _)| !held.contains(key.as_str())).collect();
    let many: i64 = lost.iter().map(|(_, many)| **many).sum();
    let names: Vec<_> = lost.iter().map(|(key, _)| key.as_str()).collect();
    (many > 0).then(|| {
        format!(
            "{many} secrets in the database are sealed with {}, which {} does not hold: restore this file from its backup",
            names.join(", "),
            file.display()
        )
    })
}

/// The machine's clock, and ids made from it.
pub fn system() -> (Arc<dyn Clock>, Ids) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemChance));
    (clock, ids)
}

/// Makes the data folder where it is missing.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| {
        format!(
            "cannot make the data folder {}; give this user the right to, or set data_dir",
            path.display()
        )
    })
}

/// Held by a server for as long as it uses the data folder, so that nobody restores under it.
pub struct Guard(#[expect(dead_code, reason = "the lock lives as long as the open file")] File);

impl Guard {
    /// Takes the folder, or says that a server has it.
    pub fn take(data_dir: &Path) -> Result<Self> {
        make_folder(data_dir)?;
        let path = data_dir.join("server.lock");
        let file = File::create(&path).with_context(|| {
            format!("cannot write {}; give this user the right to, or set data_dir", path.display())
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                bail!("a server uses {} already; stop it first, or set another data_dir", data_dir.display())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
        }
    }
}
