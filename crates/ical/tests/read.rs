//! What other people's files mean.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

use jiff::Timestamp;
use kalends_domain::{Span, Zone};
use kalends_ical::{Busy, Feed, MAX_BYTES, Owner, Unanswered, Unreadable};
use proptest::prelude::*;
use rstest::rstest;

fn owner() -> Owner {
    Owner::new(["mailto:Host@Example.com"], Zone::parse("Europe/Berlin").unwrap())
}

fn year() -> Span {
    Span::new(at("2027-01-01T00:00Z"), at("2028-01-01T00:00Z"))
}

fn at(text: &str) -> i64 {
    text.replace('Z', ":00Z").parse::<Timestamp>().unwrap().as_second()
}

fn read(events: &str) -> Feed {
    Feed::read(format!("BEGIN:VCALENDAR\n{events}\nEND:VCALENDAR\n").as_bytes()).unwrap()
}

fn busy(events: &str) -> Busy {
    read(events).busy(&owner(), year())
}

/// Busy times as `from/to` in UTC to the minute.
fn times(busy: &Busy) -> Vec<String> {
    let minute = |at: i64| Timestamp::from_second(at).unwrap().strftime("%m-%dT%H:%M").to_string();
    busy.times.iter().map(|t| format!("{}/{}", minute(t.span.start), minute(t.span.end))).collect()
}

/// One event with these lines.
fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\nUID:e\n{}\nEND:VEVENT", lines.replace(" | ", "\n"))
}

#[rstest]
#[case::utc("DTSTART:20270301T100000Z | DTEND:20270301T110000Z", &["03-01T10:00/03-01T11:00"])]
#[case::zoned("DTSTART;TZID=America/New_York:20270301T100000 | DURATION:PT1H", &["03-01T15:00/03-01T16:00"])]
#[case::floating_is_the_owners("DTSTART:20270301T100000 | DURATION:PT1H", &["03-01T09:00/03-01T10:00"])]
#[case::tz_03_windows("DTSTART;TZID=W. Europe Standard Time:20270301T100000 | DURATION:PT1H", &["03-01T09:00/03-01T10:00"])]
#[case::tz_04_renamed("DTSTART;TZID=Asia/Calcutta:20270301T100000 | DURATION:PT1H", &["03-01T04:30/03-01T05:30"])]
#[case::decorated("DTSTART;TZID=/mozilla.org/20050126_1/Europe/Berlin:20270301T100000 | DURATION:PT1H", &["03-01T09:00/03-01T10:00"])]
#[case::quoted("DTSTART;TZID=\"Europe/Berlin\":20270301T100000 | DURATION:PT1H", &["03-01T09:00/03-01T10:00"])]
#[case::fb_05_a_day("DTSTART;VALUE=DATE:20270301", &["02-28T23:00/03-01T23:00"])]
#[case::fb_05_days("DTSTART;VALUE=DATE:20270301 | DTEND;VALUE=DATE:20270303", &["02-28T23:00/03-02T23:00"])]
#[case::fb_05_a_day_of_23_hours("DTSTART;VALUE=DATE:20270328", &["03-27T23:00/03-28T22:00"])]
#[case::a_day_that_ends_on_itself("DTSTART;VALUE=DATE:20270301 | DTEND;VALUE=DATE:20270301", &["02-28T23:00/03-01T23:00"])]
#[case::date_without_value("DTSTART:20270301 | DTEND:20270302", &["02-28T23:00/03-01T23:00"])]
#[case::fb_06_no_length("DTSTART:20270301T100000Z", &[])]
#[case::fb_01_transparent("DTSTART:20270301T100000Z | DURATION:PT1H | TRANSP:TRANSPARENT", &[])]
#[case::fb_02_cancelled("DTSTART:20270301T100000Z | DURATION:PT1H | STATUS:CANCELLED", &[])]
#[case::fb_03_the_owner_declined(
    "DTSTART:20270301T100000Z | DURATION:PT1H | ATTENDEE;PARTSTAT=DECLINED:MAILTO:host@example.COM", &[])]
