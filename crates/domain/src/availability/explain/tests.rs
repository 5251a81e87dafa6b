use crate::{
    Span, Zone,
    availability::{
        Ask, Block, Busy, Counted, DateHours, HostTimes, Hours, Offer, OutOfOffice, Schedule, Seated, Timing,
        WallTime, Weekday,
    },
    event_type::{Assignment, BookingWindow, Limit, Limits, Period},
};

const HOUR: i64 = 3_600;
/// Monday, 1 March 2027, midnight in UTC.
const MONDAY: i64 = 1_803_859_200;

/// What is said of one start of a nine-to-five week in Vienna with something in every rule.
fn said(at: i64) -> Vec<String> {
    let vienna = Zone::parse("Europe/Vienna").unwrap();
    let date = |text: &str| text.parse().unwrap();
    let time = |hour: u16| WallTime::from_minutes(hour * 60).unwrap();
    let overrides = vec![
        DateHours { date: date("2027-03-03"), hours: vec![] },
        DateHours { date: date("2027-03-04"), hours: vec![Hours::new(time(12), time(14))] },
    ];
    let weekly = Schedule::nine_to_five(vienna.clone()).weekly().to_vec();
    let schedule = Schedule::new(vienna.clone(), weekly, overrides).unwrap();
    let away = [OutOfOffice { from: date("2027-03-05"), until: date("2027-03-05"), note: None }];
    let busy = |from: i64, to: i64, source| Block::new(Span::new(MONDAY + from, MONDAY + to), source);
    let rows = [
        busy(9 * HOUR, 10 * HOUR, 1),
        Block { before: 600, ..busy(12 * HOUR + 300, 13 * HOUR, 2) },
        busy(32 * HOUR, 33 * HOUR, 3),
    ];
    let hosts = [
        HostTimes { schedule: &schedule, travel: &[], away: &away, busy: Busy::Rows(&rows), fixed: true },
        HostTimes { schedule: &schedule, travel: &[], away: &[], busy: Busy::Unknown(4), fixed: false },
        HostTimes { schedule: &schedule, travel: &[], away: &[], busy: Busy::Rows(&[]), fixed: false },
    ];
    let limits = Limits { bookings: vec![Limit { per: Period::Day, most: 1 }], minutes: vec![] };
    let booked = [Span::new(MONDAY + 200 * HOUR, MONDAY + 201 * HOUR)];
    let ask = Ask {
        window: Span::new(MONDAY - 24 * HOUR, MONDAY + 400 * HOUR),
        now: MONDAY,
        booker: &vienna,
        timing: Timing { notice: 540, after: 15, ..Timing::of(60) },
        assignment: Assignment::RoundRobin,
        hosts: &hosts,
        ahead: &BookingWindow::Days { days: 9 },
        counted: Counted { limits: &limits, booked: &booked, zone: &vienna, week_start: Weekday::Monday },
        seated: &[Seated { start: MONDAY + 32 * HOUR, source: 3, left: 0 }],
        ignoring: &[],
        offer: Offer::All,
    };
    let explained = ask.explain(at);
    let hosts = explained
        .hosts
        .iter()
        .enumerate()
        .flat_map(|(index, host)| host.reasons.iter().map(move |reason| (Some(index), reason)));
    let all = explained.reasons.iter().map(|reason| (None, reason)).chain(hosts);
    let words = all.map(|(host, reason)| {
        let words = reason.words(&vienna, |source| format!("source {source}"));
        host.map_or_else(|| words.clone(), |host| format!("{host}: {words}"))
    });
    let mut words: Vec<String> = words.filter(|words| !words.starts_with("1: ")).collect();
    if explained.offered() {
        words.insert(0, "offered".into());
    }
    words
}

/// Monday at an hour of Vienna, one ahead of UTC.
const fn local(hours: i64) -> i64 {
    MONDAY + (hours - 1) * HOUR
}

#[test]
fn a_free_start_is_offered_and_nothing_speaks_against_it() {
    assert_eq!(said(local(15)), ["offered"]);
}

#[test]
fn each_rule_that_forbids_a_start_says_so_in_words() {
    for (at, words) in [
        (MONDAY - HOUR, "This time has passed."),
        (local(9), "Too soon: the minimum notice allows Mon 1 March 2027, 10:00 (UTC+1) and later."),
        (local(10), "0: Busy Mon 1 March 2027, 10:00 (UTC+1) to Mon 1 March 2027, 11:00 (UTC+1): source 1."),
        (
            local(12),
            "0: Only 5 min before source 2: 10 min are kept free before it and 15 min after this one.",
        ),
        (
            local(15) + 600,
            "the nearest at Mon 1 March 2027, 15:00 (UTC+1) and Mon 1 March 2027, 16:00 (UTC+1).",
        ),
        (local(17), "0: Outside the hours of 2027-03-01: 09:00–17:00 Europe/Vienna (weekly hours)."),
        (local(24 + 9), "All seats are taken (source 3)."),
        (local(48 + 10), "0: Closed on 2027-03-03 (hours set for that date)."),
        (
            local(72 + 10),
            "0: Outside the hours of 2027-03-04: 12:00–14:00 Europe/Vienna (hours set for that date).",
        ),
        (local(96 + 10), "0: Out of office on 2027-03-05."),
        (local(192 + 10), "The limit of 1 booking per day leaves no room: 1 taken."),
        (local(240 + 10), "Too far ahead: booking is open until Thu 11 March 2027, 00:00 (UTC+1)."),
        (local(17 * 24), "It does not fit into the time asked about"),
    ] {
        let said = said(at);
        assert!(said.iter().any(|one| one.contains(words)), "{words}\n{said:#?}");
        assert_ne!(said[0], "offered");
    }
}

#[test]
fn a_withheld_host_is_named_with_what_could_not_be_read_fb_09() {
    let utc = Zone::utc();
    let schedule = Schedule::nine_to_five(utc.clone());
    let hosts =
        [HostTimes { schedule: &schedule, travel: &[], away: &[], busy: Busy::Unknown(7), fixed: true }];
    let limits = Limits::default();
    let ask = Ask {
        window: Span::new(MONDAY, MONDAY + 24 * HOUR),
        now: MONDAY,
        booker: &utc,
        timing: Timing::of(60),
        assignment: Assignment::Single,
        hosts: &hosts,
        ahead: &BookingWindow::Unlimited,
        counted: Counted { limits: &limits, booked: &[], zone: &utc, week_start: Weekday::Monday },
        seated: &[],
        ignoring: &[],
        offer: Offer::All,
    };
    let explained = ask.explain(MONDAY + 10 * HOUR);
    assert!(!explained.offered());
    assert_eq!(
        explained.hosts[0].reasons[0].words(&utc, |source| format!("calendar {source}")),
        "Not offered because calendar 7 could not be read; unknown is never free."
    );
    assert_eq!(serde_json::to_value(&explained).unwrap()["hosts"][0]["reasons"][0]["rule"], "withheld");
}
