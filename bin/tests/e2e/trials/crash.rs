//! Crashes and lost answers: whatever happens when, the outside ends as the bookings are.
//!
//! `KALENDS_CRASHES` says how often the server is killed, `KALENDS_SEED` begins another run of chance.

mod calendar;
mod mails;
mod rush;
mod truth;

use std::collections::BTreeSet;
use std::env;
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::json;
use url::Url;

use self::calendar::Calendar;
use self::mails::Kill;
use self::rush::{Chance, Rush};
use self::truth::Truth;
use crate::host::Host;
use crate::lossy::Lossy;
use crate::mailbox::Mailbox;
use crate::{Need, trial};

pub fn trials() -> Vec<Trial> {
    const RADICALE: &[Need] = &[Need::Peer("RADICALE")];
    const CYRUS: &[Need] = &[Need::Peer("CYRUS_HTTP")];
    const POSTGRES: &[Need] = &[Need::Peer("RADICALE"), Need::Postgres];
    vec![
        trial("crash::killed_at_random_points_every_event_and_mail_is_there_once", RADICALE, || {
            Plan { name: "killed", account: "host8", kills: kills(), ..Plan::default() }.play()
        }),
        trial("crash::killed_on_postgresql_every_event_and_mail_is_there_once", POSTGRES, || {
            Plan { name: "killed-pg", account: "host7", kills: kills(), postgres: true, ..Plan::default() }
                .play()
        }),
        trial("crash::killed_before_cyrus_every_event_and_mail_is_there_once", CYRUS, || {
            Plan { name: "killed-cyrus", account: "host5", kills: kills(), cyrus: true, ..Plan::default() }
                .play()
        }),
        // ALL-07, DAV-07
        trial(
            "crash::killed_while_answers_of_the_calendar_are_lost_every_event_is_there_once",
            RADICALE,
            || {
                Plan { name: "killed-lossy", account: "host6", kills: kills(), loses: 2, ..Plan::default() }
                    .play()
            },
        ),
        trial(
            "crash::answers_of_calendar_and_mail_server_lost_every_event_and_mail_is_there_once",
            RADICALE,
            || {
                Plan { name: "answers-lost", account: "host9", loses: 2, forgets: 3, ..Plan::default() }
                    .play()
            },
        ),
    ]
}

fn kills() -> usize {
    number("KALENDS_CRASHES").unwrap_or(3)
}

fn number(variable: &str) -> Option<usize> {
    env::var(variable).ok()?.parse().ok()
}

/// Guests who are served before a kill, at most; another is under way when it comes.
const BETWEEN: u64 = 6;
/// A kill comes at most so long after that other one asked: by then rooms, events and mails are under way.
const AFTER: u64 = 800;
/// Guests in the end, when nothing is killed any more.
const LAST: usize = 24;

/// What goes wrong, and before whom.
#[derive(Default)]
struct Plan {
    name: &'static str,
    /// The host's account at the calendar server.
    account: &'static str,
    kills: usize,
    postgres: bool,
    cyrus: bool,
    /// Every so many-th answer to a write at the calendar server is lost; none at 0.
    loses: usize,
    /// The same at the mail server.
    forgets: usize,
}

impl Plan {
    fn play(&self) -> Result<()> {
        let peer = env::var(if self.cyrus { "KALENDS_PEER_CYRUS_HTTP" } else { "KALENDS_PEER_RADICALE" })?;
        let peer = Url::parse(&peer)?;
        let path = if self.cyrus {
            format!("dav/calendars/user/{}/Default/", self.account)
        } else {
            format!("{}/calendar/", self.account)
        };
        let calendar = Calendar::emptied(peer.join(&path)?, self.account)?;
        let line = Lossy::open(*peer.socket_addrs(|| None)?.first().context("no peer")?, self.loses)?;
        let mailbox = Mailbox::open(self.forgets)?;
        let mut truth = Truth::at(self.postgres)?;
        let host = Host::on(self.name, &settings(&mailbox, truth.url())?)?;
        truth.beside(host.server.folder.path());
        always_open(&host)?;
        let (address, password) = (format!("http://{}/", line.address), format!("{}pw", self.account));
        let form = [("server", address.as_str()), ("username", self.account), ("password", &password)];
        let connected = host.connect("caldav", &form)?;
        ensure!(connected.status == 303, "the calendar was not connected: {}", connected.words());
        let scene = Scene { plan: self, host, mailbox, calendar, line, truth, killed: Vec::new() };
        scene.play()
    }
}

