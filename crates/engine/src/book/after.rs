//! What follows a change of a booking, in its own transaction: its history, and the work it leaves behind.

use kalends_domain::{
    Span,
    booking::{Booking, Effect},
};
use kalends_store::{
    Result, Tx,
    repo::{Happened, Owner},
};
use serde_json::Value;

use crate::{
    Actor,
    job::{self, Notify, Reconcile},
};

/// One change, as it is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changed {
    /// A stable word: `booked`, `moved`, `cancelled`, ….
    pub what: &'static str,
    /// Facts for the history.
    pub detail: Value,
    /// Why, in somebody's words.
    pub reason: String,
    /// When it was before.
    pub moved_from: Option<Span>,
    /// Only these attendees are told, by email; empty means everybody concerned.
    pub only: Vec<String>,
}

/// Writes the history and the jobs of a change that is stored already.
pub(crate) async fn follow(
    tx: &mut Tx,
    booking: &Booking,
    effects: &[Effect],
    actor: &Actor,
    told: &Changed,
) -> Result<()> {
    let who = words(actor);
    let happened = Happened { kind: told.what, actor: &who, detail: told.detail.clone() };
    tx.bookings().happened(booking, &happened).await?;
    let (now, mut jobs) = (tx.now(), Vec::new());
    for effect in effects {
        match effect {
            Effect::ReleaseTime => drop(tx.claims().release(Owner::Booking(booking.id)).await?),
            Effect::Reconcile => jobs.push(job::new(&Reconcile::of(booking))?),
            Effect::Tell(message) => {
                let mut notify = Notify::of(booking, *message, now).because(actor.by(), told.reason.clone());
                if let Some(previous) = told.moved_from {
                    notify = notify.moved_from(previous);
                }
                if !told.only.is_empty() {
                    notify = notify.only(told.only.clone());
                }
                jobs.push(job::new(&notify)?);
            }
            Effect::Refund => {
                let due = Happened { kind: "refund_due", actor: &who, detail: Value::Null };
                tx.bookings().happened(booking, &due).await?;
            }
        }
    }
    tx.jobs().add_all(jobs).await
}

/// Who did it, as the history keeps it: a role, or the user's id.
pub(crate) fn words(actor: &Actor) -> String {
    match actor {
        Actor::Guest | Actor::Seat(_) => "guest".to_owned(),
        Actor::Member(member) => member.user.to_string(),
        Actor::Calendar => "calendar".to_owned(),
        Actor::Timeout => "timeout".to_owned(),
    }
}
