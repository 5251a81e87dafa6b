//! What calendars and clocks ask a host, and what they answer about calendars, one click each.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use http::StatusCode;
use kalends_domain::{Span, Uid, booking::Seen};
use kalends_engine::{
    book::{BookingView, ChangeError},
    calendar_changes::{ChangeAnswer, Changed, Conflict, ConflictStep, Needs as Found},
};

use super::{clock::Shift, show::page};
use crate::{
    Problem, Web,
    extract::{BookingUid, Form, Typed},
    pages::host::{Answer, desk::Desk, notice::Notice},
    when::Face,
};

/// What calendars and clocks ask a host, as it is drawn.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// Events of ours that were changed over there.
    pub changed: Vec<Asked>,
    /// Foreign events that lie over bookings.
    pub conflicts: Vec<Over>,
    /// Bookings at another local time than was agreed.
    pub shifted: Vec<Shift>,
    /// Where the answer leads back to: `list`, `one` or `zones`.
    pub from: &'static str,
    /// Changed events that stand behind those shown.
    pub behind: usize,
}

/// So many changed events are shown at once: an emptied calendar asks about each booking in it.
const SHOWN: usize = 10;

/// A booking whose event was changed.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The question's name.
    pub id: String,
    /// The booking's name in addresses.
    pub uid: String,
    /// The event type.
    pub title: String,
    /// Who comes.
    pub who: String,
    /// When it takes place as booked.
    pub when: String,
    /// What was done: moved, declined, deleted.
    pub what: &'static str,
    /// What was done, and why it was not followed.
    pub words: String,
    /// The button that lets the booking follow; empty where it cannot.
    pub follow: &'static str,
    /// That calls it off.
    pub cancels: bool,
    /// The button that leaves the booking as it is.
    pub back: &'static str,
}

/// A booking over which something lies.
#[derive(Debug, Clone, Default)]
pub struct Over {
    /// The booking's name in addresses.
    pub uid: String,
    /// The event type.
    pub title: String,
    /// Who comes.
    pub who: String,
    /// When it takes place.
    pub when: String,
    /// What lies over it, and where.
    pub words: String,
    /// The guest was asked for another time.
    pub asked: bool,
    /// The guest can be asked.
    pub may_ask: bool,
}

impl Needs {
    /// As this person reads it.
    pub fn of(found: &Found, face: &Face, from: &'static str) -> Self {
        Self {
            changed: found.changed.iter().map(|one| asked(one, face)).collect(),
            conflicts: found.conflicts.iter().map(|one| over(one, face)).collect(),
            shifted: found.shifted.iter().map(|one| Shift::of(one, face)).collect(),
            from,
            behind: 0,
        }
    }

    /// The first of them, and how many stand behind.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        self.behind = self.changed.len().saturating_sub(SHOWN);
        self.changed.truncate(SHOWN);
        self
    }

    /// True where all changed events can be put back at once.
    pub fn puts_all_back(&self) -> bool {
        self.from == "list" && self.changed.len() > 1
    }

    /// What concerns one booking alone.
    #[must_use]
    pub fn about(mut self, uid: &str) -> Self {
        self.changed.retain(|one| one.uid == uid);
        self.conflicts.retain(|one| one.uid == uid);
        self.shifted.retain(|one| one.uid == uid);
        self
    }

    /// True when nothing is asked.
    pub const fn is_empty(&self) -> bool {
        self.count() == 0
    }

    const fn count(&self) -> usize {
        self.changed.len() + self.behind + self.conflicts.len() + self.shifted.len()
    }

    /// How many need the reader.
    pub fn heading(&self) -> String {
        if self.from == "one" {
            return "This booking needs you".to_owned();
        }
        match self.count() {
            1 => "One booking needs you".to_owned(),
            many => format!("{many} bookings need you"),
        }
    }
}

fn asked(of: &Changed, face: &Face) -> Asked {
    let calendar = &of.calendar;
    let (what, done, follow, back) = match of.seen {
        Seen::At { span } => {
            let there = range(span, face);
            ("Moved", format!("In “{calendar}” it now stands on {there}."), "Move booking", "Put it back")
        }
        Seen::Gone => {
            ("Deleted", format!("It was deleted in “{calendar}”."), "Cancel booking", "Write it again")
        }
        Seen::Declined => {
            ("Declined", format!("You declined it in “{calendar}”."), "Cancel booking", "Keep it")
        }
    };
    let words = [done.as_str(), of.why.words()].join(" ");
    Asked {
        id: of.id.to_string(),
        uid: of.view.booking.uid.to_string(),
        title: of.view.event_type.title.clone(),
        who: who(&of.view),
        when: range(of.view.booking.span, face),
        what,
        words: words.trim_end().to_owned(),
        follow: if of.fits { follow } else { "" },
        cancels: !matches!(of.seen, Seen::At { .. }),
        back,
    }
}

