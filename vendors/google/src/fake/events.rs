//! One calendar's events: listed, read, written.

use jiff::Timestamp;
use kalends_app::{Request, Response, fake};
use kalends_domain::Span;
use serde_json::{Value, json};

use super::{
    Rooms, State,
    body::{self, Refused},
    busy,
    calendar::{Calendar, Stored},
    list,
    list::Listed,
    ok,
    query::Query,
    refusal,
};

const LIST: [&str; 11] = [
    "maxAttendees",
    "maxResults",
    "orderBy",
    "pageToken",
    "privateExtendedProperty",
    "showDeleted",
    "singleEvents",
    "syncToken",
    "timeMax",
    "timeMin",
    "iCalUID",
];
const WRITE: [&str; 2] = ["conferenceDataVersion", "sendUpdates"];

impl State {
    pub(super) fn events(
        &mut self,
        request: &Request,
        calendar: &str,
        rest: &[&str],
    ) -> Result<Response, String> {
        let (page, rooms) = (self.page, self.rooms);
        let Some(found) = self.calendars.get_mut(calendar) else {
            return Ok(refusal::calendar(request, 404, "notFound", "Not Found"));
        };
        let reading = request.method.as_str() == "GET";
        if !reading && !found.writable() {
            let why = "You need to have writer access to this calendar.";
            return Ok(refusal::calendar(request, 403, "requiredAccessLevel", why));
        }
        if reading && found.role == "freeBusyReader" {
            return Ok(refusal::calendar(request, 403, "forbidden", "Forbidden"));
        }
        let answer = match (request.method.as_str(), rest) {
            ("GET", []) => {
                let asked = Query::of(request, &LIST)?;
                if self.round {
                    let page = json!({ "kind": "calendar#events", "items": [], "nextPageToken": "again" });
                    return Ok(ok(request, &page));
                }
                return Ok(match list::page(found, &asked, &mut self.rests, page)? {
                    Listed::Page(value) => ok(request, &value),
                    Listed::Gone => {
                        let why = "Sync token is no longer valid, a full sync is required.";
                        refusal::calendar(request, 410, "fullSyncRequired", why)
                    }
                    Listed::NoCursor => {
                        refusal::calendar(request, 400, "invalid", "Invalid sync token value.")
                    }
                });
            }
            ("GET", [id]) => return get(request, found, id),
            ("GET", [id, "instances"]) => return instances(request, found, id),
            ("POST", []) => insert(request, found, calendar, rooms)?,
            ("PATCH", [id]) => patch(request, found, calendar, id, rooms)?,
            ("DELETE", [id]) => delete(request, found, id)?,
            (method, rest) => return Err(format!("events have no {method} {}", rest.join("/"))),
        };
        if answer.status.is_success() {
            self.changed(calendar);
        }
        Ok(answer)
    }
}

fn get(request: &Request, calendar: &mut Calendar, id: &str) -> Result<Response, String> {
    Query::of(request, &["maxAttendees", "timeZone"])?;
    let Some(stored) = calendar.get_mut(id) else { return Ok(missing(request)) };
    if stored.pending > 0 {
        stored.pending -= 1;
        if stored.pending == 0 {
            let mut value = stored.value.clone();
            stand(&mut value, id);
            let told = calendar.put(id, value, 0);
            return Ok(ok(request, &told));
        }
    }
    Ok(ok(request, &stored.value))
}

fn instances(request: &Request, calendar: &Calendar, id: &str) -> Result<Response, String> {
    let known = ["maxAttendees", "maxResults", "pageToken", "showDeleted", "timeMin", "timeMax", "timeZone"];
    let asked = Query::of(request, &known)?;
    let Some(series) = calendar.get(id) else { return Ok(missing(request)) };
    if body::is_cancelled(&series.value) {
        return Ok(missing(request));
    }
    let time = |name: &str, other: i64| {
        asked.get(name).map_or(Ok(other), |text| {
            text.parse::<Timestamp>().map(Timestamp::as_second).map_err(|error| error.to_string())
        })
    };
    let within = Span::new(time("timeMin", 0)?, time("timeMax", 4_102_444_800)?);
    let items: Vec<Value> = busy::series(calendar, id, &series.value, within)
        .into_iter()
        .map(|item| asked.masked(item))
        .collect();
    Ok(ok(request, &json!({ "kind": "calendar#events", "timeZone": calendar.zone.name(), "items": items })))
}

fn insert(request: &Request, calendar: &mut Calendar, owner: &str, rooms: Rooms) -> Result<Response, String> {
    let asked = Query::of(request, &WRITE)?;
    let sent = super::sent(request)?;
    if rooms == Rooms::Refused && sent.get("conferenceData").is_some() {
        return Ok(refusal::calendar(request, 400, "invalid", "Invalid conference type value."));
    }
    let id = sent["id"].as_str().ok_or("an event without an id of ours (GCAL-08)")?.to_owned();
    let mut event = sent.clone();
    if let Some(no) =
        refused(request, body::check(&sent).and_then(|()| body::times(&mut event, &calendar.zone)))?
    {
        return Ok(no);
    }
    if calendar.get(&id).is_some() {
        let why = "The requested identifier already exists.";
        return Ok(refusal::calendar(request, 409, "duplicate", why));
    }
    body::mark_own(&mut event, owner);
    for (field, value) in [
        ("kind", json!("calendar#event")),
        ("status", json!("confirmed")),
        ("iCalUID", json!(format!("{id}@google.com"))),
        ("creator", json!({ "email": owner, "self": true })),
        ("organizer", json!({ "email": owner, "self": true })),
        ("sequence", json!(0)),
        ("eventType", json!("default")),
        ("created", json!("2027-03-01T08:00:00.000Z")),
    ] {
        event[field] = value;
    }
    let pending = wish(&mut event, &asked, &id, rooms)?;
    Ok(ok(request, &calendar.put(&id, event, pending)))
}

