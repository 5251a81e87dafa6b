//! `/v2/event-types`: what the key's user offers; what anybody may see of a user's page.

use std::cmp::Reverse;

use axum::extract::{Path, State};
use kalends_domain::{
    Id,
    event_type::{EventType, Owner},
    people::Slug,
};
use kalends_engine::{EditError, EventTypePage, PageOwner, event_types::EventTypeDraft, slots::Which};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Answer, Made, Success, made, ok},
    home, number,
    shape::{
        Wrong,
        event_type::{Around, EventTypeIn, EventTypeOut},
    },
};
use crate::{
    Problem, Web,
    extract::{ApiKey, Json, Query},
};

/// The version of these shapes.
pub(super) const VERSION: &str = "2024-06-14";

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(show, change, delete))
}

/// Whose event types are asked for; without a name, the key's user's own.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// Whose page: its event types that are not hidden.
    username: Option<String>,
    /// One of them.
    event_slug: Option<String>,
    /// By when they were made: `asc` or `desc`; as their page has them when absent.
    sort_created_at: Option<String>,
    /// Not offered, and so refused.
    #[param(ignore)]
    usernames: Option<String>,
}

/// An event type that was deleted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    pub id: i64,
    pub length_in_minutes: u32,
    pub title: String,
    pub slug: String,
}

/// Makes an event type of the key's user.
#[utoipa::path(post, path = "/v2/event-types", tag = "Event types", request_body = EventTypeIn,
    responses((status = 201, body = Success<EventTypeOut>)))]
async fn create(State(web): State<Web>, key: ApiKey, Json(input): Json<EventTypeIn>) -> Made<EventTypeOut> {
    let title = input.title.clone().unwrap_or_default();
    let draft = drafted(&web, &key, &input, EventTypeDraft::new(Owner::User(key.user.id), &title)).await?;
    let event_type = web.engine.create_event_type(&key.member(), &draft).await.map_err(in_words)?;
    Ok(made(out(&web, &page(&web, &key, &event_type.number.to_string()).await?, &key).await?))
}

/// Event types of the key's user, or those on somebody's page.
#[utoipa::path(get, path = "/v2/event-types", tag = "Event types", params(Whose),
    responses((status = 200, body = Success<Vec<EventTypeOut>>)))]
async fn list(
    State(web): State<Web>,
    key: Option<ApiKey>,
    Query(whose): Query<Whose>,
) -> Answer<Vec<EventTypeOut>> {
    if whose.usernames.is_some() {
        let fix = "this server has no groups for the moment; name one user in username";
        return Err(vec![Wrong::new("usernames", fix)].into());
    }
    let mut event_types = match (&whose.username, &key) {
        (Some(username), _) => {
            let slug = |text: &str| {
                Slug::parse(text)
                    .map_err(|_| Problem::not_found("user_not_found", "There is nobody of that name."))
            };
            let home = home(&web, key.as_ref()).await?;
            web.engine.profile_page(home, &slug(username)?).await?.event_types
        }
        (None, Some(key)) => web.engine.event_types_of(&key.member(), Owner::User(key.user.id)).await?,
        (None, None) => return Err(vec![Wrong::new("username", "name a user, or send an API key")].into()),
    };
    match whose.sort_created_at.as_deref() {
        None => {}
        // Ids begin with the time they were made at.
        Some("asc") => event_types.sort_by_key(|one| one.id),
        Some("desc") => event_types.sort_by_key(|one| Reverse(one.id)),
        Some(_) => return Err(vec![Wrong::new("sortCreatedAt", "use asc or desc")].into()),
    }
    let wanted = |one: &&EventType| whose.event_slug.as_deref().is_none_or(|slug| one.slug.as_str() == slug);
    let schedules = numbers(&web, key.as_ref()).await?;
    let mut out = Vec::new();
    for event_type in event_types.iter().filter(wanted) {
        // From memory: an event type is read once and kept.
        let page = web.engine.event_type_page(&Which::Id(event_type.id)).await?;
        out.push(shaped(&web, &page, &schedules));
    }
    Ok(ok(out))
}

/// One event type.
#[utoipa::path(get, path = "/v2/event-types/{eventTypeId}", tag = "Event types", params(("eventTypeId" = i64, Path)),
    responses((status = 200, body = Success<EventTypeOut>)))]
async fn show(State(web): State<Web>, key: ApiKey, Path(number): Path<String>) -> Answer<EventTypeOut> {
    Ok(ok(out(&web, &page(&web, &key, &number).await?, &key).await?))
}

/// Changes parts of one: what is left out stays as it is.
#[utoipa::path(patch, path = "/v2/event-types/{eventTypeId}", tag = "Event types", params(("eventTypeId" = i64, Path)),
    request_body = EventTypeIn, responses((status = 200, body = Success<EventTypeOut>)))]
async fn change(
    State(web): State<Web>,
    key: ApiKey,
    Path(number): Path<String>,
    Json(input): Json<EventTypeIn>,
) -> Answer<EventTypeOut> {
    let now = page(&web, &key, &number).await?.event_type;
    let draft = drafted(&web, &key, &input, EventTypeDraft::from(&now)).await?;
    web.engine.update_event_type(&key.member(), now.id, &draft).await.map_err(in_words)?;
    Ok(ok(out(&web, &page(&web, &key, &number).await?, &key).await?))
}

