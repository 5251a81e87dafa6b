//! What a host does with a booking.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect},
};
use kalends_engine::{
    Actor,
    book::{Absences, CancelAsk, CancelWhat, ChangeError},
    flights::ReplayError,
};

use super::show::page;
use crate::{
    Web,
    extract::{BookingUid, Form, Typed},
    pages::host::{Answer, desk::Desk, notice::Notice},
};

/// `POST /bookings/{uid}/answer`: yes or no to a booking that waits.
pub async fn answer(
    State(web): State<Web>,
    desk: Desk,
    BookingUid(uid): BookingUid,
    Form(typed): Form,
) -> Answer {
    let member = desk.member();
    let (done, did) = if typed.is("answer", "yes") {
        (web.engine.confirm(&member, &uid).await, "accepted")
    } else {
        (web.engine.decline(&member, &uid, typed.get("reason").trim()).await, "declined")
    };
    ended(&web, &desk, &uid, done.map(drop), did).await
}

/// `POST /bookings/{uid}/cancel`
pub async fn cancel(
    State(web): State<Web>,
    desk: Desk,
    BookingUid(uid): BookingUid,
    Form(typed): Form,
) -> Answer {
    let ask = CancelAsk {
        booking: uid.clone(),
        what: CancelWhat::Whole,
        reason: typed.get("reason").trim().to_owned(),
        actor: Actor::Member(desk.member()),
    };
    let done = web.engine.cancel(&ask).await.map(drop);
    ended(&web, &desk, &uid, done, "cancelled").await
}

/// `POST /bookings/{uid}/absent`: who did not come.
pub async fn absent(
    State(web): State<Web>,
    desk: Desk,
    BookingUid(uid): BookingUid,
    Form(typed): Form,
) -> Answer {
    let done = web.engine.mark_absent(&desk.member(), &uid, &absences(&typed)).await.map(drop);
    ended(&web, &desk, &uid, done, "marked").await
}

fn absences(typed: &Typed) -> Absences {
    let attendees = typed.text("email").map(|email| (email.to_owned(), typed.is("absent", "yes")));
    Absences {
        host: typed.text("host").map(|host| host == "yes"),
        attendees: attendees.into_iter().collect(),
    }
}

/// `POST /bookings/{uid}/again`: one thing outside, or whatever is not as it should be there.
pub async fn again(
    State(web): State<Web>,
    desk: Desk,
    BookingUid(uid): BookingUid,
    Form(typed): Form,
) -> Answer {
    let step = typed.text("step").map(|text| text.parse().map_err(|_| ReplayError::NotFound)).transpose()?;
    match web.engine.try_outside_again(&desk.member(), &uid, step).await {
        Ok(()) => Ok(Redirect::to(&format!("/bookings/{uid}?did=again")).into_response()),
        Err(ReplayError::Cannot(why)) => {
            page(&web, &desk, &uid, Some(Notice::fail("Nothing was done.", why))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Back to the booking, with what was done, or with what stood in the way.
async fn ended(
    web: &Web,
    desk: &Desk,
    uid: &kalends_domain::Uid,
    done: Result<(), ChangeError>,
    did: &str,
) -> Answer {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/bookings/{uid}?did={did}")).into_response()),
        Err(error @ (ChangeError::Refused(_) | ChangeError::Over | ChangeError::Invalid(_))) => {
            page(web, desk, uid, Some(Notice::fail("Nothing was changed.", error.to_string()))).await
        }
        Err(error) => Err(error.into()),
    }
}
