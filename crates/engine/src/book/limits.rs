//! Limits, counted again inside the transaction.

use kalends_domain::{Id, Span, availability::Counted, booking::Booking};
use kalends_store::Tx;

use super::BookError;
use crate::index::Offering;

/// Refuses what a limit leaves no room for. Called under the event type's guard, so that nobody counts at the same time.
pub(crate) async fn keep(
    tx: &mut Tx,
    offering: &Offering,
    spans: &[Span],
    minutes: u32,
    without: Option<Id<Booking>>,
) -> Result<(), BookError> {
    let Some(around) = around(offering, spans) else { return Ok(()) };
    let rows = tx.bookings().booked(&offering.event_type, around, without).await?;
    let mut booked: Vec<Span> = Vec::with_capacity(rows.len() + spans.len());
    let mut last = None;
    for row in rows {
        // There is a row for each host; the booking counts once.
        if last.replace(row.booking) != Some(row.booking) {
            booked.push(row.span);
        }
    }
    for span in spans {
        let reached = counted(offering, &booked).reached(minutes, Span::new(span.start, span.start + 1));
        if let Some(limit) = reached.first() {
            return Err(BookError::Limit { per: limit.per });
        }
        booked.push(*span);
    }
    Ok(())
}

fn counted<'a>(offering: &'a Offering, booked: &'a [Span]) -> Counted<'a> {
    let limits = &offering.event_type.settings.limits;
    Counted { limits, booked, zone: &offering.zone, week_start: offering.week_start }
}

/// One span around all periods in which the starts lie; none where nothing is limited.
fn around(offering: &Offering, spans: &[Span]) -> Option<Span> {
    let limits = &offering.event_type.settings.limits;
    let limits = limits.bookings.iter().chain(&limits.minutes);
    limits
        .flat_map(|limit| spans.iter().map(|span| (limit.per, span.start)))
        .map(|(per, start)| counted(offering, &[]).period(per, start))
        .reduce(|hull, period| Span::new(hull.start.min(period.start), hull.end.max(period.end)))
}
