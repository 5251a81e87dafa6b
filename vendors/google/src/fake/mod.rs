//! Google, played: one account with calendars, push channels and Meet spaces; strict about every request.

mod body;
mod busy;
mod calendar;
mod channel;
mod events;
mod laid;
mod list;
mod query;
mod refusal;
mod space;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use kalends_app::kind::calendar::Shown;
use kalends_app::{
    Manifest, Request, Response,
    fake::{self, Bench, Fake, Granted, Laid, OAuth},
    hook::Raw,
};
use kalends_domain::Span;
use serde_json::{Value, json};

use self::{calendar::Calendar, channel::Channel, list::Rest, query::Query, space::Spaces};

/// The account.
pub const HOST: &str = "host@example.com";

/// The provider.
pub struct Google {
    bench: Bench,
    oauth: OAuth,
    described: (&'static str, &'static str),
    state: Mutex<State>,
}

struct State {
    calendars: BTreeMap<String, Calendar>,
    channels: Vec<Channel>,
    pushes: Vec<Raw>,
    rests: BTreeMap<String, Rest>,
    spaces: Spaces,
    /// What free-busy says instead of times, by calendar.
    failing: BTreeMap<String, &'static str>,
    /// The most events on a page.
    page: usize,
    /// Every page names itself as the next one.
    round: bool,
    /// No channel lives longer, in epoch milliseconds.
    channels_end: i64,
    rooms: Rooms,
}

/// How rooms with events are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rooms {
    /// After this many looks.
    After(u32),
    /// Never: the wish fails.
    Never,
    /// Not in these calendars: the wish is refused (GCAL-16).
    Refused,
}

impl Google {
    /// With the sign-in of this manifest, judged by this description of what is below this endpoint.
    pub fn of(manifest: &Manifest, described: (&'static str, &'static str)) -> Self {
        let oauth = OAuth::of(manifest);
        oauth.signs_in(HOST);
        let calendars = [
            (HOST, Calendar::new("Hanna Host", "Europe/Berlin", "owner", true)),
            ("team@group.calendar.google.com", Calendar::new("Team", "Europe/Berlin", "writer", false)),
            ("holidays@group.v.calendar.google.com", Calendar::new("Holidays", "UTC", "reader", false)),
            ("boss@example.com", Calendar::new("Boss", "America/New_York", "freeBusyReader", false)),
        ];
        let state = State {
            calendars: calendars.into_iter().map(|(id, made)| (id.to_owned(), made)).collect(),
            channels: vec![],
            pushes: vec![],
            rests: BTreeMap::new(),
            spaces: Spaces::default(),
            failing: BTreeMap::new(),
            page: 2500,
            round: false,
            channels_end: 4_102_444_800_000,
            rooms: Rooms::After(1),
        };
        Self { bench: Bench::default(), oauth, described, state: Mutex::new(state) }
    }
}

/// What tests do behind the app's back.
impl Google {
    /// Another client writes an event, whole, as Google would tell it.
    pub fn put(&self, calendar: &str, id: &str, event: Value) {
        let mut state = self.state();
        if let Some(found) = state.calendars.get_mut(calendar) {
            found.put(id, event, 0);
        }
        state.changed(calendar);
    }

    /// Another client takes an event away.
    pub fn remove(&self, calendar: &str, id: &str) {
        let mut state = self.state();
        if let Some(found) = state.calendars.get_mut(calendar) {
            found.cancel(id);
        }
        state.changed(calendar);
    }

    /// What stands under an id.
    pub fn event(&self, calendar: &str, id: &str) -> Option<Value> {
        Some(self.state().calendars.get(calendar)?.get(id)?.value.clone())
    }

    /// How many events stand in a calendar, deleted ones not counted.
    pub fn count(&self, calendar: &str) -> usize {
        let state = self.state();
        let all = state.calendars.get(calendar).into_iter().flat_map(Calendar::all);
        all.filter(|(_, one)| !body::is_cancelled(&one.value)).count()
    }

    /// Further calendars the account may read.
    pub fn subscribe(&self, calendars: impl IntoIterator<Item = String>) {
        let new = calendars.into_iter().map(|id| (id, Calendar::new("Shared", "UTC", "reader", false)));
        self.state().calendars.extend(new);
    }

    /// Every cursor given out so far is too old from now on.
    pub fn forget_cursors(&self) {
        self.state().calendars.values_mut().for_each(Calendar::forget);
    }

    /// Free-busy answers this reason for a calendar, inside its 200.
    pub fn fail(&self, calendar: &str, reason: &'static str) {
        self.state().failing.insert(calendar.to_owned(), reason);
    }

    /// Pages hold this many events at most.
    pub fn pages_of(&self, most: usize) {
        self.state().page = most;
    }

    /// Every page of events names itself as the next one.
    pub fn go_round(&self) {
        self.state().round = true;
    }

    /// How rooms with events are made from now on.
    pub fn rooms(&self, rooms: Rooms) {
        self.state().rooms = rooms;
    }

