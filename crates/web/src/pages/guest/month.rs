//! A month and the times of its chosen day.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date, civil::Weekday};
use kalends_engine::slots::Offer;

use crate::when::Face;

/// A month as a table of weeks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// `March`
    pub name: String,
    /// `2027`
    pub year: i16,
    /// Seven names of days, from the first of the week: long and short.
    pub weekdays: Vec<(String, String)>,
    /// The weeks.
    pub weeks: Vec<Week>,
    /// The month before.
    pub earlier: Turn,
    /// The month after.
    pub later: Turn,
}

/// A neighbouring month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// `2027-04`
    pub value: String,
    /// `April 2027`
    pub name: String,
    /// Nothing can be booked there.
    pub closed: bool,
}

/// Seven days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// ISO 8601 number.
    pub number: i8,
    /// The days; none where another month begins or ends.
    pub days: Vec<Option<Day>>,
    /// All of it is over: a small screen leaves it out.
    pub gone: bool,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `2027-03-11`
    pub date: String,
    /// `11`
    pub number: i8,
    /// How many times it has; with none it is no button.
    pub times: usize,
    /// `Thursday 11 March, 8 times`
    pub label: String,
    /// How open it is, and more: `some`, `many`, `today`, `was`.
    pub class: String,
    /// It is today.
    pub today: bool,
    /// Its times are shown.
    pub chosen: bool,
}

/// Which month, and what is special in it.
#[derive(Debug, Clone)]
pub struct Around<'a> {
    /// Its first day.
    pub first: Date,
    /// The guest's reading.
    pub face: &'a Face,
    /// First day of a week.
    pub week_start: Weekday,
    /// The day whose times are shown.
    pub chosen: Option<Date>,
    /// The day of the booking that is to be moved.
    pub was: Option<Date>,
    /// The last day that can be booked, where there is one.
    pub last: Option<Date>,
}

impl Month {
    /// Draws a month over the times it has.
    pub fn of(around: &Around, days: &BTreeMap<Date, Vec<Offer>>) -> Self {
        let first = around.first;
        let most = days.values().map(Vec::len).max().unwrap_or(0);
        let lead = first.weekday().since(around.week_start);
        let from = first.saturating_sub(i64::from(lead).days());
        let mut weeks = Vec::new();
        for start in from.series(7.days()).take_while(|start| *start <= first.last_of_month()).take(6) {
            let dates = start.series(1.day()).take(7);
            let in_month = |date: Date| date.month() == first.month() && date.year() == first.year();
            weeks.push(Week {
                // The number of the week's Thursday, which is ISO's whatever day a week begins with here.
                number: start
                    .series(1.day())
                    .take(7)
                    .find(|date| date.weekday() == Weekday::Thursday)
                    .map_or(0, |thursday| thursday.iso_week_date().week()),
                days: dates
                    .map(|date| in_month(date).then(|| day(date, around, days.get(&date), most)))
                    .collect(),
                gone: start.saturating_add(6.days()) < around.face.today(),
            });
        }
        let weekdays = from.series(1.day()).take(7);
        Self {
            name: first.strftime("%B").to_string(),
            year: first.year(),
            weekdays: weekdays
                .map(|date| (date.strftime("%A").to_string(), date.strftime("%a").to_string()))
                .collect(),
            weeks,
            earlier: Turn::to(first.saturating_sub(1.month()), |turn| {
                turn.last_of_month() < around.face.today()
            }),
            later: Turn::to(first.saturating_add(1.month()), |turn| {
                around.last.is_some_and(|last| last < turn)
            }),
        }
    }
}

impl Turn {
    fn to(first: Date, closed: impl Fn(Date) -> bool) -> Self {
        Self {
            value: first.strftime("%Y-%m").to_string(),
            name: first.strftime("%B %Y").to_string(),
            closed: closed(first),
        }
    }
}

fn day(date: Date, around: &Around, offers: Option<&Vec<Offer>>, most: usize) -> Day {
    let times = offers.map_or(0, Vec::len);
    let today = date == around.face.today();
    let was = around.was == Some(date);
    let tide = match times {
        0 => "",
        times if times * 3 >= most * 2 => " many",
        times if times * 3 > most => " some",
        _ => "",
    };
    let count = match times {
        0 => "no times".to_owned(),
        1 => "1 time".to_owned(),
        times => format!("{times} times"),
    };
    let current = if was { ", your current booking" } else { "" };
    Day {
        date: date.to_string(),
        number: date.day(),
        times,
        label: format!("{}, {count}{current}", date.strftime("%A %-d %B")),
        class: format!("day{}{}{tide}", if today { " today" } else { "" }, if was { " was" } else { "" }),
        today,
        chosen: around.chosen == Some(date),
    }
}

