//! Why a time is offered, or is not.

mod words;

use jiff::civil::Date;
use serde::Serialize;

use super::{
    Ask, Block, Busy, HostTimes, Hours, Offer, ReachedLimit, Slot, Slots, Source, Weekday, limits,
    open::{self, Zones},
    walk::minute,
};
use crate::{Span, Zone};

/// What the engine makes of one start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The start asked about, in epoch seconds.
    pub at: i64,
    /// The slot, when it is offered.
    pub slot: Option<Slot>,
    /// What forbids it whoever the host is; empty when it is offered.
    pub reasons: Vec<Reason>,
    /// Each host's own reasons, in the order of the question.
    pub hosts: Vec<HostAnswer>,
}

/// What speaks against one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostAnswer {
    /// Must be free for every slot.
    pub needed: bool,
    /// Empty when they are free.
    pub reasons: Vec<Reason>,
}

/// One rule that forbids a start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Reason {
    /// Nobody hosts.
    NoHosts,
    /// It is over.
    Past,
    /// Guests must book earlier.
    Notice {
        /// The first instant far enough ahead.
        earliest: i64,
    },
    /// It does not fit into the span asked for.
    NotAsked {
        /// That span.
        window: Span,
    },
    /// Booking is not possible that early or that far ahead.
    BookingWindow {
        /// The starts that are possible.
        starts: Span,
    },
    /// As much as may be is booked.
    Limit {
        /// Which limit, where.
        reached: ReachedLimit,
    },
    /// All seats of the booking at this start are taken.
    SeatsTaken {
        /// That booking.
        source: Source,
    },
    /// Only the first slot of the day is offered.
    NotFirstOfDay {
        /// The first one.
        first: i64,
    },
    /// Free, but slots start at other times.
    OffGrid {
        /// The nearest slot before.
        before: Option<i64>,
        /// The nearest slot after.
        after: Option<i64>,
    },
    /// The host's calendar is unknown; unknown is never free.
    Withheld {
        /// What could not be read.
        source: Source,
    },
    /// The host is away.
    OutOfOffice {
        /// First day away.
        from: Date,
        /// Last day away.
        until: Date,
    },
    /// The host is not open, or not for long enough.
    OutsideHours {
        /// The date there.
        date: Date,
        /// All hours of that date.
        hours: Vec<Hours>,
        /// True when the date differs from the weekly hours.
        differs: bool,
        /// Where those hours are local.
        zone: Zone,
    },
    /// The host's time is taken.
    Busy {
        /// By what.
        source: Source,
        /// When.
        span: Span,
    },
    /// Too little time to the next or from the last block.
    Buffer {
        /// Which block.
        source: Source,
        /// When that is.
        span: Span,
        /// Where the slot lies.
        side: Side,
        /// Seconds between the two.
        room: i64,
        /// Seconds the block's own event type keeps free on that side.
        own: i64,
        /// Seconds the new booking keeps free on that side.
        new: i64,
    },
}

/// Where a slot lies, seen from a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Before it.
    Before,
    /// After it.
    After,
}

impl Explanation {
    /// True when the start can be booked.
    pub const fn offered(&self) -> bool {
        self.slot.is_some()
    }
}

