//! The silence a provider asked for: how long it is believed, and where it is kept beyond this process (ALL-04).

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::{pace::Pace, retry_after};
use crate::Error;

/// Beyond the longest wait taken at a provider's word: clocks of several nodes differ.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

/// Keeps an account's silence beyond this process: for its other nodes, and for its next start.
pub trait Silence: Send + Sync + 'static {
    /// No call of the account is to go out before this instant. Whatever goes wrong is its own to tell.
    fn keep(&self, until: Timestamp) -> BoxFuture<'_, ()>;
}

/// When a silence kept earlier ends; none when it is over, or ends later than any can: the clock was wrong when it was
/// noted, or was set back since, and nobody is to be silent for that long.
pub fn ends(until: Timestamp, now: Timestamp) -> Option<Timestamp> {
    (now < until && until <= last(now)).then_some(until)
}

/// The latest instant at which a silence that is asked for now can end.
pub fn last(now: Timestamp) -> Timestamp {
    let longest = SignedDuration::try_from(retry_after::LONGEST).unwrap_or(SLACK);
    now.checked_add(longest + SLACK).unwrap_or(Timestamp::MAX)
}

/// One account's pace, and where its silence is kept.
#[derive(Clone)]
pub(crate) struct Hush {
    pub pace: Arc<Pace>,
    pub beyond: Option<Arc<dyn Silence>>,
}

impl Hush {
    /// Heeds a provider that asked for silence, here and beyond.
    pub async fn heed(&self, error: &Error) {
        if let (Some(until), Some(beyond)) = (self.pace.heed(error), &self.beyond) {
            beyond.keep(until).await;
        }
    }
}
