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
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        One(Scope),
        More(Vec<Scope>),
    }
    let said = Said::deserialize(from)
        .map_err(|_| serde::de::Error::custom("scope is user, team or organization, or a list of them"))?;
    let scopes = match said {
        Said::One(scope) => vec![scope],
        Said::More(scopes) => scopes,
    };
    if scopes.is_empty() {
        return Err(serde::de::Error::custom("scope must name at least one of user, team, organization"));
    }
    Ok(scopes)
}
