//! Pages of those who are signed in: bookings, event types, availability, apps, teams, settings.

mod apps;
mod availability;
mod bookings;
mod calls;
mod desk;
mod event_types;
mod form;
mod notice;
mod settings;
mod team;

use askama::Template;
use axum::{Router, response::Response};
use http::StatusCode;

use crate::{Problem, Web};

/// What the handlers of the signed-in side answer.
type Answer = Result<Response, Problem>;

/// Draws a page with a form; one that was not done says so in its status, too.
fn draw_form(page: &impl Template, failed: bool) -> Response {
    let mut response = super::show(page);
    if failed && response.status().is_success() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// Every address of the signed-in side.
pub fn routes() -> Router<Web> {
    Router::new()
        .merge(bookings::routes())
        .merge(calls::routes())
        .merge(apps::routes())
        .merge(availability::routes())
        .merge(event_types::routes())
        .merge(settings::routes())
        .merge(team::routes())
}