impl Ask<'_> {
    /// Says which rules forbid a start. It is offered exactly when [`Ask::slots`] offers it.
    pub fn explain(&self, at: i64) -> Explanation {
        let answer = self.slots();
        let slot = answer.slots.iter().find(|slot| slot.start == at).copied();
        let hosts: Vec<HostAnswer> = self
            .hosts
            .iter()
            .map(|host| HostAnswer { needed: self.needed(host), reasons: self.against(host, at) })
            .collect();
        let mut reasons = Vec::new();
        if slot.is_none() {
            self.general(at, &mut reasons);
            if reasons.is_empty() && together(&hosts) {
                self.leftover(at, &answer, &mut reasons);
            }
        }
        Explanation { at, slot, reasons, hosts }
    }

    /// The rules that do not depend on a host.
    fn general(&self, at: i64, reasons: &mut Vec<Reason>) {
        let notice = i64::from(self.timing.notice.max(1)) * 60;
        let earliest = self.now.saturating_add(notice);
        if self.hosts.is_empty() {
            reasons.push(Reason::NoHosts);
        }
        if at < self.now {
            reasons.push(Reason::Past);
        } else if at < minute(earliest) {
            reasons.push(Reason::Notice { earliest });
        }
        if at < minute(self.window.start) || at.saturating_add(self.timing.seconds() - 1) > self.window.end {
            reasons.push(Reason::NotAsked { window: self.window });
        }
        let starts = self.starts();
        if !starts.holds(at) {
            reasons.push(Reason::BookingWindow { starts });
        }
        let reached = self.counted.reached(self.timing.length, Span::new(at, at.saturating_add(1)));
        reasons.extend(limits::at(&reached, at).map(|reached| Reason::Limit { reached: *reached }));
        let full = self.seated.iter().find(|seated| seated.start == at && seated.left == 0);
        reasons.extend(full.map(|seated| Reason::SeatsTaken { source: seated.source }));
    }

    /// Everything is free and nothing forbids it: the walk passed it by.
    fn leftover(&self, at: i64, answer: &Slots, reasons: &mut Vec<Reason>) {
        if self.offer == Offer::FirstOfDay {
            let all = Ask { offer: Offer::All, ..self.clone() }.slots();
            if all.offers(at) {
                let day = self.booker.date(at);
                let first = answer.starts().find(|start| self.booker.date(*start) == day);
                reasons.push(Reason::NotFirstOfDay { first: first.unwrap_or(at) });
                return;
            }
        }
        let after = answer.slots.partition_point(|slot| slot.start < at);
        reasons.push(Reason::OffGrid {
            before: after.checked_sub(1).map(|before| answer.slots[before].start),
            after: answer.slots.get(after).map(|slot| slot.start),
        });
    }

    /// What speaks against one host.
    fn against(&self, host: &HostTimes<'_>, at: i64) -> Vec<Reason> {
        let slot = Span::new(at, at.saturating_add(self.timing.seconds()));
        let rows = match host.busy {
            Busy::Unknown(source) => return vec![Reason::Withheld { source }],
            Busy::Rows(rows) => rows,
            Busy::Kept(blocks) => blocks.rows(),
        };
        let mut reasons = Vec::new();
        let mut open = Vec::new();
        open::open(host, slot, &mut Zones::default(), &mut open);
        if !open.iter().any(|span| span.contains(slot)) {
            reasons.push(closed(host, at));
        }
        let rows = rows.iter().filter(|row| !self.ignoring.contains(&row.source));
        for reason in rows.filter_map(|row| self.against_block(row, slot)) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons
    }

    /// Whether a block stands in the way of a slot: itself, or by a buffer.
    fn against_block(&self, row: &Block, slot: Span) -> Option<Reason> {
        let (new_after, new_before) = (self.timing.reach_before(), self.timing.reach_after());
        if !row.wide()?.widened(new_after, new_before).overlaps(slot) {
            return None;
        }
        let (source, span) = (row.source, row.span);
        // Blocks are taken out to whole minutes.
        let bare = Block::new(span, source).wide()?;
        Some(if bare.overlaps(slot) {
            Reason::Busy { source, span }
        } else if slot.end <= bare.start {
            let (own, new) = (i64::from(row.before), new_after);
            Reason::Buffer { source, span, side: Side::Before, room: span.start - slot.end, own, new }
        } else {
            let (own, new) = (i64::from(row.after), new_before);
            Reason::Buffer { source, span, side: Side::After, room: slot.start - span.end, own, new }
        })
    }
}

/// True when nothing speaks against the hosts together.
fn together(hosts: &[HostAnswer]) -> bool {
    let free = |answer: &HostAnswer| answer.reasons.is_empty();
    let mut others = hosts.iter().filter(|answer| !answer.needed).peekable();
    hosts.iter().filter(|answer| answer.needed).all(free) && (others.peek().is_none() || others.any(free))
}

/// Why a host is not open: away, a date that differs, or the weekly hours.
fn closed(host: &HostTimes<'_>, at: i64) -> Reason {
    let home = host.schedule.zone();
    // A date belongs to the zone the host is in on it.
    let abroad = host.travel.iter().find(|trip| trip.covers(trip.zone.date(at)));
    let zone = abroad.map_or(home, |trip| &trip.zone);
    let date = zone.date(at);
    if let Some(away) = host.away.iter().find(|away| away.covers(date)) {
        return Reason::OutOfOffice { from: away.from, until: away.until };
    }
    let differs = host.schedule.override_on(date);
    let hours = differs.unwrap_or_else(|| host.schedule.weekly_on(Weekday::of(date))).to_vec();
    Reason::OutsideHours { date, hours, differs: differs.is_some(), zone: zone.clone() }
}

#[cfg(test)]
mod tests;
