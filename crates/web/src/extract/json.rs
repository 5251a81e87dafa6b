//! JSON bodies of API requests.

use axum::{
    body::Bytes,
    extract::{FromRequest, OptionalFromRequest, Request},
};
use http::header;
use serde::de::DeserializeOwned;

use crate::{Problem, Web};

/// A JSON body; one that cannot be read is refused with the place and the reason.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Web> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Self::Rejection> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| !kind.contains("json")) {
            return Err(Problem::new(
                http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "This address takes JSON.",
            )
            .say("Send the header content-type: application/json."));
        }
        let body = Bytes::from_request(request, web).await.map_err(|_| Problem::too_large())?;
        read(&body).map(Self)
    }
}

impl<T: DeserializeOwned> OptionalFromRequest<Web> for Json<T> {
    type Rejection = Problem;

    /// None where nothing was sent.
    async fn from_request(request: Request, web: &Web) -> Result<Option<Self>, Self::Rejection> {
        let body = Bytes::from_request(request, web).await.map_err(|_| Problem::too_large())?;
        if body.is_empty() { Ok(None) } else { read(&body).map(|body| Some(Self(body))) }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let title = if error.is_data() { "The body lacks something." } else { "The body is not JSON." };
        Problem::bad_request("bad_body", title).say(format!("{error}."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Body {
        start: String,
    }

    #[test]
    fn a_deep_body_is_refused_not_followed() {
        let deep = "[".repeat(200_000);
        let problem = read::<serde_json::Value>(deep.as_bytes()).unwrap_err();
        assert_eq!(problem.status, http::StatusCode::BAD_REQUEST);
        assert!(problem.detail.contains("recursion limit"), "{}", problem.detail);
    }

    #[test]
    fn a_missing_field_is_named() {
        let problem = read::<Body>(b"{}").unwrap_err();
        assert!(problem.detail.contains("`start`"), "{}", problem.detail);
    }
}
