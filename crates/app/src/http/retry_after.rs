//! `Retry-After` in both its forms (ALL-04).

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use jiff::Timestamp;

/// The longest wait taken at its word.
pub const LONGEST: Duration = Duration::from_hours(24);

/// How long the answer asks us to wait; `None` when it does not say, or says it unreadably.
///
/// A past date is zero; more than a day is cut to a day, and reported.
pub fn read(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let asked = wait(headers.get(http::header::RETRY_AFTER)?.to_str().ok()?, now)?;
    if asked > LONGEST {
        tracing::warn!(
            asked_seconds = asked.as_secs(),
            "provider asks to wait more than a day; waiting one day"
        );
        return Some(LONGEST);
    }
    Some(asked)
}

fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are as good as for ever.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let at = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let now = Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH)).unwrap_or(Duration::ZERO);
    Some(at.saturating_sub(now))
}
