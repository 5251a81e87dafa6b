//! The page of one schedule.

use askama::Template;
use jiff::civil::Date;
use kalends_domain::availability::{DateHours, OutOfOffice, Schedule, Travel};

use super::hours::Hours;
use crate::{
    pages::{Frame, Side, host::notice::Notice},
    zones::ZoneGroup,
};

/// The page, as the template draws it.
#[derive(Template)]
#[template(path = "host/availability.html")]
#[expect(clippy::struct_field_names, reason = "the template reads page.hours")]
pub struct Page {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What just happened.
    pub notice: Option<Notice>,
    /// What this page is about.
    pub page: Availability,
}

/// One schedule, and what lies beside it.
#[derive(Debug, Clone, Default)]
pub struct Availability {
    /// Which schedule.
    pub number: i64,
    /// Used by event types that name none.
    pub is_default: bool,
    /// All schedules.
    pub tabs: Vec<Tab>,
    /// The form.
    pub hours: Hours,
    /// Zones to choose from, the schedule's own first.
    pub zones: Vec<ZoneGroup>,
    /// How the form stands.
    pub status: String,
    /// Dates that differ.
    pub overrides: Vec<Row>,
    /// The form for one more.
    pub date: DateForm,
    /// Time away.
    pub away: Vec<Row>,
    /// The form for more of it.
    pub leave: LeaveForm,
    /// Time in other zones.
    pub stays: Vec<Row>,
    /// The form for more of it.
    pub stay: StayForm,
    /// Zones to stay in.
    pub places: Vec<ZoneGroup>,
    /// Event types that use this schedule, in words.
    pub used_by: String,
}

/// One of the schedules.
#[derive(Debug, Clone)]
pub struct Tab {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Used by event types that name none.
    pub is_default: bool,
}

/// A date that differs, or time away or elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Its id, where it has one.
    pub id: String,
    /// Its (first) date.
    pub date: String,
    /// The dates in words.
    pub title: String,
    /// What holds then.
    pub words: String,
}

/// The form for a date that differs.
#[derive(Debug, Clone)]
pub struct DateForm {
    /// Unfolded, because something is wrong in it.
    pub open: bool,
    /// As typed.
    pub date: String,
    /// As typed.
    pub from: String,
    /// As typed.
    pub to: String,
    /// Ticked.
    pub closed: bool,
    /// What is wrong.
    pub problem: Option<String>,
}

impl Default for DateForm {
    fn default() -> Self {
        let (from, to) = ("09:00".into(), "17:00".into());
        Self { open: false, date: String::new(), from, to, closed: false, problem: None }
    }
}

/// The form for time away.
#[derive(Debug, Clone, Default)]
pub struct LeaveForm {
    /// Unfolded, because something is wrong in it.
    pub open: bool,
    /// As typed.
    pub first: String,
    /// As typed.
    pub last: String,
    /// As typed.
    pub note: String,
    /// What is wrong.
    pub problem: Option<String>,
}

/// The form for days in another zone.
#[derive(Debug, Clone, Default)]
pub struct StayForm {
    /// Unfolded, because something is wrong in it.
    pub open: bool,
    /// As typed.
    pub first: String,
    /// As typed.
    pub last: String,
    /// As chosen.
    pub zone: String,
    /// What is wrong.
    pub problem: Option<String>,
}

impl Availability {
    /// True when something typed will not do.
    pub fn failed(&self) -> bool {
        self.hours.days.iter().any(|day| day.problem.is_some())
            || self.date.problem.is_some()
            || self.leave.problem.is_some()
            || self.stay.problem.is_some()
    }
}

/// The dates that differ, from today on.
pub fn overrides(schedule: &Schedule, today: Date) -> Vec<Row> {
    let words = |one: &DateHours| {
        let hours: Vec<String> =
            one.hours.iter().map(|hours| format!("{}–{}", hours.start, hours.end)).collect();
        if hours.is_empty() { "Not available".to_owned() } else { format!("{} only", hours.join(", ")) }
    };
    let row = |one: &DateHours| Row {
        id: String::new(),
        date: one.date.to_string(),
        title: day(one.date, today),
        words: words(one),
    };
    schedule.overrides().iter().filter(|one| one.date >= today).map(row).collect()
}

/// Time away, from today on.
pub fn away(id: String, dates: &OutOfOffice, today: Date) -> Row {
    let title = if dates.from == dates.until {
        day(dates.from, today)
    } else {
        format!("{} – {}", day(dates.from, today), day(dates.until, today))
    };
    Row { id, date: dates.from.to_string(), title, words: dates.note.clone().unwrap_or_default() }
}

/// Time in another zone, from today on.
pub fn stay(id: String, dates: &Travel, today: Date) -> Row {
    let title = match dates.until {
        Some(until) if until == dates.from => day(dates.from, today),
        Some(until) => format!("{} – {}", day(dates.from, today), day(until, today)),
        None => format!("From {} on", day(dates.from, today)),
    };
    let words = format!("Hours are {} time", crate::when::city(dates.zone.name()));
    Row { id, date: dates.from.to_string(), title, words }
}

/// `Fri 19 March`, with the year when it is not this one.
fn day(date: Date, today: Date) -> String {
    let form = if date.year() == today.year() { "%a %-d %B" } else { "%a %-d %B %Y" };
    date.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_say_their_year_when_it_is_another() {
        let today = Date::constant(2027, 3, 9);
        assert_eq!(day(Date::constant(2027, 3, 19), today), "Fri 19 March");
        assert_eq!(day(Date::constant(2028, 1, 3), today), "Mon 3 January 2028");
    }
}
