//! Schedules, by version 2024-06-11.

use jiff::civil::Date;
use kalends_domain::{
    availability::{DateHours, Hours, Schedule, WallTime, Weekday, WeeklyHours},
    zone::Zone,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Wrong;

/// A schedule to make, or the parts of one to change: what is absent stays as it is.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ScheduleIn {
    /// As its owner calls it.
    pub name: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// The hours of each week.
    pub availability: Option<Vec<HoursOfDays>>,
    /// Use it for event types that name none.
    pub is_default: Option<bool>,
    /// Dates that differ; `00:00` to `00:00` closes a date.
    pub overrides: Option<Vec<HoursOfDate>>,
}

/// Hours on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoursOfDays {
    /// `Monday` to `Sunday`.
    pub days: Vec<String>,
    /// `HH:MM`.
    pub start_time: String,
    /// `HH:MM`; `23:59` means the end of the day.
    pub end_time: String,
}

/// Hours on one date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoursOfDate {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// `HH:MM`.
    pub start_time: String,
    /// `HH:MM`; `23:59` means the end of the day.
    pub end_time: String,
}

/// A schedule as it goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleOut {
    /// Its number.
    pub id: i64,
    /// The number of whose it is.
    pub owner_id: i64,
    /// As its owner calls it.
    pub name: String,
    /// IANA name.
    pub time_zone: String,
    /// The hours of each week.
    pub availability: Vec<HoursOfDays>,
    /// Used for event types that name none.
    pub is_default: bool,
    /// Dates that differ.
    pub overrides: Vec<HoursOfDate>,
}

impl ScheduleIn {
    /// Puts what came in over a schedule as it is; says everything that will not do.
    pub fn schedule(&self, now: &Schedule) -> Result<Schedule, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let zone = match self.time_zone.as_deref().map(Zone::parse) {
            None => now.zone().clone(),
            Some(Ok(zone)) => zone,
            Some(Err(problem)) => {
                wrong.push(Wrong::new("timeZone", problem.to_string()));
                now.zone().clone()
            }
        };
        let weekly = self
            .availability
            .as_ref()
            .map_or_else(|| now.weekly().to_vec(), |hours| weekly(hours, &mut wrong));
        let overrides = self
            .overrides
            .as_ref()
            .map_or_else(|| now.overrides().to_vec(), |dates| overrides(dates, &mut wrong));
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Schedule::new(zone, weekly, overrides).map_err(|problem| {
            let field = problem.field.replace("weekly", "availability").replace(".end", ".endTime");
            vec![Wrong::new(field, problem.fix)]
        })
    }
}

impl ScheduleOut {
    /// A schedule, with what stands beside it.
    pub fn of(schedule: &Schedule, id: i64, owner_id: i64, name: String, is_default: bool) -> Self {
        let availability = schedule.weekly().iter().map(|rule| HoursOfDays {
            days: rule.days.iter().map(|day| name_of(*day).to_owned()).collect(),
            start_time: rule.start.to_string(),
            end_time: end_out(rule.end),
        });
        let overrides = schedule.overrides().iter().flat_map(|one| {
            let closed = [Hours::new(WallTime::MIDNIGHT, WallTime::MIDNIGHT)];
            let hours = if one.hours.is_empty() { closed.to_vec() } else { one.hours.clone() };
            hours.into_iter().map(|hours| HoursOfDate {
                date: one.date.to_string(),
                start_time: hours.start.to_string(),
                end_time: end_out(hours.end),
            })
        });
        Self {
            id,
            owner_id,
            name,
            time_zone: schedule.zone().name().to_owned(),
            availability: availability.collect(),
            is_default,
            overrides: overrides.collect(),
        }
    }
}

