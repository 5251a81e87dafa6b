//! Guests who book, move and cancel, and remember what they were promised.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use jiff::{Timestamp, ToSpan, Unit};
use reqwest::Client;
use serde_json::{Value, json};

use super::outside::Known;
use crate::desk::client;

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
    client: Client,
    event_type: i64,
    from: Timestamp,
    next: i64,
    promises: BTreeMap<String, Promise>,
}

impl Rush {
    /// Nobody has asked for anything yet.
    pub fn new(event_type: i64) -> Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
        let now = Timestamp::now();
        let from = (now + 48.hours()).round(Unit::Hour)?;
        Ok(Self { client: client()?, event_type, from, next: 0, promises: BTreeMap::new() })
    }

    /// Asks for one thing after the other, so many.
    pub async fn go(&mut self, base: &str, chance: &mut Chance, steps: usize) -> Result<()> {
        for promise in self.promises.values_mut() {
            // What was open is looked at in the end; nobody asks for more of it.
            promise.cancelled |= promise.open;
        }
        for _ in 0..steps {
            let live: Vec<_> =
                self.promises.iter().filter(|(_, one)| !one.cancelled).map(|(uid, _)| uid.clone()).collect();
            let one = usize::try_from(chance.below(live.len().max(1) as u64))?;
            match (live.get(one), chance.below(5)) {
                (Some(uid), 0) => {
                    self.change(base, uid, "cancel", &json!({ "cancellationReason": "ill" })).await?;
                }
                (Some(uid), 1 | 2) => {
                    let start = self.start();
                    self.change(base, uid, "reschedule", &json!({ "start": start })).await?;
                }
                _ => self.book(base).await?,
            }
        }
        Ok(())
    }

    fn start(&mut self) -> String {
        self.next += 1;
        (self.from + (self.next * 15).minutes()).to_string()
    }

    async fn book(&mut self, base: &str) -> Result<()> {
        let start = self.start();
        let guest = format!("guest{}@example.com", self.next);
        let body = json!({
            "eventTypeId": self.event_type, "start": start,
            "attendee": { "name": "Gus", "email": guest, "timeZone": "Europe/Berlin" },
        });
        let made = self.post(&format!("{base}/v2/bookings"), &body).await?;
        let uid = made["data"]["uid"].as_str().with_context(|| format!("no uid in {made}"))?.to_owned();
        self.promises.insert(uid, Promise { cancelled: false, open: false, revision: 0 });
        Ok(())
    }

    async fn change(&mut self, base: &str, uid: &str, what: &str, body: &Value) -> Result<()> {
        self.promise(uid)?.open = true;
        self.post(&format!("{base}/v2/bookings/{uid}/{what}"), body).await?;
        let promise = self.promise(uid)?;
        (promise.open, promise.revision) = (false, promise.revision + 1);
        promise.cancelled = what == "cancel";
        Ok(())
    }

    fn promise(&mut self, uid: &str) -> Result<&mut Promise> {
        self.promises.get_mut(uid).context("nobody booked that")
    }

    async fn post(&self, url: &str, body: &Value) -> Result<Value> {
        let answer = self.client.post(url).header("cal-api-version", "2024-08-13").json(body).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("{url} answered {status}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
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
