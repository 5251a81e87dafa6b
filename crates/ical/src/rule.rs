//! Recurrence rules on a floating wall clock, within a step budget (REC-01, REC-04).

use calcard::common::CalendarScale;
use calcard::icalendar::{
    ICalendarDay, ICalendarFrequency, ICalendarRecurrenceRule as Rule, ICalendarWeekday,
};
use chrono::{DateTime, Datelike as _, TimeZone as _};
use rrule::{Frequency, NWeekday, RRule, RRuleSet, Tz};
use thiserror::Error;

use crate::when::{self, Kind, Wall};

/// Starts one rule may yield before the window ends.
const STARTS: u32 = 100_000;
/// Empty periods after which the expander gives up; its own bound, which it does not report.
const EMPTY_PERIODS: i64 = 99_999;
/// Times one period may hold: more is not a calendar but an attack on memory.
const PER_PERIOD: usize = 20_000;

/// Why a rule is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum TooHard {
    #[error("its repetition rule is not valid")]
    Invalid,
    #[error("its repetition rule uses another calendar than the Gregorian")]
    Scale,
    #[error("it repeats too often")]
    TooOften,
}

/// Steps left for a whole file.
#[derive(Debug)]
pub(crate) struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(1_000_000)
    }
}

impl Budget {
    fn take(&mut self, steps: u32) -> Result<(), TooHard> {
        // Once it is used up it stays so: a vain search is paid for afterwards, and must not be made again and again.
        self.0 = self.0.saturating_sub(steps);
        if self.0 == 0 { Err(TooHard::TooOften) } else { Ok(()) }
    }
}

/// Where a rule ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// Epoch seconds, for UNTIL in UTC.
    Instant(i64),
    Wall(Wall),
}

impl Until {
    pub(crate) fn of(rule: &Rule) -> Option<Self> {
        let (at, kind) = when::civil(rule.until.as_ref()?)?;
        Some(match kind {
            Kind::Day => Self::Wall(when::floating(at) + 86_399), // the whole last day
            Kind::Local => Self::Wall(when::floating(at)),
            Kind::Offset(offset) => Self::Instant(offset.to_timestamp(at).ok()?.as_second()),
        })
    }

    /// Whether the rule has ended before this start.
    pub(crate) const fn before(self, wall: Wall, instant: i64) -> bool {
        match self {
            Self::Instant(until) => instant > until,
            Self::Wall(until) => wall > until,
        }
    }
}

/// The starts a rule makes from `start` up to and including `stop`, in order. UNTIL is left to the caller, who knows
/// the zone.
pub(crate) fn starts(
    rule: &Rule,
    start: Wall,
    stop: Wall,
    budget: &mut Budget,
) -> Result<Vec<Wall>, TooHard> {
    budget.take(1)?;
    let set = set(rule, beginning(rule, start))?;
    let most = rule.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
    let mut found = Vec::new();
    let mut used = 0;
    for next in &set {
        let next = next.timestamp();
        if next > stop || found.len() >= most {
            return Ok(found);
        }
        used += 1;
        if used > STARTS {
            return Err(TooHard::TooOften);
        }
        budget.take(1)?;
        if next >= start && in_week(rule, next) {
            found.push(next);
        }
    }
    ended(rule, start, stop, found, budget)
}

/// Where the expander is to begin: a BYSETPOS in weeks counts from the week's first day, which the expander only sees
/// when it begins there.
fn beginning(rule: &Rule, start: Wall) -> Wall {
    if rule.freq != ICalendarFrequency::Weekly || rule.bysetpos.is_empty() || rule.byday.is_empty() {
        return start;
    }
    let first = weekday(rule.wkst.unwrap_or(ICalendarWeekday::Monday)).num_days_from_monday();
    start - (weekday_of(start) - i64::from(first)).rem_euclid(7) * 86_400
}