fn weekly(rules: &[HoursOfDays], wrong: &mut Vec<Wrong>) -> Vec<WeeklyHours> {
    let mut read = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let place = format!("availability[{index}]");
        let mut days = Vec::new();
        for day in &rule.days {
            match Weekday::ALL.into_iter().find(|one| name_of(*one).eq_ignore_ascii_case(day)) {
                Some(day) => days.push(day),
                None => wrong.push(Wrong::new(
                    format!("{place}.days"),
                    format!("`{day}` is not a day; use Monday to Sunday"),
                )),
            }
        }
        if let Some(hours) = hours(&place, &rule.start_time, &rule.end_time, wrong) {
            read.push(WeeklyHours { days, start: hours.start, end: hours.end });
        }
    }
    read
}

fn overrides(dates: &[HoursOfDate], wrong: &mut Vec<Wrong>) -> Vec<DateHours> {
    let mut read: Vec<DateHours> = Vec::new();
    for (index, one) in dates.iter().enumerate() {
        let place = format!("overrides[{index}]");
        let Ok(date) = one.date.parse::<Date>() else {
            wrong.push(Wrong::new(
                format!("{place}.date"),
                format!("`{}` is not a date; write YYYY-MM-DD", one.date),
            ));
            continue;
        };
        let Some(hours) = hours(&place, &one.start_time, &one.end_time, wrong) else { continue };
        let at = read.iter().position(|other| other.date == date).unwrap_or_else(|| {
            read.push(DateHours { date, hours: Vec::new() });
            read.len() - 1
        });
        if hours.start != hours.end {
            read[at].hours.push(hours);
        }
    }
    read
}

fn hours(place: &str, start: &str, end: &str, wrong: &mut Vec<Wrong>) -> Option<Hours> {
    let mut time = |field: &str, text: &str| {
        text.parse::<WallTime>()
            .map_err(|problem| wrong.push(Wrong::new(format!("{place}.{field}"), problem.fix)))
            .ok()
    };
    let (start, end) = (time("startTime", start), time("endTime", end));
    let end = end.map(|end| if end.minutes() == 23 * 60 + 59 { WallTime::END } else { end });
    let (start, end) = (start?, end?);
    if end < start {
        let fix = format!("{end} is not after {start}; hours past midnight go to the next day, from 00:00");
        wrong.push(Wrong::new(format!("{place}.endTime"), fix));
        return None;
    }
    Some(Hours::new(start, end))
}

fn end_out(end: WallTime) -> String {
    if end == WallTime::END { "23:59".to_owned() } else { end.to_string() }
}

const fn name_of(day: Weekday) -> &'static str {
    match day {
        Weekday::Sunday => "Sunday",
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
    }
}

/// The number the v2 API gives a first day of the week, as a name and back.
pub fn week_start(number: u8) -> &'static str {
    name_of(Weekday::from_number(number).unwrap_or(Weekday::Sunday))
}

/// The day of this name.
pub fn weekday(name: &str) -> Option<Weekday> {
    Weekday::ALL.into_iter().find(|day| name_of(*day).eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_date_and_a_full_day_go_out_as_they_came() {
        let text = serde_json::json!({
            "timeZone": "Asia/Calcutta",
            "availability": [{ "days": ["Monday"], "startTime": "00:00", "endTime": "23:59" }],
            "overrides": [{ "date": "2030-05-20", "startTime": "00:00", "endTime": "00:00" }],
        });
        let input: ScheduleIn = serde_json::from_value(text).unwrap();
        let schedule = input.schedule(&Schedule::nine_to_five(Zone::utc())).unwrap();
        let out = ScheduleOut::of(&schedule, 1, 2, "Hours".into(), true);
        assert_eq!(out.time_zone, "Asia/Kolkata");
        assert_eq!(Some(out.availability), input.availability);
        assert_eq!(Some(out.overrides), input.overrides);
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let text = serde_json::json!({
            "timeZone": "Mars/Olympus",
            "availability": [{ "days": ["Moonday"], "startTime": "9", "endTime": "17:00" }],
        });
        let input: ScheduleIn = serde_json::from_value(text).unwrap();
        let wrong = input.schedule(&Schedule::nine_to_five(Zone::utc())).unwrap_err();
        let fields: Vec<&str> = wrong.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["timeZone", "availability[0].days", "availability[0].startTime"]);
    }
}
