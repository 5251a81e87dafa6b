//! A room that is said to have been changed over there: looked at, and mended where it is not as its booking wants it.
//!
//! Our own changes come back as notices too. They are told from others' by looking: what fits is left alone, and looking
//! changes nothing, so no circle begins. Two programs that set the same room right against each other would begin one;
//! therefore a room is set right so often at one revision of its booking, and then stays as it stands.

use kalends_app::{
    AnyConference, Cx, Error,
    kind::conference::{Meeting, Room},
};
use kalends_store::repo::Reference;
use serde_json::{Value, json};

use super::scene::Tie;

/// So often a room is set right at one revision of its booking.
const MOST: u64 = 3;

/// What is kept with a tie whose room is said to have been changed: everything, and the word that it is to be looked at.
pub(crate) fn told(row: &Reference) -> Value {
    let mut detail = row.detail.as_object().cloned().unwrap_or_default();
    let times = number(row, "told").unwrap_or_default();
    detail.insert("told".into(), json!(times + 1));
    detail.into()
}

/// Its notices so far, by which one that comes while a run is under way is seen at its end.
pub(super) fn times(row: &Reference) -> Option<u64> {
    number(row, "told")
}

/// So often it was set right already at this revision.
pub(super) fn set_right(tie: &Tie) -> u64 {
    number(&tie.row, "set_right").unwrap_or_default()
}

fn number(row: &Reference, name: &str) -> Option<u64> {
    row.detail.get(name)?.as_u64()
}

/// What is to be done.
pub(super) enum Found {
    /// Nothing but to write down how it is entered.
    Stands(Room),
    /// It is written once more.
    Differs,
    /// It is gone and made anew.
    Gone,
}

/// Looks at a room that stood as it was wanted until somebody said something.
pub(super) async fn look(
    part: &dyn AnyConference,
    cx: &Cx,
    tie: &Tie,
    room: &Room,
    meeting: &Meeting,
) -> Result<Found, Error> {
    match part.look(cx, room, meeting).await {
        Ok(now) if now.fits => Ok(Found::Stands(now.room)),
        Ok(now) if set_right(tie) >= MOST => {
            tracing::warn!(app = tie.row.wanted.app, room = %room.id, "a room is changed there again and again; it stays so");
            Ok(Found::Stands(now.room))
        }
        Ok(_) => Ok(Found::Differs),
        Err(error) if error.is_missing() => Ok(Found::Gone),
        Err(error) => Err(error),
    }
}
