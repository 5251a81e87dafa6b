//! Running other programs, with errors that name the command and how it ended.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

/// The command as a person would type it, for messages.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Runs to the end with our own input and output, and returns how it ended.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("cannot start `{}`", line(command)))
}

/// Runs to the end; anything but success is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let ended = status(command)?;
    if !ended.success() {
        bail!("`{}` failed: {ended}", line(command));
    }
    Ok(())
}

/// Runs to the end without a word; what it printed is shown only when it fails.
pub fn quiet(command: &mut Command) -> Result<()> {
    let out = command.stdin(Stdio::null()).output();
    let out = out.with_context(|| format!("cannot start `{}`", line(command)))?;
    if !out.status.success() {
        let said = [out.stdout, out.stderr].concat();
        bail!("`{}` failed: {}\n{}", line(command), out.status, String::from_utf8_lossy(&said).trim());
    }
    Ok(())
}

/// What the command prints on its standard output; its errors go to ours.
pub fn read(command: &mut Command) -> Result<String> {
    let out = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let out = out.with_context(|| format!("cannot start `{}`", line(command)))?;
    if !out.status.success() {
        bail!("`{}` failed: {}", line(command), out.status);
    }
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

/// Where a program is, looked for in `PATH` and then in the folders given.
pub fn find(program: &str, also: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(also.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| is_file(file))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file())
}
