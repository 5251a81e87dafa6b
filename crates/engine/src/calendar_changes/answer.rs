//! What a host answers, with one click.

use kalends_domain::{
    Id, Uid,
    booking::{Booking, Seen},
};
use kalends_store::{
    Tx,
    repo::{ConflictAnswer, Happened, OutsideChange},
};
use serde_json::json;

use super::needs::laid_over;
use crate::{
    Actor, Engine, Member,
    book::{self, CancelAsk, CancelWhat, ChangeError},
    job::{self, Reconcile},
    notify,
};

/// What becomes of a booking whose event was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeAnswer {
    /// The booking follows: it moves there, or is called off.
    Follow,
    /// The event is written again as the booking says.
    PutBack,
}

/// What becomes of a booking over which something was laid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictStep {
    /// Both stay.
    Keep,
    /// The guest is asked to choose another time.
    AskGuest,
    /// The booking is called off.
    Cancel,
}

impl Engine {
    /// Answers what is asked about a changed event. One that was answered, or changed since, is `NotFound`.
    pub async fn answer_change(
        &self,
        asker: &Member,
        id: Id<OutsideChange>,
        answer: ChangeAnswer,
    ) -> Result<(), ChangeError> {
        let mut tx = self.db.read().await?;
        let change = tx.outside_changes().get(asker.organization, id).await?;
        let change = change.filter(|one| one.host == asker.user && one.why.is_some());
        let change = change.ok_or(ChangeError::NotFound)?;
        let booking = tx.bookings().get(change.booking).await?;
        let booking = booking.filter(|booking| booking.revision == change.revision);
        let booking = booking.ok_or(ChangeError::NotFound)?;
        drop(tx);
        match (answer, change.seen) {
            (ChangeAnswer::PutBack, _) => return self.put_back(asker, booking, change).await,
            (ChangeAnswer::Follow, Seen::At { span }) => {
                self.move_along(&booking, span, Actor::Member(*asker)).await?;
            }
            (ChangeAnswer::Follow, Seen::Gone | Seen::Declined) => self.call_off(asker, &booking.uid).await?,
        }
        Ok(self
            .db
            .write(move |tx| {
                let change = change.clone();
                Box::pin(async move { tx.outside_changes().end(&change).await.map(drop) })
            })
            .await?)
    }

    /// Puts every event back that is asked about: all bookings of the asker stay as they are. How many there were.
    pub async fn put_all_back(&self, asker: &Member) -> Result<usize, ChangeError> {
        let open = self.db.read().await?.outside_changes().asked(asker.organization, asker.user).await?;
        let mut back = 0;
        for change in open {
            match self.answer_change(asker, change.id, ChangeAnswer::PutBack).await {
                Ok(()) => back += 1,
                // Answered or changed since.
                Err(ChangeError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(back)
    }

    async fn put_back(
        &self,
        asker: &Member,
        booking: Booking,
        change: OutsideChange,
    ) -> Result<(), ChangeError> {
        let who = asker.user.to_string();
        self.db
            .write(move |tx| {
                let (booking, change, who) = (booking.clone(), change.clone(), who.clone());
                Box::pin(async move {
                    if !tx.outside_changes().end(&change).await? {
                        return Err(ChangeError::NotFound);
                    }
                    if let Some(row) = tx.references().get(change.reference).await? {
                        tx.references().again(&row).await?;
                    }
                    job::add(tx, &Reconcile::of(&booking)).await?;
                    let happened = Happened { kind: "put_back", actor: &who, detail: json!({}) };
                    Ok(tx.bookings().happened(&booking, &happened).await?)
                })
            })
            .await
    }

    /// Answers for everything that lies over one of the asker's bookings now.
    pub async fn answer_conflict(
        &self,
        asker: &Member,
        uid: &Uid,
        step: ConflictStep,
    ) -> Result<(), ChangeError> {
        match step {
            ConflictStep::Cancel => self.call_off(asker, uid).await,
            ConflictStep::Keep => self.say(asker, uid, ConflictAnswer::Kept).await,
            ConflictStep::AskGuest => self.say(asker, uid, ConflictAnswer::Asked).await,
        }
    }

    async fn say(&self, asker: &Member, uid: &Uid, answer: ConflictAnswer) -> Result<(), ChangeError> {
        let view = self.hosted_booking(asker, uid).await?;
        if answer == ConflictAnswer::Asked && !view.may.reschedule {
            return Err(ChangeError::Policy { what: "move" });
        }
        let (asker, uid) = (*asker, uid.clone());
        self.db
            .write(move |tx| {
                let uid = uid.clone();
                Box::pin(async move { said(tx, &asker, &uid, answer).await })
            })
            .await
    }

    async fn call_off(&self, asker: &Member, uid: &Uid) -> Result<(), ChangeError> {
        let ask = CancelAsk {
            booking: uid.clone(),
            what: CancelWhat::Whole,
            reason: String::new(),
            actor: Actor::Member(*asker),
        };
        self.cancel(&ask).await.map(drop)
    }
}

async fn said(tx: &mut Tx, asker: &Member, uid: &Uid, answer: ConflictAnswer) -> Result<(), ChangeError> {
    let booking = tx.bookings().lock(uid).await?.ok_or(ChangeError::NotFound)?;
    book::may_see(tx, &booking, *asker).await?;
    let laid = laid_over(tx, asker, std::slice::from_ref(&booking)).await?;
    for over in laid.iter().flat_map(|(_, over, _)| over) {
        tx.outside_changes().answer(&booking, over, answer).await?;
    }
    if answer == ConflictAnswer::Asked && !laid.is_empty() {
        notify::choose_again(tx, &booking).await?;
        let who = asker.user.to_string();
        let happened = Happened { kind: "asked_to_move", actor: &who, detail: json!({}) };
        tx.bookings().happened(&booking, &happened).await?;
    }
    Ok(())
}
