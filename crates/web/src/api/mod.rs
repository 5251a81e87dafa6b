//! The REST API, compatible with Cal.com's API v2: its paths, headers and shapes.

mod accounts;
mod answer;
mod bookings;
mod busy;
mod calendars;
mod chosen;
mod conferencing;
mod event_types;
mod flights;
mod links;
mod me;
mod openapi;
pub mod refused;
mod schedules;
pub mod shape;
mod slots;

use std::time::Duration;

use axum::{Router, middleware::from_fn, routing::get};
use http::HeaderName;
use kalends_domain::{Id, people::Organization};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};
use utoipa_axum::router::OpenApiRouter;

pub use self::openapi::document;
use crate::{Problem, Web, extract::ApiKey};

/// Every address of the API, and the page that describes it.
pub fn routes() -> Router<Web> {
    let (router, _) = described().split_for_parts();
    router
        .layer(any_origin())
        .route("/docs/api", get(openapi::page))
        .route("/docs/openapi.json", get(openapi::json))
}

/// Programs in browsers may call from anywhere: a key is sent by hand, never by the browser itself.
fn any_origin() -> CorsLayer {
    let read = ["cal-api-version", "retry-after", "x-request-id"].map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        // A star would not stand for `authorization`.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(read)
        .max_age(Duration::from_hours(1))
}

/// Each part under the version of its shapes.
fn described() -> OpenApiRouter<Web> {
    let versioned = |mut routes: OpenApiRouter<Web>, version: &'static str| {
        openapi::speaks(routes.get_openapi_mut(), version);
        routes.layer(from_fn(move |request, next| answer::version(version, request, next)))
    };
    OpenApiRouter::with_openapi(openapi::head())
        .merge(me::routes())
        .merge(calendars::routes())
        .merge(chosen::routes())
        .merge(conferencing::routes())
        .merge(versioned(event_types::routes(), event_types::VERSION))
        .merge(links::routes())
        .merge(versioned(schedules::routes(), schedules::VERSION))
        .merge(versioned(slots::routes(), slots::VERSION))
        .merge(versioned(bookings::routes(), bookings::VERSION))
        .merge(flights::routes())
}

/// A number in a path; what is none names nothing.
fn number(text: &str, absent: impl FnOnce() -> Problem) -> Result<i64, Problem> {
    text.parse().map_err(|_| absent())
}

/// Where names in a request are looked up: the key's organization, or the one at home.
async fn home(web: &Web, key: Option<&ApiKey>) -> Result<Id<Organization>, Problem> {
    if let Some(key) = key {
        return Ok(key.user.organization);
    }
    let home = web.engine.home().await?;
    home.map(|home| home.id)
        .ok_or_else(|| Problem::unavailable("not_set_up", "This server is not set up yet."))
}
