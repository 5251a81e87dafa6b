//! `kalends migrate`: makes or completes the tables.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::base::Base;
use crate::config::Config;

/// Runs what is pending and names it. `serve` does the same at its start.
pub async fn run(config: &Config) -> Result<ExitCode> {
    let base = Base::open(config).await?;
    let done = base.db.migrate().await.context("the tables cannot be completed")?;
    match done.as_slice() {
        [] => println!("The tables are those of this version."),
        done => done.iter().for_each(|name| println!("ran {name}")),
    }
    base.db.close().await;
    Ok(ExitCode::SUCCESS)
}
