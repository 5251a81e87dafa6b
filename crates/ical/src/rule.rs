//! Recurrence rules on a floating wall clock, within a step budget (REC-01, REC-04).

use calcard::common::CalendarScale;
use calcard::icalendar::{
    ICalendarDay, ICalendarFrequency, ICalendarRecurrenceRule as Rule, ICalendarWeekday,
};
use chrono::TimeZone as _;
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
        Self(2_000_000)
    }
}

impl Budget {
    fn take(&mut self, steps: u32) -> Result<(), TooHard> {
        self.0 = self.0.checked_sub(steps).ok_or(TooHard::TooOften)?;
        Ok(())
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
    let set = set(rule, start)?;
    let mut found = Vec::new();
    let mut rest = set.into_iter();
    let mut used = 0;
    loop {
        let Some(next) = rest.next() else {
            return ended(rule, start, stop, found, budget);
        };
        let next = next.timestamp();
        if next > stop {
            return Ok(found);
        }
        used += 1;
        if used > STARTS {
            return Err(TooHard::TooOften);
        }
        budget.take(1)?;
        found.push(next);
    }
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
    let days: Vec<NWeekday> = rule.byday.iter().copied().map(day).collect();
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
        .by_week_no(distinct(&rule.byweekno))
        .by_hour(hours)
        .by_minute(minutes)
        .by_second(seconds)
        .by_set_pos(set_positions(rule));
    if let Some(count) = rule.count {
        made = made.count(count);
    }
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

fn day(of: ICalendarDay) -> NWeekday {
    match of.ordwk {
        None | Some(0) => NWeekday::Every(weekday(of.weekday)),
        Some(n) => NWeekday::Nth(n, weekday(of.weekday)),
    }
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
