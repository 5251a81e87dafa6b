use jiff::civil::date;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

#[rstest]
#[case("Asia/Calcutta", "Asia/Kolkata")]
#[case("Europe/Kiev", "Europe/Kyiv")]
#[case("US/Pacific", "America/Los_Angeles")]
#[case("europe/VIENNA", "Europe/Vienna")]
#[case("Etc/UTC", "UTC")]
#[case("Zulu", "UTC")]
#[case(" UTC ", "UTC")]
#[case("W. Europe Standard Time", "Europe/Berlin")]
#[case("tzone://Microsoft/Utc", "UTC")]
fn old_and_foreign_names_become_the_primary_one_tz_04(#[case] given: &str, #[case] name: &str) {
    assert_eq!(Zone::parse(given).map(|zone| zone.name().to_owned()), Ok(name.to_owned()));
}

#[rstest]
#[case("Etc/GMT+5", -5)]
#[case("Etc/GMT-14", 14)]
#[case("GMT+5", 5)]
#[case("UTC-3", -3)]
#[case("utc+05:00", 5)]
#[case("GMT", 0)]
fn the_sign_of_fixed_offsets_is_right_tz_04(#[case] name: &str, #[case] hours_east: i64) {
    assert_eq!(zone(name).offset(0), hours_east * 3600);
}

#[rstest]
fn unknown_names_are_an_error_that_says_what_to_write(
    #[values(
        "",
        "Mars/Base",
        "Etc/Unknown",
        "right/UTC",
        "posixrules",
        "localtime",
        "GMT+15",
        "UTC+5:30",
        "../etc/passwd",
        "/etc/localtime",
        "tzone://Microsoft/Custom",
        "Europe",
        "\0",
        "GMT+é"
    )]
    name: &str,
) {
    let error = Zone::parse(name).unwrap_err().to_string();
    assert!(error.contains("use an IANA name"), "{error}");
}

#[test]
fn a_windows_name_is_the_zone_of_whoever_lives_in_one_of_its_countries_tz_03() {
    // Metlakatla kept a clock of its own until 2015; Windows has one name for all of Alaska.
    let near = |home: &str| Zone::parse_near("alaskan standard time", &zone(home)).unwrap();
    assert_eq!(near("America/Metlakatla"), zone("America/Metlakatla"));
    assert_eq!(near("Europe/Vienna"), zone("America/Anchorage"), "the usual one for everybody else");
    assert_eq!(Zone::parse_near("Asia/Tokyo", &zone("Europe/Vienna")).unwrap(), zone("Asia/Tokyo"));
}

#[test]
fn windows_names_map_both_ways_tz_03() {
    for (windows, iana) in windows::names() {
        let zone = Zone::from_windows(windows).unwrap();
        assert_eq!(zone, Zone::parse(iana).unwrap(), "{windows}");
        assert_eq!(zone.to_windows(), Some(windows));
    }
    assert_eq!(zone("Europe/Vienna").to_windows(), Some("W. Europe Standard Time"));
    assert_eq!(zone("Asia/Kolkata").to_windows(), Some("India Standard Time"));
    assert!(Zone::from_windows("Europe/Vienna").is_err());
}

#[test]
fn every_zone_offered_is_primary_and_keeps_its_name() {
    let names = names();
    assert!(names.len() > 300 && names.contains(&"Asia/Kolkata".to_owned()));
    for name in &names {
        assert_eq!(zone(name).name(), name);
    }
}

#[test]
fn a_skipped_hour_moves_forward_and_a_repeated_one_counts_twice_tz_05() {
    let vienna = zone("Europe/Vienna");
    let skipped = vienna.instants(date(2027, 3, 28).at(2, 30, 0, 0));
    assert_eq!(skipped, Instants::Skipped(skipped.first()));
    assert_eq!(vienna.wall(skipped.first()), date(2027, 3, 28).at(3, 30, 0, 0));
    let Instants::Two(first, second) = vienna.instants(date(2026, 10, 25).at(2, 30, 0, 0)) else { panic!() };
    assert_eq!(second - first, 3600);
    // Lord Howe turns the clock by half an hour.
    let Instants::Two(first, second) = zone("Australia/Lord_Howe").instants(date(2027, 4, 4).at(1, 45, 0, 0))
    else {
        panic!()
    };
    assert_eq!(second - first, 1800);
}

#[test]
fn apia_had_no_30th_of_december_2011_tz_05() {
    let apia = zone("Pacific/Apia");
    let day_before = apia.midnight(date(2011, 12, 29));
    assert_eq!(apia.midnight(date(2011, 12, 30)), apia.midnight(date(2011, 12, 31)));
    assert_eq!(apia.midnight(date(2011, 12, 31)) - day_before, 86_400);
}

