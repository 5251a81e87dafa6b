//! One host's time as it is kept in memory.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use kalends_domain::{
    Span,
    availability::{Block, Blocks, Busy, Known, OutOfOffice, Source, Travel},
};

use super::Taker;

/// What takes a host's time, within a span of the calendar.
#[derive(Debug)]
pub(crate) struct HostTime {
    /// Everything in here is known; what lies outside was not read.
    pub covers: Span,
    /// Bookings, holds and outside events, the latter two kinds of thing by their source.
    pub blocks: Blocks,
    /// What no booking changes.
    pub habits: Arc<Habits>,
    /// Who is behind each block.
    pub takers: HashMap<Source, Taker>,
    /// The first hold ends then; what was read is void from there.
    pub good_until: i64,
}

/// What is known of a host beside what takes their time: it changes seldom, and a booking never changes it.
#[derive(Debug, Default)]
pub(crate) struct Habits {
    /// Days away.
    pub away: Vec<OutOfOffice>,
    /// Days elsewhere.
    pub travel: Vec<Travel>,
    /// Outside calendars that block, with what is known of each.
    pub calendars: Vec<CalendarTrust>,
}

/// How well an outside calendar is known.
#[derive(Debug, Clone)]
pub(crate) struct CalendarTrust {
    /// Its blocks carry this.
    pub source: Source,
    /// As its owner named it.
    pub name: String,
    /// Its copy ends then: beyond, nothing is known of it.
    pub copied_until: i64,
    /// Last read successfully.
    pub synced_at: Option<Timestamp>,
    /// Not readable since then.
    pub failing_since: Option<Timestamp>,
    /// An old answer is trusted for so many seconds…
    pub trust_for: i64,
    /// … then the host is withheld; else the last answer stays.
    pub then_blocks: bool,
}

/// A calendar that nothing was heard of for so long counts as failing, whatever else is said: the sync may be dead.
const SILENCE: i64 = 6 * 3600;

impl CalendarTrust {
    /// False when nobody can say any more whether its owner is free: unknown is never free (FB-09).
    pub fn trusted(&self, now: i64) -> bool {
        let known = match (self.synced_at, self.failing_since) {
            (None, _) => Known::Never,
            (Some(_), Some(since)) => Known::Stale { last: (), since: since.as_second() },
            (Some(at), None) if now - at.as_second() > SILENCE => {
                Known::Stale { last: (), since: at.as_second() }
            }
            (Some(_), None) => Known::Fresh(()),
        };
        known.trusted(now, self.trust_for).is_some() || !self.then_blocks
    }
}

impl Habits {
    /// The time behind the copies of calendars: nothing is known of it, and unknown is never free.
    pub fn beyond(&self, covers: Span) -> impl Iterator<Item = Block> + '_ {
        let ending = move |one: &&CalendarTrust| one.synced_at.is_some() && one.copied_until < covers.end;
        self.calendars.iter().filter(ending).map(move |calendar| {
            Block::new(Span::new(calendar.copied_until.max(covers.start), covers.end), calendar.source)
        })
    }
}

impl HostTime {
    /// The first calendar that is not known well enough.
    pub fn unknown(&self, now: i64) -> Option<&CalendarTrust> {
        self.habits.calendars.iter().find(|calendar| !calendar.trusted(now))
    }

    /// As the slot engine reads it.
    pub fn busy(&self, now: i64) -> Busy<'_> {
        self.unknown(now).map_or(Busy::Kept(&self.blocks), |calendar| Busy::Unknown(calendar.source))
    }

    /// True while it may be used for this window.
    pub const fn serves(&self, window: Span, now: i64) -> bool {
        self.covers.contains(window) && now < self.good_until
    }
}

#[cfg(test)]
mod tests {
    use kalends_domain::span::instant;

    use super::*;

    fn calendar(synced_at: Option<i64>, failing_since: Option<i64>, then_blocks: bool) -> CalendarTrust {
        CalendarTrust {
            source: 0,
            name: String::new(),
            copied_until: i64::MAX,
            synced_at: synced_at.map(instant),
            failing_since: failing_since.map(instant),
            trust_for: 3600,
            then_blocks,
        }
    }

    #[test]
    fn a_failing_calendar_is_believed_for_its_hours_and_no_longer_fb_09() {
        assert!(calendar(Some(0), Some(1000), true).trusted(4000));
        assert!(!calendar(Some(0), Some(1000), true).trusted(4700));
        assert!(calendar(Some(0), Some(1000), false).trusted(1_000_000));
    }

    #[test]
    fn a_calendar_never_read_is_never_free_fb_09() {
        assert!(!calendar(None, None, true).trusted(0));
    }

    #[test]
    fn silence_counts_as_failing() {
        assert!(calendar(Some(0), None, true).trusted(SILENCE));
        assert!(!calendar(Some(0), None, true).trusted(SILENCE + 3600));
    }
}
