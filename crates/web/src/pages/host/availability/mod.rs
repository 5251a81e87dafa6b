//! When hosts can be booked: schedules, dates that differ, time away, time elsewhere.

mod days;
mod hours;
mod page;

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use jiff::civil::Date;
use kalends_domain::availability::{DateHours, Hours as Stretch, Schedule, WallTime};
use kalends_engine::{
    EditError,
    schedules::{ScheduleDraft, ScheduleView},
};

use self::{
    hours::Hours,
    page::{Availability, DateForm, LeaveForm, Page, StayForm, Tab},
};
use super::{Answer, desk::Desk, draw_form, notice::Notice};
use crate::{
    Problem, Web,
    extract::{Asked, Form, Typed},
    zones,
};

/// All addresses below `/availability`.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/availability", get(front))
        .route("/availability/new", post(new))
        .route("/availability/away", post(days::plan_leave))
        .route("/availability/away/{away}/remove", post(days::drop_leave))
        .route("/availability/stays", post(days::plan_stay))
        .route("/availability/stays/{stay}/remove", post(days::drop_stay))
        .route("/availability/{number}", get(show).post(save))
        .route("/availability/{number}/default", post(make_default))
        .route("/availability/{number}/delete", post(delete))
        .route("/availability/{number}/overrides", post(add_date))
        .route("/availability/{number}/overrides/{date}/remove", post(drop_date))
}

/// What a step leaves to say on the next page.
const DID: [(&str, &str); 8] = [
    ("saved", "Hours saved."),
    ("made", "A new schedule. Its hours are nine to five until you change them."),
    ("default", "This is your default schedule now."),
    ("deleted", "Schedule deleted. Event types that used it use your default one."),
    ("date", "Date added."),
    ("removed", "Removed."),
    ("away", "Time away planned. No times are offered on those days."),
    ("stay", "Stay planned. On those days your hours are local there."),
];

/// `GET /availability`: the default schedule.
async fn front(State(web): State<Web>, desk: Desk, Asked(asked): Asked) -> Answer {
    let schedules = all(&web, &desk).await?;
    let did = DID.iter().find(|(did, _)| *did == asked.get("did"));
    match schedules.iter().find(|one| one.is_default).or(schedules.first()) {
        Some(one) => Ok(match did {
            Some((did, _)) => leave(one.number, did),
            None => Redirect::to(&format!("/availability/{}", one.number)).into_response(),
        }),
        None => make(&web, &desk).await,
    }
}

/// `POST /availability/new`
async fn new(State(web): State<Web>, desk: Desk, _form: Form) -> Answer {
    make(&web, &desk).await
}

async fn make(web: &Web, desk: &Desk) -> Answer {
    let zone = kalends_domain::zone::Zone::parse(&desk.profile().zone);
    let hours = Schedule::nine_to_five(zone.unwrap_or_else(|_| kalends_domain::zone::Zone::utc()));
    let number = all(web, desk).await?.len() + 1;
    let name = if number == 1 { "Working hours".to_owned() } else { format!("Schedule {number}") };
    let made =
        web.engine.create_schedule(&desk.member(), desk.by.user.id, &ScheduleDraft { name, hours }).await?;
    Ok(leave(made.number, "made"))
}

/// `GET /availability/{number}`
async fn show(State(web): State<Web>, desk: Desk, Path(number): Path<i64>, Asked(asked): Asked) -> Answer {
    let schedule = one(&web, &desk, number).await?;
    let form = Hours::of(&schedule.name, &schedule.hours);
    page(&web, &desk, &schedule, Typing::hours(form), Notice::after(&asked, &DID)).await
}

