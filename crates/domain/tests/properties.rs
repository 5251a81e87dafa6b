//! The engine against the oracle, on random questions around clock changes.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod oracle;

use jiff::{ToSpan, civil::Date};
use kalends_domain::{
    Span, Zone,
    availability::{
        Ask, Block, Blocks, Busy, Counted, DateHours, HostTimes, Hours, Offer, OutOfOffice, Schedule, Seated,
        Slots, Timing, Travel, WallTime, Weekday, WeeklyHours,
    },
    event_type::{Assignment, BookingWindow, Limit, Limits, Period},
};
use proptest::{prelude::*, sample::select};

/// Zones that do something unusual, and some that do not.
const ZONES: [&str; 14] = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
];

/// Around these instants some of the zones change their clocks, or skip a day (Apia).
const CHANGES: [&str; 10] = [
    "2011-12-30T10:00:00Z",
    "2026-10-25T01:00:00Z",
    "2027-02-07T02:00:00Z",
    "2027-03-14T02:00:00Z",
    "2027-03-14T07:00:00Z",
    "2027-03-28T01:00:00Z",
    "2027-04-03T15:00:00Z",
    "2027-04-29T22:00:00Z",
    "2027-06-15T12:00:00Z",
    "2027-10-02T15:30:00Z",
];

/// A question with everything it borrows.
#[derive(Debug, Clone)]
struct Question {
    window: Span,
    now: i64,
    booker: Zone,
    organizer: Zone,
    timing: Timing,
    assignment: Assignment,
    hosts: Vec<Host>,
    ahead: BookingWindow,
    limits: Limits,
    booked: Vec<Span>,
    week_start: Weekday,
    seated: Vec<Seated>,
    ignoring: Vec<u32>,
    offer: Offer,
}

#[derive(Debug, Clone)]
struct Host {
    schedule: Schedule,
    travel: Vec<Travel>,
    away: Vec<OutOfOffice>,
    rows: Vec<Block>,
    known: bool,
    fixed: bool,
}

