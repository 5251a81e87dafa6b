//! `/v2/me`: the user behind the key.

use axum::extract::State;
use kalends_domain::{
    people::{Hours, Profile, User},
    zone::Zone,
};
use kalends_engine::people::ProfileDraft;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Answer, Success, ok},
    shape::{
        Wrong,
        schedule::weekday,
        user::{MeIn, MeOut},
    },
};
use crate::{
    Web,
    extract::{ApiKey, Json},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(me, change))
}

/// The user behind the key.
#[utoipa::path(get, path = "/v2/me", tag = "Me", responses((status = 200, body = Success<MeOut>)))]
async fn me(State(web): State<Web>, key: ApiKey) -> Answer<MeOut> {
    out(&web, &key, &key.user).await
}

/// Changes parts of the user: what is left out stays as it is.
#[utoipa::path(patch, path = "/v2/me", tag = "Me", request_body = MeIn,
    responses((status = 200, body = Success<MeOut>)))]
async fn change(State(web): State<Web>, key: ApiKey, Json(input): Json<MeIn>) -> Answer<MeOut> {
    let profile = profile(&input, key.user.profile.clone())?;
    if let Some(number) = input.default_schedule_id {
        let schedule = web.engine.schedule_numbered(&key.member(), number).await?;
        web.engine.set_default_schedule(&key.member(), schedule.id).await?;
    }
    let draft = ProfileDraft { name: input.name, username: None, profile: Some(profile) };
    let user = web.engine.update_profile(&key.member(), key.user.id, &draft).await?;
    out(&web, &key, &user).await
}

fn profile(input: &MeIn, mut profile: Profile) -> Result<Profile, Vec<Wrong>> {
    let mut wrong = Vec::new();
    match input.time_format.map(|whole| whole.0) {
        Some(12) => profile.hours = Hours::Twelve,
        Some(24) => profile.hours = Hours::TwentyFour,
        Some(_) => wrong.push(Wrong::new("timeFormat", "use 12 or 24")),
        None => {}
    }
    if let Some(name) = &input.week_start {
        match weekday(name) {
            Some(day) => profile.week_start = day.number(),
            None => wrong.push(Wrong::new("weekStart", "use Monday to Sunday")),
        }
    }
    if let Some(name) = &input.time_zone {
        match Zone::parse(name) {
            Ok(zone) => zone.name().clone_into(&mut profile.zone),
            Err(problem) => wrong.push(Wrong::new("timeZone", problem.to_string())),
        }
    }
    if input.email.is_some() {
        wrong.push(Wrong::new("email", "the email is changed under Settings, after the new one is proven"));
    }
    profile.bio = input.bio.clone().unwrap_or(profile.bio);
    profile.locale = input.locale.clone().unwrap_or(profile.locale);
    if wrong.is_empty() { Ok(profile) } else { Err(wrong) }
}

async fn out(web: &Web, key: &ApiKey, user: &User) -> Answer<MeOut> {
    let schedules = web.engine.schedules_of(&key.member(), user.id).await?;
    let default = schedules.iter().find(|one| one.is_default).map(|one| one.number);
    Ok(ok(MeOut::of(user, default)))
}