#[case::fb_03_by_a_path_with_an_address(
    "DTSTART:20270301T100000Z | DURATION:PT1H | ATTENDEE;PARTSTAT=DECLINED;EMAIL=host@example.com:/principal/7/", &[])]
#[case::fb_03_somebody_else_declined(
    "DTSTART:20270301T100000Z | DURATION:PT1H | ATTENDEE;PARTSTAT=DECLINED:mailto:guest@example.com",
    &["03-01T10:00/03-01T11:00"])]
#[case::fb_04_tentative("DTSTART:20270301T100000Z | DURATION:PT1H | STATUS:TENTATIVE", &["03-01T10:00/03-01T11:00"])]
#[case::fb_08_private("DTSTART:20270301T100000Z | DURATION:PT1H | CLASS:PRIVATE", &["03-01T10:00/03-01T11:00"])]
#[case::rec_02_exdate(
    "DTSTART;TZID=Europe/Berlin:20270301T100000 | DURATION:PT1H | RRULE:FREQ=DAILY;COUNT=3 | EXDATE;TZID=Europe/Berlin:20270302T100000",
    &["03-01T09:00/03-01T10:00", "03-03T09:00/03-03T10:00"])]
#[case::rec_02_exdate_in_utc(
    "DTSTART;TZID=Europe/Berlin:20270301T100000 | DURATION:PT1H | RRULE:FREQ=DAILY;COUNT=2 | EXDATE:20270302T090000Z",
    &["03-01T09:00/03-01T10:00"])]
#[case::rec_02_exdate_of_a_whole_day(
    "DTSTART;TZID=Europe/Berlin:20270301T100000 | DURATION:PT1H | RRULE:FREQ=DAILY;COUNT=2 | EXDATE;VALUE=DATE:20270302",
    &["03-01T09:00/03-01T10:00"])]
#[case::rec_02_rdate(
    "DTSTART:20270301T100000Z | DURATION:PT1H | RDATE:20270305T120000Z,20270306T120000Z",
    &["03-01T10:00/03-01T11:00", "03-05T12:00/03-05T13:00", "03-06T12:00/03-06T13:00"])]
#[case::rec_02_rdate_period(
    "DTSTART:20270301T100000Z | DURATION:PT1H | RDATE;VALUE=PERIOD:20270305T120000Z/20270305T150000Z,20270306T120000Z/PT10M",
    &["03-01T10:00/03-01T11:00", "03-05T12:00/03-05T15:00", "03-06T12:00/03-06T12:10"])]
#[case::rec_03_wall_time_over_a_clock_change(
    "DTSTART;TZID=Europe/Berlin:20270327T100000 | DURATION:PT1H | RRULE:FREQ=DAILY;COUNT=2",
    &["03-27T09:00/03-27T10:00", "03-28T08:00/03-28T09:00"])]
#[case::rec_03_a_gap_moves_on(
    "DTSTART;TZID=Europe/Berlin:20270327T023000 | DURATION:PT1H | RRULE:FREQ=DAILY;COUNT=2",
    &["03-27T01:30/03-27T02:30", "03-28T01:30/03-28T02:30"])]
#[case::rec_03_a_fold_is_the_first(
    "DTSTART;TZID=Europe/Berlin:20271031T023000 | DURATION:PT1H", &["10-31T00:30/10-31T01:30"])]
#[case::rec_03_until_in_utc_is_compared_in_utc(
    "DTSTART;TZID=America/New_York:20270301T230000 | DURATION:PT1H | RRULE:FREQ=DAILY;UNTIL=20270303T040000Z",
    &["03-02T04:00/03-02T05:00", "03-03T04:00/03-03T05:00"])]
#[case::until_a_day_holds_all_of_it(
    "DTSTART:20270301T230000Z | DURATION:PT1H | RRULE:FREQ=DAILY;UNTIL=20270302",
    &["03-01T23:00/03-02T00:00", "03-02T23:00/03-03T00:00"])]
#[case::split_at_its_first_occurrence_nothing_is_left(
    "DTSTART:20270301T100000Z | DURATION:PT1H | RRULE:FREQ=DAILY;UNTIL=20270228T100000Z", &[])]
