//! Who calls the API.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{header, request::Parts};
use kalends_domain::people::User;
use kalends_engine::{Actor, Member};
use secrecy::SecretString;

use crate::{Problem, Web};

/// The user behind a good API key. Without one, the request is refused.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Who.
    pub user: User,
}

impl ApiKey {
    /// As the engine knows them.
    pub fn member(&self) -> Member {
        Member { user: self.user.id, organization: self.user.organization, role: self.user.role }
    }

    /// Who changes a booking: the key's user, or a guest where there is no key.
    pub fn actor(key: Option<&Self>) -> Actor {
        key.map_or(Actor::Guest, |key| Actor::Member(key.member()))
    }

    fn refused() -> Problem {
        let problem =
            Problem::new(http::StatusCode::UNAUTHORIZED, "bad_api_key", "This API key is not good.");
        problem.say("Make one under Settings, API keys, and send it as `Authorization: Bearer cal_…`.")
    }
}

impl FromRequestParts<Web> for ApiKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let key = bearer(parts).ok_or_else(Self::refused)?;
        let found = web.engine.api_key(&key).await.map_err(|error| Problem::internal(&error))?;
        found.map(|(_, user)| Self { user }).ok_or_else(Self::refused)
    }
}

impl OptionalFromRequestParts<Web> for ApiKey {
    type Rejection = Problem;

    /// None without an `Authorization` header; a bad key is refused all the same.
    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Option<Self>, Self::Rejection> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        <Self as FromRequestParts<Web>>::from_request_parts(parts, web).await.map(Some)
    }
}

fn bearer(parts: &Parts) -> Option<SecretString> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned().into())
}
