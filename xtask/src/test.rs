//! `test`: everything the tests need, then one run of all of them.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::setup::{apt, browser, nextest, peers::Peers, postgres::Postgres};
use crate::{root, sh};

/// What to leave out, and what to hand on to the runner.
#[derive(clap::Args)]
pub struct Args {
    /// Start no peers; tests against them are reported as ignored.
    #[arg(long)]
    no_peers: bool,
    /// Set up no browser; tests in it are reported as ignored.
    #[arg(long)]
    no_browser: bool,
    /// Words for `cargo nextest run`: filters, `-p kalends-store`, `--no-capture`…
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Sets up, runs, takes down; the exit code is the runner's.
pub fn run(args: &Args) -> Result<ExitCode> {
    let root = root();
    outlive_ctrl_c()?;
    nextest::ensure()?;
    let postgres = Postgres::start().context("PostgreSQL for the tests")?;
    apt::ensure("xmllint", &["libxml2-utils"], || sh::find("xmllint", &[]).is_some())?;
    let mut runner = Command::new("cargo");
    runner.args(["nextest", "run"]).current_dir(&root);
    if !args.rest.iter().any(|word| word == "-p" || word.starts_with("--package")) {
        runner.arg("--workspace");
    }
    runner.args(&args.rest).env("KALENDS_TEST_POSTGRES", postgres.url());
    if !args.no_browser {
        runner.env("KALENDS_BROWSER", browser::ensure(&root).context("the browser for the tests")?);
    }
    let peers =
        if args.no_peers { None } else { Some(Peers::start(&root).context("the peers for the tests")?) };
    runner.envs(peers.iter().flat_map(|up| up.found.iter().map(|(name, at)| (name, at))));
    let ended = sh::status(&mut runner)?;
    drop(peers);
    drop(postgres);
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lets Ctrl-C stop the runner alone, so that we are still here to take everything down.
fn outlive_ctrl_c() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut presses = runtime
        .block_on(async { tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()) })?;
    std::thread::spawn(move || runtime.block_on(async { while presses.recv().await.is_some() {} }));
    Ok(())
}