fn patch(
    request: &Request,
    calendar: &mut Calendar,
    owner: &str,
    id: &str,
    rooms: Rooms,
) -> Result<Response, String> {
    let asked = Query::of(request, &WRITE)?;
    let mut sent = super::sent(request)?;
    let Some(Stored { value, .. }) = calendar.get(id) else { return Ok(missing(request)) };
    let mut event = value.clone();
    let guard = request.headers.get("if-match").and_then(|guard| guard.to_str().ok());
    if guard.is_some_and(|guard| event["etag"] != guard) {
        return Ok(refusal::calendar(request, 412, "conditionNotMet", "Precondition Failed"));
    }
    if sent.get("id").is_some() {
        return Err("a patch does not name its event twice".into());
    }
    if event["organizer"]["self"] == false {
        let why = "Only the organizer can change this.";
        return Ok(refusal::calendar(request, 403, "forbiddenForNonOrganizer", why));
    }
    let room = asked.get("conferenceDataVersion") == Some("1");
    if !room && let Some(fields) = sent.as_object_mut() {
        fields.remove("conferenceData");
    }
    let before = (event["start"].clone(), event["end"].clone());
    // Nulls inside of a time take its other form away; they are no content.
    if let Some(no) = refused(request, body::check(&sent))? {
        return Ok(no);
    }
    let revived = body::is_cancelled(&event) && sent["status"] == "confirmed";
    body::patch(&mut event, &sent);
    if body::is_cancelled(&event) {
        return Ok(ok(request, &event));
    }
    if let Some(no) = refused(request, body::times(&mut event, &calendar.zone))? {
        return Ok(no);
    }
    if revived {
        event["iCalUID"] = format!("{id}@google.com").into();
        event["organizer"] = json!({ "email": owner, "self": true });
        event["sequence"] = 0.into();
    }
    if before != (event["start"].clone(), event["end"].clone()) {
        event["sequence"] = (event["sequence"].as_i64().unwrap_or(0) + 1).into();
    }
    body::mark_own(&mut event, owner);
    let pending = if room { wish(&mut event, &asked, id, rooms)? } else { 0 };
    Ok(ok(request, &calendar.put(id, event, pending)))
}

fn delete(request: &Request, calendar: &mut Calendar, id: &str) -> Result<Response, String> {
    Query::of(request, &["sendUpdates"])?;
    match calendar.get(id) {
        None => Ok(missing(request)),
        Some(stored) if body::is_cancelled(&stored.value) => {
            Ok(refusal::calendar(request, 410, "deleted", "Resource has been deleted"))
        }
        Some(_) => {
            calendar.cancel(id);
            Ok(fake::answer(request, 204, &[], ""))
        }
    }
}

/// Takes up a wish for a room: how many looks until it stands.
fn wish(event: &mut Value, asked: &Query, id: &str, rooms: Rooms) -> Result<u32, String> {
    let wish = event["conferenceData"]["createRequest"].clone();
    if wish.is_null() {
        return Ok(0);
    }
    if asked.get("conferenceDataVersion") != Some("1") {
        return Err("a wish for a room without conferenceDataVersion=1 (GCAL-14)".into());
    }
    if wish["requestId"].as_str().is_none_or(str::is_empty) {
        return Err("a wish for a room without requestId (GCAL-14)".into());
    }
    if wish["conferenceSolutionKey"]["type"] != "hangoutsMeet" {
        return Err("only hangoutsMeet makes rooms here".into());
    }
    let (code, pending) = match rooms {
        Rooms::Never | Rooms::Refused => ("failure", 0),
        Rooms::After(0) => {
            stand(event, id);
            return Ok(0);
        }
        Rooms::After(looks) => ("pending", looks),
    };
    event["conferenceData"]["createRequest"]["status"] = json!({ "statusCode": code });
    Ok(pending)
}

/// The room stands.
fn stand(event: &mut Value, id: &str) {
    let letters: Vec<String> =
        id.bytes().rev().take(10).map(|byte| char::from(b'a' + byte % 26).to_string()).collect();
    let code = format!(
        "{}-{}-{}",
        letters[..3].concat(),
        letters[3..letters.len() - 3].concat(),
        letters[letters.len() - 3..].concat()
    );
    let link = format!("https://meet.google.com/{code}");
    event["conferenceData"]["createRequest"]["status"] = json!({ "statusCode": "success" });
    event["conferenceData"]["conferenceId"] = code.into();
    event["conferenceData"]["entryPoints"] = json!([
        { "entryPointType": "video", "uri": link, "label": link.trim_start_matches("https://") },
        { "entryPointType": "phone", "uri": "tel:+49-30-5550100", "pin": "123456789" },
    ]);
    event["hangoutLink"] = link.into();
}

fn refused(request: &Request, checked: Result<(), Refused>) -> Result<Option<Response>, String> {
    match checked {
        Ok(()) => Ok(None),
        Err(Refused::No(reason, message)) => Ok(Some(refusal::calendar(request, 400, reason, &message))),
        Err(Refused::Stray(problem)) => Err(problem),
    }
}

fn missing(request: &Request) -> Response {
    refusal::calendar(request, 404, "notFound", "Not Found")
}
