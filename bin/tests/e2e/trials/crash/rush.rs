//! Guests who book, move and cancel, and remember what they were promised.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use jiff::{Timestamp, ToSpan, Unit};
use reqwest::Method;
use serde_json::{Value, json};

use super::AFTER;
use super::truth::Known;
use crate::host::Host;
use crate::http::{Http, until};

/// Chance that can be had again: xorshift.
pub struct Chance(u64);

impl Chance {
    /// The same run for the same seed.
    pub fn from(seed: usize) -> Self {
        Self((seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below this one.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// What a guest was told of their booking, the last thing that was answered.
struct Promise {
    cancelled: bool,
    /// A change was asked for and the answer never came: it may be as promised, or one change on.
    open: bool,
    revision: i64,
}

/// All guests together.
pub struct Rush {
    http: Http,
    base: String,
    from: Timestamp,
    next: i64,
    promises: BTreeMap<String, Promise>,
}

impl Rush {
    /// Nobody has asked for anything yet; there is something to be asked for.
    pub fn new(host: &Host) -> Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
        let now = Timestamp::now();
        let from = (now + 48.hours()).round(Unit::Hour)?;
        // Until the calendar was read once, nothing is offered.
        let day = from.to_zoned(jiff::tz::TimeZone::UTC).date();
        until("time on offer", || Ok((!host.offered(day, day)?.is_empty()).then_some(())))?;
        let base = format!("{}v2/bookings", host.server.address()?);
        Ok(Self { http: Http::new()?, base, from, next: 0, promises: BTreeMap::new() })
    }

    /// Somebody asks for something, and is answered.
    pub fn ask(&mut self, chance: &mut Chance) -> Result<()> {
        self.step(chance, None)
    }

    /// Somebody asks for something; whether they are answered or not, it ends at a point that chance chooses.
    pub fn begin(&mut self, chance: &mut Chance) -> Result<()> {
        let end = Duration::from_millis(chance.below(AFTER));
        self.step(chance, Some(end))
    }

    /// All lines were cut. What was open is looked at in the end; nobody asks for more of it.
    pub fn is_cut(&mut self) -> Result<()> {
        self.http = Http::new()?;
        for promise in self.promises.values_mut() {
            promise.cancelled |= promise.open;
        }
        Ok(())
    }

    fn step(&mut self, chance: &mut Chance, end: Option<Duration>) -> Result<()> {
        let live: Vec<_> =
            self.promises.iter().filter(|(_, one)| !one.cancelled).map(|(uid, _)| uid.clone()).collect();
        let one = usize::try_from(chance.below(live.len().max(1) as u64))?;
        match (live.get(one), chance.below(5)) {
            (Some(uid), 0) => self.change(uid, "cancel", &json!({ "cancellationReason": "ill" }), end),
            (Some(uid), 1 | 2) => {
                let start = self.start();
                self.change(uid, "reschedule", &json!({ "start": start }), end)
            }
            _ => self.book(end),
        }
    }

    fn start(&mut self) -> String {
        self.next += 1;
        (self.from + (self.next * 30).minutes()).to_string()
    }

    fn book(&mut self, end: Option<Duration>) -> Result<()> {
        let start = self.start();
        let guest = format!("guest{}@example.com", self.next);
        let body = json!({
            "username": "hanna", "eventTypeSlug": "call", "start": start,
            "attendee": { "name": "Gus", "email": guest, "timeZone": "Europe/Berlin" },
        });
        if let Some(made) = self.post("", &body, end)? {
            let uid = made["data"]["uid"].as_str().with_context(|| format!("no uid in {made}"))?.to_owned();
            self.promises.insert(uid, Promise { cancelled: false, open: false, revision: 0 });
        }
        Ok(())
    }

    fn change(&mut self, uid: &str, what: &str, body: &Value, end: Option<Duration>) -> Result<()> {
        self.promise(uid)?.open = true;
        if self.post(&format!("/{uid}/{what}"), body, end)?.is_some() {
            let promise = self.promise(uid)?;
            (promise.open, promise.revision) = (false, promise.revision + 1);
            promise.cancelled = what == "cancel";
        }
        Ok(())
    }

    fn promise(&mut self, uid: &str) -> Result<&mut Promise> {
        self.promises.get_mut(uid).context("nobody booked that")
    }

    /// What was answered; none when the end came first.
    fn post(&self, path: &str, body: &Value, end: Option<Duration>) -> Result<Option<Value>> {
        let url = format!("{}{path}", self.base);
        let request =
            self.http.request(Method::POST, &url).header("cal-api-version", "2024-08-13").json(body);
        let answer = match end {
            None => Some(self.http.send(request)?),
            Some(end) => self.http.send_until(request, end)?,
        };
        match answer {
            Some((200 | 201, text)) => Ok(Some(serde_json::from_str(&text)?)),
            Some((status, text)) => bail!("{url} answered {status}: {text}"),
            None => Ok(None),
        }
    }

    /// Whatever was answered is still true.
    pub fn is_kept_in(&self, truth: &[Known]) -> Result<()> {
        for (uid, promise) in &self.promises {
            let known = truth.iter().find(|one| one.uid == *uid);
            let known = known.with_context(|| format!("{uid} was promised and is not there"))?;
            let change = i64::from(promise.open);
            ensure!(
                known.revision >= promise.revision && known.revision <= promise.revision + change,
                "{uid} was promised at revision {} and is at {}",
                promise.revision,
                known.revision
            );
            ensure!(promise.open || known.confirmed != promise.cancelled, "{uid} is not as promised");
        }
        Ok(())
    }
}
