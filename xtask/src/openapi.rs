//! `openapi`: the API's description, as the binary prints it, into `docs/openapi.json`.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{root, sh};

/// Where it is kept.
const FILE: &str = "docs/openapi.json";

/// Writes it anew.
pub fn run() -> Result<ExitCode> {
    let text = sh::read(
        Command::new("cargo").args(["run", "-q", "-p", "kalends", "--", "openapi"]).current_dir(root()),
    )?;
    std::fs::write(root().join(FILE), text + "\n")?;
    println!("{FILE} is written");
    Ok(ExitCode::SUCCESS)
}
