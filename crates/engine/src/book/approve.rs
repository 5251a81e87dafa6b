//! A host's yes and no.

use futures::future::BoxFuture;
use kalends_domain::{
    Uid,
    booking::{Booking, Event, State},
};
use kalends_store::Tx;
use serde_json::json;

use super::{
    ChangeError,
    after::Changed,
    cancel::give_turn_back,
    change::{Subject, subject},
    check,
};
use crate::{Actor, Engine, Invalid, Member};

/// What the host says.
#[derive(Debug, Clone)]
enum Answer {
    Yes,
    No { reason: String },
}

impl Engine {
    /// Says yes to a booking that waits for it; of a series, to all that wait.
    #[tracing::instrument(name = "engine.confirm", skip_all, fields(booking = %uid))]
    pub async fn confirm(&self, member: &Member, uid: &Uid) -> Result<Vec<Booking>, ChangeError> {
        self.answer(member, uid, Answer::Yes).await
    }

    /// Says no to a booking that waits for an answer; of a series, to all that wait. The time is free at once.
    #[tracing::instrument(name = "engine.decline", skip_all, fields(booking = %uid))]
    pub async fn decline(
        &self,
        member: &Member,
        uid: &Uid,
        reason: &str,
    ) -> Result<Vec<Booking>, ChangeError> {
        let mut invalid = Invalid::default();
        let reason = check::text(reason, "reason", &mut invalid);
        invalid.check()?;
        self.answer(member, uid, Answer::No { reason }).await
    }

    async fn answer(&self, member: &Member, uid: &Uid, answer: Answer) -> Result<Vec<Booking>, ChangeError> {
        let (actor, uid) = (Actor::Member(*member), uid.clone());
        self.db.write(move |tx| answered(tx, uid.clone(), actor.clone(), answer.clone())).await
    }
}

fn answered(
    tx: &mut Tx,
    uid: Uid,
    actor: Actor,
    answer: Answer,
) -> BoxFuture<'_, Result<Vec<Booking>, ChangeError>> {
    Box::pin(async move {
        let first = subject(tx, &uid, &actor).await?;
        let mut waiting = Vec::new();
        if let Some(series) = first.booking.series.clone() {
            for booking in tx.bookings().series(&series).await? {
                if booking.uid != uid && matches!(booking.state, State::AwaitingConfirmation { .. }) {
                    waiting.push(booking.uid);
                }
            }
        }
        let mut changed = vec![say(tx, first, &actor, &answer).await?];
        for uid in waiting {
            let next = subject(tx, &uid, &actor).await?;
            changed.push(say(tx, next, &actor, &answer).await?);
        }
        changed.sort_by_key(|booking| booking.span);
        Ok(changed)
    })
}

async fn say(
    tx: &mut Tx,
    mut subject: Subject,
    actor: &Actor,
    answer: &Answer,
) -> Result<Booking, ChangeError> {
    let now = tx.now();
    let (event, told) = match answer {
        Answer::Yes => {
            if subject.booking.span.end <= now.as_second() && subject.booking.state.claims_time() {
                return Err(ChangeError::Over);
            }
            (Event::Approved, Changed { what: "confirmed", ..Changed::default() })
        }
        Answer::No { reason } => (
            Event::Declined { reason: reason.clone() },
            Changed {
                what: "declined",
                detail: json!({ "reason": reason }),
                reason: reason.clone(),
                ..Changed::default()
            },
        ),
    };
    let effects = subject.step(event, now)?;
    subject.store(tx, &effects, actor, &told).await?;
    if matches!(answer, Answer::No { .. }) {
        give_turn_back(tx, &subject).await?;
    }
    Ok(subject.booking)
}
