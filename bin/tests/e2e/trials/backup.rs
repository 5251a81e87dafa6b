//! Backup while serving, restore while not.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use tempfile::TempDir;

use crate::server::{Server, run};
use crate::trial;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("backup::a_copy_made_while_serving_can_be_restored", &[], round),
        trial("backup::nothing_is_restored_under_a_running_server", &[], running),
        trial("backup::what_is_no_backup_is_refused_and_nothing_changes", &[], no_backup),
        trial("backup::an_existing_file_is_never_overwritten", &[], existing),
    ]
}

fn round() -> Result<()> {
    let server = Server::start("backup", TempDir::new()?, &["serve"])?;
    let (well, said) = run(server.folder.path(), &["backup", "copy.db"])?;
    ensure!(well, "{said}");
    let folder = server.stop()?;
    let place = folder.path().join("data/kalends.db");
    std::fs::remove_file(&place)?;
    let (well, said) = run(folder.path(), &["restore", "copy.db"])?;
    ensure!(well && place.exists(), "{said}");
    drop(Server::start("restored", folder, &["serve"])?);
    Ok(())
}

fn running() -> Result<()> {
    let server = Server::start("restore-running", TempDir::new()?, &["serve"])?;
    let folder = server.folder.path();
    ensure!(run(folder, &["backup", "copy.db"])?.0, "no backup");
    let (well, said) = run(folder, &["restore", "copy.db"])?;
    ensure!(!well && said.contains("a server uses"), "{said}");
    Ok(())
}

fn no_backup() -> Result<()> {
    let folder = TempDir::new()?;
    ensure!(run(folder.path(), &["migrate"])?.0, "no database");
    std::fs::write(folder.path().join("letter.txt"), "Dear Sir or Madam")?;
    let before = std::fs::read(folder.path().join("data/kalends.db"))?;
    let (well, said) = run(folder.path(), &["restore", "letter.txt"])?;
    ensure!(!well && said.contains("nothing was changed"), "{said}");
    ensure!(std::fs::read(folder.path().join("data/kalends.db"))? == before, "the database changed");
    let left: Vec<_> =
        std::fs::read_dir(folder.path().join("data"))?.flatten().map(|entry| entry.file_name()).collect();
    ensure!(!left.iter().any(|name| name.to_string_lossy().contains("restor")), "left behind: {left:?}");
    Ok(())
}

fn existing() -> Result<()> {
    let folder = TempDir::new()?;
    ensure!(run(folder.path(), &["migrate"])?.0, "no database");
    std::fs::write(folder.path().join("copy.db"), "precious")?;
    let (well, said) = run(folder.path(), &["backup", "copy.db"])?;
    ensure!(!well && said.contains("is there already"), "{said}");
    ensure!(std::fs::read(folder.path().join("copy.db"))? == b"precious", "it was overwritten");
    Ok(())
}
