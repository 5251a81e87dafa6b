//! The words of a schedule, as they are stored and as people set them.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::zone::Zone;

/// A rule that cannot be: which field, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fix}")]
pub struct RuleProblem {
    /// The field, as a path into the schedule: `weekly[0].end`.
    pub field: String,
    /// What is wrong and how to mend it.
    pub fix: String,
}

impl RuleProblem {
    fn new(field: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { field: field.into(), fix: fix.into() }
    }
}

/// A day of the week. Counted from Sunday = 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// 0
    Sunday,
    /// 1
    Monday,
    /// 2
    Tuesday,
    /// 3
    Wednesday,
    /// 4
    Thursday,
    /// 5
    Friday,
    /// 6
    Saturday,
}

impl Weekday {
    /// All seven, Sunday first.
    pub const ALL: [Self; 7] = [
        Self::Sunday,
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
    ];

    /// Monday to Friday.
    pub const WORKING: [Self; 5] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday];

    /// The day with this number, 0 = Sunday.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its number, 0 = Sunday.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The day of the week of a date.
    pub fn of(date: Date) -> Self {
        Self::ALL[usize::from(date.weekday().to_sunday_zero_offset().unsigned_abs())]
    }
}

/// A time of day to the minute, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(u16);

impl WallTime {
    /// The day's first minute.
    pub const MIDNIGHT: Self = Self(0);
    /// The end of the day.
    pub const END: Self = Self(24 * 60);

    /// Minutes after midnight; none beyond the end of the day.
    pub fn from_minutes(minutes: u16) -> Option<Self> {
        (minutes <= Self::END.0).then_some(Self(minutes))
    }

    /// Minutes after midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for WallTime {
    type Err = RuleProblem;

    /// Reads `HH:MM`; seconds may follow when they are zero.
    fn from_str(text: &str) -> Result<Self, RuleProblem> {
        let two = |part: &str| {
            (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u16>().ok())?
        };
        let read = || {
            let (hours, rest) = text.trim().split_once(':')?;
            let minutes = rest.strip_suffix(":00").unwrap_or(rest);
            let (hours, minutes) = (two(hours)?, two(minutes)?);
            (minutes < 60).then(|| Self::from_minutes(hours * 60 + minutes))?
        };
        read().ok_or_else(|| {
            let short: String = text.chars().take(20).collect();
            RuleProblem::new("time", format!("`{short}` is not a time; write HH:MM from 00:00 to 24:00"))
        })
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One stretch of a day, end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hours {
    /// First minute.
    pub start: WallTime,
    /// First minute after; `24:00` is the end of the day.
    pub end: WallTime,
}

impl Hours {
    /// Both ends in one go.
    pub const fn new(start: WallTime, end: WallTime) -> Self {
        Self { start, end }
    }
}

/// Hours that repeat every week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeeklyHours {
    /// On these days.
    pub days: Vec<Weekday>,
    /// From then.
    pub start: WallTime,
    /// Until then.
    pub end: WallTime,
}

/// One date that differs: its hours replace the weekly ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateHours {
    /// The date, in the schedule's zone.
    pub date: Date,
    /// All its hours; none closes the date.
    pub hours: Vec<Hours>,
}

/// Weekly hours in a zone, and the dates that differ.
///
/// Always valid: hours end after they start and do not overlap on one day, each date differs once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Schedule {
    zone: Zone,
    weekly: Vec<WeeklyHours>,
    overrides: Vec<DateHours>,
    /// The weekly hours again, by day, earliest first: what the engine reads.
    #[serde(skip)]
    week: [Vec<Hours>; 7],
}

/// A schedule as it was written down, not yet checked.
#[derive(Deserialize)]
struct Stored {
    zone: Zone,
    #[serde(default)]
    weekly: Vec<WeeklyHours>,
    #[serde(default)]
    overrides: Vec<DateHours>,
}

impl TryFrom<Stored> for Schedule {
    type Error = RuleProblem;

    fn try_from(stored: Stored) -> Result<Self, RuleProblem> {
        Self::new(stored.zone, stored.weekly, stored.overrides)
    }
}

impl Schedule {
    /// Checks the hours and sorts the dates; or names the first field that cannot be.
    pub fn new(
        zone: Zone,
        weekly: Vec<WeeklyHours>,
        mut overrides: Vec<DateHours>,
    ) -> Result<Self, RuleProblem> {
        for (index, rule) in weekly.iter().enumerate() {
            if rule.days.is_empty() {
                return Err(RuleProblem::new(format!("weekly[{index}].days"), "name at least one day"));
            }
            ordered(&format!("weekly[{index}]"), Hours::new(rule.start, rule.end))?;
        }
        for day in Weekday::ALL {
            let of_day = weekly.iter().enumerate().flat_map(|(index, rule)| {
                let times = rule.days.iter().filter(move |one| **one == day);
                times.map(move |_| (index, Hours::new(rule.start, rule.end)))
            });
            apart(of_day.collect(), |index| format!("weekly[{index}].start"))?;
        }
        for (index, one) in overrides.iter().enumerate() {
            let field = format!("overrides[{index}]");
            if overrides[..index].iter().any(|earlier| earlier.date == one.date) {
                let fix = format!("{} is there twice; put all its hours into one", one.date);
                return Err(RuleProblem::new(format!("{field}.date"), fix));
            }
            for (at, hours) in one.hours.iter().enumerate() {
                ordered(&format!("{field}.hours[{at}]"), *hours)?;
            }
            let of_date = one.hours.iter().copied().enumerate().collect();
            apart(of_date, |at| format!("{field}.hours[{at}].start"))?;
        }
        overrides.sort_unstable_by_key(|one| one.date);
        for one in &mut overrides {
            one.hours.sort_unstable();
        }
        Ok(Self::sorted(zone, weekly, overrides))
    }

