//! `/v2/calendars`: accounts with calendars, connected, looked at and taken away.

use axum::extract::{Path, RawQuery, State};
use kalends_app::{App, manifest::AppKind};
use kalends_domain::Id;
use kalends_engine::connect::{ConnectError, ConnectionView};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    accounts::{all, app, link_field, not_offered, one, own, refuse_sign_in, sign_in_page, typed},
    answer::{Acknowledged, Answer, Done, Made, Success, done, made, ok},
    busy,
    shape::{
        Wrong,
        account::{
            AccountIn, AccountOut, BusyOut, CalendarsOut, ConnectedOut, CredentialsIn, DestinationOut,
            FeedIn, RefreshedOut, SignInOut,
        },
    },
};
use crate::{
    Problem, Web,
    extract::{ApiKey, Json},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(busy_times))
        .routes(routes!(connect))
        .routes(routes!(brought, save))
        .routes(routes!(credentials))
        .routes(routes!(check))
        .routes(routes!(refresh))
        .routes(routes!(disconnect))
        .routes(routes!(event))
        .routes(routes!(change_event))
}

/// Everything connected that has calendars, and the calendar that receives bookings.
#[utoipa::path(get, path = "/v2/calendars", tag = "Calendars",
    responses((status = 200, body = Success<CalendarsOut>)))]
async fn list(State(web): State<Web>, key: ApiKey) -> Answer<CalendarsOut> {
    let all = all(&web, &key, AppKind::Calendar).await?;
    Ok(ok(CalendarsOut {
        destination_calendar: all.iter().find_map(|one| DestinationOut::of(one, key.user.number)),
        connected_calendars: all.iter().map(ConnectedOut::of).collect(),
    }))
}

/// When calendars are busy, as this server knows it; nobody outside is asked. A calendar that could not be read for longer
/// than it is trusted is busy all the time. Name calendars by `calendarsToLoad[0][credentialId]` and
/// `calendarsToLoad[0][externalId]`, or one by `credentialId` and `externalId`.
#[utoipa::path(get, path = "/v2/calendars/busy-times", tag = "Calendars", params(busy::BusyQuery),
    responses((status = 200, body = Success<Vec<BusyOut>>)))]
async fn busy_times(State(web): State<Web>, key: ApiKey, RawQuery(query): RawQuery) -> Answer<Vec<BusyOut>> {
    let ask = busy::read(query.as_deref().unwrap_or_default(), &key.user.profile.zone)?;
    let accounts = all(&web, &key, AppKind::Calendar).await?;
    let chosen = busy::chosen(&ask, &accounts)?;
    let ids: Vec<Id<_>> = chosen.iter().map(|one| one.id).collect();
    let busy = web.engine.calendar_busy(&key.member(), &ids, ask.window).await?;
    Ok(ok(busy.iter().map(|one| busy::out(one, &chosen)).collect()))
}

/// Where a person connects an account by signing in at its provider: a page of this server, to be opened in their browser.
/// They end at their connected accounts.
#[utoipa::path(get, path = "/v2/calendars/{calendar}/connect", tag = "Calendars",
    params(("calendar" = String, Path)), responses((status = 200, body = Success<SignInOut>)))]
async fn connect(State(web): State<Web>, key: ApiKey, Path(name): Path<String>) -> Answer<SignInOut> {
    let app = app(&web, &name, AppKind::Calendar)?;
    Ok(ok(SignInOut { auth_url: sign_in_page(&web, &key, app).await? }))
}

/// Not offered: providers send people back to `/apps/{slug}/callback`, in the browser in which they began.
#[utoipa::path(get, path = "/v2/calendars/{calendar}/save", tag = "Calendars",
    params(("calendar" = String, Path)), responses((status = 501, description = "Not offered")))]
async fn brought(_key: ApiKey) -> Problem {
    not_offered("Open the address from …/connect in a browser: the sign-in ends there, too.")
}

/// Connects a calendar that is read at a link (`ics-feed`).
#[utoipa::path(post, path = "/v2/calendars/{calendar}/save", tag = "Calendars",
    params(("calendar" = String, Path)), request_body = FeedIn,
    responses((status = 201, body = Success<AccountOut>)))]
async fn save(
    State(web): State<Web>,
    key: ApiKey,
    Path(name): Path<String>,
    Json(input): Json<FeedIn>,
) -> Made<AccountOut> {
    let app = app(&web, &name, AppKind::Calendar)?;
    let Some(field) = link_field(app) else {
        return Err(not_offered(
            "This app's calendars are not read at a link. Use …/credentials or …/connect.",
        ));
    };
    let [url] = input.urls.as_slice() else {
        return Err(vec![Wrong::new("urls", "send one link at a time: each is an account of its own")].into());
    };
    let made_of = [(field.to_owned(), url.clone())].into();
    let id =
        web.engine.connect(&key.member(), app.slug, &made_of).await.map_err(|error| named(error, field))?;
    let view = web.engine.connection(&key.member(), id).await?;
    Ok(made(AccountOut::of(&view, key.user.number)))
}

