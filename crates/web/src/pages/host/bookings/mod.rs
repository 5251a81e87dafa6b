//! Bookings: what comes, what waits, what was.

mod change;
mod clock;
mod list;
mod needs;
mod page;
mod show;

pub(super) use self::{clock::Shift, needs::Needs, show::DID};

use axum::{
    Router,
    routing::{get, post},
};

use crate::Web;

/// All addresses below `/bookings`.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/bookings", get(list::front))
        .route("/bookings/upcoming", get(list::upcoming))
        .route("/bookings/unconfirmed", get(list::unconfirmed))
        .route("/bookings/past", get(list::past))
        .route("/bookings/cancelled", get(list::cancelled))
        .route("/bookings/changes", post(needs::put_all_back))
        .route("/bookings/changes/{id}", post(needs::change))
        .route("/bookings/{uid}", get(show::show))
        .route("/bookings/{uid}/answer", post(change::answer))
        .route("/bookings/{uid}/cancel", post(change::cancel))
        .route("/bookings/{uid}/conflict", post(needs::conflict))
        .route("/bookings/{uid}/clock", post(clock::answer))
        .route("/bookings/{uid}/absent", post(change::absent))
        .route("/bookings/{uid}/again", post(change::again))
}
