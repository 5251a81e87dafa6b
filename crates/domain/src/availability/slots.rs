//! The slot engine: free ranges of the hosts, together, walked for slots.

use jiff::civil::Date;

use super::{
    Ask, Busy, HostTimes, Offer, Seated, limits,
    open::{self, Zones},
    set,
    walk::{self, Heap, Walk},
};
use crate::{Span, Zone, event_type::Assignment, zone::Offsets};

/// A start that can be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Slot {
    /// When, in epoch seconds.
    pub start: i64,
    /// Seats left in the booking that is there already; none where a new one would be made.
    pub seats_left: Option<u32>,
}

/// The answer: what can be booked, and who was left out because too little is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slots {
    /// In order, each once.
    pub slots: Vec<Slot>,
    /// Hosts (by place in the question) whose calendar is unknown; nothing was offered from them.
    pub withheld: Vec<usize>,
}

impl Slots {
    /// The starts alone.
    pub fn starts(&self) -> impl Iterator<Item = i64> + '_ {
        self.slots.iter().map(|slot| slot.start)
    }

    /// True when this start can be booked.
    pub fn offers(&self, start: i64) -> bool {
        self.slots.binary_search_by_key(&start, |slot| slot.start).is_ok()
    }

    /// The slots by local date, both in order.
    pub fn by_date(&self, zone: &Zone) -> Vec<(Date, Vec<Slot>)> {
        let mut days: Vec<(Date, Vec<Slot>)> = Vec::new();
        let Some((first, last)) = self.slots.first().zip(self.slots.last()) else { return days };
        let offsets = Offsets::over(zone, first.start, last.start + 1);
        let mut today = i64::MIN;
        for slot in &self.slots {
            let day = offsets.day(slot.start);
            // A clock put back over midnight gives a date twice; its slots stay together.
            match days.last_mut() {
                Some((_, slots)) if day <= today => slots.push(*slot),
                _ => days.push((crate::zone::date_of(day), vec![*slot])),
            }
            today = today.max(day);
        }
        days
    }
}