impl Question {
    /// Asks from raw rows, or from blocks kept sorted.
    fn asked<T>(&self, kept: Option<&[Blocks]>, each: impl FnOnce(&Ask<'_>) -> T) -> T {
        let hosts: Vec<HostTimes<'_>> = self
            .hosts
            .iter()
            .enumerate()
            .map(|(index, host)| HostTimes {
                schedule: &host.schedule,
                travel: &host.travel,
                away: &host.away,
                busy: match kept {
                    _ if !host.known => Busy::Unknown(99),
                    None => Busy::Rows(&host.rows),
                    Some(kept) => Busy::Kept(&kept[index]),
                },
                fixed: host.fixed,
            })
            .collect();
        each(&Ask {
            window: self.window,
            now: self.now,
            booker: &self.booker,
            timing: self.timing,
            assignment: self.assignment,
            hosts: &hosts,
            ahead: &self.ahead,
            counted: Counted {
                limits: &self.limits,
                booked: &self.booked,
                zone: &self.organizer,
                week_start: self.week_start,
            },
            seated: &self.seated,
            ignoring: &self.ignoring,
            offer: self.offer,
        })
    }
}

fn solved(ask: &Ask<'_>) -> Slots {
    ask.slots()
}

fn zone() -> impl Strategy<Value = Zone> {
    select(&ZONES[..]).prop_map(|name| Zone::parse(name).unwrap())
}

/// Hours that do not overlap: an even number of times, in order. Quarters and odd minutes.
fn hours() -> impl Strategy<Value = Vec<Hours>> {
    let time = prop_oneof![3 => (0u16..=96).prop_map(|quarter| quarter * 15), 1 => 0u16..=1440];
    prop_oneof![
        2 => Just(vec![Hours::new(WallTime::MIDNIGHT, WallTime::END)]),
        1 => Just(Vec::new()),
        // Clocks change at night: ends in a skipped or repeated hour.
        3 => (0u16..16, 1u16..16).prop_map(|(start, long)| {
            let quarter = |count: u16| WallTime::from_minutes(count * 15).unwrap();
            vec![Hours::new(quarter(start), quarter(start + long))]
        }),
        4 => prop::collection::btree_set(time, 2..5).prop_map(|times| {
            let times: Vec<_> = times.into_iter().filter_map(WallTime::from_minutes).collect();
            times.chunks_exact(2).map(|pair| Hours::new(pair[0], pair[1])).collect()
        }),
    ]
}

fn schedule(around: Date) -> impl Strategy<Value = Schedule> {
    let week = prop::collection::vec(hours(), 7);
    let dates = prop::collection::btree_map(-3i64..6, hours(), 0..3);
    (zone(), week, dates).prop_map(move |(zone, week, dates)| {
        let weekly = Weekday::ALL.into_iter().zip(week).flat_map(|(day, hours)| {
            hours.into_iter().map(move |one| WeeklyHours { days: vec![day], start: one.start, end: one.end })
        });
        let overrides = dates
            .into_iter()
            .map(|(day, hours)| DateHours { date: around.saturating_add(day.days()), hours });
        Schedule::new(zone, weekly.collect(), overrides.collect()).unwrap()
    })
}

fn block(around: i64) -> impl Strategy<Value = Block> {
    let whole = (-3 * 288i64..5 * 288, prop_oneof![9 => 0i64..30, 1 => 0i64..300])
        .prop_map(|(at, long)| Span::new(at * 300, (at + long) * 300));
    let odd = (-200_000i64..400_000, 0i64..9_000).prop_map(|(at, long)| Span::new(at, at + long));
    let own = select(vec![0u32, 0, 300, 900, 1_800]);
    (prop_oneof![4 => whole, 1 => odd], own.clone(), own, 0u32..8).prop_map(
        move |(span, before, after, source)| Block {
            span: Span::new(around + span.start, around + span.end),
            before,
            after,
            source,
        },
    )
}

fn host(around: i64) -> impl Strategy<Value = Host> {
    let date = Zone::utc().date(around);
    let travel = prop::option::weighted(0.2, (-3i64..4, 0i64..4, zone())).prop_map(move |trip| {
        let trip = trip.map(|(from, days, zone)| Travel {
            from: date.saturating_add(from.days()),
            until: (days < 3).then(|| date.saturating_add((from + days).days())),
            zone,
        });
        trip.into_iter().collect()
    });
    let away = prop::option::weighted(0.2, (-3i64..4, 0i64..3)).prop_map(move |away| {
        let away = away.map(|(from, days)| OutOfOffice {
            from: date.saturating_add(from.days()),
            until: date.saturating_add((from + days).days()),
            note: None,
        });
        away.into_iter().collect()
    });
    let rows = prop::collection::vec(block(around), 0..16);
    (schedule(date), travel, away, rows, prop::bool::weighted(0.97), prop::bool::weighted(0.3)).prop_map(
        |(schedule, travel, away, rows, known, fixed)| Host { schedule, travel, away, rows, known, fixed },
    )
}

fn timing() -> impl Strategy<Value = Timing> {
    let buffer = || select(vec![0u32, 0, 0, 5, 10, 30]);
    let interval = prop::option::weighted(0.5, select(vec![5u32, 7, 10, 15, 20, 25, 30, 45, 60, 90]));
    let length = select(vec![1u32, 10, 15, 20, 30, 30, 45, 50, 60, 90, 120]);
    let notice = select(vec![0u32, 0, 1, 60, 90, 1_440, 3_000]);
    let offset = select(vec![0u32, 0, 0, 5, 12]);
    (length, interval, notice, offset, buffer(), buffer()).prop_map(
        |(length, interval, notice, offset, before, after)| Timing {
            length,
            interval,
            notice,
            offset,
            before,
            after,
        },
    )
}

fn ahead(around: Date) -> impl Strategy<Value = BookingWindow> {
    prop_oneof![
        5 => Just(BookingWindow::Unlimited),
        1 => (0u32..8).prop_map(|days| BookingWindow::Days { days }),
        1 => (0u32..12).prop_map(|days| BookingWindow::BusinessDays { days }),
        1 => (-2i64..3, 0i64..4).prop_map(move |(from, days)| BookingWindow::Range {
            from: around.saturating_add(from.days()),
            to: around.saturating_add((from + days).days()),
        }),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let per = select(vec![Period::Day, Period::Week, Period::Month, Period::Year]);
    let limit = |most: std::ops::Range<u32>| {
        let one = (per.clone(), most).prop_map(|(per, most)| Limit { per, most });
        prop_oneof![5 => Just(Vec::new()), 1 => prop::collection::vec(one, 1..3)]
    };
    (limit(1..5), limit(20..300)).prop_map(|(bookings, minutes)| Limits { bookings, minutes })
}

fn question() -> impl Strategy<Value = Question> {
    let instant = select(&CHANGES[..]).prop_map(|at| at.parse::<jiff::Timestamp>().unwrap().as_second());
    instant
        .prop_flat_map(|around| {
            let date = Zone::utc().date(around);
            let seconds = prop_oneof![3 => Just(0i64), 1 => 0i64..60];
            let window = (-2_880i64..1_440, 60i64..4_320, select(vec![-1i64, 0, 0, 17])).prop_map(
                move |(start, minutes, odd)| {
                    Span::new(around + start * 60, around + (start + minutes) * 60 + odd)
                },
            );
            let now = (prop_oneof![3 => -10_000i64..-3_000, 1 => -3_000i64..2_000], seconds)
                .prop_map(move |(minutes, seconds)| around + minutes * 60 + seconds);
            let assignment = select(vec![Assignment::Single, Assignment::Collective, Assignment::RoundRobin]);
            let hosts = assignment.prop_flat_map(move |assignment| {
                let most = if assignment == Assignment::Single { 2 } else { 4 };
                (Just(assignment), prop::collection::vec(host(around), 1..most))
            });
            let booked = prop::collection::vec((-6_000i64..6_000, 0i64..120), 0..6).prop_map(move |all| {
                let span = |(at, long): (i64, i64)| Span::new(around + at * 60, around + (at + long) * 60);
                all.into_iter().map(span).collect::<Vec<_>>()
            });
            let seats = prop::collection::vec((0u32..8, 0u32..3), 0..3);
            let rest = (
                select(&Weekday::ALL[..]),
                seats,
                prop::collection::vec(0u32..8, 0..2),
                prop_oneof![4 => Just(Offer::All), 1 => Just(Offer::FirstOfDay)],
            );
            (window, now, zone(), zone(), timing(), hosts, ahead(date), limits(), booked, rest)
        })
        .prop_map(
            |(window, now, booker, organizer, timing, (assignment, hosts), ahead, limits, booked, rest)| {
                let (week_start, seats, ignoring, offer) = rest;
                // A booking with seats is one of the hosts' blocks.
                let rows: Vec<Block> = hosts.iter().flat_map(|host| host.rows.iter().copied()).collect();
                let start = |source| rows.iter().find(|row| row.source == source).map(|row| row.span.start);
                let seated = seats
                    .into_iter()
                    .filter_map(|(source, left)| Some(Seated { start: start(source)?, source, left }))
                    .collect();
                Question {
                    window,
                    now,
                    booker,
                    organizer,
                    timing,
                    assignment,
                    hosts,
                    ahead,
                    limits,
                    booked,
                    week_start,
                    seated,
                    ignoring,
                    offer,
                }
            },
        )
}

/// Round robin among hosts open all day, nothing but blocks in the way: ranges of all hosts overlap.
fn crowded() -> impl Strategy<Value = Question> {
    question().prop_map(|mut question| {
        question.assignment = Assignment::RoundRobin;
        question.ahead = BookingWindow::Unlimited;
        question.limits = Limits::default();
        question.now = question.window.start - 10 * 86_400;
        for host in &mut question.hosts {
            let all_day =
                WeeklyHours { days: Weekday::ALL.to_vec(), start: WallTime::MIDNIGHT, end: WallTime::END };
            host.schedule = Schedule::new(Zone::utc(), vec![all_day], Vec::new()).unwrap();
            (host.travel, host.away) = (Vec::new(), Vec::new());
            (host.known, host.fixed) = (true, false);
        }
        question
    })
}

/// The oracle takes its time: fewer questions than usual, more when asked for.
fn cases() -> u32 {
    if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 96 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// TZ-05, FB-06, FB-07 and every rule of the engine.
    #[test]
    fn the_engine_gives_what_the_oracle_gives(question in prop_oneof![2 => question(), 1 => crowded()]) {
        let wanted = question.asked(None, oracle::slots);
        let raw = question.asked(None, solved);
        let got: Vec<_> = raw.slots.iter().map(|slot| (slot.start, slot.seats_left)).collect();
        prop_assert_eq!(got, wanted);

        let kept: Vec<Blocks> = question.hosts.iter().map(|host| Blocks::new(host.rows.clone())).collect();
        prop_assert_eq!(question.asked(Some(&kept), solved), raw);
    }

    #[test]
    fn an_explanation_agrees_with_the_engine_and_the_oracle(question in question(), picks in prop::collection::vec(0i64..4_400, 6)) {
        question.asked(None, |ask| {
            let answer = ask.slots();
            let near = answer.starts().take(2).collect::<Vec<_>>();
            let first = ask.window.start - ask.window.start.rem_euclid(60);
            for at in picks.iter().map(|minute| first + minute * 60).chain(near) {
                let explained = ask.explain(at);
                prop_assert_eq!(explained.offered(), answer.offers(at));
                let mut others = false;
                let mut stopped = !explained.reasons.is_empty();
                for (host, said) in ask.hosts.iter().zip(&explained.hosts) {
                    prop_assert_eq!(said.reasons.is_empty(), oracle::free(ask, host, at, ask.ignoring));
                    stopped |= said.needed && !said.reasons.is_empty();
                    others |= !said.needed && said.reasons.is_empty();
                }
                let choice = explained.hosts.iter().all(|said| said.needed) || others;
                prop_assert!(explained.offered() || stopped || !choice, "no reason given for {}", at);
                prop_assert!(!explained.offered() || explained.reasons.is_empty());
            }
            Ok(())
        })?;
    }

    #[test]
    fn whoever_could_take_a_slot_is_free_and_somebody_can(question in question()) {
        question.asked(None, |ask| {
            for slot in ask.slots().slots.iter().filter(|slot| slot.seats_left.is_none()).take(12) {
                let hosts = ask.hosts_at(slot.start);
                prop_assert!(!hosts.is_empty());
                for (index, host) in ask.hosts.iter().enumerate() {
                    prop_assert_eq!(hosts.contains(&index), oracle::free(ask, host, slot.start, ask.ignoring));
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn an_unknown_calendar_offers_nothing_of_its_host(mut question in question(), which in 0usize..3) {
        let which = which % question.hosts.len();
        question.hosts[which].known = false;
        let answer = question.asked(None, solved);
        prop_assert!(answer.withheld.contains(&which));
        for start in answer.starts().take(12) {
            prop_assert!(!question.asked(None, |ask| ask.hosts_at(start)).contains(&which));
        }
    }
}

/// A team too large for the other questions: many hosts in many zones, thousands of blocks, always the same.
#[test]
fn a_large_team_gets_what_the_oracle_gives() {
    let mut chance = fastrand::Rng::with_seed(0x5eed);
    let mut next = |below: i64| chance.i64(0..below);
    let start = 1_806_105_600; // 26 March 2027: Europe changes its clocks in this window.
    let hosts = (0..24).map(|index| {
        let rows = (0..160).map(|source| {
            let at = start + (next(8 * 288) - 288) * 300;
            let own = [0, 300, 900][usize::try_from(next(3)).unwrap()];
            Block { span: Span::new(at, at + (1 + next(18)) * 300), before: own, after: 0, source }
        });
        Host {
            rows: rows.collect(),
            schedule: Schedule::nine_to_five(Zone::parse(ZONES[index % ZONES.len()]).unwrap()),
            travel: Vec::new(),
            away: Vec::new(),
            known: true,
            fixed: false,
        }
    });
    let mut question = Question {
        hosts: hosts.collect(),
        window: Span::new(start, start + 6 * 86_400 - 1),
        now: start - 86_400,
        booker: Zone::parse("America/New_York").unwrap(),
        organizer: Zone::utc(),
        timing: Timing { interval: Some(20), before: 5, after: 10, ..Timing::of(30) },
        assignment: Assignment::RoundRobin,
        ahead: BookingWindow::Unlimited,
        limits: Limits::default(),
        booked: Vec::new(),
        week_start: Weekday::Monday,
        seated: Vec::new(),
        ignoring: Vec::new(),
        offer: Offer::All,
    };
    for fixed in [0, 1] {
        question.hosts.iter_mut().take(fixed).for_each(|host| host.fixed = true);
        let wanted = question.asked(None, oracle::slots);
        let got = question.asked(None, solved);
        assert_eq!(got.slots.iter().map(|slot| (slot.start, slot.seats_left)).collect::<Vec<_>>(), wanted);
        assert!(wanted.len() > 10, "{} slots prove little", wanted.len());
    }
}
