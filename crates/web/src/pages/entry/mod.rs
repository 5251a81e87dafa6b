//! The way in.

use axum::response::Redirect;

/// `GET /`: whoever comes without an address wants their own side.
pub async fn front() -> Redirect {
    Redirect::to("/login")
}
