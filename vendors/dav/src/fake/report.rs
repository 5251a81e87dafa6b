//! The reports the fake server knows.

use crate::xml::{self, CALDAV, DAV, Element};
use kalends_app::fake::answer as reply;
use kalends_app::{Request, Response};
use kalends_ical::Feed;

use super::collection::{Collection, Object};
use super::{Speaks, answer, split};

/// Changes in one page of a sync.
const PAGE: usize = 3;

/// Answers a REPORT on a calendar.
pub(crate) fn answer(
    request: &Request,
    path: &str,
    of: &Collection,
    speaks: Speaks,
) -> Result<Response, String> {
    let asked = xml::parse(&request.body).map_err(|error| error.to_string())?;
    let depth = request.headers.get("depth").and_then(|v| v.to_str().ok()).unwrap_or("0");
    let properties = asked.child(DAV, "prop");
    match (asked.space.as_str(), asked.name.as_str(), depth) {
        (CALDAV, "calendar-query", _) if speaks == Speaks::Busy => {
            Ok(answer::refused(request, 403, "<d:need-privileges/>"))
        }
        (CALDAV, "free-busy-query", "1") => {
            Ok(reply(request, 200, &[("content-type", "text/calendar")], busy(of)))
        }
        (CALDAV, "calendar-query", "1") => {
            let properties = properties.ok_or("a query that asks for no property")?;
            let wanted = filter(&asked)?;
            let found: Vec<_> =
                of.all().filter(|(_, o)| wanted(o)).map(|(name, o)| described(path, name, o)).collect();
            Ok(answer::multistatus(request, &found, properties, None))
        }
        (CALDAV, "calendar-multiget", _) => multiget(request, path, of, &asked),
        (DAV, "sync-collection", "0") if speaks.syncs() => sync(request, path, of, &asked),
        (DAV, "sync-collection", _) if !speaks.syncs() => Ok(reply(request, 501, &[], "")),
        (_, name, depth) => Err(format!("the report {name} with depth {depth}")),
    }
}

/// When the calendar is busy, without a word on what with.
fn busy(of: &Collection) -> String {
    let owner = kalends_ical::Owner::new([""; 0], kalends_domain::Zone::utc());
    let always = kalends_domain::Span::new(0, 4_102_444_800);
    let mut lines = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VFREEBUSY\r\n");
    for (_, object) in of.all() {
        let Ok(feed) = Feed::read(object.body.as_bytes()) else { continue };
        for span in feed.busy(&owner, always).merged() {
            let utc = |at: jiff::Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
            lines.extend(["FREEBUSY:", &utc(span.starts()), "/", &utc(span.ends()), "\r\n"]);
        }
    }
    lines + "END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
}

fn described(path: &str, name: &str, object: &Object) -> answer::Described {
    answer::object(&format!("{path}{name}"), &object.etag, Some(&object.body))
}

type Wanted = Box<dyn Fn(&Object) -> bool>;

/// The filter of a query: by time or by uid, inside VCALENDAR and VEVENT. A series always matches, as servers may.
fn filter(asked: &Element) -> Result<Wanted, String> {
    let inner = asked
        .child(CALDAV, "filter")
        .and_then(|filter| filter.child(CALDAV, "comp-filter"))
        .filter(|calendar| calendar.attribute("name") == Some("VCALENDAR"))
        .and_then(|calendar| calendar.child(CALDAV, "comp-filter"))
        .filter(|event| event.attribute("name") == Some("VEVENT"))
        .ok_or("a query without a filter for events")?;
    if let Some(range) = inner.child(CALDAV, "time-range") {
        let from = seconds(range.attribute("start").ok_or("a time range without a start")?)?;
        let until = range.attribute("end").map(seconds).transpose()?.unwrap_or(i64::MAX);
        return Ok(Box::new(move |object| touches(object, from, until)));
    }
    let uid = inner
        .child(CALDAV, "prop-filter")
        .filter(|filter| filter.attribute("name") == Some("UID"))
        .and_then(|filter| filter.child(CALDAV, "text-match"))
        .and_then(Element::words)
        .ok_or("a filter that is neither by time nor by uid")?
        .to_owned();
    Ok(Box::new(move |object| {
        Feed::read(object.body.as_bytes()).is_ok_and(|feed| feed.uids().any(|own| own == uid))
    }))
}

fn touches(object: &Object, from: i64, until: i64) -> bool {
    let utc = kalends_domain::Zone::utc();
    let Ok(feed) = Feed::read(object.body.as_bytes()) else { return true };
    feed.uids().any(|uid| {
        feed.find(uid, &utc)
            .is_none_or(|found| !found.once || (found.span.start < until && found.span.end > from))
    })
}

/// `20270301T080000Z`, as RFC 4791 section 9.9 demands.
fn seconds(text: &str) -> Result<i64, String> {
    let date = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let iso = format!(
        "{}-{}-{}T{}:{}:{}Z",
        date(0, 4),
        date(4, 6),
        date(6, 8),
        date(9, 11),
        date(11, 13),
        date(13, 15)
    );
    let whole = text.len() == 16 && text.ends_with('Z');
    let at = iso.parse::<jiff::Timestamp>().ok().filter(|_| whole);
    at.map(jiff::Timestamp::as_second).ok_or_else(|| format!("{text} is no time in UTC"))
}

fn multiget(request: &Request, path: &str, of: &Collection, asked: &Element) -> Result<Response, String> {
    let properties = asked.child(DAV, "prop").ok_or("a multiget that asks for no property")?;
    let mut found = Vec::new();
    let mut missing = String::new();
    for href in asked.all(DAV, "href").filter_map(Element::words) {
        match split(href)
            .filter(|(calendar, _)| *calendar == path)
            .and_then(|(_, name)| Some((name, of.get(name)?)))
        {
            Some((name, object)) => found.push(described(path, name, object)),
            None => missing.push_str(&answer::status(href, "404 Not Found")),
        }
    }
    Ok(answer::multistatus(request, &found, properties, Some(&missing)))
}

fn sync(request: &Request, path: &str, of: &Collection, asked: &Element) -> Result<Response, String> {
    let properties = asked.child(DAV, "prop").ok_or("a sync that asks for no property")?;
    let token = asked.child(DAV, "sync-token").ok_or("a sync without sync-token")?;
    if asked.child(DAV, "sync-level").and_then(Element::words) != Some("1") {
        return Err("a sync without sync-level 1".into());
    }
    let Some(changed) = of.since(token.words().unwrap_or_default()) else {
        return Ok(answer::refused(request, 403, "<d:valid-sync-token/>"));
    };
    let (mut found, mut rest) = (Vec::new(), String::new());
    for (name, _) in changed.iter().take(PAGE) {
        match of.get(name) {
            Some(object) => found.push(answer::object(&format!("{path}{name}"), &object.etag, None)),
            None => rest.push_str(&answer::status(&format!("{path}{name}"), "404 Not Found")),
        }
    }
    let token = match changed.get(PAGE - 1) {
        Some((_, last)) if changed.len() > PAGE => {
            rest.push_str(&answer::status(path, "507 Insufficient Storage"));
            Collection::token_at(*last)
        }
        _ => of.token(),
    };
    rest.extend(["<d:sync-token>", &token, "</d:sync-token>"]);
    Ok(answer::multistatus(request, &found, properties, Some(&rest)))
}
