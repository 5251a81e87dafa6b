//! Whose turn it is to make the room: the app that was chosen, or the first after it that can.

use jiff::{SignedDuration, Timestamp};
use kalends_app::{Error, Kind};
use kalends_domain::booking::Booking;
use serde_json::{Value, json};

use super::{
    ROOM, Trouble,
    scene::{Scene, Tie},
};
use crate::{
    connect::Installed,
    job::{Failed, When},
};

/// So long an app that has trouble keeps its turn; then the next one has it.
const TROUBLE: SignedDuration = SignedDuration::from_mins(2);
/// So long a link may be in the making.
const PENDING: SignedDuration = SignedDuration::from_mins(10);

/// The account that is to make the room, by what stands already and what was passed over.
///
/// A room that stands is kept, whoever made it: guests have its link.
pub(super) fn account<'a>(
    booking: &Booking,
    accounts: &'a [Installed],
    ties: &[Tie],
) -> Option<&'a Installed> {
    let of = |account: &Installed| ties.iter().find(|tie| is_room(tie) && is_of(tie, account));
    let passed = |account: &Installed| of(account).is_some_and(|tie| is_passed(tie, booking));
    let turns: Vec<&Installed> =
        booking.location.apps().filter_map(|app| best(booking, accounts, app)).collect();
    let stands = turns
        .iter()
        .find(|one| of(one).is_some_and(|tie| tie.kept("room").is_some() && tie.kept("passed").is_none()));
    stands
        .or_else(|| turns.iter().find(|one| one.is_usable() && !passed(one)))
        .or_else(|| turns.iter().find(|one| one.is_usable()))
        .or_else(|| turns.first())
        .copied()
}

/// True when another account could make the room that has not had its turn.
fn is_somebody_left(scene: &Scene, tie: &Tie, ties: &[Tie]) -> bool {
    let booking = &scene.booking;
    let mut turns = booking.location.apps().filter_map(|app| best(booking, &scene.accounts, app));
    turns.any(|one| {
        one.is_usable()
            && !is_of(tie, one)
            && !ties.iter().any(|other| is_of(other, one) && is_passed(other, booking))
    })
}

/// What becomes of an app's turn after trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is over; why.
    Over(String),
    /// It ends at this instant unless the room is there by then.
    Until(Timestamp),
    /// There is nobody else.
    Stays,
}

/// Whether the app keeps its turn: what cannot mend itself ends it at once, what may mend itself has a little time.
pub(super) fn judge(scene: &Scene, tie: &Tie, ties: &[Tie], trouble: &Trouble, now: Timestamp) -> Verdict {
    if !tie.row.desired_present || !is_somebody_left(scene, tie, ties) {
        return Verdict::Stays;
    }
    let since = since(tie).unwrap_or(now);
    let end = |patience| since.checked_add(patience).unwrap_or(Timestamp::MAX);
    let (why, end, next) = match trouble {
        Trouble::Store(_) | Trouble::Unseen(_) => return Verdict::Stays,
        Trouble::Parked(why) => return Verdict::Over(why.clone()),
        Trouble::Pending(at, why) => ((*why).to_owned(), end(PENDING), *at),
        Trouble::App(error) if is_final(error) => return Verdict::Over(error.to_string()),
        Trouble::App(error) => (error.to_string(), end(TROUBLE), named(error).unwrap_or(now)),
    };
    // A provider that says "not before midnight" is not waited for.
    if now >= end || next > end { Verdict::Over(why) } else { Verdict::Until(end) }
}

fn is_final(error: &Error) -> bool {
    error.kind.needs_owner() || matches!(Failed::from(error.clone()), Failed::Never { .. })
}

fn named(error: &Error) -> Option<Timestamp> {
    match (&error.kind, Failed::from(error.clone())) {
        // Without a time it is a day's allowance.
        (Kind::QuotaExhausted { resets: None }, _) => Some(Timestamp::MAX),
        (_, Failed::Again { when: When::Asked(at), .. }) => Some(at),
        _ => None,
    }
}

/// Since when the app has had trouble in this turn.
pub(super) fn since(tie: &Tie) -> Option<Timestamp> {
    tie.kept("trouble_since")?.as_str()?.parse().ok()
}

/// What is kept with a tie whose app has trouble.
pub(super) fn troubled(tie: &Tie, now: Timestamp) -> Value {
    with(tie, "trouble_since", json!(now.to_string()))
}

/// What is kept with a tie whose app was passed over.
pub(super) fn passed(tie: &Tie, booking: &Booking, why: &str) -> Value {
    let mut detail = with(tie, "passed", json!({ "revision": booking.revision, "why": why }));
    if let Some(detail) = detail.as_object_mut() {
        detail.remove("trouble_since");
    }
    detail
}

fn with(tie: &Tie, name: &str, value: Value) -> Value {
    let mut detail = tie.row.detail.as_object().cloned().unwrap_or_default();
    detail.insert(name.to_owned(), value);
    detail.into()
}

/// Passed over for the booking as it is: one that has changed since gives everybody a new turn.
fn is_passed(tie: &Tie, booking: &Booking) -> bool {
    let at = tie.kept("passed").and_then(|passed| passed.get("revision")).and_then(Value::as_u64);
    at == Some(booking.revision.into())
}

fn is_room(tie: &Tie) -> bool {
    tie.row.wanted.kind == ROOM
}

fn is_of(tie: &Tie, account: &Installed) -> bool {
    is_room(tie) && tie.row.wanted.installation == account.installation.id
}

/// Of one app's accounts the organizer's own, else the whole organization's, else any host's.
fn best<'a>(booking: &Booking, accounts: &'a [Installed], app: &str) -> Option<&'a Installed> {
    let rank = |one: &&Installed| match one.owner() {
        Some(user) if user == booking.host => 0,
        None => 1,
        Some(_) => 2,
    };
    accounts.iter().filter(|one| one.app.slug == app).min_by_key(rank)
}
