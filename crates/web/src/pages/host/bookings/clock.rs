//! Bookings that new rules brought to another local time than was agreed, as they are drawn, and their hosts' answers.

use axum::extract::State;
use jiff::Timestamp;
use kalends_domain::{Zone, span::instant};
use kalends_engine::{
    book::{BookError, ChangeError},
    clocks::{ShiftAnswer, Shifted},
};

use super::{
    needs::{ended, range, who},
    show::page,
};
use crate::{
    Problem, Web,
    extract::{BookingUid, Form},
    pages::host::{Answer, desk::Desk, notice::Notice},
    when::Face,
};

/// A booking at another local time than was agreed.
#[derive(Debug, Clone, Default)]
pub struct Shift {
    /// The booking's name in addresses.
    pub uid: String,
    /// The event type.
    pub title: String,
    /// Who comes.
    pub who: String,
    /// When it takes place as booked.
    pub when: String,
    /// What was agreed, what clocks show now, and when it would be.
    pub words: String,
    /// It can move to the local time that was agreed.
    pub fits: bool,
}

impl Shift {
    /// As this person reads it.
    pub fn of(one: &Shifted, face: &Face) -> Self {
        let (booking, to) = (&one.view.booking, one.to);
        let zone = Zone::parse(&booking.zone).unwrap_or_else(|_| Zone::utc());
        let there = face.at(zone);
        // What stood on the wall is read as it is, whatever clocks make of it now.
        let (wall, agreed) = (Zone::utc().instants(booking.wall).first(), face.at(Zone::utc()));
        let (wall, start, place) = (instant(wall), booking.span.starts(), there.zone_name());
        let same_day = agreed.date(wall) == there.date(start);
        let at = |face: &Face, at: Timestamp| if same_day { face.time(at) } else { face.whole(at) };
        let moved = match one.fits {
            true if face.dated(to.starts()) == face.dated(start) => {
                format!("If moved: {} to {}.", face.time(to.starts()), face.time(to.ends()))
            }
            true => format!("If moved: {}.", range(to, face)),
            false => "The agreed time has begun.".to_owned(),
        };
        Self {
            uid: booking.uid.to_string(),
            title: one.view.event_type.title.clone(),
            who: who(&one.view),
            when: range(booking.span, face),
            words: format!(
                "Agreed for {} in {place}; by the new rules it is at {}. {moved}",
                at(&agreed, wall),
                at(&there, start)
            ),
            fits: one.fits,
        }
    }
}

/// `POST /bookings/{uid}/clock`: it stays at its instant, or moves to the local time that was agreed.
pub async fn answer(
    State(web): State<Web>,
    desk: Desk,
    BookingUid(uid): BookingUid,
    Form(typed): Form,
) -> Answer {
    let (answer, did) = if typed.is("answer", "move") {
        (ShiftAnswer::Move, "moved_back")
    } else {
        (ShiftAnswer::Keep, "instant_kept")
    };
    match web.engine.answer_shift(&desk.member(), &uid, answer).await {
        Err(ChangeError::NotFound) => {
            Err(Problem::not_found("shift_not_found", "This was answered already."))
        }
        Err(ChangeError::Time(BookError::Taken)) => {
            let words =
                "Something else takes the time that was agreed. Move that first, or keep the instant.";
            page(&web, &desk, &uid, Some(Notice::fail("Nothing was changed.", words))).await
        }
        done => ended(&web, &desk, &uid, &typed, done.map(drop), did).await,
    }
}
