//! What can be booked: the list, and the editor.

mod edit;
mod editor;
mod list;
mod page;
mod why;

use axum::{
    Router,
    routing::{get, post},
};

use crate::Web;

/// All addresses below `/event-types`.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/event-types", get(list::show).post(list::make))
        .route("/event-types/{number}/do", post(list::act))
        .route("/event-types/{number}/show", post(list::switch))
        .route("/event-types/{number}/delete", post(list::delete))
        .route("/event-types/{number}/why", get(why::show))
        .route("/event-types/{number}/links", post(editor::make_link))
        .route("/event-types/{number}/links/{link}/remove", post(editor::remove_link))
        .route("/event-types/{number}/{tab}", get(editor::show).post(editor::save))
}
