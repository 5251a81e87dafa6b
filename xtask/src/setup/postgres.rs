//! A PostgreSQL of our own: a fresh cluster in a temporary directory on a free port.

use std::io::Read;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::{apt, free_port};
use crate::sh;

const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; dropping it stops the server and removes its data.
pub struct Postgres {
    server: Child,
    port: u16,
    _data: TempDir,
}

/// PostgreSQL refuses to run as root, so root lends it another user.
struct Lent {
    user: u32,
    group: u32,
}

impl Postgres {
    /// Installs PostgreSQL when it is missing, makes a cluster and starts it.
    pub fn start() -> Result<Self> {
        apt::ensure("PostgreSQL", &["postgresql"], || bin().is_some())?;
        let bin = bin().context("no initdb in PATH or /usr/lib/postgresql")?;
        let lent = lent()?;
        let data = tempfile::Builder::new().prefix("kalends-postgres-").tempdir()?;
        if let Some(to) = &lent {
            chown(data.path(), Some(to.user), Some(to.group))?;
        }
        // Speed over safety: this data lives for one test run.
        sh::quiet(as_user(lent.as_ref(), &bin.join("initdb")).arg("-D").arg(data.path()).args([
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]))?;
        let port = free_port()?;
        let server = as_user(lent.as_ref(), &bin.join("postgres"))
            .arg("-D")
            .arg(data.path())
            .args(["-p", &port.to_string(), "-k"])
            .arg(data.path())
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "fsync=off"])
            .args(["-c", "full_page_writes=off", "-c", "synchronous_commit=off"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start postgres")?;
        let mut postgres = Self { server, port, _data: data };
        postgres.wait(&bin)?;
        Ok(postgres)
    }

    /// Where tests find it; the user may create databases.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn wait(&mut self, bin: &Path) -> Result<()> {
        let asked = Instant::now();
        let port = self.port.to_string();
        while asked.elapsed() < PATIENCE {
            let mut ready = Command::new(bin.join("pg_isready"));
            ready.args(["-q", "-h", "127.0.0.1", "-p", &port]);
            if ready.status()?.success() {
                self.let_talk();
                return Ok(());
            }
            if let Some(ended) = self.server.try_wait()? {
                let mut said = String::new();
                if let Some(log) = &mut self.server.stderr {
                    log.read_to_string(&mut said)?;
                }
                bail!("postgres ended at start: {ended}\n{said}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("postgres did not answer on port {} within {} s", self.port, PATIENCE.as_secs())
    }

    /// Keeps reading the server's log, so that a full pipe never stops it.
    fn let_talk(&mut self) {
        if let Some(mut log) = self.server.stderr.take() {
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is its "fast shutdown"; what cannot be stopped so is killed.
        let asked = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        if !asked.is_ok_and(|ended| ended.success()) && self.server.kill().is_err() {
            return; // it is gone already
        }
        drop(self.server.wait());
    }
}

fn bin() -> Option<PathBuf> {
    let mut versions: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().or_else(|| Some(sh::find("initdb", &[])?.parent()?.to_path_buf()))
}

fn lent() -> Result<Option<Lent>> {
    if sh::read(Command::new("id").arg("-u"))? != "0" {
        return Ok(None);
    }
    let number = |flag: &str| -> Result<u32> {
        let read = sh::read(Command::new("id").args([flag, "postgres"]));
        read.context("root needs the user `postgres` to run PostgreSQL as")?.parse().context("not a user id")
    };
    Ok(Some(Lent { user: number("-u")?, group: number("-g")? }))
}

fn as_user(lent: Option<&Lent>, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some(to) = lent {
        command.uid(to.user).gid(to.group);
    }
    command
}
