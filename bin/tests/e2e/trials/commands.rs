//! The commands, as an operator types them.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use tempfile::TempDir;

use crate::odd::nobody;
use crate::server::{Server, kalends, run, told};
use crate::trial;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("commands::a_wrong_setting_is_refused_at_start_with_its_fix", &[], wrong_setting),
        trial("commands::doctor_says_what_to_fix_and_fails", &[], doctor),
        trial("commands::a_reader_that_goes_away_has_read_enough", &[], unread),
        trial("commands::doctor_tries_the_mail_server", &[], mail_server),
        trial("commands::doctor_says_why_a_database_does_not_open", &[], database),
        trial("commands::a_lost_key_file_is_never_made_anew_by_itself", &[], lost_keys),
        trial("commands::what_is_not_there_is_not_backed_up", &[], nothing_to_copy),
        trial("commands::a_mistyped_user_is_said_and_each_problem_once", &[], users),
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

fn mail_server() -> Result<()> {
    let folder = TempDir::new()?;
    let nobody = nobody()?;
    let mut doctor = kalends(folder.path());
    doctor.arg("doctor").env("KALENDS_MAIL_HOST", "127.0.0.1").env("KALENDS_MAIL_SECURITY", "plain");
    let out = doctor.env("KALENDS_MAIL_PORT", nobody.port().to_string()).output()?;
    let said = String::from_utf8(out.stdout)?;
    ensure!(said.contains("FIX  mail") && said.contains("127.0.0.1"), "{said}");
    Ok(())
}

fn database() -> Result<()> {
    let folder = TempDir::new()?;
    let nobody = nobody()?;
    let mut doctor = kalends(folder.path());
    doctor.arg("doctor").env("KALENDS_DATABASE_URL", format!("postgres://kalends:canary@{nobody}/kalends"));
    let said = String::from_utf8(doctor.output()?.stdout)?;
    ensure!(said.contains("FIX  database") && said.contains("refused"), "{said}");
    ensure!(said.contains("check database_url") && !said.contains("canary"), "{said}");
    Ok(())
}

/// A server of this folder that has sealed something: a calendar's password.
fn sealed(folder: &Path) -> Result<()> {
    let data = folder.join("data");
    let started = Server::start("lost-keys", TempDir::new()?, &["demo", "--data", &data.to_string_lossy()])?;
    started.stop()?;
    Ok(())
}

fn lost_keys() -> Result<()> {
    let folder = TempDir::new()?;
    sealed(folder.path())?;
    let keys = folder.path().join("data/secret.keys");
    let kept = std::fs::read(&keys)?;
    std::fs::remove_file(&keys)?;
    let (well, said) = run(folder.path(), &["doctor"])?;
    ensure!(!well && said.contains("FIX  secrets") && said.contains("restore this file"), "{said}");
    let (well, said) = run(folder.path(), &["migrate"])?;
    ensure!(!well && said.contains("restore this file") && said.contains("kalends key new"), "{said}");
    ensure!(!keys.exists(), "a fresh key was made, and the old secrets would be lost silently");
    // Lost for good: on request alone.
    let (well, said) = run(folder.path(), &["key", "new"])?;
    ensure!(well && keys.exists(), "{said}");
    let (well, said) = run(folder.path(), &["key", "new"])?;
    ensure!(!well && said.contains("key rotate"), "{said}");
    let (_, said) = run(folder.path(), &["doctor"])?;
    ensure!(said.contains("FIX  secrets"), "{said}");
    std::fs::write(&keys, kept)?;
    let (_, said) = run(folder.path(), &["doctor"])?;
    ensure!(said.contains("ok   secrets"), "{said}");
    Ok(())
}

fn nothing_to_copy() -> Result<()> {
    let folder = TempDir::new()?;
    let (well, said) = run(folder.path(), &["backup", "copy.db"])?;
    ensure!(!well && said.contains("there is no database at"), "{said}");
    ensure!(!folder.path().join("copy.db").exists() && !folder.path().join("data").exists(), "{said}");
    Ok(())
}

fn users() -> Result<()> {
    let folder = TempDir::new()?;
    let (well, said) = run(folder.path(), &["api-key", "create", "--user", "nobody"])?;
    ensure!(
        !well && said.contains("there is no user \"nobody\"") && said.contains("kalends user list"),
        "{said}"
    );
    let add = ["user", "add", "--name", "Hanna", "--email", "hanna@example.com", "--password-stdin"];
    let (well, said) = told(folder.path(), &add, "short")?;
    ensure!(!well && said.matches("at least 12").count() == 1, "{said}");
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
