//! Expansion against a second, slow and obvious reading of RFC 5545: look at every day and ask (REC-01, REC-06).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

use std::collections::BTreeSet;
use std::fmt::Write;

use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Unit};
use kalends_domain::{Span, Zone};
use kalends_ical::{Feed, Owner};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const DAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freq {
    Yearly,
    Monthly,
    Weekly,
    Daily,
}

#[derive(Debug, Clone)]
struct Rule {
    freq: Freq,
    start: DateTime,
    interval: i32,
    months: Vec<i8>,
    month_days: Vec<i8>,
    year_days: Vec<i16>,
    weeks: Vec<i8>,
    /// `(n-th, weekday)`; 0 for every.
    days: Vec<(i16, usize)>,
    hours: Vec<i8>,
    minutes: Vec<i8>,
    positions: Vec<i32>,
    week_start: usize,
    count: Option<usize>,
    until: Option<DateTime>,
}

impl Rule {
    fn text(&self) -> String {
        let mut text = format!("FREQ={:?};INTERVAL={}", self.freq, self.interval).to_uppercase();
        let mut list = |name: &str, values: Vec<String>| {
            if !values.is_empty() {
                write!(text, ";{name}={}", values.join(",")).unwrap();
            }
        };
        let numbers = |of: &[i8]| of.iter().map(ToString::to_string).collect::<Vec<_>>();
        list("BYMONTH", numbers(&self.months));
        list("BYMONTHDAY", numbers(&self.month_days));
        list("BYYEARDAY", self.year_days.iter().map(ToString::to_string).collect());
        list("BYWEEKNO", numbers(&self.weeks));
        let day = |(n, day): &(i16, usize)| {
            if *n == 0 { DAYS[*day].0.to_owned() } else { format!("{n}{}", DAYS[*day].0) }
        };
        list("BYDAY", self.days.iter().map(day).collect());
        list("BYHOUR", numbers(&self.hours));
        list("BYMINUTE", numbers(&self.minutes));
        list("BYSETPOS", self.positions.iter().map(ToString::to_string).collect());
        list("WKST", vec![DAYS[self.week_start].0.to_owned()]);
        list("COUNT", self.count.iter().map(ToString::to_string).collect());
        list("UNTIL", self.until.iter().map(|u| u.strftime("%Y%m%dT%H%M%SZ").to_string()).collect());
        text
    }

    /// Which of the rule's periods a day is in, counted from the start's.
    fn period(&self, day: Date) -> i32 {
        let first = self.start.date();
        match self.freq {
            Freq::Yearly => i32::from(day.year() - first.year()),
            Freq::Monthly => {
                i32::from(day.year() - first.year()) * 12 + i32::from(day.month()) - i32::from(first.month())
            }
            Freq::Weekly => (days(self.week_of(first), self.week_of(day))) / 7,
            Freq::Daily => days(first, day),
        }
    }

    /// The first day of the week a day is in.
    fn week_of(&self, day: Date) -> Date {
        let start = DAYS[self.week_start].1;
        day.checked_sub(i64::from(day.weekday().since(start)).days()).unwrap()
    }

    /// `(number of the week, weeks in its year)`: week 1 is the first with four days in the year.
    fn week_number(&self, day: Date) -> (i32, i32) {
        let first = |year: i16| {
            let week = self.week_of(date(year, 1, 1));
            if days(week, date(year, 1, 1)) > 3 { week.checked_add(7.days()).unwrap() } else { week }
        };
        let mut year = day.year();
        if day < first(year) {
            year -= 1;
        } else if day >= first(year + 1) {
            year += 1;
        }
        (days(first(year), day) / 7 + 1, days(first(year), first(year + 1)) / 7)
    }

