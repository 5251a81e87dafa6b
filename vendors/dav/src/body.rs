//! The XML we send.

use jiff::Timestamp;
use kalends_domain::Span;

use crate::xml::escaped;

const HEAD: &str = r#"<?xml version="1.0" encoding="utf-8"?>"#;
const SPACES: &str = r#"xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/" xmlns:i="http://apple.com/ns/ical/""#;

/// Asks for properties, named with the prefixes `d`, `c`, `s`, `i`.
pub(crate) fn propfind(properties: &[&str]) -> String {
    format!("{HEAD}<d:propfind {SPACES}><d:prop>{}</d:prop></d:propfind>", tags(properties))
}

/// Asks for events, bodies and all, that touch a time (RFC 4791 section 7.8). `until` may be open.
pub(crate) fn in_time(from: i64, until: Option<i64>) -> String {
    let end = until.map(|until| format!(r#" end="{}""#, utc(until))).unwrap_or_default();
    query(&format!(r#"<c:time-range start="{}"{end}/>"#, utc(from)))
}

/// Asks for the event with this uid, wherever in the calendar it is.
pub(crate) fn with_uid(uid: &str) -> String {
    query(&format!(
        r#"<c:prop-filter name="UID"><c:text-match collation="i;octet">{}</c:text-match></c:prop-filter>"#,
        escaped(uid)
    ))
}

fn query(filter: &str) -> String {
    format!(
        r#"{HEAD}<c:calendar-query {SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">{filter}</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"#
    )
}

/// Asks for these objects by path.
pub(crate) fn multiget<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let paths = paths.map(|path| format!("<d:href>{}</d:href>", escaped(path))).collect::<Vec<_>>().concat();
    format!(
        "{HEAD}<c:calendar-multiget {SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>{paths}</c:calendar-multiget>"
    )
}

/// Asks what changed since the token (RFC 6578).
pub(crate) fn sync(token: &str) -> String {
    format!(
        "{HEAD}<d:sync-collection {SPACES}><d:sync-token>{}</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>",
        escaped(token)
    )
}

/// Asks only when the calendar is busy (RFC 4791 section 7.10).
pub(crate) fn free_busy(within: Span) -> String {
    format!(
        r#"{HEAD}<c:free-busy-query {SPACES}><c:time-range start="{}" end="{}"/></c:free-busy-query>"#,
        utc(within.start),
        utc(within.end)
    )
}

fn tags(properties: &[&str]) -> String {
    properties.iter().map(|name| format!("<{name}/>")).collect::<Vec<_>>().concat()
}

fn utc(seconds: i64) -> String {
    let at: Timestamp = kalends_domain::span::instant(seconds);
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}