    /// The ids of the channels that are open.
    pub fn channels(&self) -> Vec<String> {
        self.state().channels.iter().map(|channel| channel.id.clone()).collect()
    }

    /// Channels opened from now on end at this time at the latest.
    pub fn channels_end(&self, at: Timestamp) {
        self.state().channels_end = at.as_millisecond();
    }

    /// How many Meet spaces there are.
    pub fn spaces(&self) -> usize {
        self.state().spaces.len()
    }

    /// A Meet space.
    pub fn space(&self, name: &str) -> Option<Value> {
        self.state().spaces.get(name).cloned()
    }

    /// A Meet space is gone.
    pub fn forget_space(&self, name: &str) {
        self.state().spaces.forget(name);
    }

    /// Spaces whose meeting was ended.
    pub fn ended(&self) -> Vec<String> {
        self.state().spaces.ended.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Tells every channel of a calendar.
    fn changed(&mut self, calendar: &str) {
        let resource = channel::resource(calendar);
        let told = self.channels.iter_mut().filter(|one| one.resource == resource);
        self.pushes.extend(told.map(|one| one.push("exists")));
    }

    fn calendar(&mut self, request: &Request, path: &[&str]) -> Result<Response, String> {
        match (request.method.as_str(), path) {
            ("GET", ["users", "me", "calendarList"]) => self.calendar_list(request),
            ("GET", ["users", "me", "calendarList", id]) => {
                Query::of(request, &[])?;
                Ok(match self.calendars.get(*id) {
                    Some(found) => ok(request, &found.listed(id)),
                    None => refusal::calendar(request, 404, "notFound", "Not Found"),
                })
            }
            ("POST", ["freeBusy"]) => self.free_busy(request),
            ("POST", ["channels", "stop"]) => self.stop(request),
            ("POST", ["calendars", id, "events", "watch"]) => self.watch(request, id),
            (_, ["calendars", id, "events", rest @ ..]) => self.events(request, id, rest),
            (method, path) => Err(format!("the calendar has no {method} {}", path.join("/"))),
        }
    }

    fn calendar_list(&self, request: &Request) -> Result<Response, String> {
        let known = ["maxResults", "minAccessRole", "pageToken", "showDeleted", "showHidden", "syncToken"];
        let asked = Query::of(request, &known)?;
        let from: usize = asked.get("pageToken").map_or(Ok(0), str::parse).map_err(|_| "pageToken")?;
        let size: usize = asked.get("maxResults").map_or(Ok(100), str::parse).map_err(|_| "maxResults")?;
        if !(1..=250).contains(&size) {
            return Err("maxResults is 1 to 250".into());
        }
        let entries = self.calendars.iter().skip(from).take(size);
        let items: Vec<Value> = entries.map(|(id, calendar)| calendar.listed(id)).collect();
        let mut answer = json!({ "kind": "calendar#calendarList", "etag": "\"1\"", "items": items });
        if from + size < self.calendars.len() {
            answer["nextPageToken"] = (from + size).to_string().into();
        }
        Ok(ok(request, &answer))
    }

    fn free_busy(&self, request: &Request) -> Result<Response, String> {
        Query::of(request, &[])?;
        let asked = sent(request)?;
        let known = ["timeMin", "timeMax", "timeZone", "groupExpansionMax", "calendarExpansionMax", "items"];
        if let Some(stray) = asked.as_object().and_then(|o| o.keys().find(|k| !known.contains(&k.as_str()))) {
            return Err(format!("{stray:?} is no field of this question"));
        }
        let time = |name: &str| -> Result<i64, String> {
            let text = asked[name].as_str().ok_or_else(|| format!("{name} is missing"))?;
            text.parse::<Timestamp>().map(Timestamp::as_second).map_err(|error| error.to_string())
        };
        let within = Span::new(time("timeMin")?, time("timeMax")?);
        if within.is_empty() {
            return Ok(refusal::calendar(request, 400, "timeRangeEmpty", "The time range is empty."));
        }
        if within.len() > 92 * 86_400 {
            return Ok(refusal::calendar(request, 400, "timeRangeTooLong", "The time range is too long."));
        }
        let items = asked["items"].as_array().ok_or("items is missing")?;
        if items.len() > 50 {
            return Err("more than 50 calendars in one question (GCAL-05)".into());
        }
        let mut calendars = serde_json::Map::new();
        for item in items {
            let id = item["id"].as_str().ok_or("a calendar without id")?;
            let reason = self.failing.get(id).copied();
            let found = self.calendars.get(id);
            let said = match (reason, found) {
                (Some(reason), _) => {
                    json!({ "errors": [{ "domain": "global", "reason": reason }], "busy": [] })
                }
                (None, None) => {
                    json!({ "errors": [{ "domain": "global", "reason": "notFound" }], "busy": [] })
                }
                (None, Some(calendar)) => json!({ "busy": busy::busy(calendar, within) }),
            };
            calendars.insert(id.to_owned(), said);
        }
        Ok(ok(request, &json!({ "kind": "calendar#freeBusy", "calendars": calendars })))
    }

    fn watch(&mut self, request: &Request, calendar: &str) -> Result<Response, String> {
        Query::of(request, &[])?;
        let mut channel = Channel::open(calendar, &sent(request)?, self.channels_end)?;
        if !self.calendars.contains_key(calendar) {
            return Ok(refusal::calendar(request, 404, "notFound", "Not Found"));
        }
        if self.channels.iter().any(|other| other.id == channel.id) {
            return Ok(refusal::calendar(request, 400, "channelIdNotUnique", "Channel id not unique"));
        }
        self.pushes.push(channel.push("sync"));
        let told = channel.told();
        self.channels.push(channel);
        Ok(ok(request, &told))
    }

    fn stop(&mut self, request: &Request) -> Result<Response, String> {
        Query::of(request, &[])?;
        let asked = sent(request)?;
        let before = self.channels.len();
        self.channels
            .retain(|one| asked["id"] != one.id.as_str() || asked["resourceId"] != one.resource.as_str());
        Ok(if self.channels.len() < before {
            fake::answer(request, 204, &[], "")
        } else {
            refusal::calendar(request, 404, "notFound", "Channel not found")
        })
    }
}

impl Fake for Google {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if let Some(answer) = self.oauth.answer(request) {
            return answer;
        }
        let path = decoded(request)?;
        let segments: Vec<&str> = path.iter().map(String::as_str).collect();
        let Some(granted) = self.oauth.bearer(request) else {
            let why = "Request had invalid authentication credentials.";
            return Ok(refusal::calendar(request, 401, "authError", why));
        };
        if let Some(scope) = lacking(&granted, &segments) {
            return Ok(refusal::scope(request, scope));
        }
        match (request.url.host_str().unwrap_or_default(), segments.as_slice()) {
            ("www.googleapis.com", ["calendar", "v3", rest @ ..]) => self.state().calendar(request, rest),
            ("www.googleapis.com", ["oauth2", "v2", "userinfo"]) => {
                Ok(ok(request, &json!({ "id": "115001", "email": HOST, "verified_email": true })))
            }
            ("meet.googleapis.com", ["v2", "conferenceRecords"]) => {
                Query::of(request, &["pageSize", "pageToken", "filter"])?;
                Ok(ok(request, &json!({})))
            }
            ("meet.googleapis.com", ["v2", ..]) => self.state().spaces.answer(request),
            (host, _) => Err(format!("a request to {host}{}", request.url.path())),
        }
    }