    fn takes(&self, day: Date) -> bool {
        let first = self.start.date();
        let period = self.period(day);
        if period < 0 || period % self.interval != 0 {
            return false;
        }
        let free = |list: bool, fits: bool| !list || fits;
        let (week, weeks) = self.week_number(day);
        let (ordinal, in_year) = (i32::from(day.day_of_year()), i32::from(day.days_in_year()));
        let fits = free(!self.months.is_empty(), self.months.contains(&day.month()))
            && free(
                !self.month_days.is_empty(),
                self.month_days
                    .iter()
                    .any(|n| *n == day.day() || *n < 0 && day.days_in_month() + 1 + n == day.day()),
            )
            && free(
                !self.year_days.is_empty(),
                self.year_days
                    .iter()
                    .any(|n| i32::from(*n) == ordinal || *n < 0 && in_year + 1 + i32::from(*n) == ordinal),
            )
            && free(
                !self.weeks.is_empty(),
                self.weeks
                    .iter()
                    .any(|n| i32::from(*n) == week || *n < 0 && weeks + 1 + i32::from(*n) == week),
            )
            && free(!self.days.is_empty(), self.days.iter().any(|d| self.is_nth(day, *d)));
        if !fits {
            return false;
        }
        // What the rule leaves open comes from the start.
        let named = !self.days.is_empty() || !self.month_days.is_empty() || !self.year_days.is_empty();
        match self.freq {
            Freq::Daily => true,
            Freq::Weekly => !self.days.is_empty() || day.weekday() == first.weekday(),
            Freq::Monthly => named || day.day() == first.day(),
            Freq::Yearly if named => true,
            Freq::Yearly if !self.weeks.is_empty() => day.weekday() == first.weekday(),
            Freq::Yearly => {
                day.day() == first.day() && (!self.months.is_empty() || day.month() == first.month())
            }
        }
    }

    /// Whether a day is, say, the second Monday of its month (or year).
    fn is_nth(&self, day: Date, (n, weekday): (i16, usize)) -> bool {
        if day.weekday() != DAYS[weekday].1 {
            return false;
        }
        let (at, of) = if self.freq == Freq::Monthly || !self.months.is_empty() {
            (i16::from(day.day()), i16::from(day.days_in_month()))
        } else {
            (day.day_of_year(), day.days_in_year())
        };
        match n {
            0 => true,
            n if n > 0 => (at - 1) / 7 + 1 == n,
            n => -((of - at) / 7 + 1) == n,
        }
    }

    /// Every start before `stop`.
    fn starts(&self, stop: DateTime) -> BTreeSet<i64> {
        let or = |list: &[i8], own: i8| if list.is_empty() { vec![own] } else { list.to_vec() };
        let hours = or(&self.hours, self.start.hour());
        let minutes = or(&self.minutes, self.start.minute());
        let mut all: Vec<(i32, DateTime)> = Vec::new();
        // From the start of its period, for a position counts from there.
        let mut day = match self.freq {
            Freq::Yearly => date(self.start.year(), 1, 1),
            Freq::Monthly => self.start.date().first_of_month(),
            Freq::Weekly => self.week_of(self.start.date()),
            Freq::Daily => self.start.date(),
        };
        // To the end of the last one, for a position can count from there.
        let end = date(stop.year() + 1, 12, 31);
        while day <= end {
            if self.takes(day) {
                for hour in &hours {
                    for minute in &minutes {
                        all.push((self.period(day), day.at(*hour, *minute, self.start.second(), 0)));
                    }
                }
            }
            day = day.tomorrow().unwrap();
        }
        all.sort_unstable();
        let mut found: Vec<DateTime> = if self.positions.is_empty() {
            all.into_iter().map(|(_, at)| at).collect()
        } else {
            all.chunk_by(|a, b| a.0 == b.0).flat_map(|set| positions(set, &self.positions)).collect()
        };
        found.retain(|at| *at >= self.start);
        // The start is always the first.
        found.push(self.start);
        found.sort_unstable();
        found.dedup();
        if let Some(until) = self.until {
            found.retain(|at| *at <= until);
        }
        found.truncate(self.count.unwrap_or(usize::MAX));
        found.into_iter().filter(|at| *at < stop).map(seconds).collect()
    }
}

fn positions(set: &[(i32, DateTime)], at: &[i32]) -> Vec<DateTime> {
    let size = i32::try_from(set.len()).unwrap();
    let index = |n: i32| if n > 0 { n - 1 } else { size + n };
    let chosen: BTreeSet<i32> = at.iter().map(|n| index(*n)).filter(|n| (0..size).contains(n)).collect();
    chosen.into_iter().map(|n| set[usize::try_from(n).unwrap()].1).collect()
}

fn days(from: Date, to: Date) -> i32 {
    from.until((Unit::Day, to)).unwrap().get_days()
}