#[case::a_rule_with_a_needless_position(
    "DTSTART:20270301T100000Z | DURATION:PT1H | RRULE:FREQ=DAILY;COUNT=1;BYSETPOS=1", &["03-01T10:00/03-01T11:00"])]
#[case::nominal_days(
    "DTSTART;TZID=Europe/Berlin:20270327T100000 | DURATION:P1D", &["03-27T09:00/03-28T08:00"])]
fn an_event_is_read_as(#[case] lines: &str, #[case] expected: &[&str]) {
    let busy = busy(&event(lines));
    assert_eq!(times(&busy), expected);
    assert_eq!(busy.problems, vec![]);
}

#[test]
fn fb_04_who_wants_may_let_tentative_times_go() {
    let lines =
        "DTSTART:20270301T100000Z | DURATION:PT1H | ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:host@example.com";
    let feed = read(&event(lines));
    assert!(feed.busy(&owner(), year()).times[0].tentative);
    assert_eq!(feed.busy(&owner().with(Unanswered::Free), year()).times, vec![]);
}

#[test]
fn fb_03_only_the_owners_own_no_to_the_whole_event_declines_it() {
    let says = |lines: &str| read(&event(lines)).declined("e", &owner());
    let at = "DTSTART:20270301T100000Z | DURATION:PT1H";
    assert!(says(&format!("{at} | ATTENDEE;PARTSTAT=DECLINED:mailto:host@example.com")));
    assert!(!says(&format!("{at} | ATTENDEE;PARTSTAT=DECLINED:mailto:guest@example.com")));
    assert!(!says(&format!("{at} | ATTENDEE;PARTSTAT=ACCEPTED:mailto:host@example.com")));
    assert!(!says(at));
}

#[test]
fn rec_05_a_moved_occurrence_frees_its_old_time() {
    let series = event("DTSTART:20270301T100000Z | DURATION:PT1H | RRULE:FREQ=DAILY;COUNT=3");
    let moved = event("RECURRENCE-ID:20270302T100000Z | DTSTART:20270302T150000Z | DURATION:PT2H");
    let expected = ["03-01T10:00/03-01T11:00", "03-02T15:00/03-02T17:00", "03-03T10:00/03-03T11:00"];
    // In any order: servers write them as they like.
    assert_eq!(times(&busy(&format!("{series}\n{moved}"))), expected);
    assert_eq!(times(&busy(&format!("{moved}\n{series}"))), expected);
}

#[test]
fn dav_11_an_occurrence_can_move_into_the_window_and_out_of_it() {
    let series = event("DTSTART:20260601T100000Z | DURATION:PT1H | RRULE:FREQ=YEARLY;COUNT=2");
    let into = event("RECURRENCE-ID:20260601T100000Z | DTSTART:20270401T100000Z | DURATION:PT1H");
    let out = event("RECURRENCE-ID:20270601T100000Z | DTSTART:20290601T100000Z | DURATION:PT1H");
    assert_eq!(times(&busy(&format!("{series}\n{into}\n{out}"))), ["04-01T10:00/04-01T11:00"]);
}

#[test]
fn a_cancelled_or_declined_occurrence_is_free() {
    let series = event("DTSTART:20270301T100000Z | DURATION:PT1H | RRULE:FREQ=DAILY;COUNT=3");
    let cancelled =
        event("RECURRENCE-ID:20270302T100000Z | DTSTART:20270302T100000Z | DURATION:PT1H | STATUS:CANCELLED");
    let declined = event(
        "RECURRENCE-ID:20270303T100000Z | DTSTART:20270303T100000Z | DURATION:PT1H | ATTENDEE;PARTSTAT=DECLINED:mailto:host@example.com",
    );
    assert_eq!(times(&busy(&format!("{series}\n{cancelled}\n{declined}"))), ["03-01T10:00/03-01T11:00"]);
}

