//! Pages, drawn on the server.

mod answers;
pub mod entry;
mod frame;
pub mod guest;
pub mod host;
mod side;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

pub use self::{
    answers::answers,
    frame::Frame,
    side::{Entry, Side},
};
use crate::Problem;

/// Draws a page.
pub fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => Problem::internal(&error).into_response(),
    }
}