/// A server with a calendar and a mail server that others run.
struct Scene<'p> {
    plan: &'p Plan,
    host: Host,
    mailbox: Mailbox,
    calendar: Calendar,
    line: Lossy,
    truth: Truth,
    killed: Vec<Kill>,
}

impl Scene<'_> {
    fn play(mut self) -> Result<()> {
        let mut chance = Chance::from(number("KALENDS_SEED").unwrap_or(1));
        let mut rush = Rush::new(&self.host)?;
        for _ in 0..self.plan.kills {
            for _ in 0..chance.below(BETWEEN) {
                rush.ask(&mut chance)?;
            }
            rush.begin(&mut chance)?;
            let at = Instant::now();
            self.host.server.kill()?;
            let open = self.truth.begun()?;
            self.killed.push(Kill { at, over: Instant::now(), open });
            self.host = self.host.again()?;
            rush.is_cut()?;
        }
        for _ in 0..LAST {
            rush.ask(&mut chance)?;
        }
        self.drained()?;
        self.compare(&rush)
    }

    /// Waits until no work of a booking is left.
    fn drained(&self) -> Result<()> {
        let began = Instant::now();
        loop {
            let waiting = self.truth.work_left()?;
            if waiting.is_empty() {
                return Ok(());
            }
            let given_up: Vec<_> = waiting.iter().filter(|job| job.contains("given up")).collect();
            ensure!(given_up.is_empty(), "given up: {given_up:?}");
            ensure!(began.elapsed() < Duration::from_mins(5), "still to do: {waiting:?}");
            std::thread::sleep(Duration::from_millis(200)); // between two looks, not instead of one
        }
    }

    fn compare(&self, rush: &Rush) -> Result<()> {
        let truth = self.truth.bookings()?;
        rush.is_kept_in(&truth)?;
        let confirmed = truth.iter().filter(|one| one.confirmed);
        let wanted: BTreeSet<_> =
            confirmed.map(|one| (one.uid.clone(), one.revision, one.start.clone())).collect();
        let there = self.calendar.events()?;
        let once: BTreeSet<_> = there.iter().cloned().collect();
        ensure!(once.len() == there.len(), "an event is there twice: {there:?}");
        let (missing, orphaned) = (wanted.difference(&once), once.difference(&wanted));
        let (missing, orphaned): (Vec<_>, Vec<_>) = (missing.collect(), orphaned.collect());
        ensure!(missing.is_empty() && orphaned.is_empty(), "missing {missing:?}, orphaned {orphaned:?}");
        let mails = mails::judged(&truth, &self.mailbox.mails(), &self.killed)?;
        let forgotten = self.mailbox.forgotten();
        ensure!(
            self.truth.doubtful()? == forgotten,
            "{forgotten} mails of unknown fate are not shown as such"
        );
        println!(
            "{}: {} kills, {} bookings, {} confirmed with their one event, {} mails, {} of them handed over twice because \
             the kill came between the mail server's OK and our note (that long after the OK: {:?}), {} and {forgotten} \
             answers lost",
            self.plan.name,
            self.killed.len(),
            truth.len(),
            wanted.len(),
            mails.different,
            mails.again.len(),
            mails.again,
            self.line.lost.load(Ordering::Relaxed),
        );
        Ok(())
    }
}

/// A week without an hour that could not be booked, and something to book; done once it is offered.
fn always_open(host: &Host) -> Result<()> {
    let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let hours = json!({
        "name": "Always", "timeZone": "UTC", "isDefault": true,
        "availability": [{ "days": days, "startTime": "00:00", "endTime": "23:59" }],
    });
    let (status, said) = host.api(Method::POST, "schedules", "2024-06-11", &hours)?;
    ensure!(status == 201, "{said}");
    host.offer()?;
    Ok(())
}

/// Mails may go as fast as they are made: it is not their pace that is tried here.
fn settings(mailbox: &Mailbox, database: Option<&str>) -> Result<String> {
    // The same address after each crash.
    let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let database = database.map(|url| format!("database_url = {url:?}\n")).unwrap_or_default();
    Ok(format!(
        "listen = \"{listen}\"\nlog = \"warn\"\n{database}[net]\nallow = [\"127.0.0.0/8\"]\n[mail]\nhost = \"127.0.0.1\"\n\
         port = {}\nsecurity = \"plain\"\nfrom_email = \"meet@example.com\"\n\
         [apps.smtp.quota]\nper_second = 1000\nburst = 1000\n",
        mailbox.address.port()
    ))
}