/// Deletes one. Bookings of it stay.
#[utoipa::path(delete, path = "/v2/event-types/{eventTypeId}", tag = "Event types", params(("eventTypeId" = i64, Path)),
    responses((status = 200, body = Success<Deleted>)))]
async fn delete(State(web): State<Web>, key: ApiKey, Path(number): Path<String>) -> Answer<Deleted> {
    let EventType { id, number, title, slug, settings, .. } = page(&web, &key, &number).await?.event_type;
    web.engine.delete_event_type(&key.member(), id).await?;
    Ok(ok(Deleted { id: number, length_in_minutes: settings.lengths.usual, title, slug: slug.to_string() }))
}

/// What will not do, by the names the API has for it.
fn in_words(error: EditError) -> Problem {
    Problem::from(error).naming(|field| match field {
        "colour" => "color.lightThemeHex".to_owned(),
        "redirect" => "successRedirectUrl".to_owned(),
        other => other.to_owned(),
    })
}

/// A room of an app nobody knows would be found out only when somebody has booked it.
fn rooms_are_known(web: &Web, input: &EventTypeIn) -> Result<(), Problem> {
    let apps = web.engine.outside.known();
    let makes_rooms = |slug: &String| apps.get(slug).is_some_and(|app| app.conference().is_some());
    let wrong: Vec<_> = (input.locations.iter().flatten().enumerate())
        .filter(|(_, place)| place.kind == "integration")
        .filter(|(_, place)| !place.integration.iter().chain(&place.fallbacks).all(makes_rooms))
        .map(|(index, _)| {
            let fix = "no app of this name makes rooms here; the app store lists those that do";
            Wrong::new(format!("locations[{index}].integration"), fix)
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

async fn page(web: &Web, key: &ApiKey, number: &str) -> Result<EventTypePage, Problem> {
    Ok(web.engine.event_type_page(&Which::Id(named(web, key, number).await?)).await?)
}

/// The row of an event type the key's user may see.
pub(super) async fn named(web: &Web, key: &ApiKey, text: &str) -> Result<Id<EventType>, Problem> {
    let absent = || EditError::NotFound { what: "event type" }.into();
    Ok(web.engine.event_type_numbered(&key.member(), number(text, absent)?).await?.id)
}

/// What came in, put over an event type as it is.
async fn drafted(
    web: &Web,
    key: &ApiKey,
    input: &EventTypeIn,
    mut draft: EventTypeDraft,
) -> Result<EventTypeDraft, Problem> {
    draft.settings = input.settings(draft.settings)?;
    rooms_are_known(web, input)?;
    draft.title = input.title.clone().unwrap_or(draft.title);
    draft.slug = input.slug.clone().unwrap_or(draft.slug);
    draft.description = input.description.clone().unwrap_or(draft.description);
    draft.hidden = input.hidden.unwrap_or(draft.hidden);
    if let Some(number) = input.schedule_id {
        let schedules = web.engine.schedules_of(&key.member(), key.user.id).await?;
        let found = schedules.iter().find(|one| one.number == number);
        let found = found.ok_or_else(|| {
            vec![Wrong::new("scheduleId", "this schedule does not exist, or it is not yours")]
        })?;
        draft.schedule = Some(found.id);
    }
    Ok(draft)
}

type Numbers = Vec<(kalends_domain::Id<kalends_domain::people::ScheduleRow>, i64)>;

/// The numbers of the key's user's schedules.
async fn numbers(web: &Web, key: Option<&ApiKey>) -> Result<Numbers, Problem> {
    let Some(key) = key else { return Ok(Vec::new()) };
    let schedules = web.engine.schedules_of(&key.member(), key.user.id).await?;
    Ok(schedules.into_iter().map(|one| (one.id, one.number)).collect())
}

async fn out(web: &Web, page: &EventTypePage, key: &ApiKey) -> Result<EventTypeOut, Problem> {
    Ok(shaped(web, page, &numbers(web, Some(key)).await?))
}

fn shaped(web: &Web, page: &EventTypePage, schedules: &Numbers) -> EventTypeOut {
    let event_type = &page.event_type;
    let owner = page.hosts.iter().find(|host| Owner::User(host.id) == event_type.owner);
    let path = match &page.owner {
        PageOwner::User { slug, .. } => format!("/{slug}/{}", event_type.slug),
        PageOwner::Team { slug, .. } => format!("/team/{slug}/{}", event_type.slug),
    };
    let around = Around {
        number: event_type.number,
        owner: owner.map(|owner| owner.number),
        title: event_type.title.clone(),
        slug: event_type.slug.to_string(),
        description: event_type.description.clone(),
        hidden: event_type.hidden,
        schedule: event_type
            .schedule
            .and_then(|id| schedules.iter().find(|(known, _)| *known == id))
            .map(|one| one.1),
        hosts: page
            .hosts
            .iter()
            .map(|host| (host.number, host.name.clone(), host.username.to_string()))
            .collect(),
        booking_url: web.site.link(&path),
    };
    EventTypeOut::of(&event_type.settings, around)
}
