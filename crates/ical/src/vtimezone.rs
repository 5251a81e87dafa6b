//! VTIMEZONE from the time zone data, covering one event (ITIP-03).

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::text::Lines;

/// How far past the event the zone is described: a reader that repeats it still finds summer and winter.
const BEYOND: SignedDuration = SignedDuration::from_hours(24 * 366);
/// Years a change must keep its shape before it is written as a rule.
const YEARS: i16 = 3;

/// The zone's IANA name; none for UTC and for zones without one, whose times are then written in UTC.
pub(crate) fn name(zone: &TimeZone) -> Option<&str> {
    zone.iana_name().filter(|name| !matches!(*name, "UTC" | "Etc/UTC" | "Etc/Unknown"))
}

/// One change of offset.
#[derive(Clone)]
struct Change {
    /// On the clock that is about to change.
    at: DateTime,
    from: Offset,
    to: Offset,
    abbreviation: String,
}

impl Change {
    /// Which of the zone's changes this is: the spring one, the autumn one.
    fn kind(&self) -> (Offset, Offset) {
        (self.from, self.to)
    }
}

/// Writes the change in force at the start and the ones after it, as yearly rules where the years agree.
pub(crate) fn write(out: &mut Lines, name: &str, zone: &TimeZone, start: Timestamp, end: Timestamp) {
    out.begin("VTIMEZONE");
    out.raw("TZID", name);
    let until = end.saturating_add(BEYOND).unwrap_or(Timestamp::MAX);
    let mut ruled: Vec<(Offset, Offset)> = Vec::new();
    for (n, change) in changes(zone, start).enumerate() {
        let at = change.from.to_timestamp(change.at).unwrap_or(Timestamp::MAX);
        if n > 0 && at > until {
            break;
        }
        if ruled.contains(&change.kind()) {
            continue;
        }
        let rule = yearly(&change, zone);
        if rule.is_some() {
            ruled.push(change.kind());
        }
        observance(out, &change, rule.as_deref());
    }
    out.end("VTIMEZONE");
}

/// The change in force at `start`, then those that follow.
fn changes(zone: &TimeZone, start: Timestamp) -> impl Iterator<Item = Change> {
    let after = start.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
    let first = zone
        .preceding(after)
        .next()
        .filter(|t| t.timestamp() > Timestamp::MIN)
        .map_or_else(|| unchanging(zone, start), |t| change(zone, t.timestamp(), &t));
    std::iter::once(first).chain(zone.following(start).map(|t| change(zone, t.timestamp(), &t)))
}

fn change(zone: &TimeZone, at: Timestamp, t: &jiff::tz::TimeZoneTransition<'_>) -> Change {
    let before = at.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN);
    let from = zone.to_offset(before);
    Change { at: from.to_datetime(at), from, to: t.offset(), abbreviation: t.abbreviation().to_owned() }
}

/// A zone that never changed up to `start`: one observance since 1970.
fn unchanging(zone: &TimeZone, start: Timestamp) -> Change {
    let info = zone.to_offset_info(start);
    Change {
        at: jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0),
        from: info.offset(),
        to: info.offset(),
        abbreviation: info.abbreviation().to_owned(),
    }
}

fn observance(out: &mut Lines, change: &Change, rule: Option<&str>) {
    // By the direction of the change: zones that call their winter "daylight" (Dublin) confuse readers.
    let kind = if change.to > change.from { "DAYLIGHT" } else { "STANDARD" };
    out.begin(kind);
    out.raw("DTSTART", &change.at.strftime("%Y%m%dT%H%M%S").to_string());
    out.raw("TZOFFSETFROM", &offset(change.from));
    out.raw("TZOFFSETTO", &offset(change.to));
    out.text("TZNAME", &change.abbreviation);
    if let Some(rule) = rule {
        out.raw("RRULE", rule);
    }
    out.end(kind);
}

/// `+0130`, with seconds only where an old local mean time has them.
fn offset(of: Offset) -> String {
    let total = of.seconds();
    let sign = if total < 0 { '-' } else { '+' };
    let (h, m, s) = (total.abs() / 3600, total.abs() / 60 % 60, total.abs() % 60);
    if s == 0 { format!("{sign}{h:02}{m:02}") } else { format!("{sign}{h:02}{m:02}{s:02}") }
}

/// The rule a change follows in the years to come, if it is one RFC 5545 can say: the n-th or last weekday of a month.
fn yearly(first: &Change, zone: &TimeZone) -> Option<String> {
    let start = first.from.to_timestamp(first.at).ok()?;
    let mut dates = vec![first.at.date()];
    for t in zone.following(start) {
        let next = change(zone, t.timestamp(), &t);
        if next.at.year() > first.at.year() + YEARS {
            break;
        }
        if next.kind() == first.kind() {
            if next.at.time() != first.at.time() {
                return None;
            }
            dates.push(next.at.date());
        }
    }
    let month = first.at.month();
    let weekday = first.at.weekday();
    let one_a_year = dates.len() == usize::try_from(YEARS).ok()? + 1;
    if !one_a_year || dates.iter().any(|d| d.month() != month || d.weekday() != weekday) {
        return None;
    }
    let nth = |d: &Date| (d.day() - 1) / 7 + 1;
    let position = if dates.iter().all(|d| d.day() + 7 > d.days_in_month()) {
        -1
    } else if dates.iter().all(|d| nth(d) == nth(&dates[0])) {
        nth(&dates[0])
    } else {
        return None;
    };
    Some(format!("FREQ=YEARLY;BYMONTH={month};BYDAY={position}{}", day(weekday)))
}

const fn day(of: Weekday) -> &'static str {
    match of {
        Weekday::Monday => "MO",
        Weekday::Tuesday => "TU",
        Weekday::Wednesday => "WE",
        Weekday::Thursday => "TH",
        Weekday::Friday => "FR",
        Weekday::Saturday => "SA",
        Weekday::Sunday => "SU",
    }
}
