//! CalDAV calendars in memory, strict about every request, for the fakes of the apps that speak it.
//!
//! A fake adds its hosts, its sign-in and what is peculiar to its provider.

mod answer;
mod collection;
mod report;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kalends_app::fake::{Laid, answer as reply};
use kalends_app::kind::calendar::Shown;
use kalends_app::{Request, Response};
use kalends_domain::event_type::{Hue, Visibility};
use kalends_ical::Feed;

use self::collection::{Collection, Write};
use crate::xml;

/// How much of the standard a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// Sync tokens and all.
    Everything,
    /// The same, but it does not tell by which address it knows the owner.
    Nameless,
    /// No `sync-collection`, only a mark per calendar.
    Tags,
    /// Neither, and no etags with its answers to a PUT.
    Little,
    /// Only when calendars are busy, not with what.
    Busy,
}

impl Speaks {
    pub(crate) const fn syncs(self) -> bool {
        matches!(self, Self::Everything | Self::Nameless)
    }
}

/// Whose calendars they are, and where.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The path of the account itself.
    pub principal: String,
    /// The path of the collection its calendars are in.
    pub home: String,
    /// The email.
    pub address: String,
    /// The name.
    pub name: String,
}

/// One account's calendars.
pub struct Calendars {
    owner: Owner,
    home_host: Mutex<String>,
    all: Mutex<BTreeMap<String, Collection>>,
}

impl Calendars {
    /// Three calendars, `work`, `private` and the read-only `holidays`, and a list of tasks.
    pub fn new(owner: Owner) -> Self {
        let calendars = [
            ("work", Collection::new("Work", "#1a73e8ff", true)),
            ("private", Collection::new("Private", "#ABCDEF", true)),
            ("holidays", Collection::new("Holidays", "", false)),
        ];
        let calendars =
            calendars.into_iter().map(|(name, made)| (format!("{}{name}/", owner.home), made)).collect();
        Self { owner, home_host: Mutex::default(), all: Mutex::new(calendars) }
    }

