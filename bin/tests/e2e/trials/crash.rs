//! Crashes and lost answers: whatever happens when, the outside ends as the bookings are.
//!
//! `KALENDS_CRASHES` says how often the server is killed, `KALENDS_SEED` begins another run of chance.

mod outside;
mod rush;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use tempfile::TempDir;
use url::Url;

use self::outside::Calendar;
use self::rush::{Chance, Rush};
use crate::desk::Desk;
use crate::lossy::Lossy;
use crate::mailbox::Mailbox;
use crate::server::Server;
use crate::{Need, trial};

pub fn trials() -> Vec<Trial> {
    let radicale = [Need::Peer("RADICALE")];
    vec![
        trial("crash::killed_at_random_points_every_event_and_mail_is_there_once", &radicale, killed),
        trial("crash::answers_of_the_calendar_lost_every_event_is_there_once", &radicale, answers_lost),
    ]
}

/// Bookings, moves and cancellations while the server is killed again and again.
fn killed() -> Result<()> {
    let times = number("KALENDS_CRASHES").unwrap_or(3);
    block_on(async move { Scene::set("killed", "host8", 0).await?.play(times).await })
}

/// The same without a crash, while every second write's answer never arrives (ALL-07, DAV-07).
fn answers_lost() -> Result<()> {
    block_on(async move { Scene::set("answers-lost", "host9", 2).await?.play(0).await })
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A server with a calendar and a mail server that others run.
struct Scene {
    name: &'static str,
    server: Server,
    desk: Desk,
    mailbox: Mailbox,
    calendar: Calendar,
    line: Lossy,
    chance: Chance,
}

impl Scene {
    async fn set(name: &'static str, account: &str, every: usize) -> Result<Self> {
        let peer = Url::parse(&std::env::var("KALENDS_PEER_RADICALE")?)?;
        let calendar = Calendar::fresh(&peer, account).await?;
        let line = Lossy::open(*peer.socket_addrs(|| None)?.first().context("no peer")?, every)?;
        let mailbox = Mailbox::open()?;
        let folder = TempDir::new()?;
        settings(folder.path(), mailbox.address)?;
        let server = Server::start(name, folder, &["serve"])?;
        let desk = Desk::furnish(server.folder.path(), &at(&server)?).await?;
        let (address, password) = (format!("http://{}/", line.address), format!("{account}pw"));
        let form = [("server", address.as_str()), ("username", account), ("password", &password)];
        let refused = desk.connect(&at(&server)?, "caldav", &form).await?;
        ensure!(refused.is_none(), "the calendar was not connected: {}", refused.unwrap_or_default());
        // Until the calendar was read once, nothing is offered.
        let began = Instant::now();
        while !desk.offers(&at(&server)?).await? {
            ensure!(began.elapsed() < Duration::from_mins(1), "the calendar is not read");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let seed = number("KALENDS_SEED").unwrap_or(1);
        Ok(Self { name, server, desk, mailbox, calendar, line, chance: Chance::from(seed) })
    }

    async fn play(mut self, kills: usize) -> Result<()> {
        let mut rush = Rush::new(self.desk.event_type)?;
        for _ in 0..kills {
            let base = at(&self.server)?;
            let after = Duration::from_millis(self.chance.below(400));
            tokio::select! {
                done = rush.go(&base, &mut self.chance, usize::MAX) => done?,
                () = tokio::time::sleep(after) => {}
            }
            let folder = self.server.kill()?;
            self.server = Server::start(self.name, folder, &["serve"])?;
        }
        rush.go(&at(&self.server)?, &mut self.chance, 12).await?;
        self.drained().await?;
        self.compare(&rush, kills).await
    }

    /// Waits until no work of a booking is left.
    async fn drained(&self) -> Result<()> {
        let began = Instant::now();
        loop {
            let waiting = outside::work_left(self.server.folder.path()).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            let given_up: Vec<_> = waiting.iter().filter(|job| job.contains("given up")).collect();
            ensure!(given_up.is_empty(), "given up: {given_up:?}");
            ensure!(began.elapsed() < Duration::from_mins(15), "still to do: {waiting:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn compare(self, rush: &Rush, kills: usize) -> Result<()> {
        let truth = outside::bookings(self.server.folder.path()).await?;
        rush.is_kept_in(&truth)?;
        let confirmed = truth.iter().filter(|one| one.confirmed);
        let wanted: BTreeSet<_> =
            confirmed.map(|one| (one.uid.clone(), one.revision, one.start.clone())).collect();
        let there = self.calendar.events().await?;
        let once: BTreeSet<_> = there.iter().cloned().collect();
        ensure!(once.len() == there.len(), "an event is there twice: {there:?}");
        let (missing, orphaned) = (wanted.difference(&once), once.difference(&wanted));
        let (missing, orphaned): (Vec<_>, Vec<_>) = (missing.collect(), orphaned.collect());
        ensure!(missing.is_empty() && orphaned.is_empty(), "missing {missing:?}, orphaned {orphaned:?}");
        let mails = outside::mails(&truth, &self.mailbox.mails())?;
        println!(
            "{}: {kills} kills, {} bookings, {} confirmed with their event, {} mails ({} sent again under the same id), \
             {} answers lost",
            self.name,
            truth.len(),
            wanted.len(),
            mails.different,
            mails.again,
            self.line.lost.load(Ordering::Relaxed),
        );
        ensure!(mails.again == 0 || kills > 0, "{} mails were sent again without a crash", mails.again);
        Ok(())
    }
}

fn at(server: &Server) -> Result<String> {
    Ok(format!("http://{}", server.told("address")?.trim_start_matches("http://").trim_end_matches('/')))
}

fn settings(folder: &Path, mailbox: SocketAddr) -> Result<()> {
    let text = format!(
        "log = \"warn\"\n[net]\nallow = [\"127.0.0.0/8\"]\n[mail]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"plain\"\n\
         from_email = \"meet@example.com\"\n",
        mailbox.port()
    );
    Ok(std::fs::write(folder.join("kalends.toml"), text)?)
}
