//! Requests to the interface: addresses and JSON.

use http::Method;
use kalends_app::{Cx, Error, Kind, Request, Response};
use serde_json::Value;
use url::Url;

const JSON: &str = "application/json; charset=utf-8";

/// Below an endpoint of the manifest, one path segment at a time: an id may hold any character. A service account is one user to
/// Google, whomever it speaks for, unless told for whom a call counts (GCAL-22).
pub fn address<'a>(
    cx: &Cx,
    endpoint: &str,
    segments: impl IntoIterator<Item = &'a str>,
) -> Result<Url, Error> {
    let mut url = cx.endpoints.get(endpoint)?.clone();
    url.path_segments_mut()
        .map_err(|()| Error::new(Kind::Invalid, format!("the endpoint {endpoint:?} is no base address")))?
        .pop_if_empty()
        .extend(segments);
    if cx.setting("grant") == Some("jwt_bearer") {
        url.query_pairs_mut().append_pair("quotaUser", &cx.account);
    }
    Ok(url)
}

/// A calendar's events, or one of them.
pub fn events<'a>(cx: &Cx, calendar: &'a str, rest: impl IntoIterator<Item = &'a str>) -> Result<Url, Error> {
    address(cx, "api", ["calendars", calendar, "events"].into_iter().chain(rest))
}

/// With these parameters.
#[must_use]
pub fn with(mut url: Url, parameters: &[(&str, &str)]) -> Url {
    url.query_pairs_mut().extend_pairs(parameters);
    url
}

/// A request with a JSON body.
pub fn json(op: &'static str, method: Method, url: Url, body: &Value) -> Request {
    Request::new(op, method, url).body(JSON, body.to_string())
}

/// Asks for JSON of this shape.
pub async fn read<T: serde::de::DeserializeOwned>(cx: &Cx, op: &'static str, url: Url) -> Result<T, Error> {
    cx.http.send(Request::get(op, url)).await?.json()
}

/// The answer of a write as JSON. A write that is answered without sense may have happened.
pub fn written<T: serde::de::DeserializeOwned>(answer: &Response) -> Result<T, Error> {
    answer.json()
}
