//! `GET` of a booking, its link, its calendar file, and the way into its room.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use kalends_domain::{Uid, booking::Status};
use kalends_engine::{book::BookingView, reconcile::JoinError};

use super::{
    booking::{BookingPage, JoinPart, News, Seen},
    load::{self, Answer},
    parts::Notice,
    visit::{Visit, hours_value, link},
};
use crate::{
    Web,
    extract::{Asked, SignedIn, Typed},
    pages::{Frame, show},
};

/// `GET /booking/{uid}`
pub async fn booking(State(web): State<Web>, Path(uid): Path<String>, Asked(asked): Asked) -> Answer {
    let view = load::booking(&web, &uid).await?;
    page(&web, &view, &asked, None, StatusCode::OK).await
}

/// Draws a booking's page, with a notice where something did not work.
pub async fn page(
    web: &Web,
    view: &BookingView,
    asked: &Typed,
    notice: Option<Notice>,
    status: StatusCode,
) -> Answer {
    let seen =
        Seen { view, seat: view.seat.as_ref(), apps: web.engine.outside.known(), now: web.engine.now() };
    let visit = Visit::of(asked);
    let (face, _) = load::faces(&seen, &visit);
    let frame = Frame::of(web).await.home_at(format!("/{}", view.event_type.owner));
    let mut page = BookingPage::of(frame, &seen, &face, News::of(asked));
    page.notice = notice;
    let hours: Vec<_> = visit.hours.map(|hours| ("hours", hours_value(hours))).into_iter().collect();
    page.query = link("", &hours);
    if let Some(series) = &view.booking.series {
        let all = web.engine.series(series).await?;
        let line = |one: &BookingView| {
            let gone = match one.booking.status(web.engine.now()) {
                Status::Cancelled => " (cancelled)",
                Status::Rejected => " (declined)",
                _ => "",
            };
            (
                format!("{}{gone}", face.whole(one.booking.span.starts())),
                format!("/booking/{}", one.booking.uid),
            )
        };
        page.series = all.iter().map(line).collect();
    }
    Ok(load::with_status(status, show(&page)))
}

/// `GET /booking/{uid}/link`: the link alone, for a page that waits for it.
pub async fn waiting(State(web): State<Web>, Path(uid): Path<String>) -> Answer {
    let view = load::booking(&web, &uid).await?;
    let seen = Seen {
        view: &view,
        seat: view.seat.as_ref(),
        apps: web.engine.outside.known(),
        now: web.engine.now(),
    };
    match seen.join() {
        Some(join) => Ok(load::unkept(show(&JoinPart { join }))),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// `GET /booking/{uid}/calendar.ics`
pub async fn calendar(State(web): State<Web>, Path(uid): Path<String>) -> Answer {
    let uid = Uid::parse(&uid).ok_or_else(load::nothing)?;
    let file = web.engine.calendar_file(&uid).await?;
    let head = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"booking.ics\""),
    ];
    Ok(load::unkept((head, file).into_response()))
}

/// `GET /join/{uid}`: into the room as it is now. A host who is signed in joins as one.
pub async fn join(State(web): State<Web>, Path(uid): Path<String>, signed_in: Option<SignedIn>) -> Answer {
    let named = Uid::parse(&uid).ok_or_else(load::nothing)?;
    let host = signed_in.map(|signed_in| signed_in.member());
    // The way into a room goes through an app: a large future, seldom made.
    match Box::pin(web.engine.join(&named, host.as_ref())).await {
        Ok(url) => Ok(leave_for(&url)),
        // The booking's page shows how it stands.
        Err(JoinError::NotOn | JoinError::Over | JoinError::NotReady) => {
            Ok(Redirect::to(&format!("/booking/{named}")).into_response())
        }
        Err(JoinError::Closed(why)) => {
            let view = load::booking(&web, &uid).await?;
            refused(&web, &view, &JoinError::Closed(why).to_string()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Sends a browser away without telling where it came from: the address behind it is the guest's alone.
fn leave_for(url: &str) -> Response {
    let mut response = load::unkept(Redirect::to(url).into_response());
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    response
}

/// What may not be changed any more, said on the booking's own page.
pub async fn refused(web: &Web, view: &BookingView, said: &str) -> Answer {
    page(web, view, &Typed::default(), Some(Notice::fail(said)), StatusCode::FORBIDDEN).await
}

/// The words for a guest who may not move or cancel.
pub fn not_online(view: &BookingView, what: &str) -> String {
    let host = view.hosts.first().map_or("your host", |host| host.name.as_str());
    format!("This booking cannot be {what} online any more. Write to {host}.")
}
