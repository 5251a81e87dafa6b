//! The signed-in side.

mod apps;
mod availability;
mod bookings;
mod desk;
mod event_types;
mod eye;
mod form;
mod notice;
mod settings;

use axum::Router;

use crate::Web;

/// Every address of the signed-in side.
pub fn routes() -> Router<Web> {
    Router::new()
        .merge(bookings::routes())
        .merge(apps::routes())
        .merge(availability::routes())
        .merge(event_types::routes())
        .merge(settings::routes())
}
