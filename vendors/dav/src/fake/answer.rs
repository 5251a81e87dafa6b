//! What the fake server says, in XML with prefixes of its own liking.

use kalends_app::fake::answer as reply;
use kalends_app::{Request, Response};

use super::{Owner, Speaks};
use crate::xml::{self, Element, escaped};

const SPACES: &str = r#"xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/" xmlns:i="http://apple.com/ns/ical/""#;

/// A thing with its properties in XML.
pub(crate) type Described = (String, Vec<String>);

pub(crate) fn principal(path: &str, of: &Owner, server: &str, speaks: Speaks) -> Described {
    let Owner { principal, home, address, name } = of;
    let mut properties =
        vec![format!("<d:current-user-principal><d:href>{principal}</d:href></d:current-user-principal>")];
    if path == *principal {
        properties.extend([
            format!("<d:principal-URL><d:href>{principal}</d:href></d:principal-URL>"),
            format!("<d:displayname>{name}</d:displayname>"),
            format!("<c:calendar-home-set><d:href>{server}{home}</d:href></c:calendar-home-set>"),
            "<c:schedule-inbox-URL><d:href>/inbox/</d:href></c:schedule-inbox-URL>".to_owned(),
            "<c:schedule-outbox-URL><d:href>/outbox/</d:href></c:schedule-outbox-URL>".to_owned(),
        ]);
        if speaks != Speaks::Nameless {
            properties.push(format!(
                "<c:calendar-user-address-set><d:href>mailto:{address}</d:href></c:calendar-user-address-set>"
            ));
        }
    }
    (path.to_owned(), properties)
}

pub(crate) fn home(path: &str) -> Described {
    (path.to_owned(), vec!["<d:resourcetype><d:collection/></d:resourcetype>".to_owned()])
}

pub(crate) fn inbox(path: &str, default: &str) -> Described {
    let property = format!(
        "<c:schedule-default-calendar-URL><d:href>{default}</d:href></c:schedule-default-calendar-URL>"
    );
    (path.to_owned(), vec![property])
}

/// A list of tasks, which is no calendar for events (DAV-04).
pub(crate) fn tasks(path: &str) -> Described {
    let properties = vec![
        "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>".to_owned(),
        "<d:displayname>Tasks</d:displayname>".to_owned(),
        r#"<c:supported-calendar-component-set><c:comp name="VTODO"/></c:supported-calendar-component-set>"#
            .to_owned(),
    ];
    (path.to_owned(), properties)
}

pub(crate) fn calendar(name: &str, colour: &str, writable: bool) -> Vec<String> {
    let rights = if writable {
        "<d:privilege><d:read/></d:privilege><d:privilege><d:write/></d:privilege>"
    } else {
        "<d:privilege><d:read/></d:privilege>"
    };
    let mut properties = vec![
        "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>".to_owned(),
        format!("<d:displayname>{name}</d:displayname>"),
        format!("<d:current-user-privilege-set>{rights}</d:current-user-privilege-set>"),
        r#"<c:supported-calendar-component-set><c:comp name="VEVENT"/></c:supported-calendar-component-set>"#
            .to_owned(),
    ];
    if !colour.is_empty() {
        properties.push(format!("<i:calendar-color>{colour}</i:calendar-color>"));
    }
    properties
}

pub(crate) fn object(path: &str, etag: &str, body: Option<&str>) -> Described {
    let mut properties = vec![format!("<d:getetag>{}</d:getetag>", escaped(etag))];
    if let Some(body) = body {
        properties.push(format!("<c:calendar-data>{}</c:calendar-data>", escaped(body)));
    }
    (path.to_owned(), properties)
}

/// A multistatus with what was asked for: found or 404, each under its own status.
pub(crate) fn multistatus(
    request: &Request,
    found: &[Described],
    asked: &Element,
    sync_token: Option<&str>,
) -> Response {
    let mut body = format!(r#"<?xml version="1.0" encoding="utf-8"?><d:multistatus {SPACES}>"#);
    for (path, properties) in found {
        body.push_str(&item(path, properties, asked));
    }
    if let Some(token) = sync_token {
        body.push_str(token);
    }
    body.push_str("</d:multistatus>");
    reply(request, 207, &[("content-type", "application/xml; charset=utf-8")], body)
}

fn item(path: &str, properties: &[String], asked: &Element) -> String {
    let names = |property: &&String| {
        let whole = format!("<x {SPACES}>{property}</x>");
        xml::parse(whole.as_bytes())
            .ok()
            .and_then(|x| x.children.into_iter().next())
            .is_some_and(|p| asked.child(&p.space, &p.name).is_some())
    };
    let has: Vec<&str> = properties.iter().filter(names).map(String::as_str).collect();
    let missing = if has.len() < asked.children.len() {
        "<d:propstat><d:prop><d:quota-used-bytes/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>"
    } else {
        ""
    };
    format!(
        "<d:response><d:href>{}</d:href><d:propstat><d:prop>{}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>{missing}</d:response>",
        escaped(path),
        has.concat(),
    )
}

/// A thing that is not there, or cut off.
pub(crate) fn status(path: &str, status: &str) -> String {
    format!(
        "<d:response><d:href>{}</d:href><d:status>HTTP/1.1 {status}</d:status></d:response>",
        escaped(path)
    )
}

/// A refusal that names its precondition.
pub(crate) fn refused(request: &Request, status: u16, precondition: &str) -> Response {
    let body = format!(r#"<?xml version="1.0" encoding="utf-8"?><d:error {SPACES}>{precondition}</d:error>"#);
    reply(request, status, &[("content-type", "application/xml; charset=utf-8")], body)
}

/// What the outbox says of one person.
pub(crate) fn scheduled(request: &Request, address: &str, status: &str, data: Option<&str>) -> Response {
    let data =
        data.map(|data| format!("<c:calendar-data>{}</c:calendar-data>", escaped(data))).unwrap_or_default();
    let body = format!(
        r#"<?xml version="1.0" encoding="utf-8"?><c:schedule-response {SPACES}><c:response><c:recipient><d:href>mailto:{}</d:href></c:recipient><c:request-status>{status}</c:request-status>{data}</c:response></c:schedule-response>"#,
        escaped(address)
    );
    reply(request, 200, &[("content-type", "application/xml; charset=utf-8")], body)
}
