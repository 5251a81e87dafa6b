use jiff::Timestamp;

use super::*;
use crate::{
    availability::{Block, Blocks, Counted, Schedule, Timing, Weekday},
    event_type::{BookingWindow, Limit, Limits, Period},
};

const HOUR: i64 = 3_600;
/// Monday, 1 March 2027, midnight in UTC.
const MONDAY: i64 = 1_803_859_200;

/// A day of two or more hosts, nine to five in UTC.
struct Day {
    schedule: Schedule,
    rows: Vec<Vec<Block>>,
    unknown: Vec<usize>,
    fixed: usize,
    assignment: Assignment,
    timing: Timing,
    limits: Limits,
    booked: Vec<Span>,
    seated: Vec<Seated>,
    ignoring: Vec<u32>,
    offer: Offer,
}

impl Day {
    fn of(rows: &[&[Block]]) -> Self {
        Self {
            schedule: Schedule::nine_to_five(Zone::utc()),
            rows: rows.iter().map(|rows| rows.to_vec()).collect(),
            unknown: vec![],
            fixed: 0,
            assignment: Assignment::RoundRobin,
            timing: Timing::of(60),
            limits: Limits::default(),
            booked: vec![],
            seated: vec![],
            ignoring: vec![],
            offer: Offer::All,
        }
    }

