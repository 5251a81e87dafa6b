//! The slot rules once more, slow and obvious: minute by minute, with no table, no set of bits, no merging.
//!
//! Shares with the engine only the question and the zone rules of the time library.

use jiff::{
    ToSpan,
    civil::{Date, Weekday as Day},
};
use kalends_domain::{
    Span, Zone,
    availability::{Ask, Block, Busy, HostTimes, Hours, Offer, Seated, Weekday},
    event_type::{Assignment, BookingWindow, Period},
    zone::Instants,
};

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// Every start with its seats, by the letter of the rules.
pub fn slots(ask: &Ask<'_>) -> Vec<(i64, Option<u32>)> {
    let mut starts: Vec<i64> = walk(ask, &together(ask));
    starts.sort_unstable();
    starts.retain(|start| allowed_ahead(ask, *start) && within_limits(ask, *start));
    let mut slots: Vec<(i64, Option<u32>)> = starts.into_iter().map(|start| (start, None)).collect();
    for seated in ask.seated.iter().filter(|seated| joins(ask, seated)) {
        match slots.iter_mut().find(|(start, _)| *start == seated.start) {
            Some((_, left)) => *left = (*left).max(Some(seated.left)),
            None => slots.push((seated.start, Some(seated.left))),
        }
    }
    slots.sort_unstable();
    if ask.offer == Offer::FirstOfDay {
        let mut seen: Vec<Date> = Vec::new();
        slots.retain(|(start, _)| {
            let day = ask.booker.date(*start);
            let first = !seen.contains(&day);
            seen.push(day);
            first
        });
    }
    slots
}

/// True when a host is open and free in every minute of a slot.
pub fn free(ask: &Ask<'_>, host: &HostTimes<'_>, start: i64, but_for: &[u32]) -> bool {
    let slot = Span::new(start, start + length(ask));
    let Some(rows) = rows(host) else { return false };
    (start..slot.end).step_by(60).all(|minute| {
        opens(host, slot, minute).is_some()
            && !blocked(ask, rows, but_for, minute - minute.rem_euclid(MINUTE))
    })
}

fn rows<'a>(host: &HostTimes<'a>) -> Option<&'a [Block]> {
    match host.busy {
        Busy::Rows(rows) => Some(rows),
        Busy::Kept(blocks) => Some(blocks.rows()),
        Busy::Unknown(_) => None,
    }
}

fn length(ask: &Ask<'_>) -> i64 {
    i64::from(ask.timing.length) * MINUTE
}

fn must(ask: &Ask<'_>, host: &HostTimes<'_>) -> bool {
    ask.assignment != Assignment::RoundRobin || host.fixed
}

/// Rule 1, cut by the booking window.
fn range(ask: &Ask<'_>) -> Span {
    let mut start = ask.window.start.max(ask.now + i64::from(ask.timing.notice.max(1)) * MINUTE);
    let mut end = ask.window.end;
    if let BookingWindow::Range { from, .. } = ask.ahead {
        start = start.max(first_second(ask.counted.zone, *from));
    }
    if let Some(last) = last_day(ask) {
        end = end.min(first_second(ask.counted.zone, last.saturating_add(1.day())) + length(ask));
    }
    Span { start, end: end.max(start) }
}

fn last_day(ask: &Ask<'_>) -> Option<Date> {
    let today = ask.counted.zone.date(ask.now);
    match *ask.ahead {
        BookingWindow::Unlimited => None,
        BookingWindow::Days { days } => Some(today.saturating_add(i64::from(days).days())),
        BookingWindow::BusinessDays { days } => {
            let mut date = today;
            for _ in 0..days {
                date = date.saturating_add(1.day());
                while [Day::Saturday, Day::Sunday].contains(&date.weekday()) {
                    date = date.saturating_add(1.day());
                }
            }
            Some(date)
        }
        BookingWindow::Range { to, .. } => Some(to),
    }
}

/// Looks for the date's first second, as one would by turning pages.
fn first_second(zone: &Zone, date: Date) -> i64 {
    let noon_utc = date.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
    let mut at = noon_utc - 36 * 3600;
    while zone.date(at) < date {
        at += 15 * MINUTE;
    }
    at
}