impl Ask<'_> {
    /// Every slot, by the rules.
    pub fn slots(&self) -> Slots {
        let withheld = self.withheld();
        let mut slots = self.walked();
        self.shrink(&mut slots);
        self.join_seats(&mut slots);
        if self.offer == Offer::FirstOfDay {
            first_of_each_day(&mut slots, self.booker);
        }
        Slots { slots, withheld }
    }

    /// The hosts who could take a slot at this start: those who must be free and, under round robin,
    /// those who could be chosen. Empty when one who must be free is not.
    ///
    /// Says nothing of the grid, notice or limits: ask it of a start that was offered.
    pub fn hosts_at(&self, start: i64) -> Vec<usize> {
        let mut zones = Zones::default();
        let mut hosts = Vec::new();
        let mut choice =
            self.assignment != Assignment::RoundRobin || self.hosts.iter().all(|host| host.fixed);
        for (index, host) in self.hosts.iter().enumerate() {
            if self.free_at(host, start, self.ignoring, &mut zones) {
                choice |= !self.needed(host);
                hosts.push(index);
            } else if self.needed(host) {
                return Vec::new();
            }
        }
        if !choice {
            hosts.clear();
        }
        hosts
    }

    /// Hosts whose calendar is unknown.
    fn withheld(&self) -> Vec<usize> {
        let unknown = |host: &HostTimes<'_>| matches!(host.busy, Busy::Unknown(_));
        (0..self.hosts.len()).filter(|index| unknown(&self.hosts[*index])).collect()
    }

    /// What the walk over the free ranges gives, before limits, seats and the booking window's end.
    fn walked(&self) -> Vec<Slot> {
        let range = self.range();
        let unknown = |host: &HostTimes<'_>| matches!(host.busy, Busy::Unknown(_));
        if self.hosts.is_empty() || self.hosts.iter().any(|host| self.needed(host) && unknown(host)) {
            return Vec::new();
        }
        let mut ranges = Ranges { ask: self, range, zones: Zones::default(), open: vec![], keys: vec![] };
        let mut together: Option<Vec<Span>> = None;
        for host in self.hosts.iter().filter(|host| self.needed(host)) {
            let mut free = Vec::new();
            ranges.free(host, |span| free.push(span));
            together = Some(match together {
                None => free,
                Some(others) => {
                    let mut shared = Vec::with_capacity(free.len());
                    set::intersect(&others, &free, |span| shared.push(span));
                    shared
                }
            });
        }
        let one_of: Vec<&HostTimes<'_>> = self.hosts.iter().filter(|host| !self.needed(host)).collect();
        if one_of.is_empty() {
            let shared = together.unwrap_or_default();
            return self.walk(shared.iter().copied(), reach(&shared));
        }
        self.side_by_side(&one_of, together.as_deref(), &mut ranges)
    }

    /// Round robin: each host's ranges on their own, within what the fixed hosts have in common.
    fn side_by_side(
        &self,
        one_of: &[&HostTimes<'_>],
        together: Option<&[Span]>,
        ranges: &mut Ranges<'_, '_>,
    ) -> Vec<Slot> {
        let reach = ranges.reach();
        let mut heap = Heap::new(reach);
        let mut free = Vec::new();
        for host in one_of {
            if matches!(host.busy, Busy::Unknown(_)) {
                continue;
            }
            match together {
                None => ranges.free(host, |span| heap.push(span)),
                Some(shared) => {
                    free.clear();
                    ranges.free(host, |span| free.push(span));
                    set::intersect(shared, &free, |span| heap.push(span));
                }
            }
        }
        self.walk(heap.ranges(), reach)
    }

    fn walk(&self, ranges: impl Iterator<Item = Span>, reach: Span) -> Vec<Slot> {
        let booker = Offsets::over(self.booker, reach.start, reach.end);
        let mut walk = Walk::new(&self.timing, self.now, &booker, reach);
        ranges.for_each(|range| walk.range(range));
        walk.starts().map(|start| Slot { start, seats_left: None }).collect()
    }

    /// Drops the starts that the booking window or a limit forbids.
    fn shrink(&self, slots: &mut Vec<Slot>) {
        let starts = self.starts();
        let reached = self.counted.reached(self.timing.length, reach_of(slots));
        slots.retain(|slot| starts.holds(slot.start) && limits::at(&reached, slot.start).is_none());
    }

    /// Adds the starts of bookings that have seats left, and says how many.
    fn join_seats(&self, slots: &mut Vec<Slot>) {
        for seated in self.seated {
            if !self.can_join(seated) {
                continue;
            }
            let slot = Slot { start: seated.start, seats_left: Some(seated.left) };
            match slots.binary_search_by_key(&seated.start, |slot| slot.start) {
                Ok(at) => slots[at].seats_left = slots[at].seats_left.max(slot.seats_left),
                Err(at) => slots.insert(at, slot),
            }
        }
    }

    /// True when a booking has a seat, in time, and its hosts are free but for that booking.
    ///
    /// The grid and the limits were settled when it was made.
    pub(super) fn can_join(&self, seated: &Seated) -> bool {
        let mut zones = Zones::default();
        let in_time = seated.start >= self.timing.earliest(self.now).max(self.now + 1)
            && self.window.holds(seated.start)
            && self.starts().holds(seated.start);
        if seated.left == 0 || !in_time {
            return false;
        }
        let mut but_for = self.ignoring.to_vec();
        but_for.push(seated.source);
        let carries = |host: &&HostTimes<'_>| {
            host.busy.rows().is_some_and(|rows| rows.iter().any(|row| row.source == seated.source))
        };
        let mut its_hosts = self.hosts.iter().filter(carries).peekable();
        its_hosts.peek().is_some()
            && its_hosts.all(|host| self.free_at(host, seated.start, &but_for, &mut zones))
    }

    /// True when a host is open and not busy for a whole slot from this start.
    pub(super) fn free_at(
        &self,
        host: &HostTimes<'_>,
        start: i64,
        but_for: &[u32],
        zones: &mut Zones,
    ) -> bool {
        let slot = Span::new(start, start.saturating_add(self.timing.seconds()));
        let Some(rows) = host.busy.rows() else { return false };
        let mut open = Vec::new();
        open::open(host, slot, zones, &mut open);
        open.iter().any(|span| span.contains(slot))
            && rows.iter().filter(|row| !but_for.contains(&row.source)).filter_map(super::Block::wide).all(
                |wide| !wide.widened(self.timing.reach_before(), self.timing.reach_after()).overlaps(slot),
            )
    }
}

