//! The real binary on a free port, with a folder of its own.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_kalends");
const PATIENCE: Duration = Duration::from_secs(30);

/// Where trials leave pictures and logs for people to look at.
pub fn shots() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("e2e")
}

/// A command of the binary, with none of our own variables; with rules of local time where its folder has some.
pub fn kalends(folder: &Path) -> Command {
    let mut command = Command::new(BINARY);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KALENDS_")) {
        command.env_remove(name);
    }
    let rules = folder.join("zoneinfo");
    if rules.is_dir() {
        command.env("TZDIR", rules);
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs a command to its end: whether it was well, and all it said.
pub fn run(folder: &Path, words: &[&str]) -> Result<(bool, String)> {
    let out = kalends(folder).args(words).output()?;
    Ok((out.status.success(), String::from_utf8([out.stdout, out.stderr].concat())?))
}

/// The same for a command that is told something first.
pub fn told(folder: &Path, words: &[&str], typed: &str) -> Result<(bool, String)> {
    let mut command = kalends(folder);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    writeln!(child.stdin.take().context("no input")?, "{typed}")?;
    let out = child.wait_with_output()?;
    Ok((out.status.success(), String::from_utf8([out.stdout, out.stderr].concat())?))
}

/// A running server; dropping it stops it.
pub struct Server {
    process: Child,
    /// What it printed until it was ready, a line each.
    pub said: Vec<String>,
    /// Its folder.
    pub folder: Arc<TempDir>,
}

impl Server {
    /// `kalends demo`, ready with its example people.
    pub fn demo(name: &str) -> Result<Self> {
        Self::start(name, TempDir::new()?, &["demo"])
    }

    /// Starts `words` and waits until it has printed where it serves.
    pub fn start(name: &str, folder: impl Into<Arc<TempDir>>, words: &[&str]) -> Result<Self> {
        let folder = folder.into();
        std::fs::create_dir_all(shots())?;
        let log = shots().join(format!("{name}.log"));
        // Some trials must be known elsewhere by an address; all others take any.
        let settings = std::fs::read_to_string(folder.path().join("kalends.toml")).unwrap_or_default();
        let mut command = kalends(folder.path());
        if !settings.starts_with("listen") {
            command.env("KALENDS_LISTEN", "127.0.0.1:0");
        }
        let mut process = command.args(words).stdout(Stdio::piped()).stderr(File::create(&log)?).spawn()?;
        let printed = process.stdout.take().context("no output")?;
        let (sender, lines) = mpsc::channel();
        // Reads on for as long as the server lives, so that its output never blocks it.
        std::thread::spawn(move || {
            for line in BufReader::new(printed).lines().map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
        let mut server = Self { process, said: Vec::new(), folder };
        loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) if line == READY => return Ok(server),
                Ok(line) => server.said.push(line),
                Err(error) => {
                    let ended = server.process.try_wait()?;
                    let wrote = std::fs::read_to_string(&log).unwrap_or_default();
                    bail!("`kalends {}` is not ready ({error}, {ended:?}):\n{wrote}", words.join(" "));
                }
            }
        }
    }

    /// Asks it to end, waits until it has, and gives its folder back.
    pub fn stop(mut self) -> Result<Arc<TempDir>> {
        ask_to_end(&self.process)?;
        let ended = self.process.wait()?;
        ensure!(ended.success(), "the server ended with {ended}");
        Ok(Arc::clone(&self.folder))
    }

    /// Ends it as a power cut does.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Where it serves.
    pub fn address(&self) -> Result<&str> {
        self.told("address")
    }

    /// The same as host and port.
    pub fn socket(&self) -> Result<String> {
        let address = self.address()?;
        Ok(address.trim_start_matches("http://").trim_end_matches('/').to_owned())
    }

    /// What stands after this label in what it printed.
    pub fn told(&self, label: &str) -> Result<&str> {
        let line = self.said.iter().find_map(|line| line.trim_start().strip_prefix(label));
        line.map(str::trim).with_context(|| format!("no line {label:?} in {:?}", self.said))
    }
}

/// The line a server ends its greeting with.
const READY: &str = "Ready. Ctrl-C stops it.";

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        if ask_to_end(&self.process).is_err() {
            drop(self.process.kill());
        }
        drop(self.process.wait());
    }
}

fn ask_to_end(process: &Child) -> Result<()> {
    ensure!(Command::new("kill").arg(process.id().to_string()).status()?.success(), "it cannot be stopped");
    Ok(())
}
