//! JSON bodies of API requests.

use axum::{
    body::Bytes,
    extract::{FromRequest, OptionalFromRequest, Request},
};
use http::{StatusCode, header};
use kalends_domain::event_type::FieldProblem;
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
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
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
    let mut text = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut text).map_err(|error| {
        let path = error.path().to_string();
        match error.into_inner() {
            inner if inner.is_data() => wrong(&path, &inner.to_string()),
            inner => not_json(&inner),
        }
    })?;
    text.end().map_err(|error| not_json(&error))?;
    Ok(read)
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::bad_request("bad_body", "The body is not JSON.").say(format!("{error}."))
}

/// A value that will not do, by its path: `attendee.timeZone`.
pub(super) fn wrong(path: &str, said: &str) -> Problem {
    let said = said.split(" at line ").next().unwrap_or(said);
    let missing = said.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    let (field, fix) = match (path.trim_start_matches('.'), missing) {
        ("", Some(field)) => (field.to_owned(), "is missing".to_owned()),
        (path, Some(field)) => (format!("{path}.{field}"), "is missing".to_owned()),
        ("", None) => ("body".to_owned(), said.to_owned()),
        (path, None) => (path.to_owned(), said.to_owned()),
    };
    let problem = FieldProblem { field, fix };
    Problem { status: StatusCode::BAD_REQUEST, ..Problem::fields(vec![problem]) }
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
        assert_eq!(problem.status, StatusCode::BAD_REQUEST);
        assert!(problem.detail.contains("recursion limit"), "{}", problem.detail);
    }

    #[test]
    fn a_missing_field_is_named() {
        let problem = read::<Body>(b"{}").unwrap_err();
        assert_eq!(problem.fields[0].field, "start");
        assert_eq!(problem.detail, "start: is missing");
    }

    #[test]
    fn what_follows_the_body_is_not_overlooked() {
        let problem = read::<serde_json::Value>(b"{} {}").unwrap_err();
        assert_eq!(problem.code, "bad_body");
    }
}
