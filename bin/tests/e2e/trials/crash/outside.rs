//! What is true in the database, and what stands outside: each read by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use http::Method;
use jiff::Timestamp;
use kalends_domain::id::Chance;
use kalends_domain::{Clock, Ids};
use kalends_store::{Db, Sql, Tx, sql};
use reqwest::Client;
use url::Url;

use crate::desk::client;
use crate::mailbox::Mail;

/// A calendar at a peer, seen as another client sees it.
pub struct Calendar {
    client: Client,
    url: Url,
    account: String,
}

impl Calendar {
    /// Emptied, whatever an earlier run left.
    pub async fn fresh(peer: &Url, account: &str) -> Result<Self> {
        let url = peer.join(&format!("{account}/calendar/"))?;
        let calendar = Self { client: client()?, url, account: account.to_owned() };
        calendar.ask("DELETE").await?;
        calendar.ask("MKCALENDAR").await?;
        Ok(calendar)
    }

    /// Each event as its uid, sequence and start, in no order.
    pub async fn events(&self) -> Result<Vec<(String, i64, String)>> {
        let whole = self.ask("GET").await?;
        let objects = self.ask("PROPFIND").await?.matches(".ics</").count();
        let mut events = Vec::new();
        for event in whole.split("BEGIN:VEVENT").skip(1) {
            let value = |name: &str| {
                let lines = event.lines();
                lines
                    .into_iter()
                    .find_map(|line| line.strip_prefix(name))
                    .map(|value| value.trim().to_owned())
            };
            let uid = value("UID:").with_context(|| format!("no uid in {event}"))?;
            let sequence = value("SEQUENCE:").with_context(|| format!("no sequence in {event}"))?;
            let start = value("DTSTART:").with_context(|| format!("no start in UTC in {event}"))?;
            events.push((uid, sequence.parse().with_context(|| sequence.clone())?, start));
        }
        ensure!(objects == events.len(), "{objects} objects hold {} events", events.len());
        Ok(events)
    }

    async fn ask(&self, method: &str) -> Result<String> {
        let request = self.client.request(Method::from_bytes(method.as_bytes())?, self.url.clone());
        let request = request.basic_auth(&self.account, Some(format!("{}pw", self.account)));
        Ok(request.header("depth", "1").send().await?.text().await?)
    }
}

/// A booking as the database has it.
pub struct Known {
    /// Its uid.
    pub uid: String,
    /// So often it was changed.
    pub revision: i64,
    /// When it begins, as iCalendar says it.
    pub start: String,
    /// It takes place.
    pub confirmed: bool,
    /// Mails that are due, as revision, topic and recipient.
    pub told: BTreeSet<(i64, String, String)>,
}

/// Reads the server's file while it serves.
async fn reading<T>(folder: &Path, read: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> Result<T> {
    let url = format!("sqlite://{}", folder.join("data/kalends.db").display());
    let clock: Arc<dyn Clock> = Arc::new(Now);
    let db = Db::open(&url, Arc::clone(&clock), Ids::new(clock, Arc::new(Zeros))).await?;
    let done = async { read(&mut db.read().await?).await }.await;
    db.close().await;
    done
}

/// The work of bookings that is not done.
pub async fn work_left(folder: &Path) -> Result<Vec<String>> {
    reading(folder, async |tx| {
        let left = sql("SELECT kind, key, dead_at, COALESCE(last_error, '') AS why FROM jobs
                        WHERE kind IN ('reconcile', 'notify', 'deliver')");
        tx.rows(left)
            .await?
            .iter()
            .map(|row| {
                let dead: Option<Timestamp> = row.get("dead_at")?;
                let state = if dead.is_some() { "given up" } else { "waits" };
                let (kind, why): (String, String) = (row.get("kind")?, row.get("why")?);
                Ok(format!("{kind} {state} {why}"))
            })
            .collect()
    })
    .await
}

/// Every booking, with the mails that its history makes due.
pub async fn bookings(folder: &Path) -> Result<Vec<Known>> {
    reading(folder, async |tx| {
        let mut known = BTreeMap::new();
        for row in tx.rows(sql("SELECT id, uid, revision, starts, status FROM bookings")).await? {
            let (id, uid, status): (String, String, String) =
                (row.get("id")?, row.get("uid")?, row.get("status")?);
            let start = Timestamp::from_second(row.get("starts")?)?.strftime("%Y%m%dT%H%M%SZ").to_string();
            let (revision, confirmed) = (row.get("revision")?, status == "confirmed");
            let one = Known { uid, revision, start, confirmed, told: BTreeSet::new() };
            known.insert(id, one);
        }
        let history = Sql::built(
            "SELECT e.booking_id, e.kind, e.revision, a.email FROM booking_events e
             JOIN attendees a ON a.organization_id = e.organization_id AND a.booking_id = e.booking_id
             WHERE e.kind IN ('booked', 'moved', 'cancelled')"
                .to_owned(),
        );
        for row in tx.rows(history).await? {
            let (id, kind, email): (String, String, String) =
                (row.get("booking_id")?, row.get("kind")?, row.get("email")?);
            let topic = if kind == "booked" { "confirmed".to_owned() } else { kind };
            let one = known.get_mut(&id).context("a history of no booking")?;
            for to in [email, "hanna@example.com".to_owned()] {
                one.told.insert((row.get("revision")?, topic.clone(), to));
            }
        }
        Ok(known.into_values().collect())
    })
    .await
}

/// How the mails came out.
pub struct Mails {
    /// Mails that differ.
    pub different: usize,
    /// Copies under the same id: a mail program shows one.
    pub again: usize,
}

/// Every mail that is due came, under one id, and no other did.
pub fn mails(truth: &[Known], taken: &[Mail]) -> Result<Mails> {
    let due: BTreeSet<_> =
        truth.iter().flat_map(|one| one.told.iter().map(|told| (one.uid.clone(), told.clone()))).collect();
    let mut came: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    // A letter about an account is about no booking.
    let taken: Vec<_> = taken.iter().filter(|mail| !mail.id.starts_with("verify-email.")).collect();
    for mail in &taken {
        let mut parts = mail.id.split('.');
        let mut part = || parts.next().with_context(|| format!("an id of another shape: {}", mail.id));
        let (uid, revision, topic) = (part()?.to_owned(), part()?, part()?.to_owned());
        let revision = revision.parse().with_context(|| format!("an id of another shape: {}", mail.id))?;
        came.entry((uid, (revision, topic, mail.to.clone()))).or_default().insert(&mail.id);
    }
    let doubled: Vec<_> = came.values().filter(|ids| ids.len() > 1).collect();
    ensure!(doubled.is_empty(), "told twice: {doubled:?}");
    let came: BTreeSet<_> = came.into_keys().collect();
    let missing: Vec<_> = due.difference(&came).collect();
    let unasked: Vec<_> = came.difference(&due).collect();
    ensure!(missing.is_empty() && unasked.is_empty(), "mails missing {missing:?}, unasked {unasked:?}");
    Ok(Mails { different: came.len(), again: taken.len() - came.len() })
}

struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "it looks at a server that lives in real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Nothing is written, so no id is made.
struct Zeros;

impl Chance for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}