/// `POST /availability/{number}`: saves the hours, or shows them with a pressed button's change.
async fn save(State(web): State<Web>, desk: Desk, Path(number): Path<i64>, Form(typed): Form) -> Answer {
    let schedule = one(&web, &desk, number).await?;
    let form = Hours::typed(&typed);
    if Hours::is_edit(&typed) {
        let notice = Notice { tone: "wait", title: "Not saved yet.".into(), words: String::new() };
        return page(&web, &desk, &schedule, Typing::hours(form), Some(notice)).await;
    }
    let name = form.name.trim().to_owned();
    let hours = match form.clone().schedule(schedule.hours.overrides()) {
        Ok(hours) => hours,
        Err(form) => {
            let notice =
                Notice::fail("Not saved yet.", "The days marked below need a look. What you typed is kept.");
            return page(&web, &desk, &schedule, Typing::hours(form), Some(notice)).await;
        }
    };
    match web.engine.update_schedule(&desk.member(), schedule.id, &ScheduleDraft { name, hours }).await {
        Ok(_) => Ok(leave(number, "saved")),
        Err(EditError::Invalid(invalid)) => {
            let notice = Notice::fail("Not saved yet.", invalid.to_string());
            page(&web, &desk, &schedule, Typing::hours(form), Some(notice)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /availability/{number}/default`
async fn make_default(State(web): State<Web>, desk: Desk, Path(number): Path<i64>, _form: Form) -> Answer {
    let schedule = one(&web, &desk, number).await?;
    web.engine.set_default_schedule(&desk.member(), schedule.id).await?;
    Ok(leave(number, "default"))
}

/// `POST /availability/{number}/delete`
async fn delete(State(web): State<Web>, desk: Desk, Path(number): Path<i64>, _form: Form) -> Answer {
    let schedule = one(&web, &desk, number).await?;
    match web.engine.delete_schedule(&desk.member(), schedule.id).await {
        Ok(()) => Ok(Redirect::to("/availability?did=deleted").into_response()),
        Err(EditError::InUse { why }) => {
            let form = Hours::of(&schedule.name, &schedule.hours);
            page(&web, &desk, &schedule, Typing::hours(form), Some(Notice::fail("Not deleted.", why))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /availability/{number}/overrides`
async fn add_date(State(web): State<Web>, desk: Desk, Path(number): Path<i64>, Form(typed): Form) -> Answer {
    let schedule = one(&web, &desk, number).await?;
    let changed = date_typed(&typed).and_then(|date| with_date(&schedule.hours, date));
    match changed {
        Ok(hours) => {
            store(&web, &desk, &schedule, hours).await?;
            Ok(leave(number, "date"))
        }
        Err(problem) => {
            let date = DateForm {
                open: true,
                date: typed.get("date").to_owned(),
                from: typed.get("from").to_owned(),
                to: typed.get("to").to_owned(),
                closed: typed.has("closed"),
                problem: Some(problem),
            };
            let typing = Typing { date, ..Typing::hours(Hours::of(&schedule.name, &schedule.hours)) };
            page(&web, &desk, &schedule, typing, None).await
        }
    }
}

/// The date that was typed, with its hours.
fn date_typed(typed: &Typed) -> Result<DateHours, String> {
    let date = typed.get("date").parse::<Date>().map_err(|_| "Choose a date.".to_owned())?;
    if typed.has("closed") {
        return Ok(DateHours { date, hours: Vec::new() });
    }
    let time = |field: &str| typed.get(field).parse::<WallTime>().map_err(|problem| problem.fix);
    let (start, end) = (time("from")?, time("to")?);
    let end = if end == WallTime::MIDNIGHT { WallTime::END } else { end };
    Ok(DateHours { date, hours: vec![Stretch::new(start, end)] })
}

/// A second stretch on a date joins the first; a closed date replaces all.
fn with_date(schedule: &Schedule, date: DateHours) -> Result<Schedule, String> {
    let mut overrides = schedule.overrides().to_vec();
    match overrides.iter_mut().find(|one| one.date == date.date) {
        Some(one) if !date.hours.is_empty() => one.hours.extend(date.hours),
        Some(one) => one.hours.clear(),
        None => overrides.push(date),
    }
    Schedule::new(schedule.zone().clone(), schedule.weekly().to_vec(), overrides)
        .map_err(|problem| problem.fix)
}

/// `POST /availability/{number}/overrides/{date}/remove`
async fn drop_date(
    State(web): State<Web>,
    desk: Desk,
    Path((number, date)): Path<(i64, String)>,
    _form: Form,
) -> Answer {
    let schedule = one(&web, &desk, number).await?;
    let left =
        schedule.hours.overrides().iter().filter(|one| one.date.to_string() != date).cloned().collect();
    let hours = Schedule::new(schedule.hours.zone().clone(), schedule.hours.weekly().to_vec(), left);
    let hours = hours.map_err(|problem| Problem::bad_request("bad_schedule", problem.to_string()))?;
    store(&web, &desk, &schedule, hours).await?;
    Ok(leave(number, "removed"))
}

async fn store(web: &Web, desk: &Desk, schedule: &ScheduleView, hours: Schedule) -> Result<(), Problem> {
    let draft = ScheduleDraft { name: schedule.name.clone(), hours };
    web.engine.update_schedule(&desk.member(), schedule.id, &draft).await?;
    Ok(())
}

fn leave(number: i64, did: &str) -> Response {
    Redirect::to(&format!("/availability/{number}?did={did}")).into_response()
}

async fn all(web: &Web, desk: &Desk) -> Result<Vec<ScheduleView>, Problem> {
    Ok(web.engine.schedules_of(&desk.member(), desk.by.user.id).await?)
}

async fn one(web: &Web, desk: &Desk, number: i64) -> Result<ScheduleView, Problem> {
    Ok(web.engine.schedule_numbered(&desk.member(), number).await?)
}

/// What stands in the page's four forms.
struct Typing {
    hours: Hours,
    date: DateForm,
    leave: LeaveForm,
    stay: StayForm,
}

impl Typing {
    fn hours(hours: Hours) -> Self {
        let (date, leave, stay) = (DateForm::default(), LeaveForm::default(), StayForm::default());
        Self { hours, date, leave, stay }
    }
}

async fn page(
    web: &Web,
    desk: &Desk,
    schedule: &ScheduleView,
    typing: Typing,
    notice: Option<Notice>,
) -> Answer {
    let (member, user) = (desk.member(), desk.by.user.id);
    let today = desk.face(web).today();
    let tabs = all(web, desk).await?;
    let tabs =
        tabs.into_iter().map(|one| Tab { number: one.number, name: one.name, is_default: one.is_default });
    let away = web.engine.away(&member, user).await?;
    let away = away.iter().filter(|one| one.dates.until >= today);
    let stays = web.engine.stays(&member, user).await?;
    let stays = stays.iter().filter(|one| one.dates.until.is_none_or(|until| until >= today));
    let there = if typing.stay.zone.is_empty() { &desk.profile().zone } else { &typing.stay.zone };
    let event_types = web.engine.hosted_event_types(&member).await?;
    let users = event_types.iter().filter(|one| match one.schedule {
        Some(id) => id == schedule.id,
        None => schedule.is_default,
    });
    let used_by = users.map(|one| one.title.as_str()).collect::<Vec<_>>().join(", ");
    let page = Availability {
        number: schedule.number,
        is_default: schedule.is_default,
        tabs: tabs.collect(),
        zones: zones::choices_for(&typing.hours.zone, desk.profile().hours, web.engine.now()),
        hours: typing.hours,
        status: Hours::total(&schedule.hours),
        overrides: page::overrides(&schedule.hours, today),
        date: typing.date,
        away: away.map(|one| page::away(one.id.to_string(), &one.dates, today)).collect(),
        leave: typing.leave,
        stays: stays.map(|one| page::stay(one.id.to_string(), &one.dates, today)).collect(),
        places: zones::choices_for(there, desk.profile().hours, web.engine.now()),
        stay: typing.stay,
        used_by: if used_by.is_empty() { "No event type yet.".into() } else { used_by },
    };
    let (frame, side) = desk.around(web, "availability").await?;
    let failed = page.failed() || Notice::is_failure(notice.as_ref());
    Ok(draw_form(&Page { frame, side, notice, page }, failed))
}
