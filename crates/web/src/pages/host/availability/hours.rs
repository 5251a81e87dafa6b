//! Weekly hours as they are typed: kept while they make no sense, turned into a schedule when they do.

use kalends_domain::{
    availability::{DateHours, RuleProblem, Schedule, WallTime, Weekday, WeeklyHours},
    zone::Zone,
};

use crate::extract::Typed;

/// Days in the order the page shows them.
pub const DAYS: [(Weekday, &str); 7] = [
    (Weekday::Monday, "Monday"),
    (Weekday::Tuesday, "Tuesday"),
    (Weekday::Wednesday, "Wednesday"),
    (Weekday::Thursday, "Thursday"),
    (Weekday::Friday, "Friday"),
    (Weekday::Saturday, "Saturday"),
    (Weekday::Sunday, "Sunday"),
];

/// The most stretches one day may have.
const MOST: usize = 8;

/// One day of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// In English, also the prefix of its fields.
    pub name: &'static str,
    /// Ticked.
    pub open: bool,
    /// From and to, as typed.
    pub stretches: Vec<(String, String)>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// The whole form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours {
    /// The schedule's name.
    pub name: String,
    /// The zone, as chosen.
    pub zone: String,
    /// Monday to Sunday.
    pub days: Vec<Day>,
}

impl Hours {
    /// A schedule as the form shows it.
    pub fn of(name: &str, schedule: &Schedule) -> Self {
        let day = |(day, name): (Weekday, &'static str)| {
            let stretches: Vec<_> = schedule
                .weekly_on(day)
                .iter()
                .map(|hours| (hours.start.to_string(), end_out(hours.end)))
                .collect();
            Day { name, open: !stretches.is_empty(), stretches, problem: None }
        };
        Self { name: name.to_owned(), zone: schedule.zone().name().to_owned(), days: DAYS.map(day).into() }
    }

    /// What was typed, with the pressed button's change made: `add` and `copy` name a day, `remove` a day and a stretch.
    pub fn typed(form: &Typed) -> Self {
        let days = DAYS.map(|(_, name)| {
            let stretches = (1..=MOST).filter_map(|at| {
                let (from, to) = (format!("{name}-{at}-from"), format!("{name}-{at}-to"));
                form.has(&from).then(|| (form.get(&from).to_owned(), form.get(&to).to_owned()))
            });
            Day { name, open: form.has(name), stretches: stretches.collect(), problem: None }
        });
        let mut hours =
            Self { name: form.get("name").to_owned(), zone: form.get("zone").to_owned(), days: days.into() };
        hours.press(form);
        for day in &mut hours.days {
            if day.open && day.stretches.is_empty() {
                day.stretches.push(("09:00".into(), "17:00".into()));
            }
        }
        hours
    }

    /// True when a button other than the one that saves was pressed.
    pub fn is_edit(form: &Typed) -> bool {
        ["add", "copy", "remove"].iter().any(|button| form.has(button))
    }

    fn press(&mut self, form: &Typed) {
        if let Some(day) = form.text("add").and_then(|name| self.day(name))
            && day.stretches.len() < MOST
        {
            let from = day.stretches.last().map_or("09:00", |(_, to)| to.as_str()).to_owned();
            day.open = true;
            day.stretches.push((from, "17:00".into()));
        }
        if let Some((name, at)) = form.text("remove").and_then(|value| value.rsplit_once('-'))
            && let (Ok(at), Some(day)) = (at.parse::<usize>(), self.day(name))
            && (1..=day.stretches.len()).contains(&at)
        {
            day.stretches.remove(at - 1);
            day.open = !day.stretches.is_empty();
        }
        if let Some(from) = form.text("copy").and_then(|name| self.day(name)).cloned() {
            let working = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
            for day in self.days.iter_mut().filter(|day| working.contains(&day.name)) {
                (day.open, day.stretches) = (from.open, from.stretches.clone());
            }
        }
    }

    fn day(&mut self, name: &str) -> Option<&mut Day> {
        self.days.iter_mut().find(|day| day.name == name)
    }

    /// The schedule that was typed, keeping the dates that differ; or the form with its problems written in.
    pub fn schedule(mut self, overrides: &[DateHours]) -> Result<Schedule, Self> {
        let mut weekly = Vec::new();
        let mut owners = Vec::new();
        for (at, day) in self.days.iter_mut().enumerate().filter(|(_, day)| day.open) {
            for (from, to) in &day.stretches {
                match (from.parse::<WallTime>(), end_in(to)) {
                    (Ok(start), Ok(end)) => {
                        weekly.push(WeeklyHours { days: vec![DAYS[at].0], start, end });
                        owners.push(at);
                    }
                    (Err(problem), _) | (_, Err(problem)) => day.problem = Some(problem.fix),
                }
            }
        }
        let Ok(zone) = Zone::parse(&self.zone) else { return Err(self) };
        if self.days.iter().any(|day| day.problem.is_some()) {
            return Err(self);
        }
        Schedule::new(zone, weekly, overrides.to_vec()).map_err(|RuleProblem { field, fix }| {
            // `weekly[3].end`: the third rule that was typed.
            let index = field.split(['[', ']']).nth(1).and_then(|index| index.parse::<usize>().ok());
            let day = index.and_then(|index| owners.get(index)).and_then(|at| self.days.get_mut(*at));
            if let Some(day) = day {
                day.problem = Some(fix);
            }
            self
        })
    }

