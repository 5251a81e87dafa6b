//! Calling off: a booking, a seat, the rest of a series.

use futures::future::BoxFuture;
use kalends_domain::{
    Uid,
    booking::{Booking, Effect, Event, Message},
    event_type::Assignment,
};
use kalends_store::{Tx, repo::Owner};
use serde_json::json;

use super::{
    CancelAsk, CancelWhat, ChangeError,
    after::{self, Changed},
    change::{self, Subject, Wants, subject},
    check,
    view::party,
};
use crate::{Actor, Engine, Invalid};

impl Engine {
    /// Calls off a booking, one seat of it, or all that remains of its series; the time is free at once.
    ///
    /// What was called off already is refused; of a series, those that remain.
    #[tracing::instrument(name = "engine.cancel", skip_all, fields(booking = %ask.booking))]
    pub async fn cancel(&self, ask: &CancelAsk) -> Result<Vec<Booking>, ChangeError> {
        let mut invalid = Invalid::default();
        let reason = check::text(&ask.reason, "reason", &mut invalid);
        invalid.check()?;
        let ask = CancelAsk { reason, ..ask.clone() };
        self.db.write(move |tx| cancelled(tx, ask.clone())).await
    }
}

fn cancelled(tx: &mut Tx, ask: CancelAsk) -> BoxFuture<'_, Result<Vec<Booking>, ChangeError>> {
    Box::pin(async move {
        let mut first = subject(tx, &ask.booking, &ask.actor).await?;
        let what = match (&ask.actor, ask.what) {
            // Whoever has a seat calls off that seat, whatever was asked.
            (Actor::Seat(seat), _) => CancelWhat::Seat(seat.clone()),
            (_, what) => what,
        };
        match what {
            CancelWhat::Seat(seat) => {
                one_seat(tx, &mut first, &seat, &ask.actor, &ask.reason).await?;
                Ok(vec![first.booking])
            }
            CancelWhat::Whole => {
                if ask.actor.is_guest() && first.event_type.settings.seats.is_some() {
                    return Err(ChangeError::Forbidden);
                }
                whole(tx, &mut first, &ask.actor, &ask.reason).await?;
                Ok(vec![first.booking])
            }
            CancelWhat::Remaining => remaining(tx, first, &ask.actor, &ask.reason).await,
        }
    })
}

async fn whole(tx: &mut Tx, subject: &mut Subject, actor: &Actor, reason: &str) -> Result<(), ChangeError> {
    let now = tx.now();
    subject.allows(Wants::Cancel, actor, reason, now)?;
    let by = actor.by();
    let effects = subject.step(Event::Cancelled { by, reason: reason.to_owned() }, now)?;
    let told = Changed {
        what: "cancelled",
        detail: json!({ "reason": reason }),
        reason: reason.to_owned(),
        ..Changed::default()
    };
    subject.store(tx, &effects, actor, &told).await?;
    give_turn_back(tx, subject).await
}

/// The host's turn comes sooner again.
pub(crate) async fn give_turn_back(tx: &mut Tx, subject: &Subject) -> Result<(), ChangeError> {
    let event_type = &subject.event_type;
    if event_type.assignment != Assignment::RoundRobin {
        return Ok(());
    }
    let in_turn = |user: &_| event_type.hosts.iter().any(|host| host.user == *user && !host.fixed);
    let hosts: Vec<_> = subject.booking.hosts.iter().copied().filter(in_turn).collect();
    Ok(tx.event_types().gave_turn_back(event_type, &hosts).await?)
}

async fn one_seat(
    tx: &mut Tx,
    subject: &mut Subject,
    seat: &Uid,
    actor: &Actor,
    reason: &str,
) -> Result<(), ChangeError> {
    subject.allows(Wants::Cancel, actor, reason, tx.now())?;
    let leaving = party(&subject.booking, seat);
    if leaving.is_empty() {
        return Err(ChangeError::NoSeat);
    }
    let others = subject.booking.attendees.iter().filter(|one| one.seat.is_some()).count() > 1;
    if !others {
        return whole(tx, subject, actor, reason).await;
    }
    if !subject.booking.state.claims_time() {
        return Err(ChangeError::NoSeat);
    }
    let mut before = subject.booking.clone();
    leave(tx, subject, seat).await?;
    let seen = subject.booking.revision;
    subject.booking.revision += 1;
    subject.booking.updated_at = tx.now();
    change::save(tx, &subject.booking, seen).await?;
    // They are told of the booking as it was with them in it.
    before.revision = subject.booking.revision;
    let told = Changed {
        what: "seat_cancelled",
        detail: json!({ "seat": seat, "reason": reason }),
        reason: reason.to_owned(),
        only: leaving.into_iter().map(|one| one.email).collect(),
        ..Changed::default()
    };
    Ok(after::follow(tx, &before, &[Effect::Reconcile, Effect::Tell(Message::Cancelled)], actor, &told)
        .await?)
}

/// Takes a seat's guests out of a booking that others stay in.
pub(crate) async fn leave(tx: &mut Tx, subject: &mut Subject, seat: &Uid) -> Result<(), ChangeError> {
    let leaving = party(&subject.booking, seat);
    let at = subject.booking.attendees.iter().position(|one| one.seat.as_ref() == Some(seat));
    if let Some(at) = at {
        subject.booking.attendees.drain(at..at + leaving.len());
    }
    tx.claims().drop_seats(Owner::Booking(subject.booking.id), 1).await?;
    Ok(())
}

async fn remaining(
    tx: &mut Tx,
    first: Subject,
    actor: &Actor,
    reason: &str,
) -> Result<Vec<Booking>, ChangeError> {
    let Some(series) = first.booking.series.clone() else {
        let mut first = first;
        whole(tx, &mut first, actor, reason).await?;
        return Ok(vec![first.booking]);
    };
    let now = tx.now();
    let from = first.booking.span.start;
    let mut gone = Vec::new();
    for booking in tx.bookings().series(&series).await? {
        let live =
            booking.state.claims_time() && booking.span.start >= from && booking.span.end > now.as_second();
        if live {
            let mut next = subject(tx, &booking.uid, actor).await?;
            whole(tx, &mut next, actor, reason).await?;
            gone.push(next.booking);
        }
    }
    if gone.is_empty() { Err(ChangeError::Over) } else { Ok(gone) }
}
