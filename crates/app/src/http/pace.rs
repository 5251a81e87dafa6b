//! Waits its turn: so many calls a second, so many at once, and none while the provider asked for silence.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota as Rate, RateLimiter,
    clock::Clock as _,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Answer, Layer, Next, Request, Time, time};
use crate::{Error, Kind, Retry, manifest::Quota};

/// One account's pace.
pub struct Pace {
    time: Arc<dyn Time>,
    rate: RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Nanos>>,
    at_once: Semaphore,
    writing: Option<Semaphore>,
    silent_until: Mutex<Timestamp>,
}

impl Pace {
    pub(crate) fn new(time: Arc<dyn Time>, quota: Quota) -> Self {
        let some = |figure| NonZeroU32::new(figure).unwrap_or(NonZeroU32::MIN);
        let rate = Rate::per_second(some(quota.per_second)).allow_burst(some(quota.burst));
        let rate = RateLimiter::direct_with_clock(rate, Ticks(Arc::clone(&time)));
        let at_once = Semaphore::new(some(quota.concurrent).get() as usize);
        let writing =
            NonZeroU32::new(quota.concurrent_writes).map(|most| Semaphore::new(most.get() as usize));
        Self { time, rate, at_once, writing, silent_until: Mutex::new(Timestamp::MIN) }
    }

    /// Waits for a turn; one that would come after `patience` is refused at once.
    pub(crate) async fn turn(&self, patience: Duration, writes: bool) -> Result<Turn<'_>, Error> {
        let give_up = time::after(self.time.now(), patience);
        let permit = {
            let closed = |_| Error::new(Kind::Down, "the account's line is closed");
            let wait = super::deadline::within(self.time.as_ref(), patience, async {
                // Whoever waits to write keeps no place from those who read.
                let writing = match self.writing.as_ref().filter(|_| writes) {
                    Some(writing) => Some(writing.acquire().await.map_err(closed)?),
                    None => None,
                };
                Ok(Turn { _under_way: self.at_once.acquire().await.map_err(closed)?, _writing: writing })
            });
            wait.await.map_err(|_| self.late(give_up))?
        };
        loop {
            let now = self.time.now();
            let silence = time::until(now, *self.silent_until.lock().unwrap_or_else(PoisonError::into_inner));
            let wait = if silence.is_zero() {
                match self.rate.check() {
                    Ok(()) => return Ok(permit),
                    Err(early) => early.wait_time_from(self.rate.clock().now()).max(Duration::from_millis(1)),
                }
            } else {
                silence
            };
            if wait > time::until(now, give_up) {
                return Err(self.late(time::after(now, wait)));
            }
            self.time.sleep(wait).await;
        }
    }

    /// Heeds a provider that asked for silence.
    pub(crate) fn heed(&self, error: &Error) {
        if let (Kind::RateLimited { .. }, Retry::After(wait)) = (&error.kind, error.retry) {
            let until = time::after(self.time.now(), wait);
            let mut silent = self.silent_until.lock().unwrap_or_else(PoisonError::into_inner);
            *silent = until.max(*silent);
        }
    }

    fn late(&self, until: Timestamp) -> Error {
        let wait = time::until(self.time.now(), until);
        Error::new(Kind::RateLimited { until: Some(until) }, "too many calls for this account are waiting")
            .retry(Retry::After(wait))
    }
}

/// A place among the calls under way, given back when it goes.
pub(crate) struct Turn<'a> {
    _under_way: SemaphorePermit<'a>,
    _writing: Option<SemaphorePermit<'a>>,
}

/// The layer that waits its turn.
pub struct Pacing(pub(crate) Arc<Pace>);

impl Layer for Pacing {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        Box::pin(async move {
            let _turn = self.0.turn(request.patience, !request.is_reading()).await?;
            let answer = next.run(request).await;
            if let Err(error) = &answer {
                self.0.heed(error);
            }
            answer
        })
    }
}

/// Our time as governor counts it.
#[derive(Clone)]
struct Ticks(Arc<dyn Time>);

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let since =
            Duration::try_from(self.0.now().duration_since(Timestamp::UNIX_EPOCH)).unwrap_or_default();
        Nanos::from(since)
    }
}
