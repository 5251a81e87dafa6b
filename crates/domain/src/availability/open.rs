//! Opening hours as instants.

use super::{HostTimes, Hours, Weekday, set};
use crate::{
    Span, Zone,
    zone::{Offsets, date_of},
};

const DAY: i64 = 86_400;

/// The zones of one range, each read once.
#[derive(Default)]
pub(super) struct Zones(Vec<(Zone, Offsets)>);

impl Zones {
    /// The offsets of a zone around a range.
    pub(super) fn index(&mut self, zone: &Zone, range: Span) -> usize {
        if let Some(at) = self.0.iter().position(|(known, _)| known.name() == zone.name()) {
            return at;
        }
        let offsets = Offsets::over(zone, range.start - 3 * DAY, range.end + 3 * DAY);
        self.0.push((zone.clone(), offsets));
        self.0.len() - 1
    }
}

impl HostTimes<'_> {
    /// True when the host's hours are open throughout; what takes their time is not looked at.
    pub fn works(&self, span: Span) -> bool {
        let mut hours = Vec::new();
        open(self, span.widened(DAY, DAY), &mut Zones::default(), &mut hours);
        hours.iter().any(|one| one.contains(span))
    }
}

/// A host's hours as instants: sorted, merged.
///
/// Weekly hours are clipped to the range; hours of a date that differs are not.
pub(super) fn open(host: &HostTimes<'_>, range: Span, zones: &mut Zones, into: &mut Vec<Span>) {
    into.clear();
    if range.is_empty() {
        return;
    }
    let home = zones.index(host.schedule.zone(), range);
    let abroad: Vec<usize> = host.travel.iter().map(|trip| zones.index(&trip.zone, range)).collect();
    if host.travel.is_empty() && host.away.is_empty() {
        days(host, &zones.0[home].1, range, into);
    } else {
        // Each date in the zone the host is in on that date.
        for day in range.start.div_euclid(DAY) - 1..=range.end.div_euclid(DAY) + 1 {
            let date = date_of(day);
            if host.away.iter().any(|away| away.covers(date)) {
                continue;
            }
            let trip = host.travel.iter().position(|trip| trip.covers(date));
            let offsets = &zones.0[trip.map_or(home, |trip| abroad[trip])].1;
            let local = offsets.day(range.start)..=offsets.day(range.end - 1);
            one_day(host, offsets, range, day, local.contains(&day), into);
        }
    }
    set::merge(into);
}

/// Every local date of the range, in one zone.
fn days(host: &HostTimes<'_>, offsets: &Offsets, range: Span, into: &mut Vec<Span>) {
    let (first, last) = (offsets.day(range.start), offsets.day(range.end - 1));
    let overrides = host.schedule.overrides();
    let mut differs = overrides.partition_point(|one| one.date < date_of(first));
    let pieces = offsets.pieces();
    let mut piece = 0;
    for day in first..=last {
        while piece + 1 < pieces.len() && !safe_from(pieces[piece], day) {
            piece += 1;
        }
        let here = pieces[piece];
        let closed_or_open = overrides.get(differs).filter(|one| crate::zone::day_number(one.date) == day);
        if let Some(one) = closed_or_open {
            differs += 1;
            for hours in &one.hours {
                place(*hours, day, offsets, |span| into.push(span));
            }
            continue;
        }
        let hours = host.schedule.weekly_on(weekday(day));
        let inside = here.start <= (day - 1) * DAY && (day + 2) * DAY <= here.end;
        for hours in hours {
            let mut clip = |span: Span| into.extend(span.intersect(range));
            if inside {
                clip(plain(*hours, day, here.offset));
            } else {
                place(*hours, day, offsets, clip);
            }
        }
    }
}

/// True while a piece can still matter to a day, its offset being less than a day.
fn safe_from(piece: crate::zone::Piece, day: i64) -> bool {
    piece.end > (day - 1) * DAY
}

/// One date, when travel or absence makes each date a case of its own.
fn one_day(
    host: &HostTimes<'_>,
    offsets: &Offsets,
    range: Span,
    day: i64,
    in_range: bool,
    into: &mut Vec<Span>,
) {
    match host.schedule.override_on(date_of(day)) {
        Some(hours) if in_range => {
            for one in hours {
                place(*one, day, offsets, |span| into.push(span));
            }
        }
        Some(_) => {}
        None => {
            for hours in host.schedule.weekly_on(weekday(day)) {
                place(*hours, day, offsets, |span| into.extend(span.intersect(range)));
            }
        }
    }
}

/// Hours of a day on which the offset does not change.
fn plain(hours: Hours, day: i64, offset: i64) -> Span {
    let midnight = day * DAY - offset;
    Span::new(
        midnight + i64::from(hours.start.minutes()) * 60,
        midnight + i64::from(hours.end.minutes()) * 60,
    )
}

/// Hours of any day: an instant is inside when a clock on the wall shows a time inside.
///
/// A repeated hour so counts once per instant. An end in a skipped hour moves forward by what was skipped;
/// a date that was skipped whole has no hours (TZ-05).
pub(super) fn place(hours: Hours, day: i64, offsets: &Offsets, mut each: impl FnMut(Span)) {
    let wall = plain(hours, day, 0);
    let moved_start = offsets.moved_forward(wall.start);
    let moved_end = offsets.moved_forward(wall.end);
    let skipped_whole = moved_start.is_some_and(|at| offsets.day(at) != day);
    if skipped_whole {
        return;
    }
    let from = moved_start.unwrap_or(i64::MIN);
    for piece in offsets.pieces() {
        let span = Span::new(wall.start - piece.offset, wall.end - piece.offset);
        let lived = span.intersect(Span::new(piece.start.max(from), piece.end));
        if let Some(span) = lived {
            each(span);
        }
    }
    if let Some(end) = moved_end {
        // From the change itself, where the part before it stopped.
        let change = offsets.at(end).start.max(from);
        each(Span::new(change, end));
    }
}

/// The day of the week of a day counted from 1970-01-01, a Thursday.
fn weekday(day: i64) -> Weekday {
    Weekday::ALL[usize::try_from((day + 4).rem_euclid(7)).unwrap_or_default()]
}

#[cfg(test)]
mod tests;
