use jiff::Timestamp;
use rstest::rstest;

use super::*;
use crate::event_type::Limit;

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

/// Starts until which booking is open, as a local time.
fn until(window: &BookingWindow, now: &str) -> String {
    let vienna = Zone::parse("Europe/Vienna").unwrap();
    vienna.wall(bookable(window, &vienna, at(now)).end).to_string()
}

#[rstest]
// 27 November 2026 is a Friday.
#[case(BookingWindow::Days { days: 1 }, "2026-11-27T12:00:00Z", "2026-11-29T00:00:00")]
#[case(BookingWindow::Days { days: 1 }, "2026-11-27T23:30:00Z", "2026-11-30T00:00:00")]
#[case(BookingWindow::BusinessDays { days: 1 }, "2026-11-27T12:00:00Z", "2026-12-01T00:00:00")]
#[case(BookingWindow::BusinessDays { days: 5 }, "2026-11-27T12:00:00Z", "2026-12-05T00:00:00")]
#[case(BookingWindow::BusinessDays { days: 5 }, "2026-11-28T12:00:00Z", "2026-12-05T00:00:00")]
#[case(BookingWindow::BusinessDays { days: 6 }, "2026-11-28T12:00:00Z", "2026-12-08T00:00:00")]
#[case(BookingWindow::BusinessDays { days: 3 }, "2026-11-26T12:00:00Z", "2026-12-02T00:00:00")]
fn days_ahead_are_counted_in_the_organizers_zone(
    #[case] window: BookingWindow,
    #[case] now: &str,
    #[case] end: &str,
) {
    assert_eq!(until(&window, now), end);
}

#[test]
fn business_days_agree_with_turning_pages() {
    let first: Date = "2026-11-23".parse().unwrap();
    for offset in 0..7 {
        let today = first.saturating_add(i64::from(offset).days());
        for days in 0..40 {
            let mut date = today;
            for _ in 0..days {
                date = date.tomorrow().unwrap();
                while !Weekday::WORKING.contains(&Weekday::of(date)) {
                    date = date.tomorrow().unwrap();
                }
            }
            assert_eq!(business_day(today, days), date, "{days} days from {today}");
        }
    }
}

#[test]
fn a_range_of_dates_includes_its_last_day() {
    let vienna = Zone::parse("Europe/Vienna").unwrap();
    let date = |text: &str| text.parse::<Date>().unwrap();
    let window = BookingWindow::Range { from: date("2027-03-28"), to: date("2027-03-28") };
    let span = bookable(&window, &vienna, 0);
    // The clock goes forward on that day.
    assert_eq!(span.len(), 23 * 3600);
}

#[rstest]
#[case(Period::Day, "2026-11-25T00:00:00", "2026-11-26T00:00:00")]
#[case(Period::Week, "2026-11-23T00:00:00", "2026-11-30T00:00:00")]
#[case(Period::Month, "2026-11-01T00:00:00", "2026-12-01T00:00:00")]
#[case(Period::Year, "2026-01-01T00:00:00", "2027-01-01T00:00:00")]
fn a_reached_limit_closes_its_whole_period(#[case] per: Period, #[case] first: &str, #[case] next: &str) {
    let vienna = Zone::parse("Europe/Vienna").unwrap();
    let booking = Span::new(at("2026-11-25T22:59:00Z"), at("2026-11-25T23:29:00Z"));
    let within = Span::new(at("2026-11-25T00:00:00Z"), at("2026-11-26T00:00:00Z"));
    for (bookings, minutes) in [(Some(1), None), (None, Some(59))] {
        let limit = |most: Option<u32>| most.map(|most| Limit { per, most }).into_iter().collect();
        let limits = Limits { bookings: limit(bookings), minutes: limit(minutes) };
        let counted =
            Counted { limits: &limits, booked: &[booking], zone: &vienna, week_start: Weekday::Monday };
        let reached = counted.reached(30, within);
        assert_eq!(reached.len(), 1);
        assert_eq!(vienna.wall(reached[0].span.start).to_string(), first);
        assert_eq!(vienna.wall(reached[0].span.end).to_string(), next);
        assert_eq!(counted.reached(29, within).len(), usize::from(bookings.is_some()));
    }
}

#[test]
fn a_booking_longer_than_the_limit_never_fits() {
    let utc = Zone::utc();
    let limits = Limits { bookings: vec![], minutes: vec![Limit { per: Period::Year, most: 59 }] };
    let counted = Counted { limits: &limits, booked: &[], zone: &utc, week_start: Weekday::Monday };
    let within = Span::new(0, 10);
    assert_eq!(counted.reached(60, within)[0].span, within);
    assert!(counted.reached(59, within).is_empty());
}