/// The times of one part of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `Morning`
    pub name: &'static str,
    /// In order.
    pub slots: Vec<Slot>,
}

/// One time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What the form sends.
    pub value: String,
    /// `10:30`
    pub time: String,
    /// `2 of 6 left`; empty where guests share nothing or are not told.
    pub seats: String,
    /// It is the chosen one.
    pub chosen: bool,
}

/// The times of a day under Morning, Afternoon and Evening.
pub fn parts(offers: &[Offer], face: &Face, show_seats: bool, chosen: Option<jiff::Timestamp>) -> Vec<Part> {
    let name = |offer: &Offer| match offer.start.to_zoned(face.zone.rules().clone()).hour() {
        0..12 => "Morning",
        12..18 => "Afternoon",
        _ => "Evening",
    };
    let slot = |offer: &Offer| Slot {
        value: face.machine(offer.start),
        time: face.slot(offer.start),
        seats: match offer.seats {
            Some(seats) if show_seats => format!("{} of {} left", seats.left, seats.count),
            _ => String::new(),
        },
        chosen: chosen == Some(offer.start),
    };
    offers
        .chunk_by(|a, b| name(a) == name(b))
        .filter_map(|chunk| {
            Some(Part { name: name(chunk.first()?), slots: chunk.iter().map(slot).collect() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kalends_domain::{Zone, people::Hours};

    use super::*;

    fn face() -> Face {
        let now: Timestamp = "2027-03-09T14:05:00Z".parse().unwrap();
        Face::new(Zone::parse("Europe/Berlin").unwrap(), Hours::TwentyFour, now)
    }

    fn offers(starts: &[&str]) -> Vec<Offer> {
        starts.iter().map(|start| Offer { start: start.parse().unwrap(), seats: None }).collect()
    }

    fn march(week_start: Weekday, days: &BTreeMap<Date, Vec<Offer>>) -> Month {
        let face = face();
        let around = Around {
            first: Date::constant(2027, 3, 1),
            face: &face,
            week_start,
            chosen: Some(Date::constant(2027, 3, 11)),
            was: None,
            last: Some(Date::constant(2027, 3, 31)),
        };
        Month::of(&around, days)
    }

    #[test]
    fn a_month_begins_on_its_own_weekday() {
        let month = march(Weekday::Monday, &BTreeMap::new());
        assert_eq!(month.weeks.len(), 5);
        assert_eq!(month.weeks[0].number, 9);
        assert_eq!(month.weeks[0].days[0].as_ref().unwrap().number, 1);
        assert!(month.weeks[4].days[3].is_none());
        let american = march(Weekday::Sunday, &BTreeMap::new());
        assert_eq!(american.weekdays[0].0, "Sunday");
        assert!(american.weeks[0].days[0].is_none() && american.weeks[0].days[1].is_some());
        assert_eq!(american.weeks[0].number, 9);
    }

    #[test]
    fn only_months_that_can_be_booked_are_open() {
        let month = march(Weekday::Monday, &BTreeMap::new());
        assert!(month.earlier.closed && month.later.closed);
        assert_eq!(month.later.value, "2027-04");
    }

    #[test]
    fn a_day_says_in_full_how_open_it_is() {
        let eleventh = Date::constant(2027, 3, 11);
        let many = offers(&["2027-03-11T08:00:00Z", "2027-03-11T09:00:00Z", "2027-03-11T10:00:00Z"]);
        let days = BTreeMap::from([
            (eleventh, many),
            (Date::constant(2027, 3, 12), offers(&["2027-03-12T08:00:00Z"])),
        ]);
        let month = march(Weekday::Monday, &days);
        let day = |week: usize, day: usize| month.weeks[week].days[day].clone().unwrap();
        assert_eq!(day(1, 3).label, "Thursday 11 March, 3 times");
        assert_eq!((day(1, 3).class.as_str(), day(1, 3).chosen), ("day many", true));
        assert_eq!((day(1, 4).class.as_str(), day(1, 4).label.as_str()), ("day", "Friday 12 March, 1 time"));
        assert_eq!(day(1, 1).class, "day today");
    }

    #[test]
    fn times_stand_under_their_part_of_the_day_in_the_guests_zone() {
        let parts = parts(
            &offers(&["2027-03-11T10:30:00Z", "2027-03-11T11:00:00Z", "2027-03-11T17:00:00Z"]),
            &face(),
            false,
            None,
        );
        let names: Vec<_> = parts.iter().map(|part| (part.name, part.slots.len())).collect();
        assert_eq!(names, [("Morning", 1), ("Afternoon", 1), ("Evening", 1)]);
        assert_eq!(parts[0].slots[0].value, "2027-03-11T11:30:00+01:00");
    }
}
