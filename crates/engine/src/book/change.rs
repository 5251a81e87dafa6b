//! What all changes of a booking share: finding it, asking whether they may, storing it.

use jiff::Timestamp;
use kalends_domain::{
    Uid,
    booking::{Booking, Effect, Event, Rules},
    event_type::EventType,
};
use kalends_store::Tx;

use super::{
    ChangeError,
    after::{self, Changed},
    terms,
    view::may_see,
};
use crate::{Actor, Invalid};

/// A booking that is being changed: locked until the transaction ends.
pub(crate) struct Subject {
    /// As it is.
    pub booking: Booking,
    /// What was booked; deleted event types too.
    pub event_type: EventType,
}

/// What a guest wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    /// Call it off.
    Cancel,
    /// Move it.
    Move,
}

impl Wants {
    const fn word(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Move => "move",
        }
    }
}

/// The booking of this uid, or that in which the seat is; locked.
pub(crate) async fn subject(tx: &mut Tx, uid: &Uid, actor: &Actor) -> Result<Subject, ChangeError> {
    let uid = match actor {
        Actor::Seat(seat) => tx.bookings().by_seat(seat).await?.ok_or(ChangeError::NoSeat)?.uid,
        _ => uid.clone(),
    };
    let booking = tx.bookings().lock(&uid).await?.ok_or(ChangeError::NotFound)?;
    let event_type = tx.event_types().get(booking.event_type).await?.ok_or(ChangeError::NotFound)?;
    if let Actor::Member(member) = actor {
        may_see(tx, &booking, *member).await?;
    }
    Ok(Subject { booking, event_type })
}

impl Subject {
    /// Whether a guest may, by the event type's policy; hosts always may.
    pub fn allows(
        &self,
        wants: Wants,
        actor: &Actor,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        if self.booking.state.claims_time() && self.booking.span.end <= now.as_second() {
            return Err(ChangeError::Over);
        }
        if !actor.is_guest() || !self.booking.state.claims_time() {
            return Ok(());
        }
        let policy = self.event_type.settings.policy;
        let allowed = match wants {
            Wants::Cancel => policy.cancel,
            Wants::Move => policy.reschedule,
        };
        let what = wants.word();
        if !allowed {
            return Err(ChangeError::Policy { what });
        }
        if now >= terms::guest_may(&self.booking, policy, now).until {
            return Err(ChangeError::TooLate { what, minutes: policy.until });
        }
        if policy.reason_required && reason.trim().is_empty() {
            return Err(Invalid::one("reason", "Say why, in a few words.").into());
        }
        Ok(())
    }

    /// Takes one step: the state changes, the revision counts up, what must follow is returned.
    pub fn step(&mut self, event: Event, now: Timestamp) -> Result<Vec<Effect>, ChangeError> {
        let rules = Rules { host_approves: false };
        let (state, effects) = self.booking.state.clone().step(event, rules, now)?;
        self.booking.state = state;
        Ok(effects)
    }

    /// Stores the changed booking as a new revision, with its history and jobs.
    pub async fn store(
        &mut self,
        tx: &mut Tx,
        effects: &[Effect],
        actor: &Actor,
        told: &Changed,
    ) -> Result<(), ChangeError> {
        let seen = self.booking.revision;
        self.booking.revision += 1;
        self.booking.updated_at = tx.now();
        save(tx, &self.booking, seen).await?;
        Ok(after::follow(tx, &self.booking, effects, actor, told).await?)
    }
}

/// Writes a booking over the one that was read under its lock.
pub(crate) async fn save(tx: &mut Tx, booking: &Booking, seen: u32) -> Result<(), ChangeError> {
    if tx.bookings().save(booking, seen).await? {
        Ok(())
    } else {
        // Cannot be while the row is locked; refusing is still better than writing over a change nobody saw.
        Err(kalends_store::Error::Missing("booking of that revision").into())
    }
}
