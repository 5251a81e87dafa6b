//! Drives a running server over HTTP and prints what it did: `cargo xtask load <scenario>`.
//!
//! Only ever against this machine: it starts the release binary on a fresh database of its own.

mod book;
mod client;
mod crowd;
mod database;
mod measure;
mod own;
mod race;
mod raw;
mod slots;
mod team;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};
use jiff::{Timestamp, ToSpan, Unit};

use own::Own;

/// Drives a server and prints what it did.
#[derive(Parser)]
#[command(name = "cargo xtask load", bin_name = "cargo xtask load")]
struct Load {
    /// The binary to start.
    #[arg(long, value_name = "FILE", global = true, default_value = "target/release/kalends")]
    binary: PathBuf,
    /// A PostgreSQL database of its own to fill; SQLite when none is given.
    #[arg(long, value_name = "URL", global = true)]
    database: Option<String>,
    /// Clients at once.
    #[arg(long, default_value_t = 8, global = true)]
    clients: usize,
    /// How long, in seconds.
    #[arg(long, default_value_t = 10, global = true)]
    seconds: u64,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// Slots of one busy host, asked for again and again.
    Slots {
        /// Blocks in the way of each host.
        #[arg(long, default_value_t = 200)]
        busy: usize,
        /// Hosts; of more than one, whoever is free is offered.
        #[arg(long, default_value_t = 1)]
        hosts: usize,
        /// Days asked for.
        #[arg(long, default_value_t = 30)]
        days: i64,
    },
    /// Bookings at free times.
    Book {
        /// Hosts who are booked in turn.
        #[arg(long, default_value_t = 8)]
        hosts: usize,
    },
    /// Everything at once: lengths, buffers, teams, seats, answers, moves.
    Crowd {
        /// Attempts of each kind.
        #[arg(long, default_value_t = 10_000)]
        attempts: usize,
    },
    /// Start and idle memory.
    Idle,
    /// Many attempts at few slots: each is given once.
    Race {
        /// Attempts in all.
        #[arg(long, default_value_t = 10_000)]
        attempts: usize,
        /// Free slots.
        #[arg(long, default_value_t = 100)]
        slots: usize,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let load = Load::parse();
    let words: &[&str] = match load.scenario {
        Scenario::Crowd { .. } => &["demo", "--data", "demo"],
        _ => &["serve"],
    };
    let server = Own::start(&load.binary, load.database.as_deref(), words).await?;
    println!("ready in {} ms", server.ready_in.as_millis());
    let time = Duration::from_secs(load.seconds);
    let tomorrow = tomorrow()?;
    match load.scenario {
        Scenario::Slots { busy, hosts, days } => {
            let mut host = server.host(1).await?;
            host.event_type = team::make(&server.database_url(), hosts, busy, tomorrow, days).await?;
            println!(
                "slots, {hosts} hosts with {busy} blocks each, {days} days: {}",
                slots::run(&host, load.clients, time, tomorrow, days).await?
            );
        }
        Scenario::Book { hosts } => {
            let mut all = Vec::new();
            for number in 1..=hosts {
                all.push(server.host(number).await?);
            }
            // First, while the server is at rest: what bookings leave behind keeps it busy for a while.
            let half = time / 2;
            let claims = raw::run(load.database.as_deref(), raw::What::Claim, load.clients, half).await?;
            let rows = raw::run(load.database.as_deref(), raw::What::Row, load.clients, half).await?;
            let report = book::run(&all, load.clients, time, tomorrow).await?;
            println!("book, {hosts} hosts: {report}");
            for (what, raw) in [("claims", claims), ("rows under a unique key", rows)] {
                println!("raw {what}: {raw:.0}/s; bookings are {:.0} % of that", report.rate() * 100.0 / raw);
            }
            let db = database::open(&server.database_url()).await?;
            println!("jobs left for later: {}", database::drain(&db).await?);
            db.close().await;
        }
        Scenario::Crowd { attempts } => crowd::run(&server, load.clients, attempts, tomorrow).await?,
        Scenario::Idle => tokio::time::sleep(time).await,
        Scenario::Race { attempts, slots } => {
            let host = server.host(1).await?;
            let report = race::run(&host, load.clients, attempts, slots, tomorrow).await?;
            println!("race, {attempts} attempts at {slots} slots, each given once: {report}");
        }
    }
    if let Some(kilobytes) = memory(server.pid()) {
        println!("memory of the server: {} MB", kilobytes / 1024);
    }
    println!("{}", server.claims().await?);
    Ok(())
}

/// The next midnight but one, so that no notice is too short.
fn tomorrow() -> Result<Timestamp> {
    #[expect(clippy::disallowed_methods, reason = "a driver outside the product works in real time")]
    let now = Timestamp::now();
    Ok((now + 48.hours()).round(Unit::Hour)?)
}

/// Resident memory of a process in kilobytes, where the system tells.
fn memory(pid: Option<u32>) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid?)).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
