//! Seats: further guests in a slot that somebody booked before.

use kalends_domain::{
    Span,
    booking::{Booking, Effect, Message, State},
    event_type::Seats,
};
use kalends_store::{Tx, repo::Owner};
use serde_json::json;

use super::{
    BookError, Booked,
    after::{self, Changed},
    plan::{self, Plan},
};

/// The booking in whose slot a seat is wanted; none when the plan makes a new one.
pub(crate) async fn target(tx: &mut Tx, plan: &Plan, spans: &[Span]) -> Result<Option<Booking>, BookError> {
    let (Some(_), [span]) = (plan.event_type().settings.seats, spans) else { return Ok(None) };
    if let Some(Owner::Booking(id)) = plan.seat_in {
        return tx
            .bookings()
            .get(id)
            .await?
            .filter(|booking| booking.span == *span)
            .map(Some)
            .ok_or(BookError::Taken);
    }
    // Somebody may have been faster with the slot's first seat.
    let first = tx.bookings().starting(plan.event_type(), span.start).await?;
    Ok(first.filter(|booking| booking.span == *span))
}

/// Takes a seat in it.
pub(crate) async fn join(tx: &mut Tx, plan: &Plan, booking: Booking) -> Result<Booked, BookError> {
    let event_type = plan.event_type();
    let Some(Seats { count, .. }) = event_type.settings.seats else { return Err(BookError::NotOffered) };
    let booking = tx.bookings().lock(&booking.uid).await?.ok_or(BookError::Taken)?;
    if !booking.state.claims_time() {
        return Err(BookError::Taken);
    }
    let comes = plan.checked.attendees.first().ok_or(BookError::NotOffered)?;
    if booking.attendees.iter().any(|one| one.seat.is_some() && one.email == comes.email) {
        return Err(BookError::AlreadyIn);
    }
    let wish = plan::seat(event_type, booking.span, 1, count);
    if !tx.claims().add_seats(Owner::Booking(booking.id), &booking.hosts, &wish).await? {
        return Err(BookError::Full);
    }
    let seat = tx.ids().uid();
    let seen = booking.revision;
    let mut changed = booking;
    let mut newcomers = plan.checked.attendees.clone();
    newcomers[0].seat = Some(seat.clone());
    let emails: Vec<String> = newcomers.iter().map(|one| one.email.clone()).collect();
    changed.attendees.extend(newcomers);
    changed.revision += 1;
    changed.updated_at = tx.now();
    if !tx.bookings().save(&changed, seen).await? {
        return Err(BookError::Taken);
    }
    let waits = matches!(changed.state, State::AwaitingConfirmation { .. });
    let effects = if waits {
        vec![Effect::Tell(Message::Requested)]
    } else {
        vec![Effect::Reconcile, Effect::Tell(Message::Confirmed)]
    };
    let told = Changed {
        what: "seat_taken",
        detail: json!({ "seat": seat, "start": changed.span.start }),
        only: emails,
        ..Changed::default()
    };
    after::follow(tx, &changed, &effects, &plan.actor, &told).await?;
    Ok(Booked { bookings: vec![changed], seat: Some(seat), repeated: false })
}