    fn lay(&self, laid: &Laid) -> bool {
        self.put(
            HOST,
            &format!("theirs{}", laid.name.replace(|c: char| !c.is_ascii_alphanumeric(), "")),
            laid::event(laid),
        );
        true
    }

    fn shown(&self, uid: &str) -> Option<Shown> {
        let id = crate::name::event(uid);
        let state = self.state();
        let stored = state.calendars.values().find_map(|calendar| calendar.get(&id))?;
        (!body::is_cancelled(&stored.value)).then(|| body::shown(&stored.value))
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn oauth(&self) -> Option<&OAuth> {
        Some(&self.oauth)
    }

    fn described_by(&self) -> Option<(&'static str, &'static str)> {
        Some(self.described)
    }

    fn notices(&self) -> Vec<Raw> {
        std::mem::take(&mut self.state().pushes)
    }
}

/// The scope a call needs and the token lacks (GCAL-02).
fn lacking(granted: &Granted, path: &[&str]) -> Option<&'static str> {
    let needs: &[&str] = match path {
        [_, _, "users", ..] => &[
            "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
            "https://www.googleapis.com/auth/calendar",
        ],
        [_, _, "freeBusy"] => {
            &["https://www.googleapis.com/auth/calendar.freebusy", "https://www.googleapis.com/auth/calendar"]
        }
        [_, _, "calendars", ..] => {
            &["https://www.googleapis.com/auth/calendar.events", "https://www.googleapis.com/auth/calendar"]
        }
        ["v2", ..] => &["https://www.googleapis.com/auth/meetings.space.created"],
        _ => return None,
    };
    let covered = needs.iter().any(|scope| granted.scopes.contains(*scope));
    (!covered).then(|| needs[0])
}

/// The parts of a path as they were meant.
fn decoded(request: &Request) -> Result<Vec<String>, String> {
    let segments = request.url.path_segments().ok_or("no path")?;
    segments
        .map(|segment| {
            let pair = format!("x={}", segment.replace('+', "%2B"));
            let mut read = url::form_urlencoded::parse(pair.as_bytes());
            read.next().map(|(_, text)| text.into_owned()).ok_or_else(|| "an empty path".to_owned())
        })
        .collect()
}

fn sent(request: &Request) -> Result<Value, String> {
    let kind = request.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Err("a body is application/json".into());
    }
    serde_json::from_slice(&request.body).map_err(|error| format!("the body is no JSON: {error}"))
}

fn ok(request: &Request, body: &Value) -> Response {
    fake::answer(request, 200, &[("content-type", "application/json; charset=UTF-8")], body.to_string())
}
