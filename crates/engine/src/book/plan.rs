//! What is about to be booked: settled before the transaction, so that it is short.

use std::sync::Arc;

use kalends_domain::{
    Id, Span, Uid,
    booking::Booking,
    event_type::{EventType, Host},
    people::User,
    span::instant,
};
use kalends_store::{Tx, repo};

use super::{BookError, check::Checked, terms, turn};
use crate::{Actor, index::Offering};

/// A booking, or a whole series, about to be made.
#[derive(Clone)]
pub(crate) struct Plan {
    pub offering: Arc<Offering>,
    pub checked: Checked,
    /// One start, or those of a series.
    pub starts: Vec<i64>,
    pub hosts: HostChoice,
    /// Guests share the slot of this booking.
    pub seat_in: Option<Id<Booking>>,
    pub link: Option<Uid>,
    pub hold: Option<Id<repo::Hold>>,
    pub repeat: Option<Repeat>,
    pub actor: Actor,
    /// Limits hold.
    pub limited: bool,
}

/// An attempt that may come again.
#[derive(Clone)]
pub(crate) struct Repeat {
    /// Whose keys these are.
    pub principal: String,
    pub key: String,
    /// What was asked, hashed.
    pub hash: String,
}

/// Who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostChoice {
    /// All of these.
    pub needed: Vec<Id<User>>,
    /// And one of these, if there are any.
    pub one_of: Vec<Host>,
}

impl HostChoice {
    /// From the places of those who are free.
    pub fn of(offering: &Offering, free: &[usize], needed: impl Fn(usize) -> bool) -> Self {
        let mut choice = Self { needed: Vec::new(), one_of: Vec::new() };
        for place in free {
            let host = offering.hosts[*place].host;
            if needed(*place) {
                choice.needed.push(host.user);
            } else {
                choice.one_of.push(host);
            }
        }
        choice
    }

    /// Those who can take part in both: a series has the same hosts throughout.
    pub fn and(mut self, other: &Self) -> Self {
        self.one_of.retain(|host| other.one_of.iter().any(|one| one.user == host.user));
        self
    }

    /// The ways to fill it, in turn: each is a full set of hosts, the organizer first.
    pub async fn ways(&self, tx: &mut Tx, event_type: &EventType) -> Result<Vec<Vec<Id<User>>>, BookError> {
        if self.one_of.is_empty() {
            return Ok(vec![self.needed.clone()]);
        }
        let order = if self.one_of.len() == 1 {
            vec![self.one_of[0].user]
        } else {
            let turns = tx.event_types().turns(event_type).await?;
            turn::in_turn(&self.one_of, &turns)
        };
        let with = |host| self.needed.iter().copied().chain([host]).collect();
        Ok(order.into_iter().map(with).collect())
    }
}

impl Plan {
    /// The event type.
    pub fn event_type(&self) -> &EventType {
        &self.offering.event_type
    }

    /// The times, without buffers.
    pub fn spans(&self) -> Vec<Span> {
        let seconds = i64::from(self.checked.minutes) * 60;
        self.starts.iter().map(|start| Span::new(*start, start + seconds)).collect()
    }
}

/// Waits until nobody else decides about this event type: for what counts over all its hosts.
///
/// Its guard lies among those of the hosts; whoever needs both takes this one first.
pub(crate) async fn guard(tx: &mut Tx, event_type: &EventType) -> Result<(), kalends_store::Error> {
    tx.claims().lock(&[Id::new(event_type.id.uuid())]).await
}

/// Refuses what a limit leaves no room for; counted under the guard.
pub(crate) async fn keep_limits(
    tx: &mut Tx,
    offering: &Offering,
    spans: &[Span],
    minutes: u32,
    without: Option<Id<Booking>>,
) -> Result<(), BookError> {
    let limits = &offering.event_type.settings.limits;
    let periods: Vec<_> =
        limits.bookings.iter().chain(&limits.minutes).map(|limit| limit.per).collect();
    if periods.is_empty() {
        return Ok(());
    }
    let counted = |booked| kalends_domain::availability::Counted {
        limits,
        booked,
        zone: &offering.zone,
        week_start: offering.week_start,
    };
    let mut hull: Option<Span> = None;
    for (per, span) in periods.iter().flat_map(|per| spans.iter().map(move |span| (*per, span))) {
        let period = counted(&[]).period(per, span.start);
        hull = Some(hull.map_or(period, |hull| {
            Span::new(hull.start.min(period.start), hull.end.max(period.end))
        }));
    }
    let Some(hull) = hull else { return Ok(()) };
    let rows = tx.bookings().booked(&offering.event_type, hull, without).await?;
    let mut booked: Vec<Span> = Vec::with_capacity(rows.len() + spans.len());
    let mut last = None;
    for row in rows {
        // A row for each host; the booking counts once.
        if last.replace(row.booking) != Some(row.booking) {
            booked.push(row.span);
        }
    }
    for span in spans {
        let reached = counted(&booked).reached(minutes, Span::new(span.start, span.start + 1));
        if let Some(limit) = reached.first() {
            return Err(BookError::Limit { per: limit.per });
        }
        booked.push(*span);
    }
    Ok(())
}

/// A wish for the hosts' time.
pub(crate) fn wish(event_type: &EventType, booking: Id<Booking>, hosts: &[Id<User>], span: Span) -> repo::Ask {
    let mut ask = repo::Ask::booking(event_type.organization, booking, hosts, terms::claimed(span, event_type));
    if let Some(seats) = event_type.settings.seats {
        ask = ask.seat(seat(event_type, span, 1, seats.count));
    }
    ask
}

/// Seats of the slot that begins there.
pub(crate) fn seat(event_type: &EventType, span: Span, count: u32, of: u32) -> repo::Seat {
    repo::Seat { key: format!("{}:{}", event_type.id, span.start), count, of }
}

/// Since then, for a state that begins now.
pub(crate) fn minutes_ahead(start: i64, now: jiff::Timestamp) -> i64 {
    (instant(start).as_second() - now.as_second()) / 60
}
