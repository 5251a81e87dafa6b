//! The address without a path.

use axum::{extract::State, response::Redirect};

use crate::{Problem, Web, extract::SignedIn};

/// `GET /`: to one's own side, to the door, or to the set-up of a fresh server.
pub async fn front(State(web): State<Web>, signed_in: Option<SignedIn>) -> Result<Redirect, Problem> {
    if signed_in.is_some() {
        return Ok(Redirect::to("/bookings"));
    }
    let fresh = web.engine.needs_setup().await.map_err(|error| Problem::internal(&error))?;
    Ok(Redirect::to(if fresh { "/setup" } else { "/login" }))
}
