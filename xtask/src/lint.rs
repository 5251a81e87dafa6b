//! `lint`: formatting, clippy and the rules of the house.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{root, sh, tidy};

/// Runs the three checks and stops at the first that fails.
pub fn run() -> Result<ExitCode> {
    sh::run(Command::new("cargo").args(["fmt", "--all", "--check"]).current_dir(root()))?;
    let mut clippy = Command::new("cargo");
    clippy.args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]);
    sh::run(clippy.current_dir(root()))?;
    tidy::run()
}