#[test]
fn rec_02_this_and_future_moves_all_that_follow() {
    let series =
        event("DTSTART;TZID=Europe/Berlin:20270301T100000 | DURATION:PT1H | RRULE:FREQ=WEEKLY;COUNT=5");
    let future = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20270315T100000 | DTSTART;TZID=Europe/Berlin:20270316T140000 | DURATION:PT30M",
    );
    let one =
        event("RECURRENCE-ID;TZID=Europe/Berlin:20270322T100000 | DTSTART:20270325T120000Z | DURATION:PT5M");
    assert_eq!(
        times(&busy(&format!("{series}\n{future}\n{one}"))),
        [
            "03-01T09:00/03-01T10:00",
            "03-08T09:00/03-08T10:00",
            "03-16T13:00/03-16T13:30",
            "03-25T12:00/03-25T12:05",
            "03-30T12:00/03-30T12:30",
        ]
    );
}

#[test]
fn a_zone_of_the_files_own_is_followed() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Office\nBEGIN:STANDARD\nDTSTART:19700101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n\
        RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:19700101T020000\nTZOFFSETFROM:+0100\n\
        TZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nEND:VTIMEZONE\n";
    for (local, utc) in [
        ("20270301T100000", "03-01T09:00"),
        ("20270701T100000", "07-01T08:00"),
        ("20270328T023000", "03-28T01:30"), // REC-03: a gap
        ("20271031T023000", "10-31T00:30"), // and a fold
    ] {
        let event = event(&format!("DTSTART;TZID=Office:{local} | DURATION:PT1H"));
        assert!(times(&busy(&format!("{zone}{event}")))[0].starts_with(utc), "{local}");
    }
}

#[test]
fn an_unknown_zone_is_read_as_the_owners_and_said() {
    let busy = busy(&event("DTSTART;TZID=Nowhere/At_All:20270301T100000 | DURATION:PT1H"));
    assert_eq!(times(&busy), ["03-01T09:00/03-01T10:00"]);
    assert!(busy.problems[0].to_string().contains("Nowhere/At_All"), "{}", busy.problems[0]);
}

#[rstest]
#[case::every_second("RRULE:FREQ=SECONDLY")]
#[case::every_second_of_a_day_that_never_comes("RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30")]
#[case::a_flood_in_one_year(
    "RRULE:FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1"
)]
#[case::no_rule_at_all("RRULE:FREQ=SOMETIMES")]
#[case::a_value_out_of_range("RRULE:FREQ=YEARLY;BYMONTH=13")]
#[case::another_calendar("RRULE:RSCALE=CHINESE;FREQ=YEARLY")]
fn rec_04_a_rule_that_is_not_followed_blocks_from_its_start_on(#[case] rule: &str) {
    let busy = busy(&event(&format!("DTSTART:20270601T000000Z | DURATION:PT1S | {rule}")));
    assert_eq!(busy.merged(), [Span::new(at("2027-06-01T00:00Z"), year().end)]);
    assert!(busy.problems[0].blocks() && busy.problems[0].to_string().contains("busy"));
}

#[test]
fn rec_04_a_file_full_of_hostile_rules_ends_soon() {
    let many = (0..2_000)
        .map(|n| format!("BEGIN:VEVENT\nUID:{n}\nDTSTART:20270601T000000Z\nDURATION:PT1S\nRRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\n"))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(busy(&many).problems.len(), 2_000);
}

#[test]
fn ics_02_one_bad_event_does_not_drop_the_feed() {
    let bad = [
        "BEGIN:VEVENT\nUID:a\nEND:VEVENT",
        "BEGIN:VEVENT\nUID:b\nDTSTART:yesterday\nEND:VEVENT",
        "BEGIN:VEVENT\nUID:c\nDTSTART:20270301T100000Z\nDTEND:20270301T090000Z\nEND:VEVENT",
        "BEGIN:VEVENT\nUID:d\nDTSTART:20270301T250000Z\nDTEND:20270301T090000Z\nEND:VEVENT",
        "X-UNKNOWN;;;=:\nno colon at all\n:::",
        "BEGIN:VEVENT\nUID:e\nDTSTART:20270301T100000Z\nDURATION:PT1H\nX-FOO;X=1:bar\n folded",
        "BEGIN:VEVENT\nUID:f\nDTSTART:20270302T100000Z\nDURATION:PT1H\nEND:VEVENT",
    ];
    let busy = busy(&bad.join("\n"));
    assert_eq!(times(&busy), ["03-01T10:00/03-01T11:00", "03-02T10:00/03-02T11:00"]);
    assert_eq!(busy.problems.iter().map(|p| p.uid.as_str()).collect::<Vec<_>>(), ["a", "b", "d", "c"]);
}