fn seconds(at: DateTime) -> i64 {
    at.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second()
}

fn rule() -> impl Strategy<Value = Rule> {
    let freq = select(vec![Freq::Yearly, Freq::Monthly, Freq::Weekly, Freq::Daily]);
    let start = (2019i16..2027, 1i8..13, 1i8..32, 0i8..24, select(vec![0i8, 30]))
        .prop_filter_map("a date", |(y, m, d, h, min)| Some(Date::new(y, m, d).ok()?.at(h, min, 0, 0)));
    let few = |of: Vec<i8>| prop_oneof![3 => Just(vec![]), 1 => subsequence(of, 1..3)];
    let month_days = few(vec![1, 13, 28, 29, 30, 31, -1, -2, -29, -31]);
    let year_days =
        prop_oneof![5 => Just(vec![]), 1 => subsequence(vec![1i16, 60, 100, 365, 366, -1, -366], 1..3)];
    let weeks = prop_oneof![5 => Just(vec![]), 1 => subsequence(vec![1i8, 2, 20, 52, 53, -1, -2, -53], 1..3)];
    // The fifth from last, which the expander refuses, blocks all days: safe, and not for this test.
    let nth = select(vec![0i16, 0, 0, 1, 2, 5, -1, -4]);
    let days = prop_oneof![2 => Just(vec![]), 2 => prop::collection::vec((nth, 0usize..7), 1..4)];
    let positions = prop_oneof![4 => Just(vec![]), 1 => subsequence(vec![1i32, 2, 3, -1, -2], 1..3)];
    let end = prop_oneof![
        Just((None, None)),
        (1usize..30).prop_map(|n| (Some(n), None)),
        (0i64..1500).prop_map(|n| (None, Some(n))),
    ];
    let by = (few((1..13).collect()), month_days, year_days, weeks, days);
    let times = (few(vec![0, 9, 13, 23]), few(vec![0, 15, 45]), positions, 0usize..7);
    (freq, start, 1i32..5, by, times, end).prop_map(|(freq, start, interval, by, times, end)| {
        let (months, month_days, year_days, weeks, days) = by;
        let (hours, minutes, positions, week_start) = times;
        let yearly = freq == Freq::Yearly;
        // Combinations RFC 5545 forbids or leaves undefined are left out.
        let weeks = if yearly && year_days.is_empty() && month_days.is_empty() && months.is_empty() {
            weeks
        } else {
            vec![]
        };
        let plain = !matches!(freq, Freq::Yearly | Freq::Monthly) || !weeks.is_empty();
        let days = days.into_iter().map(|(n, day)| (if plain { 0 } else { n }, day)).collect::<BTreeSet<_>>();
        let named = !months.is_empty() || !month_days.is_empty() || !days.is_empty() || !hours.is_empty();
        let positions = if named && weeks.is_empty() { positions } else { vec![] };
        Rule {
            freq,
            start,
            // A week can lie in two years: which one an interval counts is left open.
            interval: if weeks.is_empty() { interval } else { 1 },
            months,
            month_days: if freq == Freq::Weekly { vec![] } else { month_days },
            year_days: if yearly { year_days } else { vec![] },
            weeks,
            days: days.into_iter().collect(),
            hours,
            minutes,
            positions,
            week_start,
            count: end.0,
            until: end.1.map(|days| start.checked_add(days.days()).unwrap()),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn rec_01_rec_06_every_rule_means_what_the_oracle_reads(rule in rule()) {
        let stop = date(2031, 1, 1).at(0, 0, 0, 0);
        let start = rule.start.strftime("%Y%m%dT%H%M%SZ");
        let text = format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:r\r\nDTSTART:{start}\r\nDURATION:PT1M\r\nRRULE:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            rule.text()
        );
        let window = Span::new(seconds(date(2019, 1, 1).at(0, 0, 0, 0)), seconds(stop));
        let busy = Feed::read(text.as_bytes()).unwrap().busy(&Owner::new([""; 0], Zone::utc()), window);
        prop_assert_eq!(busy.problems, vec![]);
        let found: BTreeSet<i64> = busy.times.iter().map(|time| time.span.start).collect();
        prop_assert_eq!(found, rule.starts(stop), "{}", text);
    }
}
