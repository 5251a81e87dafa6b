use proptest::{prelude::*, sample::select};

use super::*;
use crate::Zone;

/// Rules 6 to 9 with a plain list.
fn naive(timing: &Timing, now: i64, ranges: &[Span]) -> Vec<i64> {
    let mut given: Vec<i64> = Vec::new();
    for range in ranges {
        let mut start = minute(range.start.max(timing.earliest(now)));
        while start.div_euclid(60) % timing.grid() != 0 {
            start += 60;
        }
        start += i64::from(timing.offset) * 60;
        let latest = given.iter().copied().filter(|one| *one < start).max();
        if let Some(latest) = latest.filter(|latest| latest + timing.step() > start) {
            start = if latest >= range.start { latest } else { latest + timing.step() };
        }
        while start + timing.seconds() - 1 <= range.end {
            if !given.contains(&start) {
                given.push(start);
            }
            start += timing.step();
        }
    }
    given.sort_unstable();
    given
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bits_give_out_what_a_list_gives_out(
        mut ranges in prop::collection::vec((0i64..9_000, 1i64..6_000).prop_map(|(at, long)| Span::new(at, at + long)), 0..12),
        (length, interval) in (select(vec![1u32, 5, 7, 10, 15, 30]), prop::option::of(select(vec![5u32, 7, 10, 45]))),
        offset in select(vec![0u32, 0, 3]),
        now in -3_000i64..3_000,
    ) {
        let timing = Timing { interval, offset, ..Timing::of(length) };
        ranges.sort_unstable();
        let utc = Offsets::over(&Zone::utc(), 0, 1);
        let mut walk = Walk::new(&timing, now, &utc, Span::new(0, 15_000));
        for range in &ranges {
            walk.range(*range);
        }
        prop_assert_eq!(walk.starts().collect::<Vec<_>>(), naive(&timing, now, &ranges));

        // Ranges that start in mid-minute or lie inside another change nothing, so the heap may drop them.
        let mut heap = Heap::new(Span::new(0, 15_000));
        for range in &ranges {
            heap.push(*range);
        }
        let mut walk = Walk::new(&timing, now, &utc, Span::new(0, 15_000));
        heap.ranges().for_each(|range| walk.range(range));
        let kept: Vec<Span> = ranges.iter().filter(|one| !ranges.iter().any(|other| other.contains(**one) && other != *one)).copied().collect();
        prop_assert_eq!(walk.starts().collect::<Vec<_>>(), naive(&timing, now, &kept));
    }
}

#[test]
fn the_grid_is_the_first_that_divides_the_interval() {
    for (interval, grid) in [(120, 60), (90, 30), (40, 20), (45, 15), (50, 10), (25, 5), (7, 1), (1, 1)] {
        assert_eq!(Timing { interval: Some(interval), ..Timing::of(5) }.grid(), grid, "{interval}");
    }
}
