//! `load`: builds server and driver for speed, then lets the driver work.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{root, sh};

/// What is handed on to the driver; `cargo xtask load -- --help` lists it.
#[derive(clap::Args)]
pub struct Args {
    /// `slots`, `book`, `race`, `crowd` or `idle`, and their options.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs a scenario; the exit code is the driver's.
pub fn run(args: &Args) -> Result<ExitCode> {
    let root = root();
    let mut build = Command::new("cargo");
    sh::run(build.args(["build", "--release", "-p", "kalends", "-p", "kalends-load"]).current_dir(&root))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let mut driver = Command::new(target.join("release/kalends-load"));
    let ended = sh::status(driver.args(&args.rest).arg("--binary").arg(target.join("release/kalends")))?;
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