#[test]
fn ics_01_what_is_too_large_or_no_calendar_is_refused() {
    assert_eq!(Feed::read(&vec![b'x'; MAX_BYTES + 1]).unwrap_err(), Unreadable::TooLarge);
    assert_eq!(Feed::read(b"<!DOCTYPE html><html></html>").unwrap_err(), Unreadable::NotACalendar);
    assert_eq!(Feed::read(b"").unwrap_err(), Unreadable::NotACalendar);
}

#[test]
fn a_free_busy_answer_is_read() {
    let lines = "BEGIN:VFREEBUSY\nFREEBUSY:20270301T100000Z/20270301T110000Z,20270302T100000Z/PT30M\n\
        FREEBUSY;FBTYPE=FREE:20270303T100000Z/PT1H\nFREEBUSY;FBTYPE=BUSY-TENTATIVE:20270304T100000Z/PT1H\nEND:VFREEBUSY";
    let busy = busy(lines);
    assert_eq!(
        times(&busy),
        ["03-01T10:00/03-01T11:00", "03-02T10:00/03-02T10:30", "03-04T10:00/03-04T11:00"]
    );
    assert_eq!(busy.times.iter().map(|t| t.tentative).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn a_series_is_not_once_and_its_newest_revision_counts() {
    let old = event("SEQUENCE:1 | DTSTART:20270301T100000Z | DURATION:PT1H");
    let new = event("SEQUENCE:2 | DTSTART:20270302T100000Z | DURATION:PT1H");
    let found = read(&format!("{old}\n{new}")).find("e", &Zone::utc()).unwrap();
    assert_eq!((found.sequence, found.once), (2, true));
    let series = read(&event("DTSTART:20270301T100000Z | DURATION:PT1H | RRULE:FREQ=DAILY"));
    assert!(!series.find("e", &Zone::utc()).unwrap().once);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(feed) = Feed::read(&bytes) {
            feed.busy(&owner(), year());
        }
    }

    #[test]
    fn arbitrary_lines_never_panic(lines in prop::collection::vec(prop_oneof![
        "[A-Z-]{1,12}[:;=][ -~]{0,30}",
        "(BEGIN|END):(VEVENT|VTIMEZONE|STANDARD|DAYLIGHT|VALARM|VFREEBUSY|VCALENDAR)",
        "(DTSTART|DTEND|EXDATE|RDATE|RECURRENCE-ID)(;VALUE=(DATE|PERIOD|DURATION))?(;TZID=[A-Za-z/]{0,9})?(;RANGE=THISANDFUTURE)?:[0-9]{0,8}T?[0-9]{0,6}Z?(/P?T?[0-9]{1,12}[HMDWS])?",
        "DURATION:-?P[0-9]{0,12}[WDT][0-9]{0,12}[HMS]?",
        "TZOFFSET(FROM|TO):[+-][0-9]{2,6}",
        "(RRULE|EXRULE):FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY|MINUTELY|SECONDLY)(;INTERVAL=[0-9]{1,6})?(;COUNT=[0-9]{1,12})?(;UNTIL=[0-9]{8}(T[0-9]{6}Z?)?)?(;BY(DAY=-?[0-9]{0,3}MO|MONTH=-?[0-9]{1,3}|MONTHDAY=-?[0-9]{1,3}|SETPOS=-?[0-9]{1,4}|WEEKNO=-?[0-9]{1,3}|YEARDAY=-?[0-9]{1,4}|HOUR=[0-9]{1,3}))?",
    ], 0..25)) {
        let feed = read(&format!("BEGIN:VEVENT\nUID:x\nDTSTART:20270101T000000Z\nDURATION:PT1H\n{}", lines.join("\n")));
        let busy = feed.busy(&owner(), year());
        prop_assert!(busy.times.iter().all(|time| !time.span.is_empty() && time.span.overlaps(year())));
    }
}