/// The free ranges of hosts, one after another, with the buffers shared between them.
struct Ranges<'q, 'a> {
    ask: &'q Ask<'a>,
    range: Span,
    zones: Zones,
    open: Vec<Span>,
    /// Blocks as one number each: start, then end, in seconds from the first opening.
    keys: Vec<u64>,
}

impl Ranges<'_, '_> {
    /// Where ranges can lie: the range itself and, on dates that differ, up to two days around it.
    const fn reach(&self) -> Span {
        self.range.widened(2 * 86_400, 2 * 86_400)
    }

    /// Opening hours less what is taken, leaving out what is too short for a slot.
    fn free(&mut self, host: &HostTimes<'_>, mut each: impl FnMut(Span)) {
        open::open(host, self.range, &mut self.zones, &mut self.open);
        let reach = reach(&self.open);
        let timing = &self.ask.timing;
        let (before, after, length) = (timing.reach_before(), timing.reach_after(), timing.seconds());
        let long_enough = |span: Span| {
            if span.end - walk::minute(span.start) >= length - 1 {
                each(span);
            }
        };
        match host.busy {
            Busy::Kept(blocks) if self.ask.ignoring.is_empty() => {
                let merged = blocks.merged();
                let first = merged.partition_point(|span| span.end + after <= reach.start);
                let wide = merged[first..].iter().map(|span| span.widened(before, after));
                set::subtract(&self.open, wide, long_enough);
            }
            Busy::Rows(_) | Busy::Kept(_) => {
                let ignoring = self.ask.ignoring;
                self.keys.clear();
                for row in host.busy.rows().unwrap_or_default() {
                    if !ignoring.is_empty() && ignoring.contains(&row.source) {
                        continue;
                    }
                    let wide = row.wide().map(|wide| wide.widened(before, after));
                    if let Some(taken) = wide.and_then(|wide| wide.intersect(reach)) {
                        self.keys.push(key(taken, reach.start));
                    }
                }
                self.keys.sort_unstable();
                let taken = self.keys.iter().map(|key| unkey(*key, reach.start));
                set::subtract(&self.open, taken, long_enough);
            }
            Busy::Unknown(_) => {}
        }
    }
}

/// A span within 136 years after a base as one number that sorts like it.
#[expect(clippy::cast_sign_loss, reason = "the span was cut to lie after the base")]
const fn key(span: Span, base: i64) -> u64 {
    (((span.start - base) as u64) << 32) | (span.end - base) as u64
}

#[expect(clippy::cast_possible_wrap, reason = "both halves have 32 bits")]
const fn unkey(key: u64, base: i64) -> Span {
    Span { start: base + (key >> 32) as i64, end: base + (key & 0xffff_ffff) as i64 }
}

/// The span from the first to the last of merged spans.
fn reach(spans: &[Span]) -> Span {
    match (spans.first(), spans.last()) {
        (Some(first), Some(last)) => Span::new(first.start, last.end),
        _ => Span::new(0, 0),
    }
}

fn reach_of(slots: &[Slot]) -> Span {
    match (slots.first(), slots.last()) {
        (Some(first), Some(last)) => Span::new(first.start, last.start + 1),
        _ => Span::new(0, 0),
    }
}

fn first_of_each_day(slots: &mut Vec<Slot>, zone: &Zone) {
    let reach = reach_of(slots);
    let offsets = Offsets::over(zone, reach.start, reach.end);
    slots.dedup_by_key(|slot| offsets.day(slot.start));
}

#[cfg(test)]
mod tests;