    /// Hours in all weeks, in words.
    pub fn total(schedule: &Schedule) -> String {
        let minutes: u32 = Weekday::ALL
            .iter()
            .flat_map(|day| schedule.weekly_on(*day))
            .map(|hours| u32::from(hours.end.minutes() - hours.start.minutes()))
            .sum();
        match (minutes / 60, minutes % 60) {
            (hours, 0) => format!("{hours} hours a week"),
            (hours, rest) => format!("{hours} hours {rest} minutes a week"),
        }
    }
}

impl Day {
    /// Stretches as parts of a line 96 wide, for the strip beside the day.
    pub fn strip(&self) -> Vec<(String, String)> {
        let minutes = |text: &str| text.parse::<WallTime>().ok().map(|time| f64::from(time.minutes()) / 15.0);
        let part = |(from, to): &(String, String)| {
            let (from, to) = (minutes(from)?, end_in(to).ok().map(|time| f64::from(time.minutes()) / 15.0)?);
            (to > from).then(|| (format!("{from}"), format!("{}", to - from)))
        };
        if self.open { self.stretches.iter().filter_map(part).collect() } else { Vec::new() }
    }
}

/// A browser's time field knows no 24:00: midnight as an end is the end of the day.
fn end_in(text: &str) -> Result<WallTime, RuleProblem> {
    text.parse().map(|end| if end == WallTime::MIDNIGHT { WallTime::END } else { end })
}

fn end_out(end: WallTime) -> String {
    if end == WallTime::END { "00:00".into() } else { end.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(hours: &Hours) -> Typed {
        let mut form = Typed::default();
        form.set("name", hours.name.clone());
        form.set("zone", hours.zone.clone());
        for day in &hours.days {
            if day.open {
                form.set(day.name, "on");
            }
            for (at, (from, to)) in day.stretches.iter().enumerate() {
                form.set(&format!("{}-{}-from", day.name, at + 1), from.clone());
                form.set(&format!("{}-{}-to", day.name, at + 1), to.clone());
            }
        }
        form
    }

    fn nine_to_five() -> Schedule {
        Schedule::nine_to_five(Zone::parse("Europe/Vienna").unwrap())
    }

    #[test]
    fn what_the_form_shows_is_what_it_saves() {
        let shown = Hours::of("Office", &nine_to_five());
        let saved = Hours::typed(&typed(&shown)).schedule(&[]).unwrap();
        assert_eq!(Hours::of("Office", &saved), shown);
        assert_eq!(Hours::total(&saved), "40 hours a week");
    }

    #[test]
    fn buttons_change_what_was_typed_and_lose_nothing() {
        let mut form = typed(&Hours::of("Office", &nine_to_five()));
        form.set("Monday-1-to", "12:30");
        form.set("add", "Monday");
        let hours = Hours::typed(&form);
        assert_eq!(
            hours.days[0].stretches,
            [("09:00".into(), "12:30".into()), ("12:30".into(), "17:00".into())]
        );

        let mut form = typed(&hours);
        form.set("copy", "Monday");
        let hours = Hours::typed(&form);
        assert_eq!(hours.days[4].stretches, hours.days[0].stretches);
        assert!(!hours.days[5].open);

        let mut form = typed(&hours);
        form.set("remove", "Friday-1");
        assert_eq!(Hours::typed(&form).days[4].stretches.len(), 1);
    }

    #[test]
    fn a_problem_stands_at_its_day() {
        let mut form = typed(&Hours::of("Office", &nine_to_five()));
        form.set("Wednesday-1-to", "08:00");
        let hours = Hours::typed(&form).schedule(&[]).unwrap_err();
        assert!(hours.days[2].problem.is_some());
        assert_eq!(hours.days.iter().filter(|day| day.problem.is_some()).count(), 1);
    }

    #[test]
    fn midnight_as_an_end_is_the_end_of_the_day() {
        let mut form = typed(&Hours::of("Office", &nine_to_five()));
        form.set("Sunday", "on");
        form.set("Sunday-1-from", "00:00");
        form.set("Sunday-1-to", "00:00");
        let schedule = Hours::typed(&form).schedule(&[]).unwrap();
        assert_eq!(schedule.weekly_on(Weekday::Sunday)[0].end, WallTime::END);
    }
}