    fn asked<T>(&self, days: i64, each: impl FnOnce(&Ask<'_>) -> T) -> T {
        let busy = |index: usize| {
            if self.unknown.contains(&index) { Busy::Unknown(9) } else { Busy::Rows(&self.rows[index]) }
        };
        let host = |index| HostTimes {
            schedule: &self.schedule,
            travel: &[],
            away: &[],
            busy: busy(index),
            fixed: index < self.fixed,
        };
        let hosts: Vec<_> = (0..self.rows.len()).map(host).collect();
        let utc = Zone::utc();
        each(&Ask {
            window: Span::new(MONDAY, MONDAY + days * 24 * HOUR),
            now: MONDAY - HOUR,
            booker: &utc,
            timing: self.timing,
            assignment: self.assignment,
            hosts: &hosts,
            ahead: &BookingWindow::Unlimited,
            counted: Counted {
                limits: &self.limits,
                booked: &self.booked,
                zone: &utc,
                week_start: Weekday::Monday,
            },
            seated: &self.seated,
            ignoring: &self.ignoring,
            offer: self.offer,
        })
    }

    /// Hours of Monday that are offered, with seats.
    fn offered(&self) -> Vec<(i64, Option<u32>)> {
        let slots = self.asked(1, |ask| ask.slots().slots);
        slots.iter().map(|slot| ((slot.start - MONDAY) / HOUR, slot.seats_left)).collect()
    }

    fn hours(&self) -> Vec<i64> {
        self.offered().into_iter().map(|(hour, _)| hour).collect()
    }
}

/// Busy from one hour of Monday to another.
fn busy(from: i64, to: i64, source: u32) -> Block {
    Block::new(Span::new(MONDAY + from * HOUR, MONDAY + to * HOUR), source)
}

#[test]
fn round_robin_needs_one_and_collective_needs_all() {
    let mut day = Day::of(&[&[busy(9, 12, 0)], &[busy(11, 16, 0)]]);
    assert_eq!(day.hours(), [9, 10, 12, 13, 14, 15, 16]);
    day.assignment = Assignment::Collective;
    assert_eq!(day.hours(), [16]);
}

#[test]
fn a_fixed_host_must_be_free_beside_one_of_the_others() {
    let mut day = Day::of(&[&[busy(9, 12, 0)], &[busy(12, 14, 0)], &[busy(13, 16, 0)]]);
    day.fixed = 1;
    assert_eq!(day.hours(), [12, 14, 15, 16]);
    assert_eq!(day.asked(1, |ask| ask.hosts_at(MONDAY + 14 * HOUR)), [0, 1]);
    assert!(day.asked(1, |ask| ask.hosts_at(MONDAY + 9 * HOUR)).is_empty());
    assert!(day.asked(1, |ask| ask.hosts_at(MONDAY + 13 * HOUR)).is_empty());
}

#[test]
fn fixed_hosts_alone_are_offered_together() {
    let mut day = Day::of(&[&[busy(9, 12, 0)], &[busy(13, 17, 0)]]);
    day.fixed = 2;
    assert_eq!(day.hours(), [12]);
}

#[test]
fn a_host_who_is_unknown_is_withheld_and_a_needed_one_withholds_all_fb_09() {
    let mut day = Day::of(&[&[], &[busy(9, 15, 0)]]);
    day.unknown = vec![0];
    assert_eq!(day.hours(), [15, 16]);
    assert_eq!(day.asked(1, |ask| ask.slots().withheld), [0]);
    day.assignment = Assignment::Collective;
    assert!(day.hours().is_empty());
}

#[test]
fn nobody_to_host_offers_nothing() {
    assert!(Day::of(&[]).hours().is_empty());
}

#[test]
fn a_booking_with_free_seats_stays_offered_at_its_very_start() {
    let mut day = Day::of(&[&[busy(10, 11, 4), busy(13, 14, 5)]]);
    day.timing.interval = Some(30);
    day.timing.before = 30;
    day.seated = vec![
        Seated { start: MONDAY + 10 * HOUR, source: 4, left: 3 },
        Seated { start: MONDAY + 13 * HOUR, source: 5, left: 0 },
    ];
    let offered = day.offered();
    assert!(offered.contains(&(10, Some(3))), "{offered:?}");
    assert!(!offered.iter().any(|(hour, _)| *hour == 13), "{offered:?}");
    // Something else came over it: no more seats there.
    day.rows[0].push(busy(10, 11, 6));
    assert!(!day.hours().contains(&10));
}

#[test]
fn a_booking_does_not_stand_in_the_way_of_its_own_move_fb_07() {
    let mut day = Day::of(&[&[busy(9, 17, 4), busy(12, 13, 5)]]);
    assert!(day.hours().is_empty());
    day.ignoring = vec![4];
    assert_eq!(day.hours(), [9, 10, 11, 13, 14, 15, 16]);
    // Also from kept blocks.
    let kept = Blocks::new(day.rows[0].clone());
    let starts = day.asked(1, |ask| {
        let hosts = [HostTimes { busy: Busy::Kept(&kept), ..ask.hosts[0] }];
        Ask { hosts: &hosts, ..ask.clone() }.slots().slots.len()
    });
    assert_eq!(starts, 7);
}

#[test]
fn buffers_of_both_sides_add_up() {
    let own = Block { before: 600, after: 1_200, ..busy(12, 13, 0) };
    let mut day = Day::of(&[&[own]]);
    day.timing = Timing { interval: Some(5), before: 10, after: 15, ..Timing::of(60) };
    let last_before = day.asked(1, |ask| ask.slots().starts().filter(|at| *at < MONDAY + 12 * HOUR).max());
    let first_after = day.asked(1, |ask| ask.slots().starts().find(|at| *at >= MONDAY + 12 * HOUR));
    assert_eq!(last_before, Some(MONDAY + 11 * HOUR - 25 * 60));
    assert_eq!(first_after, Some(MONDAY + 13 * HOUR + 30 * 60));
}

#[test]
fn a_slot_never_overlaps_a_block_by_seconds() {
    let odd = Block::new(Span::new(MONDAY + 10 * HOUR - 1, MONDAY + 10 * HOUR + 1), 0);
    assert_eq!(Day::of(&[&[odd]]).hours()[..2], [11, 12]);
}

#[test]
fn a_reached_limit_closes_its_day_only() {
    let mut day = Day::of(&[&[]]);
    day.limits.bookings = vec![Limit { per: Period::Day, most: 1 }];
    day.booked = vec![Span::new(MONDAY + 9 * HOUR, MONDAY + 10 * HOUR)];
    let starts = day.asked(2, |ask| ask.slots().starts().collect::<Vec<_>>());
    assert_eq!(starts.first(), Some(&(MONDAY + 33 * HOUR)));
    assert_eq!(starts.len(), 8);
}

#[test]
fn only_the_first_slot_of_each_day_when_so_asked() {
    let mut day = Day::of(&[&[busy(9, 11, 0)]]);
    day.offer = Offer::FirstOfDay;
    assert_eq!(
        day.asked(2, |ask| ask.slots().starts().collect::<Vec<_>>()),
        [MONDAY + 11 * HOUR, MONDAY + 33 * HOUR]
    );
}

#[test]
fn slots_are_grouped_by_the_date_of_a_zone() {
    let auckland = Zone::parse("Pacific/Auckland").unwrap();
    let days = Day::of(&[&[]]).asked(1, |ask| ask.slots().by_date(&auckland));
    let shape: Vec<_> = days.iter().map(|(date, slots)| (date.to_string(), slots.len())).collect();
    assert_eq!(shape, [("2027-03-01".to_owned(), 2), ("2027-03-02".to_owned(), 6)]);
}

#[test]
fn a_moment_far_away_is_no_trouble() {
    let day = Day::of(&[&[busy(9, 10, 0), Block::new(Span::new(i64::MIN, i64::MAX), 1)]]);
    assert!(day.hours().is_empty());
    let last = Timestamp::MAX.as_second();
    let ask = |from, to| {
        day.asked(1, |ask| {
            Ask { window: Span::new(from, to), ignoring: &[1], ..ask.clone() }.slots().slots.len()
        })
    };
    assert_eq!(ask(i64::MIN, MONDAY), 0);
    assert_eq!(ask(last, i64::MAX), 0);
}
