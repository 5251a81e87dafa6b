//! How a piece of work ends when it does not succeed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kalends_app::{Kind, Retry};
use kalends_domain::Ids;

/// The first wait's ceiling; each next one doubles it.
const FIRST: SignedDuration = SignedDuration::from_secs(5);
/// No wait is longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// What waits for one instant is spread over no more than this.
const APART: SignedDuration = SignedDuration::from_secs(30);

/// Why a job is not done, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// It is tried again, until its tries are used up.
    Again {
        /// When.
        when: When,
        /// For the person who looks at it.
        why: String,
    },
    /// Nothing went wrong; its time has not come. Costs no try.
    NotYet {
        /// When it may have.
        until: Timestamp,
    },
    /// Trying again changes nothing: a person must look.
    Never {
        /// For that person.
        why: String,
    },
}

/// When a job is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Later, and later each time.
    Backoff,
    /// Not before this long: somebody outside said so.
    After(Duration),
    /// At this instant.
    At(Timestamp),
    /// Not before this instant, which was named to all that wait for the same account; each a little later, on its own.
    Asked(Timestamp),
}

impl Failed {
    /// Tried again, each time later.
    pub fn again(why: impl Into<String>) -> Self {
        Self::Again { when: When::Backoff, why: why.into() }
    }

    /// Given up at once.
    pub fn never(why: impl Into<String>) -> Self {
        Self::Never { why: why.into() }
    }
}

impl When {
    /// The instant of the next try, after so many tries.
    pub fn instant(self, tries: u32, now: Timestamp, ids: &Ids) -> Timestamp {
        let wait = match self {
            Self::At(at) => return at.max(now),
            Self::Asked(at) => return apart(at.max(now), now, ids),
            Self::After(wait) => {
                let at = now.checked_add(SignedDuration::try_from(wait).unwrap_or(LONGEST));
                return apart(at.unwrap_or(Timestamp::MAX), now, ids);
            }
            Self::Backoff => jittered(tries, ids),
        };
        now.checked_add(wait).unwrap_or(Timestamp::MAX)
    }
}

/// Soon after an instant that others wait for too: up to a tenth of the wait later, and half a minute at most.
pub(crate) fn apart(at: Timestamp, now: Timestamp, ids: &Ids) -> Timestamp {
    let most = (at.duration_since(now) / 10).min(APART).as_millis().max(0);
    let part = most * i128::from(u16::from_be_bytes(ids.bytes())) / i128::from(u16::MAX);
    at.checked_add(SignedDuration::from_millis(i64::try_from(part).unwrap_or(0))).unwrap_or(at)
}

/// Between half the ceiling and all of it, so that what failed together does not come back together (ALL-05).
fn jittered(tries: u32, ids: &Ids) -> SignedDuration {
    let ceiling = FIRST.as_millis() << tries.saturating_sub(1).min(20);
    let ceiling = ceiling.min(LONGEST.as_millis());
    let half = ceiling / 2;
    let part = half * i128::from(u16::from_be_bytes(ids.bytes())) / i128::from(u16::MAX);
    SignedDuration::from_millis(i64::try_from(half + part).unwrap_or(i64::MAX))
}

impl From<kalends_app::Error> for Failed {
    fn from(error: kalends_app::Error) -> Self {
        let why = error.to_string();
        let named = match error.kind {
            Kind::RateLimited { until } => until,
            Kind::QuotaExhausted { resets } => resets,
            _ => None,
        };
        match (error.retry, named) {
            (Retry::Never, _) => Self::Never { why },
            (_, Some(at)) => Self::Again { when: When::Asked(at), why },
            (Retry::After(wait), None) => Self::Again { when: When::After(wait), why },
            (Retry::Backoff | Retry::LookFirst, None) => Self::Again { when: When::Backoff, why },
        }
    }
}

impl From<kalends_store::Error> for Failed {
    fn from(error: kalends_store::Error) -> Self {
        Self::again(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kalends_app::fake::Same;
    use kalends_testkit::Held;

    use super::*;

    fn wait(when: When, tries: u32) -> i64 {
        let ids = Ids::new(Arc::new(Held::at(Timestamp::UNIX_EPOCH)), Arc::new(Same(0xff)));
        when.instant(tries, Timestamp::UNIX_EPOCH, &ids).as_second()
    }

    #[test]
    fn waits_double_up_to_an_hour() {
        let waits: Vec<i64> = (1..=4).map(|tries| wait(When::Backoff, tries)).collect();
        assert_eq!(waits, [5, 10, 20, 40]);
        assert_eq!(wait(When::Backoff, 30), 3600);
    }

    #[test]
    fn what_the_provider_asks_for_is_kept_to_all_04() {
        let limited = kalends_app::Error::new(Kind::RateLimited { until: None }, "slow down")
            .retry(Retry::After(Duration::from_mins(2)));
        let Failed::Again { when, .. } = Failed::from(limited) else { panic!("a rate limit passes") };
        assert_eq!(wait(when, 1), 132, "and a tenth more at most, so that not all come together");
    }

    #[test]
    fn what_waits_for_one_silence_comes_after_it_and_apart_all_04() {
        let now = Timestamp::UNIX_EPOCH;
        let at = Timestamp::from_second(120).unwrap();
        let error = kalends_app::Error::new(Kind::RateLimited { until: Some(at) }, "slow down")
            .retry(Retry::After(Duration::from_mins(2)));
        let Failed::Again { when, .. } = Failed::from(error) else { panic!("a rate limit passes") };
        let due = [0, 0x80, 0xff].map(|byte| {
            let ids = Ids::new(Arc::new(Held::at(now)), Arc::new(Same(byte)));
            when.instant(1, now, &ids).as_second()
        });
        assert_eq!(due, [120, 126, 132]);
    }

    #[test]
    fn a_refusal_is_not_tried_again_all_03() {
        let refused = kalends_app::Error::new(Kind::Invalid, "no such calendar");
        assert!(matches!(Failed::from(refused), Failed::Never { .. }));
    }
}