fn over(of: &Conflict, face: &Face) -> Over {
    let events: Vec<String> = of
        .over
        .iter()
        .map(|over| {
            let (from, to) = (face.time(over.span.starts()), face.time(over.span.ends()));
            format!("{from} to {to} in “{}”", over.calendar_name)
        })
        .collect();
    let verb = if events.len() == 1 { "lies" } else { "lie" };
    Over {
        uid: of.view.booking.uid.to_string(),
        title: of.view.event_type.title.clone(),
        who: who(&of.view),
        when: range(of.view.booking.span, face),
        words: format!("{} {verb} over it.", events.join(", ")),
        asked: of.asked,
        may_ask: !of.asked && of.view.may.reschedule && of.view.event_type.seats.is_none(),
    }
}

/// `Tuesday 24 November, 10:00 to 10:30`.
pub(super) fn range(span: Span, face: &Face) -> String {
    format!("{}, {} to {}", face.dated(span.starts()), face.time(span.starts()), face.time(span.ends()))
}

pub(super) fn who(view: &BookingView) -> String {
    match view.booking.attendees.as_slice() {
        [] => "nobody".to_owned(),
        [one] => one.name.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.name, rest.len()),
    }
}

/// `POST /bookings/changes/{id}`: the booking follows, or the event is put right.
pub async fn change(State(web): State<Web>, desk: Desk, Path(id): Path<String>, Form(typed): Form) -> Answer {
    let gone = || Problem::not_found("change_not_found", "This was answered already.");
    let uid = Uid::parse(typed.get("booking")).ok_or_else(Problem::no_such_booking)?;
    let (answer, did) = match typed.get("answer") {
        "follow" => (ChangeAnswer::Follow, "followed"),
        "back" => (ChangeAnswer::PutBack, "put_back"),
        _ => return Err(no_answer()),
    };
    let id = id.parse().map_err(|_| gone())?;
    match web.engine.answer_change(&desk.member(), id, answer).await {
        Err(ChangeError::NotFound) => Err(gone()),
        done => ended(&web, &desk, &uid, &typed, done, did).await,
    }
}

/// `POST /bookings/changes`: all bookings stay as they are, and their events are put right.
pub async fn put_all_back(State(web): State<Web>, desk: Desk, _form: Form) -> Answer {
    web.engine.put_all_back(&desk.member()).await?;
    Ok(Redirect::to("/bookings/upcoming?did=all_put_back").into_response())
}

/// `POST /bookings/{uid}/conflict`: both stay, the guest is asked to move, or the booking is called off.
pub async fn conflict(
    State(web): State<Web>,
    desk: Desk,
    BookingUid(uid): BookingUid,
    Form(typed): Form,
) -> Answer {
    let (step, did) = match typed.get("step") {
        "cancel" => (ConflictStep::Cancel, "cancelled"),
        "ask" => (ConflictStep::AskGuest, "asked_to_move"),
        "keep" => (ConflictStep::Keep, "kept_both"),
        _ => return Err(no_answer()),
    };
    let done = web.engine.answer_conflict(&desk.member(), &uid, step).await;
    ended(&web, &desk, &uid, &typed, done, did).await
}

/// What says none of the answers is none: least of all that both may stay.
fn no_answer() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_answer", "Press one of the buttons on the page.")
}

/// Back to where the button was; what could not be done is said on the booking's own page.
pub(super) async fn ended(
    web: &Web,
    desk: &Desk,
    uid: &Uid,
    typed: &Typed,
    done: Result<(), ChangeError>,
    did: &str,
) -> Answer {
    match done {
        Ok(()) if typed.is("from", "list") => {
            Ok(Redirect::to(&format!("/bookings/upcoming?did={did}")).into_response())
        }
        Ok(()) if typed.is("from", "zones") => {
            Ok(Redirect::to(&format!("/settings/zones?did={did}")).into_response())
        }
        Ok(()) => Ok(Redirect::to(&format!("/bookings/{uid}?did={did}")).into_response()),
        Err(ChangeError::Trouble(trouble)) => Err(ChangeError::Trouble(trouble).into()),
        Err(ChangeError::NotFound) => Err(ChangeError::NotFound.into()),
        Err(error) => {
            page(web, desk, uid, Some(Notice::fail("Nothing was changed.", error.to_string()))).await
        }
    }
}
