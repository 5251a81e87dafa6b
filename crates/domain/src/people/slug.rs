//! Slugs: parts of addresses that people read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Lower-case letters, digits and inner hyphens, 1 to 64 of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// A text that cannot be part of an address.
#[derive(Debug, thiserror::Error)]
pub enum BadSlug {
    /// There are none.
    #[error("Choose one: 1 to 64 lower-case letters, digits and hyphens, with no hyphen at either end")]
    Empty,
    /// Its letters do not fit.
    #[error(
        "`{0}` cannot be part of an address: use 1 to 64 lower-case letters, digits and hyphens, with no hyphen at either end"
    )]
    Letters(String),
    /// The server's own pages begin with it.
    #[error("`{0}` is an address of the server itself; choose another one")]
    Ours(String),
}

/// What the server's own addresses begin with, now or soon: no person's and no team's page may hide behind one.
const OURS: [&str; 33] = [
    "admin",
    "api",
    "apps",
    "assets",
    "auth",
    "availability",
    "booking",
    "bookings",
    "d",
    "docs",
    "embed",
    "event-types",
    "health",
    "healthz",
    "help",
    "hooks",
    "join",
    "login",
    "logout",
    "metrics",
    "oauth",
    "onboarding",
    "privacy",
    "robots",
    "saml",
    "settings",
    "setup",
    "signup",
    "static",
    "team",
    "teams",
    "v2",
    "webhooks",
];

impl Slug {
    /// Takes a text as it is, or says why not.
    pub fn parse(text: &str) -> Result<Self, BadSlug> {
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let fits = (1..=64).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-');
        match (plain && fits, text) {
            (true, text) => Ok(Self(text.to_owned())),
            (false, "") => Err(BadSlug::Empty),
            (false, text) => Err(BadSlug::Letters(text.chars().take(80).collect())),
        }
    }

    /// Takes a text as the address of a person's or a team's page.
    pub fn page(text: &str) -> Result<Self, BadSlug> {
        let slug = Self::parse(text)?;
        if OURS.contains(&slug.as_str()) { Err(BadSlug::Ours(slug.0)) } else { Ok(slug) }
    }

    /// The nearest slug to a title or name, in whatever script: `Zoë Müller` is at `zoe-muller`, `Иван` at `ivan`. `fallback`
    /// when nothing of it is left.
    pub fn from_title(title: &str, fallback: &str) -> Self {
        let mut slug = slug::slugify(title);
        slug.truncate(64);
        let slug = slug.trim_end_matches('-');
        Self(if slug.is_empty() { fallback.to_owned() } else { slug.to_owned() })
    }

    /// The letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = BadSlug;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_addresses() {
        assert_eq!(Slug::from_title("30 min Intro – Call!", "event").as_str(), "30-min-intro-call");
        assert_eq!(Slug::from_title("– !", "event").as_str(), "event");
        assert_eq!(Slug::from_title(&"ß".repeat(40), "event").as_str(), "s".repeat(64));
    }

    #[test]
    fn names_in_any_script_stay_readable() {
        for (name, address) in [
            ("Zoë van der Aa-Müller", "zoe-van-der-aa-muller"),
            ("Øyvind Åse", "oyvind-ase"),
            ("İstanbul Şube", "istanbul-sube"),
            ("Zoe\u{308} Łoś", "zoe-los"),
            ("Иван Петров", "ivan-petrov"),
            ("日本", "ri-ben"),
        ] {
            assert_eq!(Slug::from_title(name, "me").as_str(), address, "{name}");
        }
    }

    #[test]
    fn nobody_hides_a_page_behind_the_servers_own() {
        assert!(matches!(Slug::page("settings"), Err(BadSlug::Ours(_))));
        assert!(Slug::page("").unwrap_err().to_string().starts_with("Choose one"));
        assert!(Slug::page("ines").is_ok());
    }

    #[test]
    fn odd_addresses_are_refused() {
        for bad in ["", "-a", "a-", "A", "a/b", "a b", "é"] {
            assert!(Slug::parse(bad).is_err(), "{bad}");
        }
    }
}