    /// From now on the home is named at this server, such as `https://p42.example.test`, and not at the one asked.
    pub fn moved_to(&self, server: &str) {
        server.clone_into(&mut self.home_host.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Answers a request that has passed the sign-in; what no client should send is an `Err`.
    pub fn answer(&self, request: &Request, speaks: Speaks) -> Result<Response, String> {
        match (request.method.as_str(), request.url.path()) {
            ("PROPFIND", _) => self.propfind(request, speaks),
            ("REPORT", path) => match self.calendars().get(path) {
                Some(calendar) => report::answer(request, path, calendar, speaks),
                None => Ok(reply(request, 404, &[], "")),
            },
            ("POST", "/outbox/") => outbox(request, &self.owner),
            ("PUT", _) => self.put(request, speaks),
            ("GET", _) => Ok(self.take(request, false)),
            ("DELETE", _) => Ok(self.take(request, true)),
            (method, _) => Err(format!("no server takes {method} here")),
        }
    }

    /// Another client lays something into the calendar `private`; false for what iCalendar has no word for.
    pub fn lay(&self, laid: &Laid) -> bool {
        let Some(event) = laid.vevent(&self.owner.address) else { return false };
        let body =
            format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Theirs//EN\r\n{event}END:VCALENDAR\r\n");
        self.put_by_other("private", &format!("{}@others.example.com.ics", laid.name), &body)
    }

    /// How our event of this uid stands there, in our words.
    pub fn shown(&self, uid: &str) -> Option<Shown> {
        let calendars = self.calendars();
        let named = format!("\r\nUID:{uid}\r\n");
        let mut bodies = calendars.values().flat_map(Collection::all).map(|(_, object)| &object.body);
        let body = bodies.find(|body| body.contains(&named))?;
        let line = |name: &str| body.lines().find_map(|line| line.strip_prefix(name));
        let all = [
            Hue::Red,
            Hue::Orange,
            Hue::Yellow,
            Hue::Green,
            Hue::Teal,
            Hue::Blue,
            Hue::Purple,
            Hue::Pink,
            Hue::Grey,
        ];
        let minutes = |line: &str| line.strip_prefix("TRIGGER:-PT")?.strip_suffix('M')?.parse().ok();
        let reminders: Vec<u32> = body.lines().filter_map(minutes).collect();
        Some(Shown {
            colour: all.into_iter().find(|hue| line("COLOR:") == Some(kalends_ical::css(*hue))),
            visibility: match line("CLASS:") {
                Some("PRIVATE" | "CONFIDENTIAL") => Visibility::Private,
                Some("PUBLIC") => Visibility::Public,
                _ => Visibility::Usual,
            },
            reminders: (!reminders.is_empty()).then_some(reminders),
            ..Shown::default()
        })
    }

    /// Another client writes into a calendar; false when there is no such calendar.
    pub fn put_by_other(&self, calendar: &str, name: &str, body: &str) -> bool {
        let mut calendars = self.calendars();
        let found = calendars.get_mut(&format!("{}{calendar}/", self.owner.home));
        found.is_some_and(|found| found.put(name, body.to_owned(), Write::Any).is_some())
    }

    /// Another client takes an event away; false when there is no such calendar.
    pub fn remove_by_other(&self, calendar: &str, name: &str) -> bool {
        let mut calendars = self.calendars();
        let found = calendars.get_mut(&format!("{}{calendar}/", self.owner.home));
        found.map(|found| found.remove(name)).is_some()
    }

    /// What stands under a name.
    pub fn body(&self, calendar: &str, name: &str) -> Option<String> {
        let calendars = self.calendars();
        Some(calendars.get(&format!("{}{calendar}/", self.owner.home))?.get(name)?.body.clone())
    }

    fn calendars(&self) -> MutexGuard<'_, BTreeMap<String, Collection>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn propfind(&self, request: &Request, speaks: Speaks) -> Result<Response, String> {
        let depth =
            request.headers.get("depth").and_then(|v| v.to_str().ok()).ok_or("PROPFIND without Depth")?;
        let asked = xml::parse(&request.body).map_err(|error| error.to_string())?;
        let asked = asked.child(xml::DAV, "prop").ok_or("PROPFIND without prop")?;
        let (path, of) = (request.url.path(), &self.owner);
        let mut found = Vec::new();
        match (path, depth) {
            (path, "0") if path == "/" || path == "/dav/" || path == of.principal => {
                let server = self.home_host.lock().unwrap_or_else(PoisonError::into_inner).clone();
                found.push(answer::principal(path, of, &server, speaks));
            }
            (path, "1") if path == of.home => {
                found.push(answer::home(&of.home));
                found.extend(self.calendars().iter().map(|(path, calendar)| calendar.listed(path, speaks)));
                found.push(answer::tasks(&format!("{}tasks/", of.home)));
            }
            ("/inbox/", "0") => found.push(answer::inbox(path, &format!("{}work/", of.home))),
            (path, "1") => match self.calendars().get(path) {
                Some(calendar) => {
                    found.push(calendar.listed(path, speaks));
                    found.extend(
                        calendar
                            .all()
                            .map(|(name, o)| answer::object(&format!("{path}{name}"), &o.etag, None)),
                    );
                }
                None => return Ok(reply(request, 404, &[], "")),
            },
            (path, "0") => match self.calendars().get(path) {
                Some(calendar) => found.push(calendar.listed(path, speaks)),
                None => match self.object(path) {
                    Some(etag) => found.push(answer::object(path, &etag, None)),
                    None => return Ok(reply(request, 404, &[], "")),
                },
            },
            (path, depth) => return Err(format!("PROPFIND {path} with depth {depth}")),
        }
        Ok(answer::multistatus(request, &found, asked, None))
    }

    fn object(&self, path: &str) -> Option<String> {
        let (calendar, name) = split(path)?;
        Some(self.calendars().get(calendar)?.get(name)?.etag.clone())
    }

    fn put(&self, request: &Request, speaks: Speaks) -> Result<Response, String> {
        let header = |name: &str| request.headers.get(name).and_then(|v| v.to_str().ok());
        let write = match (header("if-none-match"), header("if-match")) {
            (Some("*"), None) => Write::New,
            (None, Some("*")) => Write::Existing,
            (None, Some(etag)) => Write::Version(etag.to_owned()),
            _ => return Err("a write that is not guarded by If-Match or If-None-Match: *".into()),
        };
        if header("content-type").is_none_or(|kind| !kind.starts_with("text/calendar")) {
            return Err("an event is text/calendar".into());
        }
        let (calendar, name) = split(request.url.path()).ok_or("an event outside of a calendar")?;
        let body = String::from_utf8(request.body.to_vec()).map_err(|_| "an event that is not UTF-8")?;
        valid(&body, name)?;
        let mut calendars = self.calendars();
        let Some(calendar) = calendars.get_mut(calendar) else { return Ok(reply(request, 409, &[], "")) };
        if !calendar.writable {
            return Ok(answer::refused(request, 403, "<d:need-privileges/>"));
        }
        if calendar.holds_elsewhere(&body, name) {
            return Ok(answer::refused(request, 403, "<c:no-uid-conflict/>"));
        }
        let new = calendar.get(name).is_none();
        Ok(match calendar.put(name, body, write) {
            Some(_) if speaks == Speaks::Little => reply(request, 201, &[], ""),
            Some(etag) => reply(request, if new { 201 } else { 204 }, &[("etag", &etag)], ""),
            None => reply(request, 412, &[], ""),
        })
    }

    fn take(&self, request: &Request, remove: bool) -> Response {
        let found = split(request.url.path()).and_then(|(calendar, name)| {
            let mut calendars = self.calendars();
            let calendar = calendars.get_mut(calendar)?;
            let object = calendar.get(name)?.clone();
            if remove {
                calendar.remove(name);
            }
            Some(object)
        });
        match found {
            None => reply(request, 404, &[], ""),
            Some(_) if remove => reply(request, 204, &[], ""),
            Some(object) => {
                let headers =
                    [("etag", object.etag.as_str()), ("content-type", "text/calendar; charset=utf-8")];
                reply(request, 200, &headers, object.body)
            }
        }
    }
}

/// Busy times of others (RFC 6638 section 5): `room@example.com` shows them, `hidden@example.com` does not.
fn outbox(request: &Request, owner: &Owner) -> Result<Response, String> {
    let header = |name: &str| request.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if header("content-type") != "text/calendar; charset=utf-8" {
        return Err("a question that is no text/calendar".into());
    }
    let text = String::from_utf8(request.body.to_vec()).map_err(|_| "a question that is not UTF-8")?;
    let line = |start: &str| {
        let unfolded = text.replace("\r\n ", "");
        unfolded.split("\r\n").find_map(|line| line.strip_prefix(start)).map(ToOwned::to_owned)
    };
    for needed in ["METHOD:REQUEST", "BEGIN:VFREEBUSY", "UID:", "DTSTAMP:", "DTSTART:", "DTEND:"] {
        line(needed).ok_or_else(|| format!("a question without {needed}"))?;
    }
    if line("ORGANIZER:mailto:").as_deref() != Some(owner.address.as_str()) {
        return Err("a question by somebody else".into());
    }
    let asked = line("ATTENDEE:mailto:").ok_or("a question about nobody")?;
    let busy = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REPLY\r\nBEGIN:VFREEBUSY\r\n\
        FREEBUSY:20270302T100000Z/20270302T110000Z,20270303T100000Z/PT1H\r\n\
        FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270304T100000Z/PT1H\r\nFREEBUSY;FBTYPE=FREE:20270305T100000Z/PT1H\r\n\
        END:VFREEBUSY\r\nEND:VCALENDAR\r\n";
    Ok(match asked.as_str() {
        "room@example.com" => answer::scheduled(request, &asked, "2.0;Success", Some(busy)),
        "hidden@example.com" => answer::scheduled(request, &asked, "3.8;No authority", None),
        _ => answer::scheduled(request, &asked, "3.7;Invalid calendar user", None),
    })
}

/// The calendar a path is in, and the name there.
fn split(path: &str) -> Option<(&str, &str)> {
    let at = path.rfind('/')? + 1;
    let (calendar, name) = path.split_at(at);
    (!name.is_empty()).then_some((calendar, name))
}

/// What strict servers check of an event.
fn valid(body: &str, name: &str) -> Result<(), String> {
    let feed = Feed::read(body.as_bytes()).map_err(|error| error.to_string())?;
    let uids: Vec<&str> = feed.uids().collect();
    if uids.len() != 1 || name != format!("{}.ics", uids[0]) {
        return Err(format!("{name} must hold exactly the event of its name, it holds {uids:?}"));
    }
    if body.contains("\nMETHOD:") {
        return Err("a stored event has no METHOD (RFC 4791 section 4.1)".into());
    }
    if body.split("\r\n").any(|line| line.len() > 75 || line.contains('\n')) {
        return Err("a line that is too long or ends without CRLF (RFC 5545 section 3.1)".into());
    }
    for needed in ["\r\nDTSTAMP:", "\r\nDTSTART", "\r\nDTEND", "\r\nPRODID:", "\r\nVERSION:2.0"] {
        if !body.contains(needed) {
            return Err(format!("an event without {}", needed.trim()));
        }
    }
    let unfolded = body.replace("\r\n ", "");
    if unfolded.lines().any(|l| l.starts_with("ATTENDEE") && !l.contains(";SCHEDULE-AGENT=CLIENT")) {
        return Err("an attendee whom the server would invite a second time (DAV-09)".into());
    }
    Ok(())
}
