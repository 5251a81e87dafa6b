//! What an event type's rules say about one booking: its name, its dates, what a guest may still do.

use jiff::{Span as Step, Timestamp};
use kalends_domain::{
    Span,
    booking::{Attendee, Booking, State},
    event_type::{BookedLocation, EventType, Frequency, Policy, Recurrence},
    span::instant,
    zone::{Instants, Zone},
};

use super::GuestMay;

/// The starts of a series: the same wall time in the organizer's zone (TZ-01); steps that fall on no date,
/// such as the 31st of a short month, are left out and not counted.
pub(crate) fn occurrences(series: Recurrence, times: u32, start: i64, zone: &Zone) -> Vec<i64> {
    let first = zone.wall(start);
    let mut starts = vec![start];
    let mut step = 0_i64;
    while starts.len() < times as usize && step < 10_000 {
        step += 1;
        let by = step * i64::from(series.interval);
        let later = match series.every {
            Frequency::Daily => Step::new().try_days(by),
            Frequency::Weekly => Step::new().try_weeks(by),
            Frequency::Monthly => Step::new().try_months(by),
            Frequency::Yearly => Step::new().try_years(by),
        };
        let Some(wall) = later.ok().and_then(|later| first.checked_add(later).ok()) else { break };
        let by_month = matches!(series.every, Frequency::Monthly | Frequency::Yearly);
        if by_month && wall.day() != first.day() {
            continue;
        }
        // In a repeated hour the series keeps to the one it began in.
        starts.push(match zone.instants(wall) {
            Instants::Two(_, later) if zone.offset(start) == zone.offset(later) => later,
            other => other.first(),
        });
    }
    starts
}

/// What the booking is called in calendars.
pub(crate) fn title(event_type: &EventType, host: &str, booker: &Attendee, place: &BookedLocation) -> String {
    let pattern = match event_type.settings.title.trim() {
        "" => "{event} between {host} and {guest}",
        pattern => pattern,
    };
    let parts = [
        ("{event}", event_type.title.as_str()),
        ("{host}", host),
        ("{guest}", booker.name.as_str()),
        ("{location}", place.line()),
    ];
    // One pass, so that a guest named `{host}` stays one.
    let mut title = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find('{') {
        title.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((name, value)) = parts.iter().find(|(name, _)| rest.starts_with(name)) {
            title.push_str(value);
            rest = &rest[name.len()..];
        } else {
            title.push('{');
            rest = &rest[1..];
        }
    }
    title.push_str(rest);
    title.chars().take(300).collect()
}

/// What the guest may still do.
pub(crate) fn guest_may(booking: &Booking, policy: Policy, now: Timestamp) -> GuestMay {
    let until = instant(booking.span.start - i64::from(policy.until) * 60);
    let open = booking.state.claims_time() && now < until;
    let movable = !matches!(booking.state, State::AwaitingPayment { .. });
    GuestMay {
        cancel: open && policy.cancel,
        reschedule: open && policy.reschedule && movable,
        until,
        reason_required: policy.reason_required,
    }
}

/// The time a booking's hosts give for it: its own, widened by its buffers.
pub(crate) fn claimed(span: Span, event_type: &EventType) -> Span {
    let buffers = event_type.settings.buffers;
    span.widened(i64::from(buffers.before) * 60, i64::from(buffers.after) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn a_weekly_series_keeps_its_wall_time_over_a_clock_change() {
        let zone = Zone::parse("Europe/Vienna").unwrap();
        let weekly = Recurrence { every: Frequency::Weekly, interval: 1, most: 10 };
        let starts = occurrences(weekly, 3, at("2027-03-19T09:00:00Z"), &zone);
        let expected = ["2027-03-19T09:00:00Z", "2027-03-26T09:00:00Z", "2027-04-02T08:00:00Z"];
        assert_eq!(starts, expected.map(at));
    }

    #[test]
    fn a_month_without_the_day_is_left_out() {
        let monthly = Recurrence { every: Frequency::Monthly, interval: 1, most: 10 };
        let starts = occurrences(monthly, 3, at("2027-01-31T09:00:00Z"), &Zone::utc());
        let expected = ["2027-01-31T09:00:00Z", "2027-03-31T09:00:00Z", "2027-05-31T09:00:00Z"];
        assert_eq!(starts, expected.map(at));
    }

    #[test]
    fn a_series_that_began_in_the_second_of_two_hours_stays_there() {
        let zone = Zone::parse("Europe/Vienna").unwrap();
        let yearly = Recurrence { every: Frequency::Daily, interval: 364, most: 10 };
        // Sunday 31 October 2027, 02:30 for the second time; clocks go back on 29 October 2028 as well.
        let starts = occurrences(yearly, 2, at("2027-10-31T01:30:00Z"), &zone);
        assert_eq!(starts[1], at("2028-10-29T01:30:00Z"));
    }
}
