//! What every command that touches data needs: clock, ids, the database, its keys.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
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
        let db = Db::open(config.database_url.expose(), Arc::clone(&clock), ids.clone());
        let db = db.await.context("cannot open the database; database_url says where it is")?;
        let keys = KeyFile::open(&config.secret_key_file, &ids)?;
        Ok(Self { clock, ids, db, keys })
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
        let file = File::create(&path).with_context(|| path.display().to_string())?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                bail!("a server uses {} already; stop it first, or set another data_dir", data_dir.display())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
        }
    }
}
