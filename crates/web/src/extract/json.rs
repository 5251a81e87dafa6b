//! JSON bodies of API requests.

use axum::{
    body::Bytes,
    extract::{FromRequest, OptionalFromRequest, Request},
};
use http::{StatusCode, header};
use kalends_domain::event_type::FieldProblem;
use serde::de::DeserializeOwned;
use serde_json::Value;

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

const A_LIST: &str = "invalid type: sequence, expected a map";

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut text = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut text);
    let ended = if read.is_ok() { text.end() } else { Ok(()) };
    let failed = match (read, ended) {
        // A struct would be read from a list as well, by the order of its fields.
        (Ok(_), Ok(())) if body.trim_ascii_start().starts_with(b"[") => return Err(wrong("", A_LIST)),
        (Ok(read), Ok(())) => return Ok(read),
        (Err(error), _) => (error.path().to_string(), error.into_inner()),
        (_, Err(error)) => (String::new(), error),
    };
    // What can be read as JSON is JSON, wherever the reader of another shape lost its way in it.
    match (serde_json::from_slice::<Value>(body), failed) {
        (Err(error), _) => Err(not_json(&error)),
        (Ok(Value::Array(_)), _) => Err(wrong("", A_LIST)),
        (Ok(_), (path, error)) if error.is_data() => Err(wrong(&path, &error.to_string())),
        (Ok(_), (path, _)) => Err(wrong(&path, "is of another kind than described")),
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::bad_request("bad_body", "The body is not JSON.").say(format!("{error}."))
}

/// A value that will not do, by its path: `attendee.timeZone`.
pub(super) fn wrong(path: &str, said: &str) -> Problem {
    let said = &plain(said.split(" at line ").next().unwrap_or(said));
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

/// A reader's words as somebody says them who does not know the program from within.
fn plain(said: &str) -> String {
    match said {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            return "write a whole number".to_owned();
        }
        "number too large to fit in target type" | "number too small to fit in target type" => {
            return "this number is too large".to_owned();
        }
        _ => {}
    }
    let Some((found, expected)) = said.rsplit_once(", expected ") else { return said.to_owned() };
    let expected = match expected.split(" with ").next().unwrap_or(expected) {
        word if word.starts_with("struct ") || word == "a map" => "an object",
        "a sequence" => "a list",
        "a string" => "a text",
        "a boolean" => "true or false",
        "i64" | "u64" | "i32" | "u32" | "u16" | "u8" | "usize" => "a whole number",
        "f64" => "a number",
        other => other,
    };
    let found = found.strip_prefix("invalid type: ").or_else(|| found.strip_prefix("invalid value: "));
    match found.map(|found| found.split(" `").next().unwrap_or(found)) {
        Some("sequence") => format!("give {expected}, not a list"),
        Some("map") => format!("give {expected}, not an object"),
        Some(found) if found.starts_with("string") => format!("give {expected}, not this text"),
        Some("integer" | "floating point") => format!("give {expected}, not this number"),
        Some("boolean") => format!("give {expected}, not true or false"),
        Some("null") => format!("give {expected}, not null, or leave it out"),
        _ => format!("give {expected}"),
    }
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

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Deep {
        start: String,
        inner: Option<Body>,
        many: Option<i64>,
        list: Option<Vec<String>>,
        word: Option<Word>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Weekly,
        Daily,
    }

    #[test]
    fn what_is_of_another_kind_is_said_in_words_of_the_request() {
        for (body, said) in [
            (r#"{"start": 5}"#, "start: give a text, not this number"),
            (r#"{"start": "x", "inner": "y"}"#, "inner: give an object, not this text"),
            (r#"{"start": "x", "many": "y"}"#, "many: give a whole number, not this text"),
            (r#"{"start": "x", "many": 1.5}"#, "many: give a whole number, not this number"),
            (r#"{"start": "x", "list": {}}"#, "list: give a list, not an object"),
            (r#"{"start": "x", "list": [null]}"#, "list[0]: give a text, not null, or leave it out"),
            (r#"["x"]"#, "body: give an object, not a list"),
            (r#"["x", null, null, null, null]"#, "body: give an object, not a list"),
            ("7", "body: give an object, not this number"),
        ] {
            let problem = read::<Deep>(body.as_bytes()).unwrap_err();
            assert_eq!((problem.code, problem.detail.as_str()), ("invalid_fields", said), "{body}");
        }
    }

    #[test]
    fn json_of_another_shape_is_not_said_to_be_no_json() {
        for body in [
            r#"{"start": "x", "inner": ["a", "b", "c"]}"#,
            r#"{"start": "x", "word": 7}"#,
            r#"["x", "y", "z"]"#,
        ] {
            let problem = read::<Deep>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code, "invalid_fields", "{body}: {}", problem.detail);
            assert!(!problem.fields[0].field.is_empty());
        }
        let problem = read::<Deep>(br#"{"start": "x", "word": "never"}"#).unwrap_err();
        assert!(problem.detail.contains("weekly") && problem.detail.contains("daily"), "{}", problem.detail);
    }

    #[test]
    fn what_follows_the_body_is_not_overlooked() {
        let problem = read::<serde_json::Value>(b"{} {}").unwrap_err();
        assert_eq!(problem.code, "bad_body");
    }
}
