//! What becomes of a shifted booking, with one click.

use futures::future::BoxFuture;
use kalends_domain::{
    Uid,
    booking::{Booking, Message},
    zone::Zone,
};
use kalends_store::Tx;
use serde_json::json;

use crate::{
    Actor, Engine, Member,
    book::{self, Bounds, ChangeError, Changed, RescheduleAsk},
};

/// Bookings moved with one click, at most.
const AT_ONCE: u32 = 200;

/// What becomes of a booking that new rules brought to another local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShiftAnswer {
    /// It stays at its instant: what clocks show then is agreed from here on.
    Keep,
    /// It moves to where clocks show what was agreed.
    Move,
}

impl Engine {
    /// Answers for a booking, for a host or one who manages; one that is not shifted any more is `NotFound`.
    pub async fn answer_shift(
        &self,
        asker: &Member,
        uid: &Uid,
        answer: ShiftAnswer,
    ) -> Result<Booking, ChangeError> {
        let actor = Actor::Member(*asker);
        if answer == ShiftAnswer::Keep {
            let uid = uid.clone();
            return self.db.write(move |tx| kept(tx, uid.clone(), actor.clone())).await;
        }
        let booking = self.hosted_booking(asker, uid).await?.booking;
        let to = booking.shifted().ok_or(ChangeError::NotFound)?;
        let ask = RescheduleAsk {
            reason: format!("{} It takes place at the local time that was agreed.", because(&booking)),
            bounds: Bounds::AnyFreeTime,
            ..RescheduleAsk::new(uid.clone(), to.starts(), actor)
        };
        self.reschedule(&ask).await
    }
}

impl Engine {
    /// Moves all that the asker decides about, the first of them where they are many: how many moved, and how many stay
    /// because the agreed time is not free.
    pub async fn move_all_shifted(&self, asker: &Member) -> Result<(usize, usize), ChangeError> {
        let mut all = self.shifted_at_most(asker, AT_ONCE).await?;
        all.retain(|one| one.fits);
        // What others move away from is free for the next: those that move later begin with the last.
        let (mut later, sooner): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|one| one.to.start > one.view.booking.span.start);
        later.reverse();
        let (mut moved, mut stay) = (0, 0);
        for one in later.iter().chain(&sooner) {
            match self.answer_shift(asker, &one.view.booking.uid, ShiftAnswer::Move).await {
                Ok(_) => moved += 1,
                // Answered meanwhile.
                Err(ChangeError::NotFound) => {}
                Err(ChangeError::Trouble(trouble)) => return Err(trouble.into()),
                Err(_) => stay += 1,
            }
        }
        Ok((moved, stay))
    }
}

/// Its time is claimed already. Mails and calendars hold the local time that was agreed, so for them it moves.
fn kept(tx: &mut Tx, uid: Uid, actor: Actor) -> BoxFuture<'_, Result<Booking, ChangeError>> {
    Box::pin(async move {
        let mut subject = book::subject(tx, &uid, &actor).await?;
        let booking = &mut subject.booking;
        book::live(booking, tx.now())?;
        let shifted = booking.shifted().ok_or(ChangeError::NotFound)?;
        let zone = Zone::parse(&booking.zone).map_err(|_| ChangeError::NotFound)?;
        let (was, reason) = (booking.wall, because(booking));
        booking.agree(booking.span, &zone);
        let told = Changed {
            what: "instant_kept",
            detail: json!({ "zone": booking.zone, "from": was, "to": booking.wall }),
            reason: format!("{reason} It stays at the same instant."),
            moved_from: Some(shifted),
            only: Vec::new(),
        };
        let effects = book::heard(booking, Message::Moved);
        subject.store(tx, &effects, &actor, &told).await?;
        Ok(subject.booking)
    })
}

fn because(booking: &Booking) -> String {
    format!("The rules of local time have changed in {}.", booking.zone)
}
