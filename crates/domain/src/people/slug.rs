//! A part of an address that people read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Lower-case letters, digits and inner hyphens, 1 to 64 of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// A text that cannot be part of an address.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` cannot be part of an address: use 1 to 64 lower-case letters, digits and hyphens, with no hyphen at either end"
)]
pub struct BadSlug(String);

impl Slug {
    /// Takes a text as it is, or says why not.
    pub fn parse(text: &str) -> Result<Self, BadSlug> {
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let fits = (1..=64).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-');
        if plain && fits { Ok(Self(text.to_owned())) } else { Err(BadSlug(text.chars().take(80).collect())) }
    }

    /// The nearest slug to a title or name; `fallback` when nothing of it is left.
    pub fn from_title(title: &str, fallback: &str) -> Self {
        let mut slug = String::new();
        for letter in title.chars() {
            if letter.is_ascii_alphanumeric() {
                slug.push(letter.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
            if slug.len() == 64 {
                break;
            }
        }
        let slug = slug.trim_matches('-');
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
        assert_eq!(Slug::from_title("日本", "event").as_str(), "event");
    }

    #[test]
    fn odd_addresses_are_refused() {
        for bad in ["", "-a", "a-", "A", "a/b", "a b", "é"] {
            assert!(Slug::parse(bad).is_err(), "{bad}");
        }
    }
}
