//! For whom an app can be set up.

use serde::{Deserialize, Deserializer};

/// For whom an app can be set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Every user for themselves.
    User,
    /// Those who run a team, for its pages and event types.
    Team,
    /// An administrator for the whole organization.
    Organization,
}

/// What holds where a manifest does not say.
pub(super) fn usual() -> Vec<Scope> {
    vec![Scope::User]
}

pub(super) fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Scope>, D::Error> {
    words(from, "scope is user, team or organization, or a list of them")
}

/// One word, or a list of at least one.
pub(super) fn words<'de, D: Deserializer<'de>, W: Deserialize<'de>>(
    from: D,
    fix: &str,
) -> Result<Vec<W>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said<W> {
        One(W),
        More(Vec<W>),
    }
    let refused = || serde::de::Error::custom(fix);
    let said = match Said::deserialize(from).map_err(|_| refused())? {
        Said::One(word) => vec![word],
        Said::More(words) => words,
    };
    if said.is_empty() { Err(refused()) } else { Ok(said) }
}
