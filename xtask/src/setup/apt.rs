//! Debian's packages, asked for by the program they bring.

use std::process::Command;
use std::sync::Once;

use anyhow::{Result, bail};

use crate::sh;

static LISTS: Once = Once::new();

/// Makes sure `present` holds, by installing `packages` when it does not.
pub fn ensure(what: &str, packages: &[&str], present: impl Fn() -> bool) -> Result<()> {
    if present() {
        return Ok(());
    }
    let wanted = packages.join(" ");
    if sh::find("apt-get", &[]).is_none() {
        bail!("{what} is missing and there is no apt-get here: install it by hand (Debian: {wanted})");
    }
    if sh::read(Command::new("id").arg("-u"))? != "0" {
        bail!("{what} is missing: run `sudo apt-get install {wanted}` once, then try again");
    }
    eprintln!("xtask: installing {wanted}");
    let mut listed = Ok(());
    LISTS.call_once(|| listed = sh::quiet(Command::new("apt-get").args(["update", "-q"])));
    listed?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-q", "--no-install-recommends"]).args(packages);
    sh::quiet(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    if !present() {
        bail!("{what} is still missing after installing {wanted}");
    }
    Ok(())
}
