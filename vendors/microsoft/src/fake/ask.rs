//! One request, read as strictly as Graph would read it.

use std::collections::BTreeMap;

use kalends_app::{Request, Response, fake::answer as reply};
use serde_json::{Value, json};

/// A request and its parts.
pub(super) struct Ask<'a> {
    pub(super) request: &'a Request,
    query: BTreeMap<String, String>,
    /// Events on a page, as preferred.
    pub(super) page: Option<usize>,
}

impl<'a> Ask<'a> {
    pub(super) fn read(request: &'a Request) -> Result<Self, String> {
        let mut query = BTreeMap::new();
        for (name, value) in request.url.query_pairs() {
            if query.insert(name.to_string(), value.to_string()).is_some() {
                return Err(format!("{name} stands twice in the query"));
            }
        }
        let prefer = request.headers.get("prefer").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let prefers = |what: &str| prefer.split(',').any(|one| one.trim() == what);
        if !prefers(r#"IdType="ImmutableId""#) {
            return Err("without immutable ids (MSG-10)".into());
        }
        if !prefers(r#"outlook.timezone="UTC""#) {
            return Err("without a preferred time zone (MSG-07)".into());
        }
        let page = prefer.split(',').find_map(|one| one.trim().strip_prefix("odata.maxpagesize="));
        let page = page.map(|page| page.parse().map_err(|_| format!("a page of {page}"))).transpose()?;
        Ok(Self { request, query, page })
    }

    /// Refuses options that the resource does not have.
    pub(super) fn takes(&self, names: &[&str]) -> Result<(), String> {
        match self.query.keys().find(|name| !names.contains(&name.as_str())) {
            Some(stray) => Err(format!("{stray} cannot be asked here")),
            None => Ok(()),
        }
    }

    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// An end of the time asked for.
    pub(super) fn time(&self, name: &str) -> Result<i64, String> {
        let text = self.option(name).ok_or_else(|| format!("without {name}"))?;
        let at: jiff::Timestamp = text.parse().map_err(|_| format!("{name} is {text}"))?;
        Ok(at.as_second())
    }

    pub(super) fn body(&self) -> Result<Value, String> {
        let kind = self.request.headers.get("content-type").and_then(|value| value.to_str().ok());
        if kind != Some("application/json") {
            return Err("a body that is not application/json".into());
        }
        serde_json::from_slice(&self.request.body).map_err(|error| error.to_string())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers.get(name)?.to_str().ok()
    }

    pub(super) fn ok(&self, body: &Value) -> Response {
        self.with(200, body)
    }

    pub(super) fn with(&self, status: u16, body: &Value) -> Response {
        let headers =
            [("content-type", "application/json"), ("request-id", "00000000-0000-0000-0000-000000000000")];
        reply(self.request, status, &headers, body.to_string())
    }

    pub(super) fn nothing(&self) -> Response {
        reply(self.request, 204, &[], "")
    }

    /// A refusal as Graph words it.
    pub(super) fn refused(&self, status: u16, code: &str) -> Response {
        self.with(status, &json!({ "error": { "code": code, "message": "The request was refused." } }))
    }

    pub(super) fn missing(&self) -> Response {
        self.refused(404, "ErrorItemNotFound")
    }
}
