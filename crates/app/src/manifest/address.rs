//! Addresses in a manifest.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

/// One address.
pub(super) fn one<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Url>, D::Error> {
    url(&String::deserialize(from)?).map(Some)
}

/// One address that must be there.
pub(super) fn needed<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    url(&String::deserialize(from)?)
}

/// Addresses by name.
pub(super) fn named<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Url>, D::Error> {
    BTreeMap::<String, String>::deserialize(from)?
        .into_iter()
        .map(|(name, text)| Ok((name, url(&text)?)))
        .collect()
}

fn url<E: Error>(text: &str) -> Result<Url, E> {
    text.parse()
        .map_err(|error| E::custom(format!("{text:?} is no address such as https://example.com/: {error}")))
}
