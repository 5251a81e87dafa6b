//! Half-open spans of time in whole seconds.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// `[start, end)` in epoch seconds: a slot, a busy time, a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First second inside.
    pub start: i64,
    /// First second after.
    pub end: i64,
}

impl Span {
    /// A span as given; an end before the start makes it empty, never negative.
    pub const fn new(start: i64, end: i64) -> Self {
        Self { start, end: if end < start { start } else { end } }
    }

    /// From one instant to another, parts of a second cut off the start and rounded up at the end.
    pub fn between(start: Timestamp, end: Timestamp) -> Self {
        let up = i64::from(end.subsec_nanosecond() > 0);
        Self::new(start.as_second() - i64::from(start.subsec_nanosecond() < 0), end.as_second() + up)
    }

    /// Seconds inside.
    pub const fn len(self) -> i64 {
        self.end - self.start
    }

    /// True when no second lies inside.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// True when the two share a second. Touching ends share none.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// True when every second of `other` lies inside.
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// True when the second `at` lies inside.
    pub const fn holds(self, at: i64) -> bool {
        self.start <= at && at < self.end
    }

    /// The part both share, if any.
    pub fn intersect(self, other: Self) -> Option<Self> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start < end).then_some(Self { start, end })
    }

    /// Wider by these many seconds on either side.
    #[must_use]
    pub const fn widened(self, before: i64, after: i64) -> Self {
        Self::new(self.start - before, self.end + after)
    }

    /// The start as an instant, clamped to what an instant can hold.
    pub fn starts(self) -> Timestamp {
        instant(self.start)
    }

    /// The end as an instant, clamped to what an instant can hold.
    pub fn ends(self) -> Timestamp {
        instant(self.end)
    }

    /// How long it lasts.
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(self.len())
    }
}

/// Epoch seconds as an instant, clamped to the years an instant can hold.
pub fn instant(seconds: i64) -> Timestamp {
    let clamped = seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(clamped).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_spans_do_not_overlap() {
        assert!(!Span::new(0, 60).overlaps(Span::new(60, 120)));
        assert!(Span::new(0, 61).overlaps(Span::new(60, 120)));
    }

    #[test]
    fn parts_of_a_second_widen_a_span() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let span = Span::between(at("1969-12-31T23:59:59.5Z"), at("1970-01-01T00:00:00.5Z"));
        assert_eq!(span, Span::new(-1, 1));
    }
}
