//! `kalends key`: the keys that seal stored secrets, and changing them while serving.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::Subcommand;
use kalends_store::Db;
use kalends_store::seal::Keys;

use crate::base::{Base, keys_used, system};
use crate::config::Config;
use crate::keyfile::KeyFile;

/// Secrets sealed anew in one transaction.
const BATCH: u32 = 100;

/// What to do with keys.
#[derive(Subcommand)]
pub enum Ask {
    /// Names the keys, the current one first, and how many secrets each seals.
    List,
    /// Makes a key file where it was lost: what was sealed with the old keys stays closed for good.
    New,
    /// Makes a fresh key and seals every secret anew with it, while the server runs.
    Rotate,
    /// Drops the old keys from the key file, once no secret is under them.
    Forget,
}

/// Does it and says what was done.
pub async fn run(config: &Config, ask: &Ask) -> Result<ExitCode> {
    if let Ask::New = ask {
        return new(config);
    }
    let mut base = Base::ready(config).await?;
    match ask {
        Ask::New => {}
        Ask::List => {
            let used = keys_used(&base.db).await?;
            for name in base.keys.names() {
                println!("{name}  {} secrets", used.get(name).unwrap_or(&0));
            }
        }
        Ask::Rotate => {
            // In the file before any secret is under it: a server that meets it there reads the file again.
            let name = base.keys.add_fresh(&base.ids)?;
            let many = reseal(&base.db, base.keys.keys()?).await?;
            println!("{name} is the current key; {many} secrets are sealed anew with it.");
            println!("Back the key file up, then drop the old keys with `kalends key forget`.");
        }
        Ask::Forget => {
            // A server may have sealed with the old key until it met the new one.
            reseal(&base.db, base.keys.keys()?).await?;
            let current = base.keys.keys()?.current();
            let used = keys_used(&base.db).await?;
            if let Some((key, many)) = used.iter().find(|(key, _)| **key != current) {
                bail!("{many} secrets are still under {key}; nothing was dropped, try again");
            }
            base.keys.forget_old()?;
            println!("{current} is the only key now.");
        }
    }
    base.db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// A key file with one fresh key, where there is none.
fn new(config: &Config) -> Result<ExitCode> {
    let path = &config.secret_key_file;
    if KeyFile::read(path)?.is_some() {
        bail!("{} is there; `kalends key rotate` changes the key", path.display());
    }
    let (_, ids) = system();
    KeyFile::open(path, &ids)?;
    println!("{} holds a fresh key. Accounts that were connected must be connected again.", path.display());
    Ok(ExitCode::SUCCESS)
}

/// Seals what is under an old key anew, a batch at a time; how many there were.
async fn reseal(db: &Db, keys: Keys) -> Result<u64> {
    let keys = Arc::new(keys);
    let mut all = 0;
    loop {
        let with = Arc::clone(&keys);
        let sealed = db.write(move |tx| {
            let with = Arc::clone(&with);
            Box::pin(async move {
                Ok::<_, kalends_store::Error>(
                    tx.credentials().rotate(&with, BATCH).await?
                        + tx.oauth().rotate(&with, BATCH).await?
                        + tx.hooks().rotate(&with, BATCH).await?
                        + tx.notices().rotate(&with, BATCH).await?,
                )
            })
        });
        let done = sealed.await?;
        all += done;
        if done == 0 {
            return Ok(all);
        }
    }
}
