//! Accounts and API keys, made at the server.

use std::path::Path;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use tempfile::TempDir;

use crate::server::{kalends, run, told};
use crate::trial;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("accounts::the_first_user_owns_the_server_and_the_second_does_not", &[], first_owns),
        trial("accounts::an_api_key_is_printed_alone_and_can_be_ended", &[], api_key),
        trial("accounts::a_mail_address_is_taken_once", &[], taken),
        trial("accounts::a_password_can_be_typed_and_a_short_one_is_refused", &[], typed),
    ]
}

fn add(folder: &Path, name: &str) -> Result<(bool, String)> {
    let email = format!("{}@example.com", name.to_lowercase());
    run(folder, &["user", "add", "--name", name, "--email", &email])
}

fn first_owns() -> Result<()> {
    let folder = TempDir::new()?;
    for name in ["Hanna", "Gus"] {
        let (well, said) = add(folder.path(), name)?;
        ensure!(well && said.contains("password: "), "{said}");
    }
    let (_, list) = run(folder.path(), &["user", "list"])?;
    let role = |name: &str| list.lines().find(|line| line.contains(name)).map(|line| line.contains("owner"));
    ensure!(role("hanna@") == Some(true) && role("gus@") == Some(false), "{list}");
    Ok(())
}

fn api_key() -> Result<()> {
    let folder = TempDir::new()?;
    ensure!(add(folder.path(), "Hanna")?.0, "no user");
    let out = kalends(folder.path()).args(["api-key", "create", "--user", "hanna"]).output()?;
    let printed = String::from_utf8(out.stdout)?;
    let key = printed.trim_end();
    ensure!(key.starts_with("cal_") && !key.contains(char::is_whitespace), "more than a key: {printed:?}");
    let shown: String = key.chars().take(10).collect();
    let (well, said) = run(folder.path(), &["api-key", "revoke", "--user", "hanna@example.com", &shown])?;
    ensure!(well, "{said}");
    let (_, list) = run(folder.path(), &["api-key", "list", "--user", "hanna"])?;
    ensure!(!list.contains(&shown), "still there: {list}");
    Ok(())
}

fn taken() -> Result<()> {
    let folder = TempDir::new()?;
    ensure!(add(folder.path(), "Hanna")?.0, "no user");
    let again = ["user", "add", "--name", "Other", "--email", "HANNA@example.com", "--username", "other"];
    let (well, said) = run(folder.path(), &again)?;
    ensure!(!well && said.contains("Somebody signs in with this address already"), "{said}");
    Ok(())
}

fn typed() -> Result<()> {
    let folder = TempDir::new()?;
    let words = ["user", "add", "--name", "Hanna", "--email", "hanna@example.com", "--password-stdin"];
    let with = |password: &str| told(folder.path(), &words, password);
    ensure!(!with("short")?.0, "a short password was taken");
    let (well, said) = with("a long one with words")?;
    ensure!(well && !said.contains("password:"), "a typed password is not shown again: {said}");
    Ok(())
}
