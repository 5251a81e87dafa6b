//! The provider: its events, its record of changes, its channels.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use kalends_app::{
    RemoteId, Request, Response,
    fake::{Bench, Fake, answer, parts},
    hook::Raw,
    kind::{
        calendar::{Draft, RemoteCalendar, RemoteEvent, Written},
        watch::Channel,
    },
};
use kalends_domain::{Clock, Span};
use serde::Serialize;
use url::Url;

use super::{Asked, Known, LONGEST, Page, hook::Notice};
use crate::Held;

/// Events in one answer.
const PAGE: usize = 1000;

/// The provider, played. It answers whoever signs in as `ines`.
#[derive(Default)]
pub struct Planner {
    bench: Bench,
    clock: Option<Held>,
    kept: Mutex<Kept>,
}

/// What somebody does to an event over there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A new one, or another time.
    At(Span),
    /// Their own no.
    Decline,
    /// Marked as cancelled, and kept.
    Cancel,
    /// Shown as free.
    Free,
    /// Not firm.
    Tentative,
    /// Gone.
    Delete,
}

#[derive(Default)]
struct Kept {
    calendars: Vec<String>,
    events: BTreeMap<String, Event>,
    /// What changed, in order: the calendar and the event's name.
    log: Vec<(String, String)>,
    /// Cursors before this are forgotten.
    forgotten: usize,
    channels: BTreeMap<String, Open>,
    outbox: Vec<Raw>,
    down: bool,
    creates: BTreeMap<String, u32>,
    count: u64,
}

#[derive(Clone)]
struct Event {
    uid: String,
    version: u64,
    sequence: i64,
    span: Span,
    edit: Edit,
}

struct Open {
    asked: Asked,
    address: Url,
    expires_at: Timestamp,
}

impl Planner {
    /// By this clock, with these calendars.
    pub fn new(clock: &Held, calendars: &[&str]) -> Self {
        let kept =
            Kept { calendars: calendars.iter().map(|one| (*one).to_owned()).collect(), ..Kept::default() };
        Self { clock: Some(clock.clone()), kept: Mutex::new(kept), ..Self::default() }
    }

    /// Somebody changes an event, by its uid; one that is not there begins to be, but for a deletion.
    pub fn edit(&self, calendar: &str, uid: &str, edit: Edit) {
        let now = self.now();
        self.kept().edit(calendar, uid, edit, now);
    }

    /// Time as it blocks in a calendar: what a mirror must say after it was read, in order.
    pub fn blocked(&self, calendar: &str) -> Vec<Span> {
        let kept = self.kept();
        let mut spans: Vec<Span> = kept.of(calendar).flat_map(|(key, event)| event.shown(key).busy).collect();
        spans.sort_unstable_by_key(|span| (span.start, span.end));
        spans
    }

    /// The time of an event, if it stands there.
    pub fn stands(&self, calendar: &str, uid: &str) -> Option<Span> {
        self.kept().events.get(&format!("{calendar}/{uid}")).map(|event| event.span)
    }

    /// How many times an event of this uid was made; more than one was made twice.
    pub fn creates(&self, uid: &str) -> u32 {
        self.kept().creates.get(uid).copied().unwrap_or(0)
    }

    /// Has these calendars from now on.
    pub fn has_calendars(&self, calendars: &[&str]) {
        self.kept().calendars = calendars.iter().map(|one| (*one).to_owned()).collect();
    }

    /// Answers nothing but 503 until it is up again.
    pub fn down(&self, down: bool) {
        self.kept().down = down;
    }

    /// Forgets every cursor given so far: 410 for whoever brings one.
    pub fn forget_cursors(&self) {
        let mut kept = self.kept();
        kept.forgotten = kept.log.len() + 1;
        // A cursor from now on is past what was forgotten.
        kept.log.push((String::new(), String::new()));
    }

    /// The notices sent since this was asked last.
    pub fn notices(&self) -> Vec<Raw> {
        std::mem::take(&mut self.kept().outbox)
    }

    /// How many channels live now.
    pub fn channels(&self) -> usize {
        let now = self.now();
        self.kept().channels.values().filter(|open| open.expires_at > now).count()
    }

