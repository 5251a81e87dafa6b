//! `/v2/selected-calendars`, `/v2/destination-calendars`: which calendars make busy, and which one receives bookings.

use axum::extract::State;
use kalends_app::manifest::AppKind;
use kalends_engine::connect::{Calendar, CalendarUse, ConnectionView};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    accounts::all,
    answer::{Answer, Made, Success, made, ok},
    shape::account::{ChosenIn, ChosenOut, ChosenQuery, DestinationIn},
};
use crate::{
    Problem, Web,
    extract::{ApiKey, Json, Query},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(select, deselect)).routes(routes!(receive))
}

/// Makes a calendar's events block times.
#[utoipa::path(post, path = "/v2/selected-calendars", tag = "Calendars", request_body = ChosenIn,
    responses((status = 201, body = Success<ChosenOut>)))]
async fn select(State(web): State<Web>, key: ApiKey, Json(input): Json<ChosenIn>) -> Made<ChosenOut> {
    let names =
        Names { app: &input.integration, calendar: &input.external_id, account: Some(input.credential_id) };
    Ok(made(used(&web, &key, &names, |one| one.blocks = true).await?))
}

/// Makes a calendar's events block nothing any more.
#[utoipa::path(delete, path = "/v2/selected-calendars", tag = "Calendars", params(ChosenQuery),
    responses((status = 200, body = Success<ChosenOut>)))]
async fn deselect(
    State(web): State<Web>,
    key: ApiKey,
    Query(query): Query<ChosenQuery>,
) -> Answer<ChosenOut> {
    let names =
        Names { app: &query.integration, calendar: &query.external_id, account: Some(query.credential_id) };
    Ok(ok(used(&web, &key, &names, |one| one.blocks = false).await?))
}

/// Makes a calendar the one that receives bookings, in place of any other.
#[utoipa::path(put, path = "/v2/destination-calendars", tag = "Calendars", request_body = DestinationIn,
    responses((status = 200, body = Success<ChosenOut>)))]
async fn receive(State(web): State<Web>, key: ApiKey, Json(input): Json<DestinationIn>) -> Answer<ChosenOut> {
    let names = Names { app: &input.integration, calendar: &input.external_id, account: input.credential_id };
    Ok(ok(used(&web, &key, &names, |one| one.receives = true).await?))
}

/// A calendar, as clients name it.
struct Names<'a> {
    app: &'a str,
    calendar: &'a str,
    account: Option<i64>,
}

impl Names<'_> {
    fn find<'v>(&self, accounts: &'v [ConnectionView]) -> Option<(&'v ConnectionView, &'v Calendar)> {
        let fits = |one: &&ConnectionView| {
            one.may_change
                && one.app.manifest().api_type(AppKind::Calendar) == self.app
                && self.account.is_none_or(|account| account == one.number)
        };
        let calendar = |one: &'v ConnectionView| {
            Some((one, one.calendars.iter().find(|calendar| calendar.remote_id == self.calendar)?))
        };
        accounts.iter().filter(fits).find_map(calendar)
    }
}

/// Changes how one calendar is used; all others of its account stay as they are.
async fn used(
    web: &Web,
    key: &ApiKey,
    names: &Names<'_>,
    change: impl Fn(&mut CalendarUse),
) -> Result<ChosenOut, Problem> {
    let accounts = all(web, key, AppKind::Calendar).await?;
    let (account, chosen) = names.find(&accounts).ok_or_else(|| {
        Problem::not_found("calendar_not_found", "There is no such calendar among your accounts.")
            .say("Name it as /v2/calendars does: integration, externalId, credentialId.")
    })?;
    let mut wanted = CalendarUse::from(chosen);
    change(&mut wanted);
    let others = account.calendars.iter().filter(|one| one.id != chosen.id).map(|one| {
        // One receives at most.
        let receives = one.receives && !wanted.receives;
        CalendarUse { receives, ..one.into() }
    });
    let uses: Vec<CalendarUse> = others.chain([wanted]).collect();
    web.engine.use_calendars(&key.member(), account.id, &uses).await?;
    Ok(ChosenOut {
        user_id: key.user.number,
        integration: names.app.to_owned(),
        external_id: names.calendar.to_owned(),
        credential_id: Some(account.number),
    })
}
