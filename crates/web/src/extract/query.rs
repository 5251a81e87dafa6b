//! Query strings of API requests.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::json::wrong;
use crate::{Problem, Web};

/// What stands behind the question mark; what will not do is named.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Web> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Self::Rejection> {
        axum::extract::Query::try_from_uri(&parts.uri).map(|axum::extract::Query(read)| Self(read)).map_err(
            |refused| {
                let said = refused.body_text();
                let said = said.strip_prefix("Failed to deserialize query string: ").unwrap_or(&said);
                // `field: reason`; a field that came twice has no path, but a name in its reason.
                match said.split_once(": ") {
                    Some((field, reason)) => wrong(field, reason),
                    None => wrong(twice(said).unwrap_or("query"), said),
                }
            },
        )
    }
}

fn twice(said: &str) -> Option<&str> {
    said.strip_prefix("duplicate field `")?.strip_suffix('`')
}
