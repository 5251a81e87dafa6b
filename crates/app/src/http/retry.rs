//! Tries again: repeatable requests only, each time later, within the caller's patience (ALL-03, ALL-05).

use std::{sync::Arc, time::Duration};

use kalends_domain::id::Chance;

use super::{Answer, Layer, Next, Request, Time, time};
use crate::{Error, Kind, Retry};

/// The most tries of one call.
pub const TRIES: u32 = 4;
/// The first wait's ceiling; each next one doubles it.
const BASE: Duration = Duration::from_millis(250);
/// No wait we choose ourselves is longer.
const CAP: Duration = Duration::from_secs(20);

/// The layer that tries again.
pub struct Retrying {
    pub(crate) time: Arc<dyn Time>,
    pub(crate) chance: Arc<dyn Chance>,
}

impl Layer for Retrying {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        Box::pin(async move {
            let give_up = time::after(self.time.now(), request.patience);
            let mut attempt = 1;
            loop {
                let left = time::until(self.time.now(), give_up);
                let answer = next.run(request.clone().on_attempt(attempt).within(left)).await;
                let Err(error) = answer else { return answer };
                if attempt >= TRIES || !request.op.repeatable {
                    return Err(error);
                }
                let Some(wait) = self.wait(&error, attempt) else { return Err(error) };
                if wait >= time::until(self.time.now(), give_up) {
                    return Err(error);
                }
                tracing::debug!(
                    op = request.op.name,
                    attempt,
                    ?wait,
                    kind = error.kind.name(),
                    "trying again"
                );
                self.time.sleep(wait).await;
                attempt += 1;
            }
        })
    }
}

impl Retrying {
    /// How long to wait before the next try; `None` when there is to be none.
    fn wait(&self, error: &Error, attempt: u32) -> Option<Duration> {
        match error.retry {
            Retry::Never => None,
            Retry::After(wait) => Some(wait),
            // An answer we cannot read will not read better in a second.
            Retry::Backoff if error.kind == Kind::Malformed => None,
            // The layer only gets here with a request that may be sent twice.
            Retry::Backoff | Retry::LookFirst => Some(jittered(attempt, self.chance.as_ref())),
        }
    }
}

/// Anything from nothing to the ceiling ("full jitter"), so that clients do not come back together.
pub fn jittered(attempt: u32, chance: &dyn Chance) -> Duration {
    let ceiling = BASE.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(CAP);
    let mut bytes = [0; 4];
    chance.fill(&mut bytes);
    ceiling.mul_f64(f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX))
}
