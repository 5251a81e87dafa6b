//! The flight recorder's pages: what was called for a booking and through an account, what was told about one, and the buttons
//! that do a failed step again.

mod entry;
mod notices;
mod page;

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use kalends_domain::{Id, Uid};
use kalends_engine::{
    connect::Installation,
    flights::{Mark, PAGE, ReplayError},
};

pub use self::entry::{Entry, sentence};
use self::page::{Calls, Trail};
use super::{Answer, desk::Desk, draw_form, notice::Notice};
use crate::{
    Problem, Web,
    extract::{Asked, BookingUid, ConnectionId, Form, Typed},
    mark,
};

/// What a step leaves to say on the next page.
const DID: [(&str, &str); 1] = [("again", "It is done again now. What comes of it stands here in a moment.")];

/// All addresses of time lines.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/bookings/{uid}/calls", get(of_booking))
        .route("/bookings/{uid}/calls/{call}/again", post(again_for_booking))
        .route("/apps/installed/{id}/calls", get(of_connection))
        .route("/apps/installed/{id}/calls/{call}/again", post(again_for_connection))
        .route("/apps/installed/{id}/notices", get(notices::show))
        .route("/apps/installed/{id}/notices/{notice}", get(notices::followed))
        .route("/apps/installed/{id}/notices/{notice}/again", post(notices::again))
}

/// Where the page asked for begins; what is no place is the beginning.
fn before(asked: &Typed) -> Option<Mark> {
    asked.text("before").and_then(mark::read).map(|(at, id)| Mark { at, id })
}

/// `GET /bookings/{uid}/calls`
async fn of_booking(
    State(web): State<Web>,
    desk: Desk,
    BookingUid(uid): BookingUid,
    Asked(asked): Asked,
) -> Answer {
    booking_page(&web, &desk, &uid, before(&asked), Notice::after(&asked, &DID)).await
}

async fn booking_page(
    web: &Web,
    desk: &Desk,
    uid: &Uid,
    before: Option<Mark>,
    notice: Option<Notice>,
) -> Answer {
    let (member, face) = (desk.member(), desk.face(web));
    let view = web.engine.hosted_booking(&member, uid).await?;
    let line = web.engine.calls_of_booking(&member, uid, before, PAGE).await?;
    let (title, date) = (view.event_type.title.clone(), face.dated(view.booking.span.starts()));
    let trail = Trail {
        list: ("/bookings", "Bookings"),
        up: (format!("/bookings/{uid}"), format!("{title}, {date}")),
        heading: "Calls".to_owned(),
        of: "for this booking",
        here: format!("/bookings/{uid}/calls"),
        again: format!("/bookings/{uid}/calls"),
        tabs: None,
    };
    let (frame, side) = desk.around(web, "bookings").await?;
    let failed = Notice::is_failure(notice.as_ref());
    Ok(draw_form(&Calls::of(frame, side, notice, trail, &line, &face), failed))
}

/// `GET /apps/installed/{id}/calls`
async fn of_connection(
    State(web): State<Web>,
    desk: Desk,
    ConnectionId(id): ConnectionId,
    Asked(asked): Asked,
) -> Answer {
    connection_page(&web, &desk, id, before(&asked), Notice::after(&asked, &DID)).await
}

async fn connection_page(
    web: &Web,
    desk: &Desk,
    id: Id<Installation>,
    before: Option<Mark>,
    notice: Option<Notice>,
) -> Answer {
    let (member, face) = (desk.member(), desk.face(web));
    let line = web.engine.calls_of_connection(&member, id, before, PAGE).await?;
    let about = web.engine.connection_named(&member, id).await?;
    let here = format!("/apps/installed/{id}/calls");
    let trail = Trail {
        list: ("/apps/installed", "Installed apps"),
        up: (format!("/apps/installed#a-{id}"), about.name()),
        heading: "Calls".to_owned(),
        of: "through this account",
        again: here.clone(),
        here,
        tabs: about.tells.then(|| id.to_string()),
    };
    let (frame, side) = desk.around(web, "installed").await?;
    let failed = Notice::is_failure(notice.as_ref());
    Ok(draw_form(&Calls::of(frame, side, notice, trail, &line, &face), failed))
}

/// `POST /bookings/{uid}/calls/{call}/again`
async fn again_for_booking(
    State(web): State<Web>,
    desk: Desk,
    BookingUid(uid): BookingUid,
    Path((_, call)): Path<(String, String)>,
    _form: Form,
) -> Answer {
    let call = call.parse().map_err(|_| Problem::from(ReplayError::NotFound))?;
    match web.engine.replay_for_booking(&desk.member(), &uid, call).await {
        Ok(()) => Ok(Redirect::to(&format!("/bookings/{uid}/calls?did=again")).into_response()),
        Err(ReplayError::Cannot(why)) => {
            booking_page(&web, &desk, &uid, None, Some(Notice::fail("Nothing was done.", why))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /apps/installed/{id}/calls/{call}/again`
async fn again_for_connection(
    State(web): State<Web>,
    desk: Desk,
    ConnectionId(id): ConnectionId,
    Path((_, call)): Path<(String, String)>,
    _form: Form,
) -> Answer {
    let call = call.parse().map_err(|_| Problem::from(ReplayError::NotFound))?;
    match web.engine.replay_for_connection(&desk.member(), id, call).await {
        Ok(()) => Ok(Redirect::to(&format!("/apps/installed/{id}/calls?did=again")).into_response()),
        Err(ReplayError::Cannot(why)) => {
            connection_page(&web, &desk, id, None, Some(Notice::fail("Nothing was done.", why))).await
        }
        Err(error) => Err(error.into()),
    }
}
