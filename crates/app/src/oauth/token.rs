//! What a token endpoint answers, in all its forms (OAU-06), and its refusals by class (OAU-12).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::OAuth;
use crate::{Error, Kind, Response, Retry, Secret, http::retry_after};

/// Tokens as they were granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Signs requests.
    pub access: Secret,
    /// Gets the next ones; none came when the old one stays (OAU-09).
    pub refresh: Option<Secret>,
    /// When the access token ends by our own clock (OAU-19); unknown when the answer did not say.
    pub expires_at: Option<Timestamp>,
    /// What was granted; unknown when the answer did not say, which means all that was asked.
    pub scopes: Option<BTreeSet<String>>,
    /// What else the answer said that is to be kept, by [`OAuth::keep`].
    pub kept: BTreeMap<String, String>,
}

/// Whose problem a refusal is (OAU-12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The grant is spent or taken back: its owner connects again.
    Grant,
    /// Our registration is wrong: an administrator's problem, no connection is at fault.
    Client,
    /// An outage, or too many calls: later. Nothing was spent, for all we know.
    Later,
    /// It was sent and no answer came, or none we can read: a single-use token may be spent.
    Unknown,
    /// The request itself was refused.
    Request,
}

/// A token endpoint's no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Refusal {
    /// Whose problem it is.
    pub class: Class,
    /// The same for those who only know calls.
    pub error: Error,
}

impl Refusal {
    pub(super) fn new(class: Class, message: &str) -> Self {
        let kind = match class {
            Class::Grant => Kind::AuthRevoked,
            Class::Client | Class::Request => Kind::Invalid,
            Class::Later => Kind::Down,
            Class::Unknown => Kind::Malformed,
        };
        Self { class, error: Error::new(kind, message) }
    }

    /// A call that brought no answer.
    pub(super) fn unanswered(error: Error) -> Self {
        let class = match error.kind {
            Kind::UnknownOutcome | Kind::Malformed => Class::Unknown,
            Kind::Invalid => Class::Request,
            _ => Class::Later,
        };
        Self { class, error }
    }
}

impl Tokens {
    /// Reads an answer that arrived at this instant.
    pub fn read(of: &OAuth, response: &Response, now: Timestamp) -> Result<Self, Refusal> {
        let status = response.status.as_u16();
        let body = fields(response);
        if let Some(refusal) = refused(status, body.as_ref(), response, now) {
            return Err(refusal);
        }
        let body = body.ok_or_else(|| malformed("the token answer cannot be read"))?;
        let inner = match &of.token_in {
            Some(name) => body.get(name).and_then(Value::as_object),
            None => Some(&body),
        };
        let inner =
            inner.ok_or_else(|| malformed("the token answer lacks the part that holds the tokens"))?;
        let text = |name: &str| inner.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let access =
            text("access_token").ok_or_else(|| malformed("the token answer holds no access token"))?;
        Ok(Self {
            access: Secret::new(access),
            refresh: text("refresh_token").map(Secret::new),
            expires_at: inner.get("expires_in").and_then(seconds).map(|life| later(now, life)),
            kept: kept(of, &body),
            scopes: inner.get("scope").or_else(|| body.get("scope")).and_then(|scope| scopes(of, scope)),
        })
    }
}

/// The answer's fields, JSON or form-encoded whatever its content type says.
fn fields(response: &Response) -> Option<Map<String, Value>> {
    if let Ok(Value::Object(fields)) = serde_json::from_slice(&response.body) {
        return Some(fields);
    }
    let text = std::str::from_utf8(&response.body).ok()?.trim();
    let looks_so = text.contains("access_token=") || text.contains("error=");
    looks_so.then(|| {
        url::form_urlencoded::parse(text.as_bytes())
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect()
    })
}

/// Texts and numbers alone; tokens are never among them.
fn kept(of: &OAuth, body: &Map<String, Value>) -> BTreeMap<String, String> {
    let text = |name: &String| match body.get(name)? {
        Value::String(text) if !text.is_empty() => Some((name.clone(), text.clone())),
        Value::Number(number) => Some((name.clone(), number.to_string())),
        _ => None,
    };
    of.keep.iter().filter(|name| !name.contains("token")).filter_map(text).collect()
}

/// A number, a numeric text or nothing we know.
fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(whole)),
        Value::String(text) => text.trim().parse::<f64>().ok().map(whole),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, and no token lives that long")]
fn whole(seconds: f64) -> i64 {
    seconds as i64
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    // A century is as good as for ever, and an instant can hold it.
    let life = SignedDuration::from_secs(seconds.clamp(0, 3_155_760_000));
    now.checked_add(life).unwrap_or(Timestamp::MAX)
}

fn scopes(of: &OAuth, value: &Value) -> Option<BTreeSet<String>> {
    let split = |text: &str| -> BTreeSet<String> {
        let parts = text.split(|c: char| c.is_whitespace() || c == ',' || of.separator.contains(c));
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(split(text)),
        Value::Array(all) => Some(all.iter().filter_map(Value::as_str).flat_map(split).collect()),
        _ => None,
    }
}

/// The refusal in an answer, if it is one: a 200 may be (ALL-09).
pub(super) fn refused(
    status: u16,
    body: Option<&Map<String, Value>>,
    response: &Response,
    now: Timestamp,
) -> Option<Refusal> {
    let code = body.and_then(|body| body.get("error")).map(|error| match error {
        Value::String(code) => code.clone(),
        // Some nest it: {"error": {"code": …}}.
        Value::Object(inner) => inner
            .get("code")
            .or_else(|| inner.get("type"))
            .and_then(Value::as_str)
            .unwrap_or("error")
            .to_owned(),
        _ => String::from("error"),
    });
    if status < 400 && code.is_none() {
        return None;
    }
    let mut refusal = classed(status, code.as_deref().unwrap_or_default());
    if refusal.class == Class::Later {
        if status == 429 {
            refusal.error = refusal.error.as_kind(Kind::RateLimited { until: None });
        }
        if let Some(wait) = retry_after::read(&response.headers, now) {
            refusal.error.retry = Retry::After(wait.min(Duration::from_hours(24)));
        }
    }
    let said = body
        .and_then(|body| ["error_description", "message", "reason"].iter().find_map(|name| body.get(*name)));
    let said = said.and_then(Value::as_str).map(str::to_owned).or(code).unwrap_or_default();
    refusal.error = refusal.error.said(said).status(status);
    Some(refusal)
}

fn classed(status: u16, code: &str) -> Refusal {
    match (status, code) {
        (429 | 500.., _) | (_, "temporarily_unavailable" | "server_error" | "slow_down" | "ratelimited") => {
            Refusal::new(Class::Later, "the provider's sign-in has trouble")
        }
        (
            _,
            "invalid_grant"
            | "bad_refresh_token"
            | "bad_verification_code"
            | "token_revoked"
            | "invalid_refresh_token"
            | "token_expired"
            | "invalid_code"
            | "interaction_required"
            | "consent_required",
        ) => Refusal::new(Class::Grant, "the provider no longer takes this sign-in"),
        (
            _,
            "invalid_client"
            | "unauthorized_client"
            | "incorrect_client_credentials"
            | "invalid_client_id"
            | "bad_client_secret"
            | "redirect_uri_mismatch",
        )
        | (401, "") => Refusal::new(Class::Client, "the provider does not take our client id and secret"),
        _ => Refusal::new(Class::Request, "the provider refused the sign-in request"),
    }
}

fn malformed(message: &str) -> Refusal {
    Refusal::new(Class::Unknown, message)
}