    /// Tells something by every channel: `ended` closes them, too.
    pub fn tell(&self, kind: &str) {
        let now = self.now();
        let mut kept = self.kept();
        let names: Vec<String> = kept.channels.keys().cloned().collect();
        for name in names {
            kept.send(&name, kind, now);
            if kind == "ended" {
                kept.channels.remove(&name);
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.as_ref().map_or(Timestamp::UNIX_EPOCH, Clock::now)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fake for Planner {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        let now = self.now();
        let mut kept = self.kept();
        if kept.down {
            return Ok(answer(request, 503, &[], ""));
        }
        if request.headers.get("authorization").is_none() {
            return Ok(answer(request, 401, &[], ""));
        }
        let path = request.url.path().to_owned();
        let method = request.method.as_str();
        if let Some(found) = parts(&path, "/events/{}/{}") {
            return kept.event(request, method, found[0], found[1], now);
        }
        if let Some(found) = parts(&path, "/changes/{}") {
            return kept.changes(request, found[0]);
        }
        if let Some(found) = parts(&path, "/channels/{}") {
            let there = method == "DELETE" && kept.channels.remove(found[0]).is_some();
            return Ok(answer(request, if there { 204 } else { 404 }, &[], ""));
        }
        match (method, path.as_str()) {
            ("GET", "/probe") => {
                let known = Known { account: "ines at planner".into(), found: serde_json::Map::new() };
                Ok(json(request, &known))
            }
            ("GET", "/calendars") => {
                let all: Vec<RemoteCalendar> = kept.calendars.iter().map(|name| described(name)).collect();
                Ok(json(request, &all))
            }
            ("POST", "/channels") => kept.open(request, now),
            _ => Err("no such thing".into()),
        }
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        [("user", "ines"), ("password", "canary-planner")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }
}

impl Kept {
    fn of<'k>(&'k self, calendar: &'k str) -> impl Iterator<Item = (&'k str, &'k Event)> {
        let within = move |key: &str| key.split('/').next() == Some(calendar);
        self.events.iter().filter(move |(key, _)| within(key)).map(|(key, event)| (key.as_str(), event))
    }

    fn edit(&mut self, calendar: &str, uid: &str, edit: Edit, now: Timestamp) {
        let key = format!("{calendar}/{uid}");
        self.count += 1;
        let version = self.count;
        match (self.events.get_mut(&key), edit) {
            (None, Edit::At(span)) => {
                let event = Event { uid: uid.to_owned(), version, sequence: 0, span, edit: Edit::At(span) };
                self.events.insert(key, event);
            }
            (Some(_), Edit::Delete) => drop(self.events.remove(&key)),
            (Some(event), edit) => {
                if let Edit::At(span) = edit {
                    event.span = span;
                }
                event.sequence += 1;
                event.version = version;
                event.edit = edit;
            }
            (None, _) => return,
        }
        self.changed(calendar, uid, now);
    }

    fn changed(&mut self, calendar: &str, uid: &str, now: Timestamp) {
        self.log.push((calendar.to_owned(), format!("{calendar}/{uid}")));
        let of_it = |open: &&Open| open.asked.calendar == calendar && open.expires_at > now;
        let names: Vec<String> =
            self.channels.values().filter(of_it).map(|open| open.asked.id.clone()).collect();
        for name in names {
            self.send(&name, "changed", now);
        }
    }

    fn send(&mut self, channel: &str, kind: &str, now: Timestamp) {
        let Some(open) = self.channels.get(channel) else { return };
        self.count += 1;
        let notice =
            Notice { id: format!("n{}", self.count), kind: kind.to_owned(), channel: channel.to_owned() };
        self.outbox.push(notice.raw(&open.address, &open.asked.secret, now));
    }

    fn event(
        &mut self,
        request: &Request,
        method: &str,
        calendar: &str,
        uid: &str,
        now: Timestamp,
    ) -> Result<Response, String> {
        let key = format!("{calendar}/{uid}");
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let there = self.events.get(&key).map(|event| (event.version, event.sequence));
        match (method, there) {
            ("GET", Some((version, _))) => Ok(json(request, &written(&key, version))),
            ("GET" | "DELETE", None) => Ok(answer(request, 404, &[], "")),
            ("DELETE", Some(_)) => {
                self.events.remove(&key);
                self.changed(calendar, uid, now);
                Ok(answer(request, 204, &[], ""))
            }
            ("PUT", there) => {
                let draft: Draft =
                    serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
                if draft.uid != uid || draft.title.is_empty() {
                    return Err("an event names itself as its address does, and has a title".into());
                }
                let creates = header("if-none-match") == Some("*");
                match there {
                    Some(_) if creates => return Ok(answer(request, 412, &[], "")),
                    None if !creates => return Ok(answer(request, 404, &[], "")),
                    Some((version, _)) if header("if-match") != Some(&version.to_string()) => {
                        return Ok(answer(request, 412, &[], ""));
                    }
                    _ => {}
                }
                if creates {
                    *self.creates.entry(uid.to_owned()).or_default() += 1;
                }
                self.count += 1;
                let (version, span) = (self.count, draft.span);
                let event = Event {
                    uid: uid.to_owned(),
                    version,
                    sequence: draft.sequence,
                    span,
                    edit: Edit::At(span),
                };
                self.events.insert(key.clone(), event);
                self.changed(calendar, uid, now);
                Ok(json(request, &written(&key, version)))
            }
            _ => Err(format!("{method} on an event")),
        }
    }

    fn changes(&self, request: &Request, calendar: &str) -> Result<Response, String> {
        let asked = |name: &str| {
            let pair = request.url.query_pairs().find(|(key, _)| key == name);
            pair.map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let from: i64 = asked("from").parse().map_err(|_| "from is a number of seconds")?;
        let page: usize = asked("page").parse().unwrap_or(0);
        let since = asked("since");
        let mut keys: BTreeSet<&str> = BTreeSet::new();
        if since.is_empty() {
            keys.extend(self.of(calendar).filter(|(_, event)| event.span.end > from).map(|(key, _)| key));
        } else {
            let since: usize = since.parse().map_err(|_| "a cursor of ours")?;
            if since < self.forgotten {
                return Ok(answer(request, 410, &[], ""));
            }
            let news = self.log.get(since..).ok_or("a cursor of ours")?;
            keys.extend(news.iter().filter(|(of, _)| of == calendar).map(|(_, key)| key.as_str()));
        }
        let (mut upserts, mut removed) = (Vec::new(), Vec::new());
        for key in keys.iter().skip(page * PAGE).take(PAGE) {
            match self.events.get(*key) {
                Some(event) => upserts.push(event.shown(key)),
                None => removed.push(RemoteId::new(*key)),
            }
        }
        let next = (keys.len() > (page + 1) * PAGE).then(|| (page + 1).to_string());
        let cursor = Some(self.log.len().to_string());
        Ok(json(request, &Page { upserts, removed, full: since.is_empty(), cursor, next }))
    }

    fn open(&mut self, request: &Request, now: Timestamp) -> Result<Response, String> {
        let asked: Asked = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
        let address: Url = asked.address.parse().map_err(|_| "notices go to an address")?;
        if address.scheme() != "https" || asked.secret.len() < 16 {
            return Err("notices go to https, with a secret worth the name".into());
        }
        if self.channels.contains_key(&asked.id) {
            return Ok(answer(request, 409, &[], ""));
        }
        let latest = now.checked_add(LONGEST).unwrap_or(Timestamp::MAX);
        let expires_at = asked.until.min(latest);
        let channel =
            Channel { id: RemoteId::new(&asked.id), resource: Some(asked.calendar.clone()), expires_at };
        let name = asked.id.clone();
        self.channels.insert(name.clone(), Open { asked, address, expires_at });
        // The first notice leaves before the answer does (INB-08).
        self.send(&name, "changed", now);
        Ok(json(request, &channel))
    }
}

impl Event {
    fn shown(&self, key: &str) -> RemoteEvent {
        let blocks = !matches!(self.edit, Edit::Decline | Edit::Cancel | Edit::Free | Edit::Delete);
        RemoteEvent {
            id: RemoteId::new(key),
            uid: self.uid.clone(),
            etag: Some(self.version.to_string()),
            sequence: self.sequence,
            busy: if blocks && !self.span.is_empty() { vec![self.span] } else { vec![] },
            span: Some(self.span),
            cancelled: self.edit == Edit::Cancel,
            declined: self.edit == Edit::Decline,
            tentative: self.edit == Edit::Tentative,
            unexpanded: false,
        }
    }
}

fn written(key: &str, version: u64) -> Written {
    Written { id: RemoteId::new(key), etag: Some(version.to_string()) }
}

fn described(name: &str) -> RemoteCalendar {
    RemoteCalendar {
        id: RemoteId::new(name),
        name: name.to_owned(),
        colour: None,
        zone: None,
        writable: true,
        primary: name == "work",
    }
}

fn json<T: Serialize>(request: &Request, body: &T) -> Response {
    let body = serde_json::to_vec(body).unwrap_or_default();
    answer(request, 200, &[("content-type", "application/json")], body)
}

/// A planner that tests and the engine share.
impl Planner {
    /// As the gate takes it.
    pub fn played(self: &Arc<Self>) -> Arc<dyn Fake> {
        Arc::clone(self) as Arc<dyn Fake>
    }
}
