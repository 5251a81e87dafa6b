//! `/v2/schedules`: the key's user's hours.

use axum::extract::{Path, State};
use kalends_domain::{availability::Schedule, zone::Zone};
use kalends_engine::{
    EditError,
    schedules::{ScheduleDraft, ScheduleView},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Acknowledged, Answer, Done, Made, Success, done, made, ok},
    number,
    shape::{
        Wrong,
        schedule::{ScheduleIn, ScheduleOut},
    },
};
use crate::{
    Problem, Web,
    extract::{ApiKey, Json},
};

/// The version of these shapes.
pub(super) const VERSION: &str = "2024-06-11";

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(default))
        .routes(routes!(show, change, delete))
}

/// Makes a schedule: Monday to Friday, nine to five, where hours are left out.
#[utoipa::path(post, path = "/v2/schedules", tag = "Schedules", request_body = ScheduleIn,
    responses((status = 201, body = Success<ScheduleOut>)))]
async fn create(State(web): State<Web>, key: ApiKey, Json(input): Json<ScheduleIn>) -> Made<ScheduleOut> {
    let Some(name) = input.name.clone() else {
        return Err(vec![Wrong::new("name", "name the schedule")].into());
    };
    let zone = Zone::parse(&key.user.profile.zone).unwrap_or_else(|_| Zone::utc());
    let hours = input.schedule(&Schedule::nine_to_five(zone))?;
    let mut made_one =
        web.engine.create_schedule(&key.member(), key.user.id, &ScheduleDraft { name, hours }).await?;
    if input.is_default == Some(true) {
        made_one = web.engine.set_default_schedule(&key.member(), made_one.id).await?;
    }
    Ok(made(out(&made_one, &key)))
}

/// All of them.
#[utoipa::path(get, path = "/v2/schedules", tag = "Schedules",
    responses((status = 200, body = Success<Vec<ScheduleOut>>)))]
async fn list(State(web): State<Web>, key: ApiKey) -> Answer<Vec<ScheduleOut>> {
    let schedules = web.engine.schedules_of(&key.member(), key.user.id).await?;
    Ok(ok(schedules.iter().map(|one| out(one, &key)).collect()))
}

/// The one of event types that name none; `null` when there is none.
#[utoipa::path(get, path = "/v2/schedules/default", tag = "Schedules",
    responses((status = 200, body = Success<Option<ScheduleOut>>)))]
async fn default(State(web): State<Web>, key: ApiKey) -> Answer<Option<ScheduleOut>> {
    let schedules = web.engine.schedules_of(&key.member(), key.user.id).await?;
    Ok(ok(schedules.iter().find(|one| one.is_default).map(|one| out(one, &key))))
}

/// One of them.
#[utoipa::path(get, path = "/v2/schedules/{scheduleId}", tag = "Schedules", params(("scheduleId" = i64, Path)),
    responses((status = 200, body = Success<ScheduleOut>)))]
async fn show(State(web): State<Web>, key: ApiKey, Path(number): Path<String>) -> Answer<ScheduleOut> {
    Ok(ok(out(&one(&web, &key, &number).await?, &key)))
}

/// Changes parts of one.
#[utoipa::path(patch, path = "/v2/schedules/{scheduleId}", tag = "Schedules", params(("scheduleId" = i64, Path)),
    request_body = ScheduleIn, responses((status = 200, body = Success<ScheduleOut>)))]
async fn change(
    State(web): State<Web>,
    key: ApiKey,
    Path(number): Path<String>,
    Json(input): Json<ScheduleIn>,
) -> Answer<ScheduleOut> {
    let now = one(&web, &key, &number).await?;
    let hours = input.schedule(&now.hours)?;
    let draft = ScheduleDraft { name: input.name.clone().unwrap_or(now.name), hours };
    let mut changed = web.engine.update_schedule(&key.member(), now.id, &draft).await?;
    if input.is_default == Some(true) && !changed.is_default {
        changed = web.engine.set_default_schedule(&key.member(), changed.id).await?;
    }
    Ok(ok(out(&changed, &key)))
}

/// Deletes one that nothing needs.
#[utoipa::path(delete, path = "/v2/schedules/{scheduleId}", tag = "Schedules", params(("scheduleId" = i64, Path)),
    responses((status = 200, body = Done)))]
async fn delete(State(web): State<Web>, key: ApiKey, Path(number): Path<String>) -> Acknowledged {
    let schedule = one(&web, &key, &number).await?;
    web.engine.delete_schedule(&key.member(), schedule.id).await?;
    Ok(done())
}

async fn one(web: &Web, key: &ApiKey, text: &str) -> Result<ScheduleView, Problem> {
    let absent = || Problem::from(EditError::NotFound { what: "schedule" });
    let number = number(text, absent)?;
    let schedules = web.engine.schedules_of(&key.member(), key.user.id).await?;
    schedules.into_iter().find(|one| one.number == number).ok_or_else(absent)
}

fn out(view: &ScheduleView, key: &ApiKey) -> ScheduleOut {
    ScheduleOut::of(&view.hours, view.number, key.user.number, view.name.clone(), view.is_default)
}
