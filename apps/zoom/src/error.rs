//! Everything Zoom says no with (ZOOM-08).

use jiff::{SignedDuration, Timestamp, civil, fmt::rfc2822, tz::TimeZone};
use kalends_app::{Error, Kind, Response};
use serde::Deserialize;

/// Reads a refusal; none leaves the decision to the status.
pub fn judge(answer: &Response) -> Option<Error> {
    let status = answer.status.as_u16();
    if status < 400 {
        return None;
    }
    let no: No = answer.json().unwrap_or_default();
    let error = match (status, no.code) {
        (429, _) if is_daily(answer, &no) => {
            let resets = midnight(answer);
            Error::new(Kind::QuotaExhausted { resets }, "Zoom makes no more meetings for this host today")
        }
        (429, _) => return None,
        (_, 4711) => {
            let scope = scopes(&no.message);
            let words = format!("Zoom does not let us do this: the permission {scope} is missing");
            Error::new(Kind::ScopeMissing { scope }, words)
        }
        (_, 124) => Error::new(Kind::AuthExpired, "the Zoom sign-in is spent"),
        (_, 3001) => Error::new(Kind::NotFound, "this meeting does not exist at Zoom any more"),
        (_, 1001 | 1010) => Error::new(
            Kind::Invalid,
            "this host has no user in the Zoom account: add them, or let them connect Zoom",
        ),
        (_, 200 | 3000 | 3161) => {
            Error::new(Kind::PolicyDenied, "the Zoom account does not let this user make or change meetings")
        }
        (_, 300) => Error::new(Kind::Invalid, "Zoom does not take the meeting as it is"),
        _ => return None,
    };
    Some(error.said(no.message))
}

#[derive(Deserialize, Default)]
struct No {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

/// A day's allowance, and not too many calls in one second: both come as 429 (ZOOM-06, ZOOM-07).
fn is_daily(answer: &Response, no: &No) -> bool {
    let says = |text: &str| text.to_ascii_lowercase().contains("daily");
    answer.header("x-ratelimit-type").is_some_and(says) || says(&no.message) || no.message.contains("per day")
}

/// When the day is over: as Zoom says it, else the midnight after its own clock.
fn midnight(answer: &Response) -> Option<Timestamp> {
    let said = answer.header("retry-after").and_then(|text| text.trim().parse::<Timestamp>().ok());
    said.or_else(|| {
        let now = rfc2822::DateTimeParser::new().parse_timestamp(answer.header("date")?).ok()?;
        next_midnight(now)
    })
}

fn next_midnight(now: Timestamp) -> Option<Timestamp> {
    let today: civil::Date = now.to_zoned(TimeZone::UTC).date();
    let midnight = today.to_zoned(TimeZone::UTC).ok()?.timestamp();
    midnight.checked_add(SignedDuration::from_hours(24)).ok()
}

/// What stands in the brackets of "Invalid access token, does not contain scopes:[…]".
fn scopes(message: &str) -> String {
    let inner = message.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(inner, _)| inner);
    inner.filter(|text| !text.trim().is_empty()).unwrap_or("for meetings").trim().to_owned()
}