/// Whether a day is in a week BYWEEKNO names. The expander errs where a week lies in two years, so it is not told of
/// weeks at all and finds the same weekday all year.
fn in_week(rule: &Rule, wall: Wall) -> bool {
    if rule.byweekno.is_empty() {
        return true;
    }
    let first = i64::from(weekday(rule.wkst.unwrap_or(ICalendarWeekday::Monday)).num_days_from_monday());
    let day = wall.div_euclid(86_400);
    // The week belongs to the year of its fourth day, and is as far in it as that day.
    let fourth = day - (weekday_of(wall) - first).rem_euclid(7) + 3;
    let Some(date) = DateTime::from_timestamp(fourth * 86_400, 0) else { return true };
    let week = i64::from(date.ordinal0()) / 7 + 1;
    let days = if date.naive_utc().date().leap_year() { 366 } else { 365 };
    let weeks = week + (days - 1 - i64::from(date.ordinal0())) / 7;
    rule.byweekno.iter().map(|n| i64::from(*n)).any(|n| n == week || n < 0 && weeks + 1 + n == week)
}

/// From 0 for Monday: 1970-01-01 was a Thursday.
const fn weekday_of(wall: Wall) -> i64 {
    (wall.div_euclid(86_400) + 3).rem_euclid(7)
}

/// The expander stopped: because the rule ended, or because it gave up?
fn ended(
    rule: &Rule,
    start: Wall,
    stop: Wall,
    found: Vec<Wall>,
    budget: &mut Budget,
) -> Result<Vec<Wall>, TooHard> {
    if rule.count.is_some_and(|count| found.len() >= usize::try_from(count).unwrap_or(usize::MAX)) {
        return Ok(found);
    }
    if found.is_empty() {
        budget.take(STARTS)?; // it searched to its bound in vain; a file full of such rules must not take minutes
    }
    let period = match rule.freq {
        ICalendarFrequency::Secondly => 1,
        ICalendarFrequency::Minutely => 60,
        ICalendarFrequency::Hourly => 3600,
        _ => 86_400,
    };
    let searched = found.last().copied().unwrap_or(start)
        + EMPTY_PERIODS * period * i64::from(rule.interval.unwrap_or(1));
    let until = match Until::of(rule) {
        Some(Until::Instant(at) | Until::Wall(at)) => at + 86_400,
        None => stop,
    };
    if searched >= stop.min(until) { Ok(found) } else { Err(TooHard::TooOften) }
}

fn set(rule: &Rule, start: Wall) -> Result<RRuleSet, TooHard> {
    if rule.rscale.as_ref().is_some_and(|scale| *scale != CalendarScale::Gregorian) {
        return Err(TooHard::Scale);
    }
    let mut days = days(rule);
    if !rule.byweekno.is_empty() {
        if rule.freq != ICalendarFrequency::Yearly || !rule.bysetpos.is_empty() {
            return Err(TooHard::Invalid);
        }
        if days.is_empty() && rule.bymonthday.is_empty() && rule.byyearday.is_empty() {
            // What the rule leaves open comes from the start: its weekday.
            let own =
                u8::try_from(weekday_of(start)).ok().and_then(|day| chrono::Weekday::try_from(day).ok());
            days.extend(own.map(NWeekday::Every));
        }
    }
    let months = months(rule)?;
    let (hours, minutes) = (distinct(&rule.byhour), distinct(&rule.byminute));
    let seconds = distinct(&rule.bysecond.iter().map(|s| (*s).min(59)).collect::<Vec<_>>());
    let times = hours.len().max(1) * minutes.len().max(1) * seconds.len().max(1);
    if times * longest_period(rule.freq) > PER_PERIOD.max(longest_period(rule.freq)) {
        return Err(TooHard::TooOften);
    }
    let mut made = RRule::new(frequency(rule.freq))
        .interval(rule.interval.unwrap_or(1))
        .by_weekday(days)
        .by_month(&months)
        .by_month_day(distinct(&rule.bymonthday))
        .by_year_day(distinct(&rule.byyearday))
        .by_hour(hours)
        .by_minute(minutes)
        .by_second(seconds)
        .by_set_pos(set_positions(rule));
    if let Some(start) = rule.wkst {
        made = made.week_start(weekday(start));
    }
    let start = Tz::UTC.timestamp_opt(start, 0).single().ok_or(TooHard::Invalid)?;
    Ok(made.build(start).map_err(|_| TooHard::Invalid)?.limit())
}