fn allowed_ahead(ask: &Ask<'_>, start: i64) -> bool {
    let date = ask.counted.zone.date(start);
    let early = matches!(ask.ahead, BookingWindow::Range { from, .. } if date < *from);
    !early && last_day(ask).is_none_or(|last| date <= last)
}

fn within_limits(ask: &Ask<'_>, start: i64) -> bool {
    let zone = ask.counted.zone;
    let same = |per: Period, other: i64| {
        let (a, b) = (zone.date(start), zone.date(other));
        match per {
            Period::Day => a == b,
            Period::Week => week_of(a, ask.counted.week_start) == week_of(b, ask.counted.week_start),
            Period::Month => (a.year(), a.month()) == (b.year(), b.month()),
            Period::Year => a.year() == b.year(),
        }
    };
    let counted = |per| ask.counted.booked.iter().filter(move |one| !one.is_empty() && same(per, one.start));
    let limits = ask.counted.limits;
    limits.bookings.iter().all(|limit| counted(limit.per).count() < limit.most as usize)
        && limits.minutes.iter().all(|limit| {
            let taken: i64 = counted(limit.per).map(|one| (one.len() + 59) / 60).sum();
            taken + i64::from(ask.timing.length) <= i64::from(limit.most)
        })
}

fn week_of(date: Date, week_start: Weekday) -> Date {
    let mut first = date;
    while Weekday::of(first) != week_start {
        first = first.yesterday().unwrap();
    }
    first
}

/// Whether a minute is open, and if so by hours of a date that differs (`Some(true)`) or weekly ones.
///
/// `range` says which dates are looked at.
fn opens(host: &HostTimes<'_>, range: Span, minute: i64) -> Option<bool> {
    if range.is_empty() {
        return None;
    }
    let utc = Zone::utc().date(minute);
    let mut answer = None;
    for date in [utc.yesterday().unwrap(), utc, utc.tomorrow().unwrap()] {
        let trip = host.travel.iter().find(|trip| trip.covers(date));
        let zone = trip.map_or(host.schedule.zone(), |trip| &trip.zone);
        if host.away.iter().any(|away| away.covers(date)) {
            continue;
        }
        if let Some(hours) = host.schedule.override_on(date) {
            let looked_at = zone.date(range.start) <= date && date <= zone.date(range.end - 1);
            if looked_at && hours.iter().any(|one| reads_inside(zone, date, *one, minute)) {
                answer = Some(true);
            }
        } else {
            let rules = host.schedule.weekly().iter().filter(|rule| rule.days.contains(&Weekday::of(date)));
            let mut hours = rules.map(|rule| Hours::new(rule.start, rule.end));
            if answer.is_none() && hours.any(|one| reads_inside(zone, date, one, minute)) {
                answer = Some(false);
            }
        }
    }
    answer
}

/// Whether the clock on the wall shows a time inside hours of a date; ends in a skipped hour move forward.
fn reads_inside(zone: &Zone, date: Date, hours: Hours, minute: i64) -> bool {
    let of_day = |minutes: u16| date.at(0, 0, 0, 0).saturating_add(i64::from(minutes).minutes());
    let moved = |minutes: u16| match zone.instants(of_day(minutes)) {
        Instants::Skipped(at) => Some(at),
        _ => None,
    };
    let (from, until) = (moved(hours.start.minutes()), moved(hours.end.minutes()));
    if from.is_some_and(|from| zone.date(from) != date || minute < from) {
        return false;
    }
    let wall = zone.wall(minute);
    let shown = wall >= of_day(hours.start.minutes()) && wall < of_day(hours.end.minutes());
    let since_change = |until: i64| {
        let mut change = until;
        while zone.offset(change - 1) == zone.offset(until) {
            change -= 1;
        }
        change
    };
    shown || until.is_some_and(|until| minute < until && minute >= since_change(until))
}

/// Rule 3, for the minute that begins here.
fn blocked(ask: &Ask<'_>, rows: &[Block], but_for: &[u32], minute: i64) -> bool {
    rows.iter().filter(|row| !row.span.is_empty() && !but_for.contains(&row.source)).any(|row| {
        let before = i64::from(ask.timing.after) * MINUTE + i64::from(row.before);
        let after = i64::from(ask.timing.before) * MINUTE + i64::from(row.after);
        row.span.start - before < minute + MINUTE && minute < row.span.end + after
    })
}

