//! Calls to the outside, written down without secrets, so that a person can see what happened to a booking.

use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;
use kalends_app::http;
use kalends_domain::{Id, booking::Booking, people::Organization};
use kalends_store::{
    Db,
    repo::{Connection, Flight},
};

/// Records kept until they are written; when nobody writes them the newest are dropped.
const MOST: usize = 5_000;
/// Records in one statement.
const BATCH: usize = 500;
/// How long they are kept.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(24 * 14);

tokio::task_local! {
    /// For whom this task calls out.
    static FOR: About;
}

/// For whom a call is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    /// Whose call.
    pub organization: Id<Organization>,
    /// For which booking.
    pub booking: Option<Id<Booking>>,
}

/// Does the work; every call it makes is recorded as made for this.
pub(crate) async fn about<T>(whom: About, work: impl Future<Output = T>) -> T {
    FOR.scope(whom, work).await
}

/// Takes records without waiting, and hands them to whoever writes them.
#[derive(Debug, Default)]
pub struct FlightLog {
    waiting: Mutex<Vec<Flight>>,
}

impl http::Recorder for FlightLog {
    fn record(&self, flight: http::Flight) {
        http::Logged.record(flight.clone());
        // A call for nobody (a mail server's probe at start) is in the metrics alone.
        let Ok(whom) = FOR.try_with(|whom| *whom) else { return };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST {
            return;
        }
        waiting.push(Flight {
            organization: whom.organization,
            at: flight.at,
            app: flight.app.to_owned(),
            operation: flight.op.to_owned(),
            connection: flight.account.parse::<Id<Connection>>().ok(),
            booking: whom.booking,
            method: flight.method,
            url: format!("{}{}", flight.host, flight.path),
            status: flight.status.map(u32::from),
            millis: u32::try_from(flight.took.as_millis()).unwrap_or(u32::MAX),
            outcome: flight.outcome.to_owned(),
            detail: flight.error.unwrap_or_default(),
        });
    }
}

impl FlightLog {
    /// Writes what waits; what cannot be written is lost, for it only tells of what happened.
    pub(crate) async fn write(&self, db: &Db) -> kalends_store::Result<()> {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.is_empty() {
            return Ok(());
        }
        db.write(move |tx| {
            let waiting = waiting.clone();
            Box::pin(async move {
                for batch in waiting.chunks(BATCH) {
                    tx.flights().add(batch).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

impl crate::Engine {
    /// Writes down what was called since the last time; a running worker does so by itself.
    pub async fn write_flights(&self) -> kalends_store::Result<()> {
        self.outside.flights().write(&self.db).await
    }
}
