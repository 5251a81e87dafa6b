//! The browser tests' tools: Debian's Chromium, and the npm packages that drive it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::apt;
use crate::sh;

/// Makes sure Chromium and Node are here and returns the folder whose `node_modules` drives them.
pub fn ensure(root: &Path) -> Result<PathBuf> {
    apt::ensure("Chromium", &["chromium"], || sh::find("chromium", &[]).is_some())?;
    apt::ensure("Node.js", &["nodejs", "npm"], || sh::find("npm", &[]).is_some())?;
    let wanted = root.join("e2e/browser/package.json");
    let folder = root.join("target/browser");
    let installed = folder.join("installed.json");
    let list = std::fs::read_to_string(&wanted).with_context(|| wanted.display().to_string())?;
    if std::fs::read_to_string(&installed).is_ok_and(|had| had == list) {
        return Ok(folder);
    }
    eprintln!("xtask: installing the browser tests' packages");
    std::fs::create_dir_all(&folder)?;
    std::fs::copy(&wanted, folder.join("package.json"))?;
    let mut install = Command::new("npm");
    install.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]);
    sh::quiet(install.current_dir(&folder))?;
    std::fs::write(installed, list)?;
    Ok(folder)
}
