//! `/v2/conferencing`: apps that make rooms.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use kalends_app::manifest::AppKind;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    accounts::{all, app, not_offered, one, own, refuse_sign_in, sign_in_page, typed},
    answer::{Acknowledged, Answer, Done, Success, done, ok},
    shape::account::{RoomsOut, RoomsSignInOut, UsualRoomOut},
};
use crate::{
    Problem, Web,
    extract::{ApiKey, Json, Query},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(usual))
        .routes(routes!(make_usual))
        .routes(routes!(connect))
        .routes(routes!(disconnect))
        .routes(routes!(sign_in))
        .routes(routes!(brought))
}

/// Accounts that make rooms for the key's user: their own and those for everybody.
#[utoipa::path(get, path = "/v2/conferencing", tag = "Conferencing",
    responses((status = 200, body = Success<Vec<RoomsOut>>)))]
async fn list(State(web): State<Web>, key: ApiKey) -> Answer<Vec<RoomsOut>> {
    let all = all(&web, &key, AppKind::Conference).await?;
    Ok(ok(all.iter().map(|one| RoomsOut::of(one, key.user.number)).collect()))
}

/// The app whose rooms new event types get that name no place.
#[utoipa::path(get, path = "/v2/conferencing/default", tag = "Conferencing",
    responses((status = 200, body = Success<UsualRoomOut>)))]
async fn usual(State(web): State<Web>, key: ApiKey) -> Answer<UsualRoomOut> {
    let app = web.engine.usual_room(&key.member()).await?;
    Ok(ok(UsualRoomOut { app_slug: app.map(|app| app.manifest().api_name().to_owned()) }))
}

/// Makes an app the one whose rooms new event types get that name no place.
#[utoipa::path(post, path = "/v2/conferencing/{app}/default", tag = "Conferencing",
    params(("app" = String, Path)), responses((status = 200, body = Done)))]
async fn make_usual(State(web): State<Web>, key: ApiKey, Path(name): Path<String>) -> Acknowledged {
    let app = app(&web, &name, AppKind::Conference)?;
    web.engine.set_usual_room(&key.member(), app).await?;
    Ok(done())
}

/// Connects an app that needs no sign-in at its provider, with what its setup form asks.
#[utoipa::path(post, path = "/v2/conferencing/{app}/connect", tag = "Conferencing",
    params(("app" = String, Path)), request_body = Option<BTreeMap<String, Value>>,
    responses((status = 200, body = Success<RoomsOut>)))]
async fn connect(
    State(web): State<Web>,
    key: ApiKey,
    Path(name): Path<String>,
    input: Option<Json<BTreeMap<String, Value>>>,
) -> Answer<RoomsOut> {
    let app = app(&web, &name, AppKind::Conference)?;
    let fields = typed(app, input.map(|Json(fields)| fields).unwrap_or_default())?;
    refuse_sign_in(&web, app, &fields)?;
    let id = web.engine.connect(&key.member(), app.slug, &fields).await?;
    let view = web.engine.connection(&key.member(), id).await?;
    Ok(ok(RoomsOut::of(&view, key.user.number)))
}

/// Which account is meant, where an app has several.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Meant {
    /// The account's number.
    credential_id: Option<i64>,
}

/// Takes an account away; for some days it can be brought back under Apps.
#[utoipa::path(delete, path = "/v2/conferencing/{app}/disconnect", tag = "Conferencing",
    params(("app" = String, Path), Meant), responses((status = 200, body = Done)))]
async fn disconnect(
    State(web): State<Web>,
    key: ApiKey,
    Path(name): Path<String>,
    Query(meant): Query<Meant>,
) -> Acknowledged {
    let app = app(&web, &name, AppKind::Conference)?;
    let account = one(own(&web, &key, app).await?, meant.credential_id)?;
    web.engine.disconnect(&key.member(), account.id).await?;
    Ok(done())
}

/// Where a person connects an account by signing in at its provider: a page of this server, to be opened in their browser.
/// They end at their connected accounts.
#[utoipa::path(get, path = "/v2/conferencing/{app}/oauth/auth-url", tag = "Conferencing",
    params(("app" = String, Path)), responses((status = 200, body = Success<RoomsSignInOut>)))]
async fn sign_in(State(web): State<Web>, key: ApiKey, Path(name): Path<String>) -> Answer<RoomsSignInOut> {
    let app = app(&web, &name, AppKind::Conference)?;
    Ok(ok(RoomsSignInOut { url: sign_in_page(&web, &key, app).await? }))
}

/// Not offered: providers send people back to `/apps/{slug}/callback`, in the browser in which they began.
#[utoipa::path(get, path = "/v2/conferencing/{app}/oauth/callback", tag = "Conferencing",
    params(("app" = String, Path)), responses((status = 501, description = "Not offered")))]
async fn brought(_key: ApiKey) -> Problem {
    not_offered("Open the address from …/oauth/auth-url in a browser: the sign-in ends there, too.")
}
