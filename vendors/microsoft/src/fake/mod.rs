//! Microsoft, played: one mailbox with calendars and Teams, strict about every request, with faults on demand.

mod ask;
mod events;
mod meetings;
mod server;
mod state;
mod subscriptions;
mod view;

use std::sync::{Mutex, MutexGuard, PoisonError};

use kalends_app::{
    Request, Response,
    fake::{Bench, answer as reply, parts},
    hook::Raw,
    kind::calendar::Shown,
};
use serde_json::{Value, json};

use self::{
    ask::Ask,
    state::{Item, State, Teams},
};

pub use self::server::Server;

/// When the played world begins.
pub const BEGIN: &str = "2027-03-01T08:00:00Z";
/// Whose mailbox it is.
pub const OWNER: &str = "host@example.com";

/// The mailbox.
#[derive(Debug, Default)]
pub struct Mailbox {
    bench: Bench,
    state: Mutex<State>,
}

/// What the mailbox says: an answer, or what is wrong with the question.
type Said = Result<Response, String>;

impl Mailbox {
    /// Its record and its faults.
    pub fn bench(&self) -> &Bench {
        &self.bench
    }

    /// How our event of this uid stands there, in our words.
    pub fn shown(&self, uid: &str) -> Option<Shown> {
        events::of_uid(&self.state(), uid).map(events::in_words)
    }

    /// What it told those who subscribed, since last time.
    pub fn notices(&self) -> Vec<Raw> {
        std::mem::take(&mut self.state().outbox)
    }

    /// Answers a request to Graph. Whoever sent it has been let in.
    pub fn answer(&self, request: &Request) -> Said {
        let path = request.url.path();
        let path = path.strip_prefix("/v1.0").ok_or_else(|| format!("{path} is not of version 1.0"))?;
        if request.url.host_str() != Some("graph.microsoft.com") {
            return Err("a request to another server than Graph".into());
        }
        if path == "/$batch" {
            return self.batch(request);
        }
        self.route(request, path)
    }

    fn route(&self, request: &Request, path: &str) -> Said {
        let ask = Ask::read(request)?;
        let verb = request.method.as_str();
        let at = |pattern: &str| parts(path, pattern);
        if let ("GET", "/me") = (verb, path) {
            ask.takes(&["$select"])?;
            return Ok(
                ask.ok(&json!({ "displayName": "Hanna Host", "mail": OWNER, "userPrincipalName": OWNER }))
            );
        }
        if let ("GET", "/me/calendar") = (verb, path) {
            let main = self.state().main();
            return self.calendar(&ask, verb, &main);
        }
        if let Some(of) = at("/me/calendars") {
            return self.calendars(&ask, verb, &of);
        }
        if let Some(of) = at("/me/calendars/{}") {
            return self.calendar(&ask, verb, of[0]);
        }
        if let Some(of) = at("/me/calendars/{}/calendarView") {
            return view::view(&ask, verb, &self.state(), of[0]);
        }
        if let Some(of) = at("/me/calendars/{}/calendarView/delta()") {
            return view::delta(&ask, verb, &self.state(), of[0]);
        }
        if let Some(of) = at("/me/calendars/{}/events") {
            return events::collection(&ask, verb, &mut self.state(), of[0]);
        }
        if path == "/me/events" {
            let main = self.state().main();
            return events::collection(&ask, verb, &mut self.state(), &main);
        }
        if let Some(of) = at("/me/events/{}/instances") {
            return view::instances(&ask, verb, &self.state(), of[0]);
        }
        if let Some(of) = at("/me/events/{}") {
            return events::one(&ask, verb, &mut self.state(), of[0]);
        }
        if let ("POST", "/me/calendar/getSchedule") = (verb, path) {
            return view::schedule(&ask, &self.state());
        }
        if path.starts_with("/subscriptions") {
            return subscriptions::answer(&ask, verb, path, &mut self.state());
        }
        if path.starts_with("/me/onlineMeetings") {
            return meetings::answer(&ask, verb, path, &mut self.state());
        }
        Err(format!("there is no {verb} {path}"))
    }

    fn calendars(&self, ask: &Ask<'_>, verb: &str, _: &[&str]) -> Said {
        if verb != "GET" {
            return Err(format!("{verb} on the list of calendars"));
        }
        ask.takes(&["$select", "$top"])?;
        let state = self.state();
        let all: Vec<Value> = state.calendars.iter().map(|one| one.json(state.teams)).collect();
        Ok(ask.ok(&json!({ "value": all })))
    }

