//! Moving a booking and calling it off.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use http::StatusCode;
use kalends_domain::Uid;
use kalends_engine::{
    Actor, Invalid,
    book::{BookingView, Bounds, CancelAsk, CancelWhat, ChangeError, RescheduleAsk},
    slots::Which,
};

use super::{
    booking::Seen,
    cancel::{CancelView, reason},
    event::Look,
    load::{self, About, Answer},
    parts::{Notice, length},
    reschedule::RescheduleView,
    show::{not_online, refused},
    visit::Visit,
};
use crate::{
    Web,
    extract::{Asked, GuestForm, Typed},
    pages::{Frame, show},
};

/// Who acts: a seat's holder for that seat, else the booker.
fn actor(view: &BookingView) -> Actor {
    view.seat.clone().map_or(Actor::Guest, Actor::Seat)
}

/// `GET /booking/{uid}/reschedule`
pub async fn times(State(web): State<Web>, Path(uid): Path<String>, Asked(asked): Asked) -> Answer {
    let view = load::booking(&web, &uid).await?;
    if !view.may.reschedule {
        return refused(&web, &view, &not_online(&view, "moved")).await;
    }
    draw_times(&web, &view, &asked, &Trouble::default()).await
}

/// What did not work, and where it is said.
#[derive(Default)]
struct Trouble {
    notice: Option<Notice>,
    reason: String,
    status: StatusCode,
}

impl Trouble {
    fn notice(said: &str, status: StatusCode) -> Self {
        Self { notice: Some(Notice::fail(said)), reason: String::new(), status }
    }

    /// The fix for the reason, and the rest as one notice.
    fn invalid(invalid: &Invalid) -> Self {
        let (reasons, others): (Vec<_>, Vec<_>) =
            invalid.problems.iter().partition(|one| one.field == "reason");
        let others: Vec<&str> = others.iter().map(|one| one.fix.as_str()).collect();
        Self {
            notice: (!others.is_empty()).then(|| Notice::fail(&others.join(" "))),
            reason: reasons.first().map_or(String::new(), |one| one.fix.clone()),
            status: StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

async fn draw_times(web: &Web, view: &BookingView, typed: &Typed, trouble: &Trouble) -> Answer {
    let seen =
        Seen { view, seat: view.seat.as_ref(), apps: web.engine.outside.known(), now: web.engine.now() };
    let (visit, lost) = load::visit(web, typed);
    let (face, _) = load::faces(&seen, &visit);
    let booking = &view.booking;
    let about = About {
        which: Which::Id(booking.event_type),
        minutes: Some(length(booking)),
        rescheduling: Some(booking.uid.clone()),
        hold: None,
        last: None,
    };
    // Nothing chosen yet: begin where the booking is.
    let day = face.date(booking.span.starts()).max(face.today());
    let asked = Visit { month: visit.month.or(Some(day.first_of_month())), ..visit };
    let look = load::look(web, &about, &asked, &face).await?;
    let chosen =
        asked.date.or_else(|| look.slots.days.range(day..).next().map(|(date, _)| *date)).or(look.chosen);
    let look = Look { chosen, ..look };
    let frame = Frame::of(web).await.home_at(format!("/{}", view.event_type.owner));
    let view = RescheduleView {
        notice: trouble.notice.clone(),
        why: typed.get("why").to_owned(),
        reason_error: trouble.reason.clone(),
        find: lost,
        ..RescheduleView::of(frame, &seen, &face, &look, asked.start)
    };
    Ok(load::with_status(trouble.status, show(&view)))
}

/// `POST /booking/{uid}/reschedule`
pub async fn reschedule(
    State(web): State<Web>,
    Path(uid): Path<String>,
    GuestForm(typed): GuestForm,
) -> Answer {
    let view = load::booking(&web, &uid).await?;
    let Some(start) = Visit::of(&typed).start else {
        let said = "Choose a time first. Your booking stays as it is until then.";
        let trouble = Trouble::notice(said, StatusCode::UNPROCESSABLE_ENTITY);
        return draw_times(&web, &view, &typed, &trouble).await;
    };
    let ask = RescheduleAsk {
        booking: view.booking.uid.clone(),
        start,
        reason: typed.get("why").to_owned(),
        minutes: None,
        hold: None,
        actor: actor(&view),
        bounds: Bounds::Offered,
    };
    match web.engine.reschedule(&ask).await {
        Ok(_) => Ok(Redirect::to(&format!("/booking/{uid}?moved=1")).into_response()),
        Err(ChangeError::Time(error)) if error.choose_again() => {
            let said = error.to_string();
            draw_times(&web, &view, &typed, &Trouble::notice(&said, StatusCode::CONFLICT)).await
        }
        Err(ChangeError::Invalid(invalid)) => {
            draw_times(&web, &view, &typed, &Trouble::invalid(&invalid)).await
        }
        Err(error) => not_changed(&web, &view, error).await,
    }
}

/// What the rules or the state of the booking refuse is said on its own page.
async fn not_changed(web: &Web, view: &BookingView, error: ChangeError) -> Answer {
    match error {
        ChangeError::Policy { .. }
        | ChangeError::TooLate { .. }
        | ChangeError::Over
        | ChangeError::Forbidden => refused(web, view, &error.to_string()).await,
        // Somebody else changed it meanwhile: the page shows how it stands.
        ChangeError::Refused(_) => {
            let uid = view.seat.as_ref().unwrap_or(&view.booking.uid);
            Ok(Redirect::to(&format!("/booking/{uid}")).into_response())
        }
        error => Err(error.into()),
    }
}

/// `GET /booking/{uid}/cancel`
pub async fn ask(State(web): State<Web>, Path(uid): Path<String>, Asked(asked): Asked) -> Answer {
    let view = load::booking(&web, &uid).await?;
    if !view.may.cancel {
        return refused(&web, &view, &not_online(&view, "cancelled")).await;
    }
    draw_cancel(&web, &view, &asked, &Trouble::default()).await
}

async fn draw_cancel(web: &Web, view: &BookingView, typed: &Typed, trouble: &Trouble) -> Answer {
    let seen =
        Seen { view, seat: view.seat.as_ref(), apps: web.engine.outside.known(), now: web.engine.now() };
    let (face, host) = load::faces(&seen, &Visit::of(typed));
    let frame = Frame::of(web).await.home_at(format!("/{}", view.event_type.owner));
    let view = CancelView {
        notice: trouble.notice.clone(),
        reason_error: trouble.reason.clone(),
        ..CancelView::of(frame, &seen, &face, &host, typed)
    };
    Ok(load::with_status(trouble.status, show(&view)))
}

/// `POST /booking/{uid}/cancel`
pub async fn cancel(State(web): State<Web>, Path(uid): Path<String>, GuestForm(typed): GuestForm) -> Answer {
    let view = load::booking(&web, &uid).await?;
    let what = match &view.seat {
        Some(seat) => CancelWhat::Seat(seat.clone()),
        None if typed.is("what", "remaining") => CancelWhat::Remaining,
        None => CancelWhat::Whole,
    };
    let ask = CancelAsk { booking: booking_uid(&view), what, reason: reason(&typed), actor: actor(&view) };
    match web.engine.cancel(&ask).await {
        Ok(_) => Ok(Redirect::to(&format!("/booking/{uid}")).into_response()),
        Err(ChangeError::Invalid(invalid)) => {
            draw_cancel(&web, &view, &typed, &Trouble::invalid(&invalid)).await
        }
        Err(error) => not_changed(&web, &view, error).await,
    }
}

fn booking_uid(view: &BookingView) -> Uid {
    view.booking.uid.clone()
}
