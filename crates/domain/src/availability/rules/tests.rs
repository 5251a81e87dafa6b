use super::*;

fn time(text: &str) -> WallTime {
    text.parse().unwrap()
}

fn read(json: &str) -> Result<Schedule, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn a_schedule_comes_back_from_json_as_it_was() {
    let json = r#"{"zone":"Europe/Vienna",
        "weekly":[{"days":["monday","friday"],"start":"09:00","end":"12:30"},{"days":["monday"],"start":"13:00","end":"24:00"}],
        "overrides":[{"date":"2026-12-25","hours":[]},{"date":"2026-12-24","hours":[{"start":"09:00","end":"10:00"},{"start":"10:00","end":"11:00"}]}]}"#;
    let schedule = read(json).unwrap();
    assert_eq!(schedule.weekly_on(Weekday::Monday)[1].end, WallTime::END);
    assert_eq!(schedule.override_on("2026-12-25".parse().unwrap()), Some(&[][..]));
    assert_eq!(schedule.override_on("2026-12-24".parse().unwrap()).unwrap().len(), 2);
    assert_eq!(schedule.override_on("2026-12-23".parse().unwrap()), None);
    assert_eq!(read(&serde_json::to_string(&schedule).unwrap()).unwrap(), schedule);
}

#[rstest::rstest]
#[case(r#"{"zone":"Mars/Base","weekly":[]}"#, "there is no time zone `Mars/Base`")]
#[case(
    r#"{"zone":"UTC","weekly":[{"days":[],"start":"09:00","end":"10:00"}]}"#,
    "weekly[0].days: name at least one"
)]
#[case(
    r#"{"zone":"UTC","weekly":[{"days":["monday"],"start":"10:00","end":"10:00"}]}"#,
    "weekly[0].end: 10:00 is not after 10:00"
)]
#[case(
    r#"{"zone":"UTC","weekly":[{"days":["monday"],"start":"9:00","end":"10:00"}]}"#,
    "`9:00` is not a time; write HH:MM"
)]
#[case(
    r#"{"zone":"UTC","weekly":[{"days":["monday"],"start":"09:00","end":"24:01"}]}"#,
    "`24:01` is not a time; write HH:MM"
)]
#[case(
    r#"{"zone":"UTC","weekly":[{"days":["monday"],"start":"09:00","end":"12:00"},{"days":["sunday","monday"],"start":"11:00","end":"13:00"}]}"#,
    "weekly[1].start: 11:00–13:00 overlaps 09:00–12:00"
)]
#[case(
    r#"{"zone":"UTC","overrides":[{"date":"2026-12-24","hours":[]},{"date":"2026-12-24","hours":[]}]}"#,
    "overrides[1].date: 2026-12-24 is there twice"
)]
#[case(
    r#"{"zone":"UTC","overrides":[{"date":"2026-12-24","hours":[{"start":"09:00","end":"12:00"},{"start":"11:59","end":"13:00"}]}]}"#,
    "overrides[0].hours[1].start: 11:59–13:00 overlaps"
)]
fn what_cannot_be_names_its_field_and_the_fix(#[case] json: &str, #[case] said: &str) {
    let error = read(json).unwrap_err();
    assert!(error.contains(said), "{error}");
}

#[test]
fn times_are_read_to_the_minute_only() {
    assert_eq!(time("24:00"), WallTime::END);
    assert_eq!(time("08:05:00").to_string(), "08:05");
    for bad in ["", "8", "08:60", "08:05:01", "+8:00", "08:0５", "99:99", "24:30"] {
        assert!(bad.parse::<WallTime>().is_err(), "{bad}");
    }
}

#[test]
fn days_away_include_the_last_one() {
    let date = |text: &str| text.parse::<Date>().unwrap();
    let away = OutOfOffice { from: date("2026-12-24"), until: date("2026-12-31"), note: None };
    assert!(away.covers(date("2026-12-31")) && !away.covers(date("2027-01-01")));
    let swapped = OutOfOffice { from: away.until, until: away.from, note: None };
    assert_eq!(swapped.check().unwrap_err().field, "until");
    let open = Travel { from: date("2026-12-24"), until: None, zone: Zone::utc() };
    assert!(open.covers(date("2030-01-01")) && !open.covers(date("2026-12-23")));
}

#[test]
fn the_day_of_a_date_is_right() {
    assert_eq!(Weekday::of("2026-11-23".parse().unwrap()), Weekday::Monday);
    assert_eq!(Weekday::of("2026-11-22".parse().unwrap()).number(), 0);
}