    fn calendar(&self, ask: &Ask<'_>, verb: &str, id: &str) -> Said {
        if verb != "GET" {
            return Err(format!("{verb} on a calendar"));
        }
        ask.takes(&["$select"])?;
        let state = self.state();
        Ok(state.calendar(id).map_or_else(|| ask.missing(), |calendar| ask.ok(&calendar.json(state.teams))))
    }

    /// Each part is answered as if it had come alone.
    fn batch(&self, request: &Request) -> Said {
        let body: Value = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
        let asked = body["requests"].as_array().ok_or("a batch without requests")?;
        if asked.len() > 20 {
            return Err(format!("{} parts in a batch; Graph takes 20", asked.len()));
        }
        let mut responses = Vec::new();
        for part in asked {
            let id = part["id"].as_str().ok_or("a part without an id")?;
            let url =
                part["url"].as_str().filter(|url| url.starts_with('/')).ok_or("a part without a path")?;
            if part["method"] != "GET" {
                return Err("only readings come in batches here".into());
            }
            let url =
                format!("https://graph.microsoft.com/v1.0{url}").parse().map_err(|_| "a part's address")?;
            let mut single = Request::get("part", url);
            if let Some(prefer) = part["headers"]["Prefer"].as_str() {
                single = single.header("prefer", prefer).map_err(|error| error.to_string())?;
            }
            if let Some((status, wait)) = self.state().throttle(id) {
                let body = json!({ "error": { "code": "ApplicationThrottled", "message": "Slow down." } });
                responses.push(
                    json!({ "id": id, "status": status, "headers": { "Retry-After": wait }, "body": body }),
                );
                continue;
            }
            let answer = self.answer(&single)?;
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            responses
                .push(json!({ "id": id, "status": answer.status.as_u16(), "headers": {}, "body": body }));
        }
        responses.reverse(); // in no order one may count on
        let headers = [("content-type", "application/json")];
        Ok(reply(request, 200, &headers, json!({ "responses": responses }).to_string()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What others do, and what happens behind the scenes.
impl Mailbox {
    /// Another client puts an event into the calendar of this name, or changes it. It gives its id.
    pub fn put_by_other(&self, calendar: &str, fields: &Value) -> String {
        let mut state = self.state();
        let calendar = state.named(calendar);
        state.put(&calendar, fields)
    }

    /// Another client changes fields of an event.
    pub fn change_by_other(&self, id: &str, fields: &Value) {
        self.state().change(id, fields);
    }

    /// Another client takes an event away, with the occurrences of its rule.
    pub fn remove_by_other(&self, id: &str) {
        self.state().remove(id);
    }

    /// An event as it stands.
    pub fn event(&self, id: &str) -> Option<Value> {
        self.state().find(id).map(|item| item.fields.clone())
    }

    /// How many events stand in the mailbox.
    pub fn count(&self) -> usize {
        self.state().events().count()
    }

    /// From now on every cursor given out before is unknown (MSG-18).
    pub fn forget_cursors(&self) {
        self.state().forget_cursors();
    }

    /// Lists come in pages no larger than this.
    pub fn paged(&self, most: usize) {
        self.state().page = most;
    }

    /// From now on the calendar of this name shows only when it is busy.
    pub fn hide(&self, calendar: &str) {
        let mut state = self.state();
        let id = state.named(calendar);
        state.hidden.push(id);
    }

    /// New Teams links come after so many looks (MSG-11).
    pub fn links_come_after(&self, looks: u32) {
        self.state().looks = looks;
    }

    /// The next parts of a batch with these ids are turned away once, with this status and this `Retry-After`.
    pub fn throttle_parts(&self, ids: impl IntoIterator<Item = usize>, status: u16, retry_after: &str) {
        let mut state = self.state();
        let throttled = ids.into_iter().map(|id| (id.to_string(), status, retry_after.to_owned()));
        state.throttled.extend(throttled);
    }

    /// From now on the mailbox makes no Teams meetings; who asks for one gets an event with this provider's, or with none.
    pub fn no_teams(&self, instead: Option<&'static str>) {
        self.state().teams = Teams::Not { instead };
    }

    /// Subscriptions live no longer than this many minutes (MSG-14).
    pub fn subscriptions_live(&self, minutes: i64) {
        self.state().subscription_minutes = minutes;
    }

    /// The subscriptions that stand.
    pub fn subscriptions(&self) -> Vec<Value> {
        self.state().subscriptions.values().cloned().collect()
    }

    /// The Teams meetings that stand, made with or without an event.
    pub fn meetings(&self) -> usize {
        let state = self.state();
        state.meetings.len() + state.events().filter(|item| item.fields["isOnlineMeeting"] == true).count()
    }
}
