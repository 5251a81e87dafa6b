//! What does not book any more: said kindly, with a way on.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kalends_domain::event_type::LinkRefused;

use crate::{
    extract::Typed,
    kept::shown,
    pages::{Frame, show},
};

/// The page.
#[derive(Template)]
#[template(path = "guest/gone.html")]
pub struct GoneView {
    pub(super) frame: Frame,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) href: String,
    pub(super) action: &'static str,
    /// What the guest had typed meanwhile, to be taken elsewhere: what it is, and their words.
    pub(super) typed: Vec<(String, String)>,
}

impl GoneView {
    /// A private link that books no more.
    pub fn link(frame: Frame, refused: LinkRefused) -> Self {
        let (title, text) = match refused {
            LinkRefused::Expired => (
                "This link has expired",
                "It was good until a day that is over. Ask your host for a new one.",
            ),
            LinkRefused::UsedUp => (
                "This link has been used",
                "It books so many times and no more. If you booked with it, your mail has the details; else ask your host for a new one.",
            ),
        };
        Self { frame, title, text, href: String::new(), action: "", typed: Vec::new() }
    }

    /// With what was sent by a form that was open when the link ended.
    #[must_use]
    pub fn keeping(mut self, form: &Typed) -> Self {
        self.typed = shown(form);
        self
    }

    /// Draws the page as gone.
    pub fn answer(self) -> Response {
        (StatusCode::GONE, show(&self)).into_response()
    }
}