/// Rules 2 to 4: the free ranges of one host.
fn free_ranges(ask: &Ask<'_>, host: &HostTimes<'_>) -> Vec<Span> {
    let range = range(ask);
    let mut ranges: Vec<Span> = Vec::new();
    let Some(rows) = rows(host) else { return ranges };
    let first = (range.start - 2 * DAY).div_euclid(MINUTE) * MINUTE;
    for minute in (first..range.end + 2 * DAY).step_by(60) {
        let Some(differs) = opens(host, range, minute) else { continue };
        let cell = Span::new(minute, minute + MINUTE);
        let cell = if differs { Some(cell) } else { cell.intersect(range) };
        let Some(cell) = cell.filter(|_| !blocked(ask, rows, ask.ignoring, minute)) else { continue };
        match ranges.last_mut() {
            Some(last) if last.end == cell.start => last.end = cell.end,
            _ => ranges.push(cell),
        }
    }
    ranges
}

/// Rule 5.
fn together(ask: &Ask<'_>) -> Vec<Span> {
    let mut shared: Option<Vec<Span>> = None;
    for host in ask.hosts.iter().filter(|host| must(ask, host)) {
        let free = free_ranges(ask, host);
        shared = Some(shared.map_or_else(|| free.clone(), |others| common(&others, &free)));
    }
    let others: Vec<&HostTimes<'_>> = ask.hosts.iter().filter(|host| !must(ask, host)).collect();
    if others.is_empty() {
        return shared.unwrap_or_default();
    }
    let all: Vec<Span> = others.iter().flat_map(|host| free_ranges(ask, host)).collect();
    let mut kept: Vec<Span> = Vec::new();
    for (index, one) in all.iter().enumerate() {
        let inside =
            |(at, other): (usize, &Span)| at != index && other.contains(*one) && (other != one || at < index);
        if !all.iter().enumerate().any(inside) {
            kept.push(*one);
        }
    }
    let mut ranges = shared.map_or_else(|| kept.clone(), |shared| common(&shared, &kept));
    ranges.sort_unstable();
    ranges
}

fn common(left: &[Span], right: &[Span]) -> Vec<Span> {
    left.iter().flat_map(|a| right.iter().filter_map(|b| a.intersect(*b))).collect()
}

/// Rules 6 to 9, word for word.
fn walk(ask: &Ask<'_>, ranges: &[Span]) -> Vec<i64> {
    let timing = ask.timing;
    let interval = timing.interval.unwrap_or(timing.length);
    let grid = [60, 30, 20, 15, 10, 5].into_iter().find(|grid| interval.is_multiple_of(*grid)).unwrap_or(1);
    let offset = i64::from(timing.offset) * MINUTE;
    let step = i64::from(interval) * MINUTE + offset;
    let mut given: Vec<i64> = Vec::new();
    for range in ranges {
        let mut start = range.start.max(ask.now + i64::from(timing.notice) * MINUTE);
        start -= start.rem_euclid(MINUTE);
        while i64::from(ask.booker.wall(start).minute()) % i64::from(grid) != 0 {
            start += MINUTE;
        }
        start += offset;
        if let Some(latest) = given.iter().copied().filter(|one| *one < start).max()
            && latest + step > start
        {
            start = if latest >= range.start { latest } else { latest + step };
        }
        while start + length(ask) - 1 <= range.end {
            if !given.contains(&start) {
                given.push(start);
            }
            start += step;
        }
    }
    given
}

/// A booking with a seat left, in time, whose hosts are free but for it.
fn joins(ask: &Ask<'_>, seated: &Seated) -> bool {
    let mut but_for = ask.ignoring.to_vec();
    but_for.push(seated.source);
    let carriers: Vec<&HostTimes<'_>> = ask
        .hosts
        .iter()
        .filter(|host| rows(host).is_some_and(|rows| rows.iter().any(|row| row.source == seated.source)))
        .collect();
    seated.left > 0
        && seated.start > ask.now
        && seated.start >= ask.now + i64::from(ask.timing.notice) * MINUTE
        && ask.window.holds(seated.start)
        && allowed_ahead(ask, seated.start)
        && !carriers.is_empty()
        && carriers.iter().all(|host| free(ask, host, seated.start, &but_for))
}
