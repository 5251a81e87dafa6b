//! The commands, as an operator types them.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use tempfile::TempDir;

use crate::server::kalends;
use crate::trial;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("commands::a_wrong_setting_is_refused_at_start_with_its_fix", &[], wrong_setting),
        trial("commands::doctor_says_what_to_fix_and_fails", &[], doctor),
        trial("commands::a_reader_that_goes_away_has_read_enough", &[], unread),
        trial("commands::the_api_is_described_in_docs_as_it_is", &[], described),
    ]
}

fn unread() -> Result<()> {
    let folder = TempDir::new()?;
    for words in [
        &["app", "list"][..],
        &["app", "show", "zoom", "--json"],
        &["app", "check"],
        &["settings"],
        &["openapi"],
    ] {
        let mut child =
            kalends(folder.path()).args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        drop(child.stdout.take());
        let out = child.wait_with_output()?;
        let said = String::from_utf8(out.stderr)?;
        ensure!(out.status.success() && said.is_empty(), "{words:?}: {said}");
    }
    Ok(())
}

fn wrong_setting() -> Result<()> {
    let folder = TempDir::new()?;
    let out = kalends(folder.path()).arg("doctor").env("KALENDS_LISTEN", "everywhere").output()?;
    let said = String::from_utf8(out.stderr)?;
    ensure!(!out.status.success(), "it went on: {said}");
    ensure!(said.contains("KALENDS_LISTEN = \"everywhere\": write an address and a port"), "{said}");
    Ok(())
}

fn doctor() -> Result<()> {
    let folder = TempDir::new()?;
    let out = kalends(folder.path()).arg("doctor").output()?;
    let said = String::from_utf8(out.stdout)?;
    ensure!(!out.status.success(), "no mail server is something to fix: {said}");
    ensure!(said.contains("FIX  mail"), "{said}");
    Ok(())
}

fn described() -> Result<()> {
    let folder = TempDir::new()?;
    let out = kalends(folder.path()).arg("openapi").output()?;
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let kept = std::fs::read_to_string(kept)?;
    let printed = String::from_utf8(out.stdout)?;
    ensure!(kept.trim() == printed.trim(), "docs/openapi.json is out of date: run `cargo xtask openapi`");
    Ok(())
}
