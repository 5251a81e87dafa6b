//! What Google says no with: the reason in the body first, for 403 alone may mean "slower", "never" or "not allowed" (GCAL-22, GCAL-23).

use std::time::Duration;

use kalends_app::{Error, Kind, Response, Retry};
use serde::Deserialize;

/// A general limit of calendar use is not asked about again for this long.
const SPENT: Duration = Duration::from_hours(4);

#[derive(Deserialize)]
struct Body {
    error: Said,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    message: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    errors: Vec<One>,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct One {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    location: String,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    reason: String,
}

impl Said {
    fn reasons(&self) -> impl Iterator<Item = &str> {
        let old = self.errors.iter().map(|one| one.reason.as_str());
        let new = self.details.iter().map(|one| one.reason.as_str());
        old.chain(new).chain([self.status.as_str()]).filter(|reason| !reason.is_empty())
    }
}

/// Reads Google's reason; no opinion on an answer without one.
pub fn judge(response: &Response) -> Option<Error> {
    let status = response.status.as_u16();
    if status < 400 {
        return None;
    }
    let said = serde_json::from_slice::<Body>(&response.body).ok()?.error;
    if status == 400 && said.errors.iter().any(|one| one.location == "syncToken") {
        return Some(expired().said(&said.message));
    }
    let error = said.reasons().find_map(|reason| meaning(status, reason, response))?;
    Some(error.said(&said.message))
}

fn meaning(status: u16, reason: &str, response: &Response) -> Option<Error> {
    Some(match (status, reason) {
        (403 | 429, "rateLimitExceeded" | "userRateLimitExceeded" | "RATE_LIMIT_EXCEEDED") => {
            Error::new(Kind::RateLimited { until: None }, "Google asks for fewer calls")
        }
        (403 | 429, "quotaExceeded" | "dailyLimitExceeded" | "RESOURCE_EXHAUSTED") => {
            let message = "Google's limit for this account is used up; it fills again within hours";
            Error::new(Kind::QuotaExhausted { resets: None }, message).retry(Retry::After(SPENT))
        }
        (403, "insufficientPermissions" | "ACCESS_TOKEN_SCOPE_INSUFFICIENT") => {
            let scope = asked_for(response).unwrap_or_else(|| "calendar".to_owned());
            Error::new(
                Kind::ScopeMissing { scope },
                "the connection lacks a permission: connect it again and tick every box",
            )
        }
        (403, "accessNotConfigured" | "SERVICE_DISABLED") => Error::new(
            Kind::PolicyDenied,
            "this Google API is switched off: the administrator switches it on in the Google Cloud project of the client id",
        ),
        (403, "forbiddenForNonOrganizer") => {
            Error::new(Kind::PolicyDenied, "only the event's organizer may change this in Google Calendar")
        }
        (403, _) => Error::new(Kind::PolicyDenied, "the account may not do this at Google"),
        (410, "fullSyncRequired" | "updatedMinTooLongAgo") => expired(),
        (410, _) => Error::new(Kind::Gone, "Google has it no more"),
        (400, _) => Error::new(Kind::Invalid, "Google refused the request"),
        (404, _) => Error::new(Kind::NotFound, "Google has no such thing"),
        (409 | 412, _) => Error::new(Kind::Conflict, "somebody changed it at Google meanwhile"),
        // What is left the status says as well: 401 and 5xx.
        _ => return None,
    })
}

fn expired() -> Error {
    Error::new(Kind::CursorExpired, "Google no longer knows where we left off")
}

/// The scope a 403 names in its challenge (RFC 6750 section 3.1).
fn asked_for(response: &Response) -> Option<String> {
    let challenge = response.header("www-authenticate")?;
    let (_, after) = challenge.split_once("scope=\"")?;
    let (scopes, _) = after.split_once('"')?;
    Some(scopes.split(' ').next_back()?.to_owned())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.to_owned().into(),
            url: "https://www.googleapis.com/calendar/v3/".parse().unwrap(),
        }
    }

    fn refusal(status: u16, reason: &str) -> Response {
        let one = format!(r#"{{"domain":"usageLimits","reason":"{reason}","message":"Why"}}"#);
        answer(status, &format!(r#"{{"error":{{"code":{status},"message":"Why","errors":[{one}]}}}}"#))
    }

    #[test]
    fn gcal_22_a_limit_of_the_minute_is_told_from_one_of_the_day() {
        for status in [403, 429] {
            for reason in ["rateLimitExceeded", "userRateLimitExceeded"] {
                let error = judge(&refusal(status, reason)).unwrap();
                assert_eq!((error.kind, error.retry), (Kind::RateLimited { until: None }, Retry::Backoff));
            }
            let error = judge(&refusal(status, "quotaExceeded")).unwrap();
            assert_eq!(error.kind, Kind::QuotaExhausted { resets: None });
            assert!(matches!(error.retry, Retry::After(wait) if wait >= Duration::from_hours(1)));
        }
    }

    #[test]
    fn gcal_23_a_403_without_a_limit_is_never_sent_again() {
        for reason in ["forbiddenForNonOrganizer", "forbidden", "somethingNew", "accessNotConfigured"] {
            let error = judge(&refusal(403, reason)).unwrap();
            assert_eq!((error.kind, error.retry), (Kind::PolicyDenied, Retry::Never), "{reason}");
        }
        let error = judge(&refusal(403, "insufficientPermissions")).unwrap();
        assert_eq!((error.kind.name(), error.retry), ("scope_missing", Retry::Never));
    }

    #[test]
    fn a_missing_scope_is_named() {
        let mut answer = refusal(403, "insufficientPermissions");
        let challenge = r#"Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="https://www.googleapis.com/auth/calendar""#;
        answer.headers.insert("www-authenticate", HeaderValue::from_static(challenge));
        let scope = "https://www.googleapis.com/auth/calendar".to_owned();
        assert_eq!(judge(&answer).unwrap().kind, Kind::ScopeMissing { scope });
    }

    #[test]
    fn gcal_21_a_lost_cursor_is_told_from_a_deleted_event() {
        for reason in ["fullSyncRequired", "updatedMinTooLongAgo"] {
            assert_eq!(judge(&refusal(410, reason)).unwrap().kind, Kind::CursorExpired);
        }
        assert_eq!(judge(&refusal(410, "deleted")).unwrap().kind, Kind::Gone);
        let body = r#"{"error":{"code":400,"message":"Bad","errors":[{"reason":"invalid","location":"syncToken"}]}}"#;
        assert_eq!(judge(&answer(400, body)).unwrap().kind, Kind::CursorExpired);
    }

    #[test]
    fn the_newer_form_of_errors_is_read_as_well() {
        let body = r#"{"error":{"code":403,"message":"Off","status":"PERMISSION_DENIED","details":[{"@type":"x","reason":"SERVICE_DISABLED"}]}}"#;
        let error = judge(&answer(403, body)).unwrap();
        assert!(error.message().contains("switched off"), "{error}");
        let body = r#"{"error":{"code":429,"message":"Slow down","status":"RESOURCE_EXHAUSTED","details":[{"reason":"RATE_LIMIT_EXCEEDED"}]}}"#;
        assert_eq!(judge(&answer(429, body)).unwrap().kind, Kind::RateLimited { until: None });
    }

    #[test]
    fn an_answer_without_a_reason_is_left_to_its_status() {
        for (status, body) in [(403, ""), (404, "<html>"), (500, "{}"), (200, r#"{"error":{"message":"x"}}"#)]
        {
            assert!(judge(&answer(status, body)).is_none(), "{status} {body}");
        }
        assert!(judge(&refusal(401, "authError")).is_none());
    }
}
