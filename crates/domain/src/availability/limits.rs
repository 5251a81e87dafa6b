//! How far ahead, and how much, can be booked.

use jiff::{ToSpan, civil::Date};

use super::Weekday;
use crate::{
    Span, Zone,
    event_type::{BookingWindow, Limits, Period},
};

/// What limits count over, and what is booked already.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    /// How much can be booked.
    pub limits: &'a Limits,
    /// The bookings of this event type that count, in any order.
    pub booked: &'a [Span],
    /// The organizer's zone: its midnights part the days.
    pub zone: &'a Zone,
    /// The day a week begins on.
    pub week_start: Weekday,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Bookings.
    Bookings,
    /// Minutes booked.
    Minutes,
}

/// A limit that leaves no room for one more booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct ReachedLimit {
    /// The period it is reached in: no booking may start there.
    pub span: Span,
    /// Kind of period.
    pub per: Period,
    /// What is counted.
    pub measure: Measure,
    /// So many are allowed.
    pub most: u32,
    /// So many are taken.
    pub taken: u64,
}

impl Counted<'_> {
    /// Every limit that forbids a booking of this length somewhere in `within`.
    pub fn reached(&self, length: u32, within: Span) -> Vec<ReachedLimit> {
        let mut reached = Vec::new();
        let limits = [(Measure::Bookings, &self.limits.bookings), (Measure::Minutes, &self.limits.minutes)];
        for (measure, limit) in limits.into_iter().flat_map(|(m, all)| all.iter().map(move |one| (m, one))) {
            let mut say = |span, taken| {
                let (per, most) = (limit.per, limit.most);
                reached.push(ReachedLimit { span, per, measure, most, taken });
            };
            let adds = match measure {
                Measure::Bookings => 1,
                Measure::Minutes => u64::from(length),
            };
            if adds > u64::from(limit.most) {
                say(within, 0);
                continue;
            }
            for (span, taken) in self.taken(measure, limit.per, within) {
                if taken + adds > u64::from(limit.most) {
                    say(span, taken);
                }
            }
        }
        reached
    }

    /// What is booked in each period that touches `within`. A booking counts where it starts.
    fn taken(&self, measure: Measure, per: Period, within: Span) -> Vec<(Span, u64)> {
        let mut booked: Vec<Span> = self.booked.iter().filter(|span| !span.is_empty()).copied().collect();
        booked.sort_unstable();
        let mut periods: Vec<(Span, u64)> = Vec::new();
        for booking in booked {
            let adds = match measure {
                Measure::Bookings => 1,
                Measure::Minutes => u64::try_from((booking.len() + 59) / 60).unwrap_or_default(),
            };
            match periods.last_mut() {
                Some((span, taken)) if span.holds(booking.start) => *taken += adds,
                _ => periods.push((self.period(per, booking.start), adds)),
            }
        }
        periods.retain(|(span, _)| span.overlaps(within));
        periods
    }

    /// The period an instant lies in.
    pub fn period(&self, per: Period, at: i64) -> Span {
        let date = self.zone.date(at);
        let (first, next) = match per {
            Period::Day => (date, date.saturating_add(1.day())),
            Period::Week => {
                let into = (7 + Weekday::of(date).number() - self.week_start.number()) % 7;
                let first = date.saturating_sub(i64::from(into).days());
                (first, first.saturating_add(7.days()))
            }
            Period::Month => (date.first_of_month(), date.last_of_month().saturating_add(1.day())),
            Period::Year => (date.first_of_year(), date.last_of_year().saturating_add(1.day())),
        };
        Span::new(self.zone.midnight(first), self.zone.midnight(next))
    }
}

/// The limit that forbids a start, if one does.
pub(super) fn at(reached: &[ReachedLimit], start: i64) -> Option<&ReachedLimit> {
    reached.iter().find(|limit| limit.span.holds(start))
}

/// The starts a booking window allows; its days are those of the organizer's zone.
pub fn bookable(window: &BookingWindow, zone: &Zone, now: i64) -> Span {
    let until_end_of = |last: Date| Span::new(i64::MIN, zone.midnight(last.saturating_add(1.day())));
    match *window {
        BookingWindow::Unlimited => Span::new(i64::MIN, i64::MAX),
        BookingWindow::Days { days } => until_end_of(zone.date(now).saturating_add(i64::from(days).days())),
        BookingWindow::BusinessDays { days } => until_end_of(business_day(zone.date(now), days)),
        BookingWindow::Range { from, to } => {
            Span::new(zone.midnight(from), zone.midnight(to.saturating_add(1.day())))
        }
    }
}

/// So many Mondays to Fridays later. Five of them make a week.
fn business_day(today: Date, days: u32) -> Date {
    let weeks = i64::from(days / 5).days() * 7;
    let mut date = today.saturating_add(weeks);
    let mut left = days % 5;
    let working = |date: Date| Weekday::WORKING.contains(&Weekday::of(date));
    if left == 0 && days > 0 && !working(date) {
        // Whole weeks from a weekend end on the Friday before it.
        while !working(date) {
            date = date.saturating_sub(1.day());
        }
    }
    while left > 0 {
        let next = date.saturating_add(1.day());
        if next == date {
            break;
        }
        date = next;
        left -= u32::from(working(date));
    }
    date
}

#[cfg(test)]
mod tests;
