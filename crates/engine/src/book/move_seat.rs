//! Moving one seat: out of the booking it was in, into another or one of its own.

use kalends_domain::{
    Uid,
    booking::{Booking, Effect, Marks, Message, State},
    event_type::Seats,
};
use kalends_store::{
    Tx,
    repo::{Claimed, Owner},
};
use serde_json::json;

use super::{
    BookError, ChangeError,
    after::{self, Changed},
    cancel::leave,
    change::{self, Subject},
    make, plan,
    reschedule::{self, Move},
    terms,
    view::party,
};
use crate::{Actor, Trouble};

/// Moves a seat's guests; the seat keeps its uid.
pub(crate) async fn move_seat(
    tx: &mut Tx,
    wish: &Move,
    mut subject: Subject,
    seat: &Uid,
) -> Result<Booking, ChangeError> {
    let Some(Seats { count, .. }) = wish.offering.event_type.settings.seats else {
        return Err(ChangeError::NoSeat);
    };
    if subject.booking.span == wish.span {
        return Err(crate::Invalid::one("start", "It is at that time already; choose another one.").into());
    }
    let target = target(tx, wish).await?;
    let alone = subject.booking.attendees.iter().filter(|one| one.seat.is_some()).count() <= 1;
    if alone && target.is_none() {
        reschedule::whole(tx, wish, &mut subject).await?;
        return Ok(subject.booking);
    }
    if !subject.booking.state.claims_time() {
        return Err(ChangeError::NoSeat);
    }
    let guests = party(&subject.booking, seat);
    if guests.is_empty() {
        return Err(ChangeError::NoSeat);
    }
    let from = subject.booking.span;
    let told = Changed {
        what: "seat_moved",
        detail: json!({ "seat": seat, "from": from, "to": wish.span, "reason": wish.ask.reason }),
        reason: wish.ask.reason.clone(),
        moved_from: Some(from),
        only: guests.iter().map(|one| one.email.clone()).collect(),
    };
    go(tx, wish, &mut subject, seat, alone).await?;
    let mut there = match target {
        Some(booking) => {
            let seats = plan::seat(&wish.offering.event_type, booking.span, 1, count);
            let mut booking = tx.bookings().lock(&booking.uid).await?.ok_or(BookError::Taken)?;
            if !booking.state.claims_time()
                || !tx.claims().add_seats(Owner::Booking(booking.id), &booking.hosts, &seats).await?
            {
                return Err(BookError::Full.into());
            }
            let seen = booking.revision;
            booking.revision += 1;
            booking.updated_at = tx.now();
            booking.attendees.extend(guests);
            change::save(tx, &booking, seen).await?;
            booking
        }
        None => apart(tx, wish, &subject.booking, guests).await?,
    };
    there.updated_at = tx.now();
    let waits = matches!(there.state, State::AwaitingConfirmation { .. });
    let message = if waits { Message::Requested } else { Message::Moved };
    after::follow(tx, &there, &[Effect::Reconcile, Effect::Tell(message)], &wish.ask.actor, &told).await?;
    Ok(there)
}

/// The booking that is there already.
async fn target(tx: &mut Tx, wish: &Move) -> Result<Option<Booking>, ChangeError> {
    let found = match wish.seat_in {
        Some(Owner::Booking(id)) => tx.bookings().get(id).await?,
        _ => tx.bookings().starting(&wish.offering.event_type, wish.span.start).await?,
    };
    Ok(found.filter(|booking| booking.span == wish.span))
}

/// Out of the old booking, which goes when nobody is left in it.
async fn go(
    tx: &mut Tx,
    wish: &Move,
    subject: &mut Subject,
    seat: &Uid,
    alone: bool,
) -> Result<(), ChangeError> {
    let actor: &Actor = &wish.ask.actor;
    let mut effects = vec![Effect::Reconcile];
    if alone {
        subject.booking.state =
            State::Cancelled { at: tx.now(), by: actor.by(), reason: wish.ask.reason.clone() };
        effects.insert(0, Effect::ReleaseTime);
        // The seat goes on elsewhere under its name.
        for one in subject.booking.attendees.iter_mut().filter(|one| one.seat.as_ref() == Some(seat)) {
            one.seat = None;
        }
    } else {
        leave(tx, subject, seat).await?;
    }
    let told = Changed { what: "seat_left", detail: json!({ "seat": seat }), ..Changed::default() };
    subject.store(tx, &effects, actor, &told).await
}

/// A booking of its own.
async fn apart(
    tx: &mut Tx,
    wish: &Move,
    old: &Booking,
    guests: Vec<kalends_domain::booking::Attendee>,
) -> Result<Booking, ChangeError> {
    let event_type = &wish.offering.event_type;
    let now = tx.now();
    let id = tx.ids().id();
    let mut hosts = None;
    for way in wish.hosts.ways(tx, event_type, &[wish.span], None).await? {
        if tx.claims().take(&plan::wish(event_type, id, &way, wish.span)).await? == Claimed::Made {
            hosts = Some(way);
            break;
        }
    }
    let hosts = hosts.ok_or(BookError::Taken)?;
    let host = *hosts.first().ok_or(BookError::NoHosts)?;
    let booker = guests.first().ok_or(Trouble::Unreadable { what: "seat", why: "nobody is in it".into() })?;
    let waits = event_type.settings.confirmation.needed(plan::minutes_ahead(wish.span.start, now));
    let booking = Booking {
        id,
        number: tx.ids().number(),
        uid: tx.ids().uid(),
        title: terms::title(event_type, make::name_of(&wish.offering, host), booker, &old.location),
        span: wish.span,
        zone: wish.offering.zone.name().to_owned(),
        wall: wish.offering.zone.wall(wish.span.start),
        state: if waits {
            State::AwaitingConfirmation { since: now, paid: false }
        } else {
            State::Confirmed { since: now, paid: false }
        },
        revision: 0,
        host,
        hosts,
        attendees: guests,
        marks: Marks::default(),
        created_at: now,
        updated_at: now,
        ..old.clone()
    };
    tx.bookings().add(&booking).await?;
    Ok(booking)
}
