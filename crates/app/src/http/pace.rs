//! Waits its turn: so many calls a second, so many at once, and none while the provider asked for silence.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

use super::{
    Answer, Layer, Next, Request, Time,
    silence::{self, Hush},
    time,
};
use crate::{Error, Kind, Retry, manifest::Quota};

/// Why a call had no turn.
const BUSY: &str = "too many calls for this account are waiting";
const ASKED: &str = "the provider asked us to wait";

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
        let rate = RateLimiter::direct_with_clock(rate, Ticks::new(Arc::clone(&time)));
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
            wait.await.map_err(|_| self.late(give_up, BUSY))?
        };
        loop {
            let now = self.time.now();
            let silent = silence::ends(*self.silent(), now);
            let (wait, why) = match silent {
                Some(until) => (time::until(now, until), ASKED),
                None => match self.rate.check() {
                    Ok(()) => return Ok(permit),
                    Err(early) => {
                        (early.wait_time_from(self.rate.clock().now()).max(Duration::from_millis(1)), BUSY)
                    }
                },
            };
            if wait > time::until(now, give_up) {
                return Err(self.late(time::after(now, wait), why));
            }
            self.time.sleep(wait).await;
        }
    }

    /// Heeds a provider that asked for silence; its end, when it is longer than was known.
    pub(crate) fn heed(&self, error: &Error) -> Option<Timestamp> {
        let (Kind::RateLimited { .. }, Retry::After(wait)) = (&error.kind, error.retry) else { return None };
        let until = time::after(self.time.now(), wait);
        self.silence(until).then_some(until)
    }

    /// No call goes out before this instant; false when that was known. The longer silence counts.
    pub(crate) fn silence(&self, until: Timestamp) -> bool {
        let now = self.time.now();
        let mut silent = self.silent();
        let longer = silence::ends(until, now) > silence::ends(*silent, now);
        if longer {
            *silent = until;
        }
        longer
    }

    fn silent(&self) -> MutexGuard<'_, Timestamp> {
        self.silent_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn late(&self, until: Timestamp, why: &'static str) -> Error {
        let wait = time::until(self.time.now(), until);
        Error::new(Kind::RateLimited { until: Some(until) }, why).retry(Retry::After(wait))
    }
}

/// A place among the calls under way, given back when it goes.
pub(crate) struct Turn<'a> {
    _under_way: SemaphorePermit<'a>,
    _writing: Option<SemaphorePermit<'a>>,
}

/// The layer that waits its turn.
pub struct Pacing(pub(crate) Hush);

impl Layer for Pacing {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        Box::pin(async move {
            let _turn = self.0.pace.turn(request.patience, !request.is_reading()).await?;
            let answer = next.run(request).await;
            if let Err(error) = &answer {
                self.0.heed(error).await;
            }
            answer
        })
    }
}

/// Our time as governor counts it: only forwards. A clock that is set back would hold up all calls until it is there again.
#[derive(Clone)]
struct Ticks {
    time: Arc<dyn Time>,
    /// When it was last read, and what had passed by then.
    read: Arc<Mutex<(Timestamp, Duration)>>,
}

impl Ticks {
    fn new(time: Arc<dyn Time>) -> Self {
        let read = Arc::new(Mutex::new((time.now(), Duration::ZERO)));
        Self { time, read }
    }
}

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let now = self.time.now();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, passed) = *read;
        let passed = passed.saturating_add(time::until(last, now));
        *read = (now, passed);
        Nanos::from(passed)
    }
}
