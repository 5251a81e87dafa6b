//! What every page has around it.

use crate::{Web, assets};

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
}

impl Frame {
    /// The frame of a public page.
    pub fn of(web: &Web) -> Self {
        let _ = web;
        Self { lang: "en".into(), dir: "ltr", org: "Kalends".into(), home: "/".into(), csrf: String::new() }
    }

    /// A frame for drawing templates in tests.
    #[cfg(test)]
    pub fn sample() -> Self {
        Self { lang: "en".into(), dir: "ltr", org: "Kalends".into(), home: "/".into(), csrf: "token".into() }
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
