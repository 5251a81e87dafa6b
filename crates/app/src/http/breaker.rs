//! Stops calling what does not answer, and lets one call at a time find out whether it does again.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use super::{Answer, Layer, Next, Request, Time, time};
use crate::{Error, Kind, Retry};

/// Failures in a row that open the line.
pub const FAILURES: u32 = 5;
/// How long it stays open at first; each failed probe doubles it.
const FIRST: Duration = Duration::from_secs(15);
/// It is never open longer without a probe.
const LONGEST: Duration = Duration::from_mins(5);

/// One account's breaker.
pub struct Breaker {
    time: Arc<dyn Time>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    /// Calls pass.
    Closed { failures: u32 },
    /// No call passes until then.
    Open { until: Timestamp, pause: Duration },
    /// One call is out finding out.
    Probing { pause: Duration },
}

impl Breaker {
    pub(crate) fn new(time: Arc<dyn Time>) -> Self {
        Self { time, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Leave to call, or the reason why not.
    pub(crate) fn admit(&self) -> Result<Admission<'_>, Error> {
        let now = self.time.now();
        let mut state = self.state();
        let refuse = |wait| {
            let message = "the provider did not answer lately; calls to it pause for a while";
            Err(Error::new(Kind::Down, message).retry(Retry::After(wait)))
        };
        let was = *state;
        match was {
            State::Closed { .. } => {}
            State::Open { until, .. } if now < until => return refuse(time::until(now, until)),
            State::Open { pause, .. } => *state = State::Probing { pause },
            State::Probing { .. } => return refuse(Duration::from_secs(1)),
        }
        Ok(Admission { breaker: self, was, settled: false })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is a Copy value written in one step: a panic elsewhere cannot leave it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, outage: bool) {
        let now = self.time.now();
        let open = |pause| State::Open { until: time::after(now, pause), pause };
        let mut state = self.state();
        *state = match (*state, outage) {
            // Calls that were already out when the line opened decide nothing.
            (State::Open { until, pause }, _) => State::Open { until, pause },
            (_, false) => State::Closed { failures: 0 },
            (State::Closed { failures }, true) if failures + 1 >= FAILURES => open(FIRST),
            (State::Closed { failures }, true) => State::Closed { failures: failures + 1 },
            (State::Probing { pause }, true) => open(pause.saturating_mul(2).min(LONGEST)),
        };
    }

    /// Forgets every failure.
    pub(crate) fn close(&self) {
        *self.state() = State::Closed { failures: 0 };
    }

    /// True while calls are refused.
    pub fn is_open(&self) -> bool {
        !matches!(*self.state(), State::Closed { .. })
    }
}

/// Leave to make one call; it must be told how the call went.
pub(crate) struct Admission<'a> {
    breaker: &'a Breaker,
    was: State,
    settled: bool,
}

impl Admission<'_> {
    pub(crate) fn settle<T>(mut self, result: &Result<T, Error>) {
        self.settled = true;
        self.breaker.settle(matches!(result, Err(error) if is_outage(error)));
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        // The caller went away mid-call: nothing was learnt, so a probe's turn goes back.
        if !self.settled && matches!(self.was, State::Open { .. }) {
            *self.breaker.state() = self.was;
        }
    }
}

fn is_outage(error: &Error) -> bool {
    matches!(error.kind, Kind::Down | Kind::UnknownOutcome)
}

/// The layer that asks the line's breaker.
pub struct Breaking(pub(crate) Arc<Breaker>);

impl Layer for Breaking {
    fn call<'a>(&'a self, request: Request, next: Next<'a>) -> Answer<'a> {
        Box::pin(async move {
            let admission = self.0.admit()?;
            let answer = next.run(request).await;
            admission.settle(&answer);
            answer
        })
    }
}
