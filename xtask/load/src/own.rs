//! A server of our own: the release binary on a fresh database, set up through its commands and its API.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use url::Url;

use crate::client::{Client, Server};

/// A started server; dropping it stops it and removes its data.
pub struct Own {
    process: Child,
    folder: TempDir,
    binary: PathBuf,
    database: Option<String>,
    address: std::net::SocketAddr,
    /// The key it printed: that of the example host.
    key: String,
    /// From its start to its first answer.
    pub ready_in: Duration,
}

/// A host that can be booked around the clock.
#[derive(Clone)]
pub struct Host {
    /// The server, with this host's key.
    pub server: Server,
    /// Their event type of five minutes.
    pub event_type: i64,
}

impl Own {
    /// Starts `words` of it, on SQLite or on the PostgreSQL database given.
    pub async fn start(binary: &Path, database: Option<&str>, words: &[&str]) -> Result<Self> {
        let binary = &binary.canonicalize().with_context(|| format!("there is no {}", binary.display()))?;
        let (folder, began) = (TempDir::new()?, Instant::now());
        let mut command = command(binary, folder.path(), database);
        command.args(words).env("KALENDS_LISTEN", "127.0.0.1:0").stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("cannot start {}", binary.display()))?;
        let printed = process.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(printed).lines();
        let (mut address, mut key) = (None, String::new());
        while let Some(line) = lines.next_line().await? {
            if let Some(url) = line.strip_prefix("address") {
                address = Url::parse(url.trim())?.socket_addrs(|| None)?.first().copied();
            }
            if let Some(printed) = line.strip_prefix("API key") {
                printed.trim().clone_into(&mut key);
            }
            if line.starts_with("Ready") {
                let ready_in = began.elapsed();
                let address = address.context("the server said no address")?;
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                let (binary, database) = (binary.to_owned(), database.map(str::to_owned));
                return Ok(Self { process, folder, binary, database, address, key, ready_in });
            }
        }
        bail!("the server ended before it served: {}", process.wait().await?)
    }

    /// Where its data is.
    pub fn database_url(&self) -> String {
        let file = || format!("sqlite://{}", self.folder.path().join("data/kalends.db").display());
        self.database.clone().unwrap_or_else(file)
    }

    /// The example host of a `demo`.
    pub fn example_host(&self) -> Result<Server> {
        Server::local(self.address, &self.key)
    }

    /// Its process, for looking at its memory.
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// What the server's own `doctor` says of claims: the independent look for overlaps.
    pub async fn claims(&self) -> Result<String> {
        let mut command = command(&self.binary, self.folder.path(), self.database.as_deref());
        command.arg("doctor");
        if !self.key.is_empty() {
            command.env("KALENDS_DATA_DIR", "demo");
        }
        let out = command.output().await?;
        let said = String::from_utf8_lossy(&out.stdout);
        let line =
            said.lines().find(|line| line.contains("claims")).context("doctor says nothing of claims")?;
        if line.starts_with("ok") { Ok(line.to_owned()) } else { bail!("{line}") }
    }

    /// What one of its commands prints.
    pub async fn run(&self, words: &[&str]) -> Result<String> {
        let mut command = command(&self.binary, self.folder.path(), self.database.as_deref());
        let out = command.args(words).stderr(Stdio::inherit()).output().await?;
        if !out.status.success() {
            bail!(
                "`kalends {}` failed: {}\n{}",
                words.join(" "),
                out.status,
                String::from_utf8_lossy(&out.stdout)
            );
        }
        Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
    }

    /// Makes a host with hours from midnight to midnight and one event type.
    pub async fn host(&self, number: usize) -> Result<Host> {
        let email = format!("load{number}@example.com");
        self.run(&["user", "add", "--email", &email, "--name", &format!("Load {number}")]).await?;
        let key = self.run(&["api-key", "create", "--user", &email]).await?;
        let server = Server::local(self.address, &key)?;
        let mut client = server.connect().await?;
        let every_day = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let hours = json!({
            "name": "Always", "timeZone": "UTC", "isDefault": true,
            "availability": [{ "days": every_day, "startTime": "00:00", "endTime": "23:59" }],
        });
        client.json(Method::POST, "/v2/schedules", "2024-06-11", Some(&hours)).await?;
        let event = json!({ "title": "Five minutes", "slug": "five", "lengthInMinutes": 5, "minimumBookingNotice": 0 });
        let made = client.json(Method::POST, "/v2/event-types", "2024-06-14", Some(&event)).await?;
        let event_type = made["data"]["id"].as_i64().with_context(|| format!("no id in {made}"))?;
        Ok(Host { server, event_type })
    }
}

fn command(binary: &Path, folder: &Path, database: Option<&str>) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(folder).env("KALENDS_LOG", "error").stdin(Stdio::null());
    if let Some(url) = database {
        command.env("KALENDS_DATABASE_URL", url);
    }
    command
}

/// The body of a booking.
pub fn booking(event_type: i64, start: jiff::Timestamp, guest: usize) -> Value {
    json!({
        "eventTypeId": event_type,
        "start": start.to_string(),
        "attendee": {
            "name": format!("Guest {guest}"), "email": format!("guest{guest}@example.com"), "timeZone": "Europe/Berlin",
        },
    })
}

/// The API's version for bookings.
pub const BOOKINGS: &str = "2024-08-13";
/// The API's version for slots.
pub const SLOTS: &str = "2024-09-04";

/// Books once.
pub async fn book(client: &mut Client, body: &Value) -> Result<http::StatusCode> {
    Ok(client.call(Method::POST, "/v2/bookings", BOOKINGS, Some(body)).await?.0)
}
