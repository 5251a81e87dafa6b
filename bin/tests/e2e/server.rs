//! The real binary on a free port, with a folder of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_kalends");
const PATIENCE: Duration = Duration::from_secs(30);

/// Where trials leave pictures and logs for people to look at.
pub fn shots() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("e2e")
}

/// A command of the binary, with none of our own variables.
pub fn kalends(folder: &Path) -> Command {
    let mut command = Command::new(BINARY);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KALENDS_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// A running server; dropping it stops it.
pub struct Server {
    /// The process itself.
    pub process: Child,
    /// What it printed until it was ready, a line each.
    pub said: Vec<String>,
    /// Its folder; gone with it.
    pub folder: TempDir,
}

impl Server {
    /// `kalends demo`, ready with its example people.
    pub fn demo(name: &str) -> Result<Self> {
        Self::start(name, TempDir::new()?, &["demo"])
    }

    /// Starts `words` and waits until it has printed where it serves.
    pub fn start(name: &str, folder: TempDir, words: &[&str]) -> Result<Self> {
        std::fs::create_dir_all(shots())?;
        let log = shots().join(format!("{name}.log"));
        let mut process = kalends(folder.path())
            .args(words)
            .env("KALENDS_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()?;
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
        let asked = Command::new("kill").arg(self.process.id().to_string()).status();
        if !asked.is_ok_and(|ended| ended.success()) {
            drop(self.process.kill());
        }
        drop(self.process.wait());
    }
}