/// A problem with the link is a problem with `urls`.
fn named(error: ConnectError, field: &str) -> Problem {
    let mut problem = Problem::from(error);
    for wrong in problem.fields.iter_mut().filter(|wrong| wrong.field == field) {
        "urls".clone_into(&mut wrong.field);
    }
    problem
}

/// Connects an account with what its app's setup form asks: a name and a password, and other fields by their names.
#[utoipa::path(post, path = "/v2/calendars/{calendar}/credentials", tag = "Calendars",
    params(("calendar" = String, Path)), request_body = CredentialsIn,
    responses((status = 201, body = Success<AccountOut>)))]
async fn credentials(
    State(web): State<Web>,
    key: ApiKey,
    Path(name): Path<String>,
    Json(input): Json<CredentialsIn>,
) -> Made<AccountOut> {
    let app = app(&web, &name, AppKind::Calendar)?;
    let said = [("username", input.username), ("password", input.password)];
    let said = said.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?))));
    let fields = typed(app, said.chain(input.others))?;
    refuse_sign_in(&web, app, &fields)?;
    let id = web.engine.connect(&key.member(), app.slug, &fields).await?;
    let view = web.engine.connection(&key.member(), id).await?;
    Ok(made(AccountOut::of(&view, key.user.number)))
}

/// Calls every account of an app once, changing nothing; the first that does not answer is the error.
#[utoipa::path(get, path = "/v2/calendars/{calendar}/check", tag = "Calendars",
    params(("calendar" = String, Path)), responses((status = 200, body = Done)))]
async fn check(State(web): State<Web>, key: ApiKey, Path(name): Path<String>) -> Acknowledged {
    let app = app(&web, &name, AppKind::Calendar)?;
    for account in own(&web, &key, app).await? {
        web.engine.test_connection(&key.member(), account.id).await?;
    }
    Ok(done())
}

/// Asks an account again which calendars it has: new ones are listed, and those of the account's own count; what it has no
/// more is taken off the list. Ours: Cal.com asks the provider each time it lists.
#[utoipa::path(post, path = "/v2/calendars/{calendar}/refresh", tag = "Calendars",
    params(("calendar" = String, Path)), request_body = AccountIn,
    responses((status = 200, body = Success<RefreshedOut>)))]
async fn refresh(
    State(web): State<Web>,
    key: ApiKey,
    Path(name): Path<String>,
    Json(input): Json<AccountIn>,
) -> Answer<RefreshedOut> {
    let app = app(&web, &name, AppKind::Calendar)?;
    let account = one(own(&web, &key, app).await?, Some(input.id))?;
    let seen = web.engine.refresh_calendars(&key.member(), account.id).await?;
    let view = web.engine.connection(&key.member(), account.id).await?;
    Ok(ok(RefreshedOut::of(seen, &view)))
}

/// Takes an account away. What stands in its calendars stays there; for some days the account can be brought back under Apps.
#[utoipa::path(post, path = "/v2/calendars/{calendar}/disconnect", tag = "Calendars",
    params(("calendar" = String, Path)), request_body = AccountIn,
    responses((status = 200, body = Success<AccountOut>)))]
async fn disconnect(
    State(web): State<Web>,
    key: ApiKey,
    Path(name): Path<String>,
    Json(input): Json<AccountIn>,
) -> Answer<AccountOut> {
    let app: &App = app(&web, &name, AppKind::Calendar)?;
    let account: ConnectionView = one(own(&web, &key, app).await?, Some(input.id))?;
    web.engine.disconnect(&key.member(), account.id).await?;
    Ok(ok(AccountOut::of(&account, key.user.number)))
}

const BOOKINGS: &str =
    "Titles and people in calendars are never read. Use /v2/bookings: the event follows its booking.";

/// Not offered: titles and people in calendars are never read.
#[utoipa::path(get, path = "/v2/calendars/{calendar}/event/{eventUid}", tag = "Calendars",
    params(("calendar" = String, Path), ("eventUid" = String, Path)),
    responses((status = 501, description = "Not offered")))]
async fn event(_key: ApiKey) -> Problem {
    not_offered(BOOKINGS)
}

/// Not offered: an event follows its booking.
#[utoipa::path(patch, path = "/v2/calendars/{calendar}/events/{eventUid}", tag = "Calendars",
    params(("calendar" = String, Path), ("eventUid" = String, Path)),
    responses((status = 501, description = "Not offered")))]
async fn change_event(_key: ApiKey) -> Problem {
    not_offered(BOOKINGS)
}