/// Days a period can hold, to bound what the expander keeps in memory at once.
const fn longest_period(frequency: ICalendarFrequency) -> usize {
    match frequency {
        ICalendarFrequency::Yearly => 366,
        ICalendarFrequency::Monthly => 31,
        ICalendarFrequency::Weekly => 7,
        _ => 1,
    }
}

/// Some programs write `BYSETPOS=1` beside no other BY part, where it says nothing; the expander would refuse it.
fn set_positions(rule: &Rule) -> Vec<i32> {
    let alone = rule.byday.is_empty()
        && rule.bymonth.is_empty()
        && rule.bymonthday.is_empty()
        && rule.byyearday.is_empty()
        && rule.byweekno.is_empty()
        && rule.byhour.is_empty()
        && rule.byminute.is_empty()
        && rule.bysecond.is_empty();
    if alone && rule.bysetpos.iter().all(|at| matches!(at, 1 | -1)) {
        vec![]
    } else {
        distinct(&rule.bysetpos)
    }
}

fn months(rule: &Rule) -> Result<Vec<chrono::Month>, TooHard> {
    distinct(&rule.bymonth)
        .iter()
        .map(|month| {
            if month.is_leap() {
                Err(TooHard::Scale)
            } else {
                month.month().try_into().map_err(|_| TooHard::Invalid)
            }
        })
        .collect()
}

fn distinct<T: Ord + Clone>(of: &[T]) -> Vec<T> {
    let mut list = of.to_vec();
    list.sort_unstable();
    list.dedup();
    list
}

/// BYDAY. Where `MO` stands beside `1TU` the expander takes what is both, the standard what is either: there `MO` is
/// spelled out as the first to the last.
fn days(rule: &Rule) -> Vec<NWeekday> {
    let nth = |day: &ICalendarDay| day.ordwk.filter(|n| *n != 0);
    let most = if rule.freq == ICalendarFrequency::Yearly && rule.bymonth.is_empty() { 53 } else { 5 };
    let mixed =
        rule.byday.iter().any(|day| nth(day).is_some()) && rule.byday.iter().any(|day| nth(day).is_none());
    let spelled = |day: &ICalendarDay| -> Vec<NWeekday> {
        match nth(day) {
            Some(n) => vec![NWeekday::Nth(n, weekday(day.weekday))],
            None if mixed => (1..=most).map(|n| NWeekday::Nth(n, weekday(day.weekday))).collect(),
            None => vec![NWeekday::Every(weekday(day.weekday))],
        }
    };
    let mut days: Vec<NWeekday> = Vec::new();
    for day in rule.byday.iter().flat_map(spelled) {
        if !days.contains(&day) {
            days.push(day);
        }
    }
    days
}

const fn weekday(of: ICalendarWeekday) -> chrono::Weekday {
    match of {
        ICalendarWeekday::Monday => chrono::Weekday::Mon,
        ICalendarWeekday::Tuesday => chrono::Weekday::Tue,
        ICalendarWeekday::Wednesday => chrono::Weekday::Wed,
        ICalendarWeekday::Thursday => chrono::Weekday::Thu,
        ICalendarWeekday::Friday => chrono::Weekday::Fri,
        ICalendarWeekday::Saturday => chrono::Weekday::Sat,
        ICalendarWeekday::Sunday => chrono::Weekday::Sun,
    }
}

const fn frequency(of: ICalendarFrequency) -> Frequency {
    match of {
        ICalendarFrequency::Yearly => Frequency::Yearly,
        ICalendarFrequency::Monthly => Frequency::Monthly,
        ICalendarFrequency::Weekly => Frequency::Weekly,
        ICalendarFrequency::Daily => Frequency::Daily,
        ICalendarFrequency::Hourly => Frequency::Hourly,
        ICalendarFrequency::Minutely => Frequency::Minutely,
        ICalendarFrequency::Secondly => Frequency::Secondly,
    }
}
