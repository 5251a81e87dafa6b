//! The walk over free ranges that gives slots out.

use super::Timing;
use crate::{Span, zone::Offsets};

/// Free ranges in, starts out. All starts are whole minutes, so what was given out is a set of bits.
pub(super) struct Walk<'a> {
    booker: &'a Offsets,
    /// Minute zero of the set.
    base: i64,
    given: Vec<u64>,
    /// The latest start given out; the common case needs no search.
    latest: i64,
    earliest: i64,
    length: i64,
    step: i64,
    grid: i64,
    offset: i64,
}

impl<'a> Walk<'a> {
    /// A walk over ranges that all lie within `reach`.
    pub(super) fn new(timing: &Timing, now: i64, booker: &'a Offsets, reach: Span) -> Self {
        let base = minute(reach.start);
        let minutes = usize::try_from((reach.end - base) / 60 + 1).unwrap_or_default();
        Self {
            booker,
            base,
            given: vec![0; minutes / 64 + 1],
            latest: i64::MIN,
            earliest: timing.earliest(now),
            length: timing.seconds(),
            step: timing.step(),
            grid: timing.grid(),
            offset: i64::from(timing.offset) * 60,
        }
    }

    /// Gives out the starts of one free range. Ranges come by their start.
    pub(super) fn range(&mut self, range: Span) {
        let mut start = self.first(range);
        if let Some(earlier) = self.before(start)
            && earlier + self.step > start
        {
            start = if earlier >= range.start { earlier } else { earlier + self.step };
        }
        while start + self.length - 1 <= range.end {
            let at = usize::try_from((start - self.base) / 60).unwrap_or_default();
            self.given[at / 64] |= 1 << (at % 64);
            self.latest = self.latest.max(start);
            start += self.step;
        }
    }

    /// The first minute of a range that lies on the grid of the guest's hours.
    fn first(&self, range: Span) -> i64 {
        let start = minute(range.start.max(self.earliest));
        let of_hour = self.booker.wall(start).div_euclid(60).rem_euclid(60);
        start + (self.grid - of_hour % self.grid) % self.grid * 60 + self.offset
    }

    /// The latest start given out before this one.
    fn before(&self, start: i64) -> Option<i64> {
        if self.latest < start {
            return (self.latest > i64::MIN).then_some(self.latest);
        }
        let at = usize::try_from((start - self.base) / 60).ok()?;
        let mut word = at / 64;
        let mut bits = self.given.get(word)? & ((1 << (at % 64)) - 1);
        while bits == 0 {
            word = word.checked_sub(1)?;
            bits = self.given[word];
        }
        let bit = word * 64 + 63 - bits.leading_zeros() as usize;
        Some(self.base + i64::try_from(bit).ok()? * 60)
    }

    /// All starts given out, in order.
    pub(super) fn starts(&self) -> impl Iterator<Item = i64> + '_ {
        bits(&self.given).map(|bit| self.base + bit * 60)
    }
}

/// Ranges of several hosts side by side, sorted by minute instead of by comparison.
///
/// Of ranges that start in the same minute the longest holds the others, and a range inside another gives
/// nothing of its own; so one end per minute is enough. The first minute of a walk is cut to the minute
/// anyway, hence a start in mid-minute may be moved to it.
pub(super) struct Heap {
    base: i64,
    starts: Vec<u64>,
    /// Seconds from the base to the furthest end of a range that starts in this minute.
    ends: Vec<u32>,
}

impl Heap {
    /// Room for ranges within `reach`.
    pub(super) fn new(reach: Span) -> Self {
        let base = minute(reach.start);
        let minutes = usize::try_from((reach.end - base) / 60 + 1).unwrap_or_default();
        Self { base, starts: vec![0; minutes / 64 + 1], ends: vec![0; minutes] }
    }

    /// Adds a range.
    pub(super) fn push(&mut self, range: Span) {
        let at = usize::try_from((range.start - self.base) / 60).unwrap_or_default();
        self.starts[at / 64] |= 1 << (at % 64);
        let end = u32::try_from(range.end - self.base).unwrap_or(u32::MAX);
        self.ends[at] = self.ends[at].max(end);
    }

    /// The ranges by start, without those inside another.
    pub(super) fn ranges(&self) -> impl Iterator<Item = Span> + '_ {
        let mut furthest = 0;
        bits(&self.starts).filter_map(move |bit| {
            let end = self.ends[usize::try_from(bit).unwrap_or_default()];
            let outside = end > furthest;
            furthest = furthest.max(end);
            outside.then(|| Span { start: self.base + bit * 60, end: self.base + i64::from(end) })
        })
    }
}

/// The whole minute an instant lies in.
pub(super) const fn minute(at: i64) -> i64 {
    at - at.rem_euclid(60)
}

fn bits(words: &[u64]) -> impl Iterator<Item = i64> + '_ {
    (0i64..).zip(words).filter(|(_, word)| **word != 0).flat_map(|(index, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            let bit = rest.trailing_zeros();
            (rest != 0).then(|| {
                rest &= rest - 1;
                index * 64 + i64::from(bit)
            })
        })
    })
}

#[cfg(test)]
mod tests;
