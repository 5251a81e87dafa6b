//! Attempts that come again: the first answer is given again.

use aws_lc_rs::digest;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::SignedDuration;
use kalends_domain::{Id, Uid, booking::Booking, event_type::EventType, people::Organization};
use kalends_store::{Tx, repo::Seen};
use serde::{Deserialize, Serialize};

use super::{BookAsk, BookError, Booked, check::Checked, plan::Repeat};
use crate::{Actor, Engine, Trouble};

/// An answer is kept for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What is kept of an answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    bookings: Vec<Id<Booking>>,
    seat: Option<Uid>,
}

/// The attempt's name, if it has one.
pub(crate) fn of(ask: &BookAsk, event_type: &EventType, checked: &Checked) -> Option<Repeat> {
    let key = ask.idempotency_key.clone()?;
    let principal = match (&ask.actor, checked.attendees.first()) {
        (Actor::Member(member), _) => format!("user:{}", member.user),
        (_, Some(booker)) => guest(&booker.email),
        (_, None) => "guest".to_owned(),
    };
    let asked = serde_json::json!([
        event_type.id,
        ask.start,
        checked.minutes,
        checked.times,
        checked.attendees,
        checked.location,
        checked.answers,
        checked.notes,
        checked.metadata,
    ]);
    let hash = digest::digest(&digest::SHA256, asked.to_string().as_bytes());
    let hash = BASE64_STANDARD.encode(hash);
    Some(Repeat { principal, key, hash })
}

/// The name a guest's attempts go by.
fn guest(email: &str) -> String {
    format!("guest:{email}")
}

impl Engine {
    /// What a guest's attempt booked, where it did: also when what it booked by books no more.
    pub async fn booked_by(
        &self,
        organization: Id<Organization>,
        email: &str,
        attempt: &str,
    ) -> Result<Option<Booked>, BookError> {
        let mut tx = self.db.read().await?;
        let principal = guest(&email.trim().to_lowercase());
        match tx.idempotency().kept(organization, &principal, attempt).await? {
            Some(answer) => read(&mut tx, &answer).await.map(Some),
            None => Ok(None),
        }
    }
}

/// The earlier answer, if there is one; else the name is taken until this transaction ends.
pub(crate) async fn begin(
    tx: &mut Tx,
    organization: Id<Organization>,
    repeat: &Repeat,
) -> Result<Option<Booked>, BookError> {
    let until = tx.now() + KEPT;
    let seen =
        tx.idempotency().begin(organization, &repeat.principal, &repeat.key, &repeat.hash, until).await?;
    match seen {
        Seen::Never => Ok(None),
        Seen::Otherwise => Err(BookError::KeyReused),
        Seen::Answered { answer, .. } => read(tx, &answer).await.map(Some),
    }
}

/// What an answer spoke of, as it is now.
async fn read(tx: &mut Tx, answer: &str) -> Result<Booked, BookError> {
    let kept: Kept = serde_json::from_str(answer)
        .map_err(|error| Trouble::Unreadable { what: "idempotency key", why: error.to_string() })?;
    let mut bookings = Vec::with_capacity(kept.bookings.len());
    for id in kept.bookings {
        bookings.extend(tx.bookings().get(id).await?);
    }
    Ok(Booked { bookings, seat: kept.seat, repeated: true })
}

/// Keeps the answer.
pub(crate) async fn answer(
    tx: &mut Tx,
    organization: Id<Organization>,
    repeat: &Repeat,
    booked: &Booked,
) -> Result<(), BookError> {
    let kept = Kept {
        bookings: booked.bookings.iter().map(|booking| booking.id).collect(),
        seat: booked.seat.clone(),
    };
    let answer = serde_json::to_string(&kept)
        .map_err(|error| Trouble::Unreadable { what: "idempotency key", why: error.to_string() })?;
    tx.idempotency().answered(organization, &repeat.principal, &repeat.key, 201, &answer).await?;
    Ok(())
}
