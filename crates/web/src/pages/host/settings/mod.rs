//! What is a user's own: profile, password, sessions, keys; what the organization's are shown: the audit log, notices that were given up; and
//! what new rules of local time did to bookings.

mod audit;
mod keys;
mod notices;
mod page;
mod profile;
mod security;
mod zones;

use axum::{
    Router,
    routing::{get, post},
};

use crate::Web;

/// All addresses below `/settings`.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/settings", get(profile::show))
        .route("/settings/profile", get(profile::show).post(profile::save))
        .route("/settings/security", get(security::show))
        .route("/settings/email", post(security::change_email))
        .route("/settings/password", post(security::change_password))
        .route("/settings/sessions/others", post(security::end_others))
        .route("/settings/sessions/{session}/end", post(security::end))
        .route("/settings/zones", get(zones::show).post(zones::move_all))
        .route("/settings/audit", get(audit::show))
        .route("/settings/notices", get(notices::show))
        .route("/settings/notices/{id}", get(notices::one))
        .route("/settings/notices/{id}/again", post(notices::again))
        .route("/settings/keys", get(keys::show).post(keys::make))
        .route("/settings/keys/{key}/revoke", post(keys::revoke))
}
