//! The app store, and what is connected.

mod accounts;
mod page;
mod setup;
mod store;

use axum::{
    Router,
    routing::{get, post},
};

use crate::Web;

/// All addresses below `/apps`.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/apps", get(store::show))
        .route("/apps/installed", get(accounts::show))
        .route("/apps/installed/{id}/calendars", post(accounts::use_calendars))
        .route("/apps/installed/{id}/sync", post(accounts::sync))
        .route("/apps/installed/{id}/remove", get(accounts::before_removal).post(accounts::remove))
        .route("/apps/{slug}", get(setup::show).post(setup::connect))
}
