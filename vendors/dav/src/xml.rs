//! The names of WebDAV's XML.

pub use vendor_xml::{Element, MAX_BYTES, escaped, parse};

/// `DAV:`
pub const DAV: &str = "DAV:";
/// CalDAV, RFC 4791.
pub const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
/// The older extensions many servers share: `getctag`.
pub const SERVER: &str = "http://calendarserver.org/ns/";
/// Colours.
pub const ICAL: &str = "http://apple.com/ns/ical/";
