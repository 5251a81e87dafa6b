//! cargo-nextest, the test runner: the one that is here, or one built from crates.io.

use std::process::Command;

use anyhow::Result;

use crate::sh;

/// Makes sure `cargo nextest` can be called.
pub fn ensure() -> Result<()> {
    let here = Command::new("cargo").args(["nextest", "--version"]).output();
    if here.is_ok_and(|out| out.status.success()) {
        return Ok(());
    }
    eprintln!("xtask: building cargo-nextest (once)");
    sh::run(Command::new("cargo").args(["install", "cargo-nextest", "--locked", "--quiet"]))
}
