//! What every page has around it.

use super::guest::Tags;
use crate::{Web, assets, extract::Csrf};

/// Language, addresses and names that every layout uses.
#[derive(Debug, Clone)]
pub struct Frame {
    /// BCP 47 tag of the words.
    pub lang: String,
    /// `ltr` or `rtl`.
    pub dir: &'static str,
    /// Whose server this is, at the top of public pages.
    pub org: String,
    /// Where the name at the top leads.
    pub home: String,
    /// The token of the page's forms; empty where none act for anybody.
    pub csrf: String,
    /// What a public page loads besides our own files, and what it asks its guest about that.
    pub tags: Tags,
}

impl Frame {
    /// The frame of a public page.
    pub async fn of(web: &Web) -> Self {
        let org = match web.engine.home().await {
            Ok(Some(home)) => home.name.clone(),
            // Not set up, or the database is away: a page that says so still has a name at its top.
            Ok(None) | Err(_) => "Kalends".into(),
        };
        Self {
            lang: "en".into(),
            dir: "ltr",
            org,
            home: "/".into(),
            csrf: String::new(),
            tags: Tags::default(),
        }
    }

    /// The frame of a page whose forms act for somebody.
    pub async fn signed(web: &Web, csrf: &Csrf) -> Self {
        Self { csrf: csrf.token(web.engine.ids().bytes()), ..Self::of(web).await }
    }

    /// With another place for the name at the top to lead to.
    #[must_use]
    pub fn home_at(self, home: String) -> Self {
        Self { home, ..self }
    }

    /// With tags, as their page allows them.
    #[must_use]
    pub fn loading(self, tags: Tags) -> Self {
        Self { tags, ..self }
    }

    /// A frame for drawing templates in tests.
    #[cfg(test)]
    pub fn sample() -> Self {
        Self {
            lang: "en".into(),
            dir: "ltr",
            org: "Kalends".into(),
            home: "/".into(),
            csrf: "token".into(),
            tags: Tags::default(),
        }
    }

    /// The address of the style sheet.
    pub fn css(&self) -> &'static str {
        assets::url("kalends.css")
    }

    /// The address of the behaviour.
    pub fn js(&self) -> &'static str {
        assets::url("kalends.js")
    }

    /// The address of the mark.
    pub fn mark(&self) -> &'static str {
        assets::url("mark.svg")
    }
}
