//! What a WebDAV server says no with: the precondition in the body first, then the status.

use kalends_app::{Error, Kind, Response};

use crate::xml::{self, CALDAV, DAV, Element};

/// Reads the precondition a server names in the body of a 4xx (RFC 4918 section 16); no opinion without one.
pub fn judge(response: &Response) -> Option<Error> {
    if response.status == http::StatusCode::MISDIRECTED_REQUEST {
        return Some(Error::new(
            Kind::NotFound,
            "the account has moved to another of the provider's servers",
        ));
    }
    if !matches!(response.status.as_u16(), 400..=499 | 507) {
        return None;
    }
    let root = xml::parse(&response.body).ok().filter(|root| root.is(DAV, "error"))?;
    root.children.iter().find_map(precondition)
}

fn precondition(of: &Element) -> Option<Error> {
    let (kind, message) = match (of.space.as_str(), of.name.as_str()) {
        (DAV, "valid-sync-token") => (Kind::CursorExpired, "the server no longer knows where we left off"),
        (DAV, "need-privileges") => (Kind::PolicyDenied, "the account may not do this in that calendar"),
        (DAV, "quota-not-exceeded") => {
            (Kind::QuotaExhausted { resets: None }, "the account has no room left on the server")
        }
        (CALDAV, "no-uid-conflict" | "unique-scheduling-object-resource") => {
            (Kind::Conflict, "the account has this event in another of its calendars")
        }
        (CALDAV, "valid-calendar-data" | "valid-calendar-object-resource" | "supported-calendar-data") => {
            (Kind::Invalid, "the server does not accept the event")
        }
        (CALDAV, "supported-calendar-component") => {
            (Kind::Invalid, "this calendar takes no events, only other things")
        }
        (CALDAV, "max-resource-size") => (Kind::Invalid, "the event is too large for the server"),
        (CALDAV, "min-date-time" | "max-date-time") => {
            (Kind::Invalid, "the date lies outside of what the server takes")
        }
        _ => return None,
    };
    Some(Error::new(kind, message).said(of.name.as_str()))
}
