//! `/v2/event-types/{eventTypeId}/private-links`: addresses that book even a hidden event type.

use axum::extract::{Path, State};
use jiff::Timestamp;
use kalends_domain::{
    Id, Uid,
    event_type::{EventType, PrivateLink},
};
use kalends_engine::{EditError, event_types::PrivateLinkDraft};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{Answer, Made, Success, made, ok},
    event_types::named,
    shape::{Whole, Wrong, booking::read_instant, instant},
};
use crate::{
    Problem, Web,
    extract::{ApiKey, Json},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(change, delete))
}

/// When a link ends and how often it may be used; without both, once.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
struct LinkIn {
    /// From then on it is refused: an instant.
    expires_at: Option<String>,
    /// So many bookings at most.
    max_usage_count: Option<Whole>,
}

/// A private link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LinkOut {
    /// Its name.
    link_id: String,
    /// What it books.
    event_type_id: i64,
    /// True when it books no more.
    is_expired: bool,
    /// Where guests go.
    booking_url: String,
    /// From then on it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// So many bookings at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_usage_count: Option<u32>,
    /// So many were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_count: Option<u32>,
}

/// A link that was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LinkGone {
    /// Its name.
    link_id: String,
    /// What happened, in words.
    message: &'static str,
}

impl LinkIn {
    fn draft(&self, usual: Option<u32>) -> Result<PrivateLinkDraft, Vec<Wrong>> {
        let expires_at = match self.expires_at.as_deref().map(|text| (text, read_instant(text))) {
            Some((_, None)) => {
                return Err(vec![Wrong::new("expiresAt", "give an instant such as 2050-09-05T09:00:00Z")]);
            }
            Some((_, at)) => at,
            None => None,
        };
        let most_uses = self.max_usage_count.map(|whole| whole.0);
        Ok(PrivateLinkDraft {
            expires_at,
            most_uses: if expires_at.is_none() { most_uses.or(usual) } else { most_uses },
        })
    }
}

/// Makes an address that books even a hidden event type, until it ends or is used up.
#[utoipa::path(post, path = "/v2/event-types/{eventTypeId}/private-links", tag = "Event types",
    params(("eventTypeId" = i64, Path)), request_body = LinkIn,
    responses((status = 201, body = Success<LinkOut>)))]
async fn create(
    State(web): State<Web>,
    key: ApiKey,
    Path(number): Path<String>,
    Json(input): Json<LinkIn>,
) -> Made<LinkOut> {
    let of = named(&web, &key, &number).await?;
    let link = web.engine.create_private_link(&key.member(), of, input.draft(Some(1))?).await?;
    Ok(made(out(&web, &link, &number)))
}

/// All private links of an event type, newest first.
#[utoipa::path(get, path = "/v2/event-types/{eventTypeId}/private-links", tag = "Event types",
    params(("eventTypeId" = i64, Path)), responses((status = 200, body = Success<Vec<LinkOut>>)))]
async fn list(State(web): State<Web>, key: ApiKey, Path(number): Path<String>) -> Answer<Vec<LinkOut>> {
    let of = named(&web, &key, &number).await?;
    let links = web.engine.private_links(&key.member(), of).await?;
    Ok(ok(links.iter().map(|link| out(&web, link, &number)).collect()))
}

/// Changes when a private link ends and how often it may be used: what is left out stays as it is.
#[utoipa::path(patch, path = "/v2/event-types/{eventTypeId}/private-links/{linkId}", tag = "Event types",
    params(("eventTypeId" = i64, Path), ("linkId" = String, Path)), request_body = LinkIn,
    responses((status = 200, body = Success<LinkOut>)))]
async fn change(
    State(web): State<Web>,
    key: ApiKey,
    Path((number, link)): Path<(String, String)>,
    Json(input): Json<LinkIn>,
) -> Answer<LinkOut> {
    let of = named(&web, &key, &number).await?;
    let now = one(&web, &key, of, &link).await?;
    let wanted = input.draft(None)?;
    let draft = PrivateLinkDraft {
        expires_at: wanted.expires_at.or(now.expires_at),
        most_uses: wanted.most_uses.or(now.most_uses),
    };
    let link = web.engine.update_private_link(&key.member(), of, now.id, draft).await?;
    Ok(ok(out(&web, &link, &number)))
}

/// Deletes a private link; bookings made through it stay.
#[utoipa::path(delete, path = "/v2/event-types/{eventTypeId}/private-links/{linkId}", tag = "Event types",
    params(("eventTypeId" = i64, Path), ("linkId" = String, Path)),
    responses((status = 200, body = Success<LinkGone>)))]
async fn delete(
    State(web): State<Web>,
    key: ApiKey,
    Path((number, link)): Path<(String, String)>,
) -> Answer<LinkGone> {
    let of = named(&web, &key, &number).await?;
    let link = one(&web, &key, of, &link).await?;
    web.engine.delete_private_link(&key.member(), of, link.id).await?;
    Ok(ok(LinkGone { link_id: link.uid.to_string(), message: "The link books no more." }))
}

async fn one(web: &Web, key: &ApiKey, of: Id<EventType>, uid: &str) -> Result<PrivateLink, Problem> {
    let links = web.engine.private_links(&key.member(), of).await?;
    let uid = Uid::parse(uid);
    let found = links.into_iter().find(|link| Some(&link.uid) == uid.as_ref());
    found.ok_or_else(|| EditError::NotFound { what: "private link" }.into())
}

fn out(web: &Web, link: &PrivateLink, number: &str) -> LinkOut {
    LinkOut {
        link_id: link.uid.to_string(),
        event_type_id: number.parse().unwrap_or_default(),
        is_expired: link.check(web.engine.now()).is_err(),
        booking_url: web.site.link(&format!("/d/{}", link.uid)),
        expires_at: link.expires_at.map(|at: Timestamp| instant(at)),
        max_usage_count: link.most_uses,
        usage_count: link.most_uses.map(|_| link.uses),
    }
}
