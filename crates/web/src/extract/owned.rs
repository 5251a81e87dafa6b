//! Things that belong to whoever is signed in: loaded and authorised before a handler runs.

use axum::{
    extract::{FromRequestParts, Path},
    response::{IntoResponse, Response},
};
use http::request::Parts;

use super::SignedIn;
use crate::{Problem, Web};

/// Something a path names and a user may own.
pub trait Own: Sized + Send {
    /// Loads it for this user; what is another's is *not found*.
    fn load(web: &Web, by: &SignedIn, key: &str) -> impl Future<Output = Result<Self, Problem>> + Send;
}

/// A handler that takes this cannot run for anybody else. The path's last name is the key.
#[derive(Debug, Clone)]
pub struct Owned<T> {
    /// What the path names.
    pub it: T,
    /// Whose it is, or who manages for them.
    pub by: SignedIn,
}

impl<T: Own> FromRequestParts<Web> for Owned<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let by = <SignedIn as FromRequestParts<Web>>::from_request_parts(parts, web)
            .await
            .map_err(IntoResponse::into_response)?;
        let names = Path::<Vec<(String, String)>>::from_request_parts(parts, web).await;
        let key = names.ok().and_then(|Path(names)| names.into_iter().next_back());
        let key = key.map(|(_, value)| value).unwrap_or_default();
        let it = T::load(web, &by, &key).await.map_err(IntoResponse::into_response)?;
        Ok(Self { it, by })
    }
}