    /// Monday to Friday, nine to five: what a new host starts with.
    pub fn nine_to_five(zone: Zone) -> Self {
        let weekly = vec![WeeklyHours {
            days: Weekday::WORKING.to_vec(),
            start: WallTime(9 * 60),
            end: WallTime(17 * 60),
        }];
        Self::sorted(zone, weekly, Vec::new())
    }

    fn sorted(zone: Zone, weekly: Vec<WeeklyHours>, overrides: Vec<DateHours>) -> Self {
        let week = Weekday::ALL.map(|day| {
            let rules = weekly.iter().filter(|rule| rule.days.contains(&day));
            let mut hours: Vec<Hours> = rules.map(|rule| Hours::new(rule.start, rule.end)).collect();
            hours.sort_unstable();
            hours
        });
        Self { zone, weekly, overrides, week }
    }

    /// Where these hours are local.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The hours of each week.
    pub fn weekly(&self) -> &[WeeklyHours] {
        &self.weekly
    }

    /// The dates that differ, in order.
    pub fn overrides(&self) -> &[DateHours] {
        &self.overrides
    }

    /// The hours of a date that differs; none when the weekly hours hold on it.
    pub fn override_on(&self, date: Date) -> Option<&[Hours]> {
        let at = self.overrides.binary_search_by_key(&date, |one| one.date).ok()?;
        Some(&self.overrides[at].hours)
    }

    /// The weekly hours of a day, earliest first.
    pub fn weekly_on(&self, day: Weekday) -> &[Hours] {
        &self.week[usize::from(day.number())]
    }
}

/// Closed from one date to another, both included, in the zone the host is in on each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutOfOffice {
    /// First day away.
    pub from: Date,
    /// Last day away.
    pub until: Date,
    /// For the host and the team; guests never see it.
    #[serde(default)]
    pub note: Option<String>,
}

impl OutOfOffice {
    /// What is wrong with it, if anything.
    pub fn check(&self) -> Result<(), RuleProblem> {
        if self.until < self.from {
            return Err(RuleProblem::new("until", "the last day lies before the first; swap them"));
        }
        if self.note.as_ref().is_some_and(|note| note.chars().count() > 500) {
            return Err(RuleProblem::new("note", "write at most 500 letters"));
        }
        Ok(())
    }

    /// True on the days away.
    pub fn covers(&self, date: Date) -> bool {
        self.from <= date && date <= self.until
    }
}

/// Another zone for some dates: the schedule's hours are then local there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Travel {
    /// First day there.
    pub from: Date,
    /// Last day there; none means until further notice.
    #[serde(default)]
    pub until: Option<Date>,
    /// The zone there.
    pub zone: Zone,
}

impl Travel {
    /// What is wrong with it, if anything.
    pub fn check(&self) -> Result<(), RuleProblem> {
        if self.until.is_some_and(|until| until < self.from) {
            return Err(RuleProblem::new("until", "the last day lies before the first; swap them"));
        }
        Ok(())
    }

    /// True on the days there.
    pub fn covers(&self, date: Date) -> bool {
        self.from <= date && self.until.is_none_or(|until| date <= until)
    }
}

/// Hours must have a minute in them.
fn ordered(field: &str, hours: Hours) -> Result<(), RuleProblem> {
    if hours.start < hours.end {
        return Ok(());
    }
    let Hours { start, end } = hours;
    let fix = format!("{end} is not after {start}; hours past midnight go to the next day, from 00:00");
    Err(RuleProblem::new(format!("{field}.end"), fix))
}

/// No two hours of a day may overlap; touching is fine.
fn apart(mut hours: Vec<(usize, Hours)>, field: impl Fn(usize) -> String) -> Result<(), RuleProblem> {
    hours.sort_unstable_by_key(|(_, one)| *one);
    for pair in hours.windows(2) {
        let ((_, earlier), (at, later)) = (pair[0], pair[1]);
        if later.start < earlier.end {
            let fix = format!(
                "{}–{} overlaps {}–{}; join them or leave one out",
                later.start, later.end, earlier.start, earlier.end
            );
            return Err(RuleProblem::new(field(at), fix));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
