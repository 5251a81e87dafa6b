//! Days away, and days in another zone.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use jiff::civil::Date;
use kalends_domain::{
    availability::{OutOfOffice, Travel},
    zone::Zone,
};
use kalends_engine::EditError;

use super::{
    Typing,
    hours::Hours,
    leave, one, page,
    page::{LeaveForm, StayForm},
};
use crate::{
    Problem, Web,
    extract::{Form, Typed},
    pages::host::{Answer, desk::Desk},
};

/// `POST /availability/away`
pub(super) async fn plan_leave(State(web): State<Web>, desk: Desk, Form(typed): Form) -> Answer {
    let number = typed.get("schedule").parse::<i64>().unwrap_or_default();
    let schedule = one(&web, &desk, number).await?;
    let problem = match (day(&typed, "first"), day(&typed, "last")) {
        (Some(from), Some(until)) => {
            let note = typed.text("note").map(str::to_owned);
            let dates = OutOfOffice { from, until, note };
            match web.engine.add_away(&desk.member(), desk.by.user.id, &dates).await {
                Ok(_) => return Ok(leave(number, "away")),
                Err(EditError::Invalid(invalid)) => invalid.to_string(),
                Err(error) => return Err(error.into()),
            }
        }
        _ => "Choose the first and the last day.".to_owned(),
    };
    let leave = LeaveForm {
        open: true,
        first: typed.get("first").to_owned(),
        last: typed.get("last").to_owned(),
        note: typed.get("note").to_owned(),
        problem: Some(problem),
    };
    let typing = Typing { leave, ..Typing::hours(Hours::of(&schedule.name, &schedule.hours)) };
    page(&web, &desk, &schedule, typing, None).await
}

/// `POST /availability/stays`
pub(super) async fn plan_stay(State(web): State<Web>, desk: Desk, Form(typed): Form) -> Answer {
    let number = typed.get("schedule").parse::<i64>().unwrap_or_default();
    let schedule = one(&web, &desk, number).await?;
    let problem = match stay_typed(&typed) {
        Ok(dates) => match web.engine.add_stay(&desk.member(), desk.by.user.id, &dates).await {
            Ok(_) => return Ok(leave(number, "stay")),
            Err(EditError::Invalid(invalid)) => invalid.to_string(),
            Err(error) => return Err(error.into()),
        },
        Err(problem) => problem,
    };
    let stay = StayForm {
        open: true,
        first: typed.get("first").to_owned(),
        last: typed.get("last").to_owned(),
        zone: typed.get("zone").to_owned(),
        problem: Some(problem),
    };
    let typing = Typing { stay, ..Typing::hours(Hours::of(&schedule.name, &schedule.hours)) };
    page(&web, &desk, &schedule, typing, None).await
}

/// The stay that was typed; without a last day it lasts until further notice.
fn stay_typed(typed: &Typed) -> Result<Travel, String> {
    let from = day(typed, "first").ok_or("Choose the first day there.")?;
    let until = match typed.text("last") {
        None => None,
        Some(_) => Some(day(typed, "last").ok_or("Choose the last day there, or leave it empty.")?),
    };
    let zone = Zone::parse(typed.get("zone")).map_err(|_| "Choose the time zone there.")?;
    Ok(Travel { from, until, zone })
}

fn day(typed: &Typed, field: &str) -> Option<Date> {
    typed.get(field).parse().ok()
}

/// `POST /availability/away/{away}/remove`
pub(super) async fn drop_leave(
    State(web): State<Web>,
    desk: Desk,
    Path(away): Path<String>,
    _form: Form,
) -> Answer {
    let id = away.parse().map_err(|_| gone())?;
    web.engine.delete_away(&desk.member(), desk.by.user.id, id).await?;
    Ok(Redirect::to("/availability?did=removed").into_response())
}

/// `POST /availability/stays/{stay}/remove`
pub(super) async fn drop_stay(
    State(web): State<Web>,
    desk: Desk,
    Path(stay): Path<String>,
    _form: Form,
) -> Answer {
    let id = stay.parse().map_err(|_| gone())?;
    web.engine.delete_stay(&desk.member(), desk.by.user.id, id).await?;
    Ok(Redirect::to("/availability?did=removed").into_response())
}

fn gone() -> Problem {
    Problem::not_found("not_found", "These days are not planned any more.")
}
