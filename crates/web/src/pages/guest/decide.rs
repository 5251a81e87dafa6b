//! Yes or no from a host, by a link in a mail: a page with a button, since mail programs open links by themselves.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use kalends_domain::{Uid, booking::Status};
use kalends_engine::book::{BookingView, ChangeError};

use super::{
    booking::Seen,
    load::{self, Answer, nothing},
    parts::{Notice, Summary, first_name},
    visit::Visit,
};
use crate::{
    Web,
    extract::{Asked, Csrf, Form, SignedIn, Typed},
    pages::{self, Frame, show},
};

/// The page.
#[derive(Template)]
#[template(path = "guest/decide.html")]
pub struct DecideView {
    pub(super) frame: Frame,
    pub(super) summary: Summary,
    pub(super) accept: bool,
    pub(super) action: String,
    pub(super) other: String,
    pub(super) guest: String,
    pub(super) notice: Option<Notice>,
    pub(super) answers: Vec<(String, String)>,
    pub(super) note: String,
}

/// Which answer a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Yes.
    Accept,
    /// No.
    Decline,
}

impl Word {
    const fn path(self) -> &'static str {
        match self {
            Self::Accept => "confirm",
            Self::Decline => "decline",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Accept => Self::Decline,
            Self::Decline => Self::Accept,
        }
    }
}

impl DecideView {
    /// Draws the page for a booking that waits.
    async fn of(
        web: &Web,
        signed_in: &SignedIn,
        csrf: &Csrf,
        view: &BookingView,
        word: Word,
        typed: &Typed,
    ) -> Self {
        let seen = Seen { view, seat: None, apps: web.engine.outside.known(), now: web.engine.now() };
        let profile = &signed_in.user.profile;
        let visit = Visit {
            zone: kalends_domain::Zone::parse(&profile.zone).ok(),
            hours: Some(profile.hours),
            ..Visit::default()
        };
        let (face, host) = load::faces(&seen, &visit);
        let booking = &view.booking;
        let booker = booking.booker();
        let mut answers: Vec<(String, String)> = booker
            .map(|guest| ("Guest".into(), format!("{}, {}", guest.name, guest.email)))
            .into_iter()
            .collect();
        answers.extend(pages::answers(web, view).await);
        if !booking.notes.trim().is_empty() {
            answers.push(("Notes".into(), booking.notes.trim().to_owned()));
        }
        Self {
            frame: Frame::signed(web, csrf).await.home_at("/bookings".into()),
            summary: seen.summary(&face, &host),
            accept: word == Word::Accept,
            action: format!("/bookings/{}/{}", booking.uid, word.path()),
            other: format!("/bookings/{}/{}", booking.uid, word.other().path()),
            guest: booker.map_or("The guest".into(), |guest| first_name(&guest.name).to_owned()),
            notice: None,
            answers,
            note: typed.get("note").to_owned(),
        }
    }
}

async fn load_hosted(web: &Web, signed_in: &SignedIn, uid: &str) -> Result<BookingView, load::Stop> {
    let uid = Uid::parse(uid).ok_or_else(nothing)?;
    Ok(web.engine.hosted_booking(&signed_in.member(), &uid).await?)
}

async fn ask(web: &Web, signed_in: &SignedIn, csrf: &Csrf, uid: &str, word: Word, typed: &Typed) -> Answer {
    let view = load_hosted(web, signed_in, uid).await?;
    if view.booking.status(web.engine.now()) != Status::AwaitingConfirmation {
        return Ok(to_booking(&view));
    }
    Ok(load::unkept(show(&DecideView::of(web, signed_in, csrf, &view, word, typed).await)))
}

fn to_booking(view: &BookingView) -> Response {
    Redirect::to(&format!("/bookings/{}", view.booking.uid)).into_response()
}

/// `GET /bookings/{uid}/confirm`
pub async fn accept(
    State(web): State<Web>,
    signed_in: SignedIn,
    csrf: Csrf,
    Path(uid): Path<String>,
    Asked(asked): Asked,
) -> Answer {
    ask(&web, &signed_in, &csrf, &uid, Word::Accept, &asked).await
}

/// `GET /bookings/{uid}/decline`
pub async fn decline(
    State(web): State<Web>,
    signed_in: SignedIn,
    csrf: Csrf,
    Path(uid): Path<String>,
    Asked(asked): Asked,
) -> Answer {
    ask(&web, &signed_in, &csrf, &uid, Word::Decline, &asked).await
}

/// `POST /bookings/{uid}/confirm`
pub async fn accepted(
    State(web): State<Web>,
    signed_in: SignedIn,
    Path(uid): Path<String>,
    Form(_): Form,
) -> Answer {
    let view = load_hosted(&web, &signed_in, &uid).await?;
    answered(&view, web.engine.confirm(&signed_in.member(), &view.booking.uid).await.map(drop))
}

/// `POST /bookings/{uid}/decline`
pub async fn declined(
    State(web): State<Web>,
    signed_in: SignedIn,
    csrf: Csrf,
    Path(uid): Path<String>,
    Form(typed): Form,
) -> Answer {
    let view = load_hosted(&web, &signed_in, &uid).await?;
    match web.engine.decline(&signed_in.member(), &view.booking.uid, typed.get("note")).await {
        Err(ChangeError::Invalid(invalid)) => {
            let mut page = DecideView::of(&web, &signed_in, &csrf, &view, Word::Decline, &typed).await;
            page.notice = Some(Notice::fail(&invalid.to_string()));
            Ok(load::with_status(StatusCode::UNPROCESSABLE_ENTITY, show(&page)))
        }
        done => answered(&view, done.map(drop)),
    }
}

fn answered(view: &BookingView, done: Result<(), ChangeError>) -> Answer {
    match done {
        // Answered by somebody else meanwhile: the page shows how it stands.
        Ok(()) | Err(ChangeError::Refused(_)) => Ok(to_booking(view)),
        Err(error) => Err(error.into()),
    }
}