#[test]
fn the_flat_table_says_what_the_rules_say() {
    for name in
        ["Europe/London", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham"]
    {
        let zone = zone(name);
        let (start, end) = (1_780_000_000, 1_840_000_000);
        let table = Offsets::over(&zone, start, end);
        for at in (start..end).step_by(1_799) {
            assert_eq!(table.at(at).offset, zone.offset(at), "{name} at {at}");
        }
    }
    // Morocco puts its clock back for Ramadan.
    let year = Offsets::over(&zone("Africa/Casablanca"), 1_767_225_600, 1_767_225_600 + 365 * 86_400);
    assert_eq!(year.pieces().len(), 3);
}

#[test]
fn days_are_counted_from_1970() {
    for (date, days) in [(date(1970, 1, 1), 0), (date(2000, 3, 1), 11_017), (date(1969, 12, 31), -1)] {
        assert_eq!(table::day_number(date), days);
    }
}

#[test]
fn the_release_is_read_from_the_systems_copy_tz_02() {
    assert_eq!(release_in("# version 2026b\n# comment"), Some("2026b"));
    assert_eq!(release_in("R A 1916 o"), None);
    assert!(bundled_release().starts_with("20"));
}

/// A zone by its rules alone, as POSIX writes them.
fn rules(text: &str) -> Zone {
    Zone(TimeZone::posix(text).unwrap())
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

/// TZ-02: summer time as it was agreed under, and what a government may make of it.
#[rstest]
#[case::nothing_changed("CET-1CEST,M3.5.0,M10.5.0/3", "2027-07-01T12:00:00Z", "2027-07-01T12:00:00Z")]
#[case::no_summer_time_any_more("CET-1", "2027-07-01T12:00:00Z", "2027-07-01T13:00:00Z")]
#[case::winter_stays_what_it_was("CET-1", "2027-12-01T12:00:00Z", "2027-12-01T12:00:00Z")]
#[case::summer_time_for_good("<+02>-2", "2027-12-01T12:00:00Z", "2027-12-01T11:00:00Z")]
#[case::half_an_hour("<+0130>-1:30", "2027-12-01T12:00:00Z", "2027-12-01T11:30:00Z")]
#[case::across_the_date_line("<-11>11", "2027-12-01T12:00:00Z", "2027-12-02T00:00:00Z")]
fn a_promise_is_where_clocks_show_what_was_agreed_tz_02(
    #[case] new: &str,
    #[case] start: &str,
    #[case] promised: &str,
) {
    let wall = rules("CET-1CEST,M3.5.0,M10.5.0/3").wall(at(start));
    assert_eq!(rules(new).promised(wall, at(start)), at(promised));
}

#[test]
fn a_promise_that_is_skipped_now_is_later_by_what_is_skipped_tz_02() {
    // Agreed for 02:30 in summer time all year; now clocks go forward from 02:00 to 03:00 that night.
    let start = at("2027-03-28T00:30:00Z");
    let wall = rules("<+02>-2").wall(start);
    let new = rules("CET-1CEST,M3.5.0,M10.5.0/3");
    let promised = new.promised(wall, start);
    assert_eq!(promised, at("2027-03-28T01:30:00Z"));
    assert_eq!(new.wall(promised), date(2027, 3, 28).at(3, 30, 0, 0));
    // Agreed in winter time it is there already: nothing could be made better by moving it.
    let start = at("2027-03-28T01:30:00Z");
    assert_eq!(new.promised(rules("CET-1").wall(start), start), start);
}

#[test]
fn a_promise_that_is_shown_twice_now_is_the_first_unless_it_is_the_second_already_tz_02() {
    // 02:30 comes twice on 31 October 2027: at 00:30 and at 01:30 UTC.
    let new = rules("CET-1CEST,M3.5.0,M10.5.0/3");
    let promised = |old: &str, start: &str| new.promised(rules(old).wall(at(start)), at(start));
    assert_eq!(promised("<+03>-3", "2027-10-30T23:30:00Z"), at("2027-10-31T00:30:00Z"));
    assert_eq!(promised("<+02>-2", "2027-10-31T00:30:00Z"), at("2027-10-31T00:30:00Z"));
    assert_eq!(promised("<+01>-1", "2027-10-31T01:30:00Z"), at("2027-10-31T01:30:00Z"));
}

proptest! {
    /// TZ-02, for any two sets of rules: a promise is kept, or put where clocks show what was agreed, or just behind what
    /// they skip; and agreed anew, either way, it is asked about no more.
    #[test]
    fn a_promise_holds_under_any_rules_tz_02(
        old in rule_text(), new in rule_text(), start in 1_780_000_000_i64..1_880_000_000,
    ) {
        let (old, new, start) = (rules(&old), rules(&new), start / 60 * 60);
        let wall = old.wall(start);
        let promised = new.promised(wall, start);
        if new.wall(start) == wall {
            prop_assert_eq!(promised, start);
        }
        if let Instants::Skipped(_) = new.instants(wall) {
            prop_assert!(new.wall(promised) > wall);
        } else {
            prop_assert_eq!(new.wall(promised), wall);
        }
        for kept in [start, promised] {
            prop_assert_eq!(new.promised(new.wall(kept), kept), kept);
        }
    }
}

/// An offset of quarter hours, with or without summer time between any two months.
fn rule_text() -> impl Strategy<Value = String> {
    let offset = (-11_i32..12, 0_i32..4).prop_map(|(hours, quarter)| format!("{hours}:{:02}", quarter * 15));
    let summer = (1_i32..6, 7_i32..12, 1_i32..6, 0_i32..7)
        .prop_map(|(from, to, week, day)| format!("<S>,M{from}.{week}.{day},M{to}.{week}.{day}/3"));
    (offset, proptest::option::of(summer)).prop_map(|(offset, summer)| {
        format!("<STD>{offset}{}", summer.unwrap_or_default().replace("<S>", "<DST>"))
    })
}
