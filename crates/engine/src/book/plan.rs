//! What is about to be booked: settled before the transaction, so that it is short.

use std::sync::Arc;

use jiff::Timestamp;
use kalends_domain::{
    Id, Span, Uid,
    booking::Booking,
    event_type::{EventType, Host},
    people::User,
};
use kalends_store::{Error, Tx, repo};

use super::{check::Checked, terms, turn};
use crate::{Actor, Member, index::Offering};

/// A booking, or a whole series, about to be made.
#[derive(Clone)]
pub(crate) struct Plan {
    /// The event type.
    pub offering: Arc<Offering>,
    /// What the guest typed.
    pub checked: Checked,
    /// One start, or those of a series.
    pub starts: Vec<i64>,
    /// Who takes part.
    pub hosts: HostChoice,
    /// Guests share this booking's slot.
    pub seat_in: Option<repo::Owner>,
    /// The private link it was reached by.
    pub link: Option<Uid>,
    /// The guest's own hold.
    pub hold: Option<repo::Hold>,
    /// The attempt may come again.
    pub repeat: Option<Repeat>,
    /// Who books.
    pub actor: Actor,
    /// Limits hold.
    pub limited: bool,
}

/// An attempt that may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repeat {
    /// Whose keys these are.
    pub principal: String,
    /// The attempt's name.
    pub key: String,
    /// What was asked, hashed.
    pub hash: String,
}

/// Who takes part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct HostChoice {
    /// All of these.
    pub needed: Vec<Id<User>>,
    /// And one of these, if there are any.
    pub one_of: Vec<Host>,
}

impl HostChoice {
    /// From the places of those who are free.
    pub fn of(offering: &Offering, free: &[usize], needed: impl Fn(usize) -> bool) -> Self {
        let mut choice = Self::default();
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
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.one_of.retain(|host| other.one_of.iter().any(|one| one.user == host.user));
        self
    }

    /// Full sets of hosts in the order to try them, those who are known to be busy left out; the organizer is first.
    ///
    /// Busy hosts are looked up without a lock: only the set that is tried is locked, in one go, so that two
    /// transactions never wait for each other.
    pub async fn ways(
        &self,
        tx: &mut Tx,
        event_type: &EventType,
        spans: &[Span],
        moving: Option<Id<Booking>>,
    ) -> Result<Vec<Vec<Id<User>>>, Error> {
        let order: Vec<Id<User>> = match self.one_of.as_slice() {
            [] => return Ok(vec![self.needed.clone()]),
            [only] => vec![only.user],
            several => {
                let turns = tx.event_types().turns(event_type).await?;
                turn::in_turn(several, &turns)
            }
        };
        let claimed: Vec<Span> = spans.iter().map(|span| terms::claimed(*span, event_type)).collect();
        let around = claimed.iter().copied().reduce(|a, b| Span::new(a.start.min(b.start), a.end.max(b.end)));
        let taken = match around {
            Some(around) if event_type.settings.seats.is_none() => {
                tx.claims().of_hosts(&order, around).await?
            }
            _ => std::collections::BTreeMap::new(),
        };
        let busy = |host: &Id<User>| {
            let times = taken.get(host).map_or(&[][..], Vec::as_slice);
            let others = times.iter().filter(|time| Some(time.owner) != moving.map(repo::Owner::Booking));
            others.into_iter().any(|time| claimed.iter().any(|span| span.overlaps(time.span)))
        };
        let with = |host| self.needed.iter().copied().chain([host]).collect();
        Ok(order.into_iter().filter(|host| !busy(host)).map(with).collect())
    }

    /// The one of these hosts who was chosen in turn.
    pub fn chosen(&self, hosts: &[Id<User>]) -> Option<Id<User>> {
        hosts.iter().copied().find(|host| self.one_of.iter().any(|one| one.user == *host))
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

    /// Something is decided over all hosts of the event type at once: limits, seats, turns.
    pub fn needs_guard(&self) -> bool {
        self.offering.counts() || self.hosts.one_of.len() > 1
    }
}

impl Offering {
    /// One of its hosts, or somebody who manages for them.
    pub(crate) fn may_manage(&self, member: Member) -> bool {
        let hosted = self.event_type.hosts.iter().any(|host| host.user == member.user);
        member.organization == self.event_type.organization
            && (hosted || member.role.manages() || self.concerns(member.user))
    }
}

/// Waits until nobody else decides about this event type: for what counts over all its hosts.
///
/// Its guard lies among those of the hosts; whoever needs both takes this one first.
pub(crate) async fn guard(tx: &mut Tx, event_type: &EventType) -> Result<(), Error> {
    tx.claims().lock(&[Id::new(event_type.id.uuid())]).await
}

/// A wish for the hosts' time. Their calendars are looked at once more with it, for memory may be a moment behind.
pub(crate) fn wish(
    event_type: &EventType,
    booking: Id<Booking>,
    hosts: &[Id<User>],
    span: Span,
) -> repo::Ask {
    let wide = terms::claimed(span, event_type);
    let ask = repo::Ask::booking(event_type.organization, booking, hosts, wide).clear_of_calendars();
    match event_type.settings.seats {
        Some(seats) => ask.seat(seat(event_type, span, 1, seats.count)),
        None => ask,
    }
}

/// Seats of the slot that begins there.
pub(crate) fn seat(event_type: &EventType, span: Span, count: u32, of: u32) -> repo::Seat {
    repo::Seat { key: format!("{}:{}", event_type.id, span.start), count, of }
}

/// Whole minutes from now to a start.
pub(crate) fn minutes_ahead(start: i64, now: Timestamp) -> i64 {
    (start - now.as_second()).div_euclid(60)
}
