//! A clock that stands until it is moved.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use kalends_app::http::Time;
use kalends_domain::Clock;

/// A clock that stands still; clones are the same clock.
#[derive(Debug, Clone)]
pub struct Held {
    micros: Arc<AtomicI64>,
}

impl Held {
    /// Stands at an instant.
    pub fn at(now: Timestamp) -> Self {
        Self { micros: Arc::new(AtomicI64::new(now.as_microsecond())) }
    }

    /// Stands at an instant such as `2026-11-23T09:00:00Z`.
    ///
    /// # Panics
    /// When the text is no instant.
    pub fn from_text(now: &str) -> Self {
        match now.parse() {
            Ok(now) => Self::at(now),
            Err(error) => panic!("`{now}` is no instant: {error}"),
        }
    }

    /// Moves on, or back.
    pub fn advance(&self, by: SignedDuration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }

    /// Moves to an instant.
    pub fn set(&self, now: Timestamp) {
        self.micros.store(now.as_microsecond(), Ordering::SeqCst);
    }
}

impl Clock for Held {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.micros.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The time of calls to the outside by a clock that stands: waits pass at once, and move it on.
#[derive(Debug, Clone)]
pub struct Hurried(pub Held);

impl Time for Hurried {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: std::time::Duration) -> BoxFuture<'static, ()> {
        let clock = self.0.clone();
        Box::pin(async move { clock.advance(SignedDuration::try_from(duration).unwrap_or_default()) })
    }
}
