//! A CalDAV server in memory: one account, strict about every request, with faults on demand.

mod answer;
mod collection;
mod report;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::{Engine, prelude::BASE64_STANDARD};
use kalends_app::fake::{Bench, Fake, answer as reply};
use kalends_app::{Request, Response};
use kalends_ical::Feed;
use vendor_dav::xml;

use self::collection::{Collection, Write};

const ROOT: &str = "https://dav.example.test";
const USER: &str = "host@example.com";
const PASSWORD: &str = "correct horse battery staple";
const PRINCIPAL: &str = "/principals/host/";
const HOME: &str = "/calendars/host/";

/// How much of the standard the server speaks; it has a host name for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// `dav.example.test`: sync tokens and all.
    Everything,
    /// `tags.example.test`: no `sync-collection`, only a mark per calendar.
    Tags,
    /// `plain.example.test`: neither, and no etags with its answers to a PUT.
    Little,
    /// `busy.example.test`: only when calendars are busy, not with what.
    Busy,
    /// `digest.example.test`: everything, for who signs in by Digest.
    Digest,
}

impl Speaks {
    fn on(request: &Request) -> Result<Self, String> {
        match (request.url.scheme(), request.url.host_str().unwrap_or_default()) {
            ("https", "dav.example.test") => Ok(Self::Everything),
            ("https", "tags.example.test") => Ok(Self::Tags),
            ("https", "plain.example.test") => Ok(Self::Little),
            ("https", "busy.example.test") => Ok(Self::Busy),
            ("https", "digest.example.test") => Ok(Self::Digest),
            (scheme, host) => Err(format!("a request to {scheme}://{host}")),
        }
    }

    pub(crate) const fn syncs(self) -> bool {
        matches!(self, Self::Everything | Self::Digest)
    }
}

/// The server.
pub(crate) struct Server {
    bench: Bench,
    calendars: Mutex<BTreeMap<String, Collection>>,
    locked: AtomicBool,
}

impl Default for Server {
    fn default() -> Self {
        let calendars = [
            ("work", Collection::new("Work", "#1a73e8ff", true)),
            ("private", Collection::new("Private", "#ABCDEF", true)),
            ("holidays", Collection::new("Holidays", "", false)),
        ];
        let calendars = calendars.into_iter().map(|(name, made)| (format!("{HOME}{name}/"), made)).collect();
        Self { bench: Bench::default(), calendars: Mutex::new(calendars), locked: AtomicBool::new(false) }
    }
}

impl Server {
    /// Another client writes into a calendar.
    #[cfg(test)]
    pub(crate) fn put_by_other(&self, calendar: &str, name: &str, body: &str) {
        let mut calendars = self.calendars();
        let found = calendars.get_mut(&format!("{HOME}{calendar}/"));
        found.expect("the fake has this calendar").put(name, body.to_owned(), Write::Any);
    }

    /// From now on no password is right.
    #[cfg(test)]
    pub(crate) fn refuse_everybody(&self) {
        self.locked.store(true, Ordering::Relaxed);
    }

    /// Another client takes an event away.
    #[cfg(test)]
    pub(crate) fn remove_by_other(&self, calendar: &str, name: &str) {
        let mut calendars = self.calendars();
        calendars.get_mut(&format!("{HOME}{calendar}/")).expect("the fake has this calendar").remove(name);
    }

    /// What stands under a name.
    #[cfg(test)]
    pub(crate) fn body(&self, calendar: &str, name: &str) -> Option<String> {
        Some(self.calendars().get(&format!("{HOME}{calendar}/"))?.get(name)?.body.clone())
    }

    fn calendars(&self) -> MutexGuard<'_, BTreeMap<String, Collection>> {
        self.calendars.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn propfind(&self, request: &Request, speaks: Speaks) -> Result<Response, String> {
        let depth =
            request.headers.get("depth").and_then(|v| v.to_str().ok()).ok_or("PROPFIND without Depth")?;
        let asked = xml::parse(&request.body).map_err(|error| error.to_string())?;
        let asked = asked.child(xml::DAV, "prop").ok_or("PROPFIND without prop")?;
        let path = request.url.path();
        let mut found = Vec::new();
        match (path, depth) {
            ("/" | "/dav/" | PRINCIPAL, "0") => found.push(answer::principal(path, PRINCIPAL, HOME, USER)),
            (HOME, "1") => {
                found.push(answer::home(HOME));
                found.extend(self.calendars().iter().map(|(path, calendar)| calendar.listed(path, speaks)));
                found.push(answer::tasks(&format!("{HOME}tasks/")));
            }
            ("/inbox/", "0") => found.push(answer::inbox(path, &format!("{HOME}work/"))),
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

impl Fake for Server {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        let speaks = Speaks::on(request)?;
        if let Some(challenge) = challenge(request, speaks, self.locked.load(Ordering::Relaxed)) {
            return Ok(reply(request, 401, &[("www-authenticate", challenge)], ""));
        }
        match (request.method.as_str(), request.url.path()) {
            (_, "/.well-known/caldav") => Ok(reply(request, 301, &[("location", "/dav/")], "")),
            ("PROPFIND", "/") => Ok(reply(request, 405, &[], "")),
            ("PROPFIND", _) => self.propfind(request, speaks),
            ("REPORT", path) => match self.calendars().get(path) {
                Some(calendar) => report::answer(request, path, calendar, speaks),
                None => Ok(reply(request, 404, &[], "")),
            },
            ("PUT", _) => self.put(request, speaks),
            ("GET", _) => Ok(self.take(request, false)),
            ("DELETE", _) => Ok(self.take(request, true)),
            (method, _) => Err(format!("no server takes {method} here")),
        }
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [("server", ROOT), ("username", USER), ("password", PASSWORD)]
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect()
    }
}

/// What an unknown caller is asked for; `None` for the host.
fn challenge(request: &Request, speaks: Speaks, locked: bool) -> Option<&'static str> {
    let sent = request.headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
    if speaks == Speaks::Digest {
        let parts =
            [r#"Digest username="host@example.com""#, r#"nonce="n0nce""#, "qop=auth", r#"response=""#];
        let known = !locked && parts.iter().all(|part| sent.contains(part));
        return (!known)
            .then_some(r#"Digest realm="calendars", nonce="n0nce", qop="auth", algorithm=SHA-256"#);
    }
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}")));
    (locked || sent != expected).then_some(r#"Basic realm="calendars""#)
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
