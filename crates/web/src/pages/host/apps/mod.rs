//! The app store, and what is connected.

mod accounts;
mod life;
mod page;
mod registration;
mod setup;
mod sign_in;
mod store;
mod ware;

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
        .route("/apps/installed/{id}/look", post(accounts::look))
        .route("/apps/installed/{id}/secret", post(accounts::secret))
        .route("/apps/installed/{id}/remove", get(life::before_removal).post(life::remove))
        .route("/apps/installed/{id}/undo", post(life::undo))
        .route("/apps/installed/{id}/off", get(life::before_off).post(life::switch_off))
        .route("/apps/installed/{id}/on", post(life::switch_on))
        .route("/apps/{slug}/callback", get(sign_in::back))
        .route("/apps/{slug}/switch/{id}", get(sign_in::ask_switch).post(sign_in::answer_switch))
        .route("/apps/{slug}/registration", get(registration::show).post(registration::save))
        .route("/apps/{slug}", get(setup::show).post(setup::connect))
}
