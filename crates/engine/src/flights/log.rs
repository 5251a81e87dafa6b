//! What waits to be written down: taken in without waiting, written in the background.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use kalends_app::http;
use kalends_domain::Id;
use kalends_store::{
    Db, Result, in_background,
    repo::{Connection, Flight, Hook, RefusedNotices},
};

use super::whom;
use crate::Engine;

/// Records kept until they are written; when nobody writes them the newest are lost.
const MOST: usize = 5_000;
/// Records in one transaction: the next booking never waits long for it.
const BATCH: usize = 500;
/// Addresses whose refused notices are counted at a time.
const ADDRESSES: usize = 1_000;

/// Takes records without waiting, and hands them to whoever writes them.
#[derive(Debug, Default)]
pub struct FlightLog {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    calls: Vec<Flight>,
    refused: HashMap<Id<Hook>, (Hook, RefusedNotices)>,
    lost: Option<Lost>,
}

/// Calls that were made and are on no time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// How many, since this server started.
    pub count: u64,
    /// The last one.
    pub last_at: Timestamp,
}

impl http::Recorder for FlightLog {
    fn record(&self, flight: http::Flight) {
        http::Logged.record(flight.clone());
        // A call for nobody (a mail server's probe at start) is in the metrics alone.
        let Some(whom) = whom() else { return };
        let mut waiting = self.waiting();
        if waiting.calls.len() >= MOST {
            waiting.lose(1, flight.at);
            return;
        }
        waiting.calls.push(Flight {
            organization: whom.organization,
            at: flight.at,
            app: flight.app.to_owned(),
            operation: flight.op.to_owned(),
            connection: flight.account.parse::<Id<Connection>>().ok(),
            booking: whom.booking,
            notice: whom.notice,
            step: whom.step,
            run: whom.run,
            method: flight.method,
            url: format!("{}{}", flight.host, flight.path),
            status: flight.status.map(u32::from),
            millis: u32::try_from(flight.took.as_millis()).unwrap_or(u32::MAX),
            attempt: flight.attempt,
            attempts: flight.attempts,
            not_before: flight.not_before,
            outcome: flight.outcome.to_owned(),
            detail: flight.error.unwrap_or_default(),
        });
    }
}

impl Waiting {
    fn lose(&mut self, count: u64, last_at: Timestamp) {
        metrics::counter!("kalends_flight_records_lost_total").increment(count);
        let before = self.lost.map_or(0, |lost| lost.count);
        self.lost = Some(Lost { count: before + count, last_at });
    }
}

impl FlightLog {
    /// Counts a notice that was refused. Whoever sends many makes no more work than one.
    pub(crate) fn refused(&self, at: &Hook, why: String, now: Timestamp) {
        let mut waiting = self.waiting();
        if waiting.refused.len() >= ADDRESSES && !waiting.refused.contains_key(&at.id) {
            return;
        }
        let none = || (at.clone(), RefusedNotices { count: 0, last_at: now, why: String::new() });
        let (_, refused) = waiting.refused.entry(at.id).or_insert_with(none);
        *refused = RefusedNotices { count: refused.count + 1, last_at: now, why };
    }

    /// Calls that are on no time line, if there are any.
    pub(crate) fn lost(&self) -> Option<Lost> {
        self.waiting().lost
    }

    /// Writes what waits, a portion at a time; what cannot be written is lost, for it only tells of what happened.
    pub(crate) async fn write(&self, db: &Db) -> Result<()> {
        let (calls, refused) = {
            let mut waiting = self.waiting();
            (std::mem::take(&mut waiting.calls), std::mem::take(&mut waiting.refused))
        };
        for (done, batch) in calls.chunks(BATCH).enumerate() {
            let portion = batch.to_vec();
            let written = db.write(move |tx| {
                let portion = portion.clone();
                Box::pin(async move { tx.flights().add(&portion).await })
            });
            if let Err(error) = in_background(written).await {
                let left = (calls.len() - done * BATCH) as u64;
                self.waiting().lose(left, db.now());
                return Err(error);
            }
        }
        if refused.is_empty() {
            return Ok(());
        }
        let refused: Vec<_> = refused.into_values().collect();
        let written = db.write(move |tx| {
            let refused = refused.clone();
            Box::pin(async move {
                for (hook, more) in &refused {
                    tx.hooks().refused(hook, more).await?;
                }
                Ok(())
            })
        });
        in_background(written).await
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Writes down what was called since the last time; a running worker does so by itself.
    pub async fn write_flights(&self) -> Result<()> {
        self.outside.flights().write(&self.db).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kalends_app::http::Recorder;
    use uuid::Uuid;

    use super::*;
    use crate::flights::{About, about};

    fn call() -> http::Flight {
        http::Flight {
            app: "acme",
            account: String::new(),
            op: "read",
            method: "GET".into(),
            host: "acme.example".into(),
            path: "/".into(),
            at: Timestamp::UNIX_EPOCH,
            took: Duration::ZERO,
            attempt: 1,
            attempts: 1,
            status: Some(200),
            outcome: "ok",
            error: None,
            not_before: None,
        }
    }

    #[tokio::test]
    async fn what_finds_no_room_is_lost_and_counted() {
        let log = FlightLog::default();
        log.record(call());
        assert!(log.waiting().calls.is_empty(), "made for nobody");
        about(About::of(Id::new(Uuid::nil())), async {
            for _ in 0..MOST + 3 {
                log.record(call());
            }
        })
        .await;
        assert_eq!(log.waiting().calls.len(), MOST);
        assert_eq!(log.lost(), Some(Lost { count: 3, last_at: Timestamp::UNIX_EPOCH }));
    }

    #[test]
    fn refused_notices_of_one_address_are_one_entry() {
        let (log, id) = (FlightLog::default(), Uuid::nil());
        let hook = Hook { id: Id::new(id), organization: Id::new(id), app: "acme".into(), connection: None };
        for _ in 0..1_000 {
            log.refused(&hook, "not theirs".into(), Timestamp::UNIX_EPOCH);
        }
        let waiting = log.waiting();
        assert_eq!(waiting.refused.len(), 1);
        assert_eq!(waiting.refused[&hook.id].1.count, 1_000);
    }
}
