use jiff::Timestamp;
use rstest::rstest;

use super::*;
use crate::availability::{Busy, DateHours, OutOfOffice, Schedule, Travel, WallTime, WeeklyHours};

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

fn hours(text: &str) -> Hours {
    let (start, end) = text.split_once('-').unwrap();
    Hours::new(start.parse::<WallTime>().unwrap(), end.parse::<WallTime>().unwrap())
}

fn daily(zone: &str, text: &str) -> Schedule {
    let Hours { start, end } = hours(text);
    let weekly = vec![WeeklyHours { days: Weekday::ALL.to_vec(), start, end }];
    Schedule::new(Zone::parse(zone).unwrap(), weekly, vec![]).unwrap()
}

fn opens(schedule: &Schedule, travel: &[Travel], away: &[OutOfOffice], range: (&str, &str)) -> Vec<String> {
    let host = HostTimes { schedule, travel, away, busy: Busy::Rows(&[]), fixed: true };
    let mut into = Vec::new();
    open(&host, Span::new(at(range.0), at(range.1)), &mut Zones::default(), &mut into);
    let short = |at: i64| crate::span::instant(at).strftime("%dT%H:%M").to_string();
    into.iter().map(|span| format!("{} {}", short(span.start), short(span.end))).collect()
}

/// TZ-05: days have 23, 25, 23.5 or 24.5 hours; a skipped time moves forward; a repeated one counts twice.
#[rstest]
// London, 28 March 2027: 01:00 to 02:00 does not exist.
#[case("Europe/London", "00:00-24:00", ("2027-03-28T00:00:00Z", "2027-03-28T23:00:00Z"), &["28T00:00 28T23:00"])]
#[case("Europe/London", "01:30-05:00", ("2027-03-28T00:00:00Z", "2027-03-28T23:00:00Z"), &["28T01:30 28T04:00"])]
#[case("Europe/London", "00:00-01:30", ("2027-03-28T00:00:00Z", "2027-03-28T23:00:00Z"), &["28T00:00 28T01:30"])]
#[case("Europe/London", "01:15-01:45", ("2027-03-28T00:00:00Z", "2027-03-28T23:00:00Z"), &["28T01:15 28T01:45"])]
// London, 31 October 2027: 01:00 to 02:00 comes twice.
#[case("Europe/London", "00:00-24:00", ("2027-10-30T23:00:00Z", "2027-11-01T00:00:00Z"), &["30T23:00 01T00:00"])]
#[case("Europe/London", "01:00-02:00", ("2027-10-30T23:00:00Z", "2027-11-01T00:00:00Z"), &["31T00:00 31T02:00"])]
#[case("Europe/London", "01:15-01:30", ("2027-10-30T23:00:00Z", "2027-11-01T00:00:00Z"), &["31T00:15 31T00:30", "31T01:15 31T01:30"])]
#[case("Europe/London", "09:00-17:00", ("2027-10-30T23:00:00Z", "2027-11-01T00:00:00Z"), &["31T09:00 31T17:00"])]
// Lord Howe moves by half an hour.
#[case("Australia/Lord_Howe", "00:00-24:00", ("2027-04-03T13:00:00Z", "2027-04-04T13:30:00Z"), &["03T13:00 04T13:30"])]
// Apia had no 30 December 2011.
#[case("Pacific/Apia", "09:00-10:00", ("2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z"), &["29T19:00 29T20:00", "30T19:00 30T20:00"])]
fn hours_follow_the_clock_on_the_wall(
    #[case] zone: &str,
    #[case] text: &str,
    #[case] range: (&str, &str),
    #[case] wanted: &[&str],
) {
    assert_eq!(opens(&daily(zone, text), &[], &[], range), wanted);
}

#[test]
fn open_nights_join_at_midnight() {
    let range = ("2027-06-01T00:00:00Z", "2027-06-04T00:00:00Z");
    assert_eq!(opens(&daily("UTC", "00:00-24:00"), &[], &[], range), ["01T00:00 04T00:00"]);
}

#[test]
fn a_date_that_differs_is_not_clipped_and_weekly_hours_are() {
    let mut schedule = daily("UTC", "08:00-18:00");
    let differs = vec![DateHours { date: "2027-06-01".parse().unwrap(), hours: vec![hours("06:00-12:00")] }];
    schedule = Schedule::new(Zone::utc(), schedule.weekly().to_vec(), differs).unwrap();
    let range = ("2027-06-01T10:00:00Z", "2027-06-02T10:00:00Z");
    assert_eq!(opens(&schedule, &[], &[], range), ["01T06:00 01T12:00", "02T08:00 02T10:00"]);
}

#[test]
fn a_host_who_travels_opens_by_the_clock_there_and_not_at_all_when_away() {
    let date = |text: &str| text.parse().unwrap();
    let tokyo = Travel {
        from: date("2027-06-02"),
        until: Some(date("2027-06-03")),
        zone: Zone::parse("Asia/Tokyo").unwrap(),
    };
    let away = OutOfOffice { from: date("2027-06-03"), until: date("2027-06-04"), note: None };
    let range = ("2027-06-01T00:00:00Z", "2027-06-06T00:00:00Z");
    assert_eq!(
        opens(&daily("UTC", "09:00-17:00"), &[tokyo], &[away], range),
        ["01T09:00 01T17:00", "02T00:00 02T08:00", "05T09:00 05T17:00"]
    );
}
