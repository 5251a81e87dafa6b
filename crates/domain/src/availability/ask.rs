//! The input of the slot engine.

use super::{Block, Blocks, Counted, OutOfOffice, Schedule, Source, Travel};
use crate::{
    Span, Zone,
    event_type::{Assignment, BookingWindow},
};

/// When can this be booked?
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The span asked for. Hours of a date that differs may reach beyond it.
    pub window: Span,
    /// The clock, in epoch seconds.
    pub now: i64,
    /// The guest's zone: slots start on the round minutes of its hours.
    pub booker: &'a Zone,
    /// Length, steps and buffers.
    pub timing: Timing,
    /// How hosts are chosen.
    pub assignment: Assignment,
    /// Who, with their hours and what takes their time.
    pub hosts: &'a [HostTimes<'a>],
    /// How far ahead guests can book.
    pub ahead: &'a BookingWindow,
    /// How much can be booked, and what is booked. Its zone is the organizer's.
    pub counted: Counted<'a>,
    /// Bookings that still have seats, and those that have none left.
    pub seated: &'a [Seated],
    /// Sources that block nothing: a booking does not stand in the way of its own move (FB-07).
    pub ignoring: &'a [Source],
    /// All slots, or fewer.
    pub offer: Offer,
}

/// Length, steps and buffers, all in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// A slot lasts so long; at least 1.
    pub length: u32,
    /// Between slot starts; none means the length.
    pub interval: Option<u32>,
    /// Between now and the first slot.
    pub notice: u32,
    /// Added to each first start and each step.
    pub offset: u32,
    /// Kept free before.
    pub before: u32,
    /// Kept free after.
    pub after: u32,
}

impl Timing {
    /// Plain slots of so many minutes.
    pub const fn of(length: u32) -> Self {
        Self { length, interval: None, notice: 0, offset: 0, before: 0, after: 0 }
    }

    /// Seconds a slot lasts.
    pub(super) fn seconds(&self) -> i64 {
        i64::from(self.length.max(1)) * 60
    }

    /// Seconds from one start to the next.
    pub(super) fn step(&self) -> i64 {
        (i64::from(self.interval.unwrap_or(self.length).max(1)) + i64::from(self.offset)) * 60
    }

    /// Minutes of the hour a slot may start on: multiples of this.
    pub(super) fn grid(&self) -> i64 {
        let interval = self.interval.unwrap_or(self.length).max(1);
        [60, 30, 20, 15, 10, 5].into_iter().find(|grid| interval.is_multiple_of(*grid)).unwrap_or(1).into()
    }

    /// The earliest start the notice allows.
    pub(super) fn earliest(&self, now: i64) -> i64 {
        now.saturating_add(i64::from(self.notice) * 60)
    }

    /// How far a block reaches in front of itself: the new booking's after-buffer must fit there.
    pub(super) fn reach_before(&self) -> i64 {
        i64::from(self.after) * 60
    }

    /// How far a block reaches behind itself: the new booking's before-buffer must fit there.
    pub(super) fn reach_after(&self) -> i64 {
        i64::from(self.before) * 60
    }
}

/// One host's time.
#[derive(Debug, Clone, Copy)]
pub struct HostTimes<'a> {
    /// Their hours.
    pub schedule: &'a Schedule,
    /// Where they are when not at home; the first that covers a date counts.
    pub travel: &'a [Travel],
    /// When they are away.
    pub away: &'a [OutOfOffice],
    /// What takes their time.
    pub busy: Busy<'a>,
    /// Must be free for every slot. Under collective and single assignment all are.
    pub fixed: bool,
}

/// What takes a host's time, if that is known.
#[derive(Debug, Clone, Copy)]
pub enum Busy<'a> {
    /// Rows as they come: in any order, overlapping, repeated.
    Rows(&'a [Block]),
    /// Kept sorted and merged.
    Kept(&'a Blocks),
    /// A source could not be read: this host is not offered. Unknown is never free (FB-09).
    Unknown(Source),
}

impl<'a> Busy<'a> {
    /// The rows behind it; none when they are not known.
    pub(super) fn rows(self) -> Option<&'a [Block]> {
        match self {
            Self::Rows(rows) => Some(rows),
            Self::Kept(blocks) => Some(blocks.rows()),
            Self::Unknown(_) => None,
        }
    }
}

/// A booking with seats: its start stays offered while some are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seated {
    /// When it starts.
    pub start: i64,
    /// The source of its blocks.
    pub source: Source,
    /// Seats nobody has taken.
    pub left: u32,
}

/// Which slots are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Offer {
    /// All of them.
    #[default]
    All,
    /// The first of each day in the guest's zone.
    FirstOfDay,
}

impl Ask<'_> {
    /// True for hosts that must be free for every slot.
    pub(super) fn needed(&self, host: &HostTimes<'_>) -> bool {
        host.fixed || self.assignment != Assignment::RoundRobin
    }

    /// The span in which weekly hours count: notice and booking window cut it.
    pub(super) fn range(&self) -> Span {
        let ahead = self.starts();
        let notice = i64::from(self.timing.notice.max(1)) * 60;
        let start = self.window.start.max(self.now.saturating_add(notice)).max(ahead.start);
        // A slot may start up to the last second of the booking window and end after it.
        let end = self.window.end.min(ahead.end.saturating_add(self.timing.seconds()));
        let end = end.min(start.saturating_add(LONGEST));
        Span::new(start.clamp(CALENDAR.start, CALENDAR.end), end.clamp(CALENDAR.start, CALENDAR.end))
    }

    /// The starts the booking window allows.
    pub(super) fn starts(&self) -> Span {
        super::bookable(self.ahead, self.counted.zone, self.now)
    }
}

/// The longest span looked at in one go: ten years and a bit, as far ahead as an event type can be booked.
pub(super) const LONGEST: i64 = 3_670 * 86_400;

/// What a calendar can hold, with room for adding days at either end: the years 1 to 9998.
const CALENDAR: Span = Span { start: -62_135_596_800, end: 253_370_764_800 };
