//! Time for the layers: what time it is, and waiting.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use jiff::Timestamp;
use kalends_domain::Clock;

/// A clock that can also wait. A test's waits pass at once and move its clock.
pub trait Time: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Done when this long has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The runtime's timer beside a clock.
#[derive(Clone)]
pub struct Tokio(pub Arc<dyn Clock>);

impl Time for Tokio {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock that starts at a given instant and follows the runtime's timer, which a test may pause.
#[derive(Debug, Clone, Copy)]
pub struct Simulated {
    origin: Timestamp,
    begun: tokio::time::Instant,
}

impl Simulated {
    /// It is now this instant.
    pub fn from(origin: Timestamp) -> Self {
        Self { origin, begun: tokio::time::Instant::now() }
    }
}

impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        after(self.origin, self.begun.elapsed())
    }
}

/// From one instant to a later one; zero when it is not later.
pub(crate) fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO)
}

/// An instant and a while later, clamped to what an instant can hold.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| now.checked_add(wait).ok())
        .unwrap_or(Timestamp::MAX)
}
