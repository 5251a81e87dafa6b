//! Zoom, played: users with meetings, strict about what it is asked.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kalends_app::{
    Request, Response,
    fake::{Bench, Fake, OAuth, answer, parts},
};
use serde_json::{Map, Value, json};

/// The account's one user, by id and address.
pub const USER: (&str, &str) = ("KDcuGIm1QgePTO8WbOqwIQ", "host@example.com");
/// The account.
pub const ACCOUNT: &str = "EPeQtiABC000VYxHMA";
/// So many meetings are listed in one page, whatever is asked for: pages are followed.
const PAGE: usize = 2;

/// One account with its meetings.
pub struct Zoom {
    bench: Bench,
    oauth: OAuth,
    state: Mutex<State>,
}

/// What it remembers.
#[derive(Default)]
pub struct State {
    /// By id.
    pub meetings: BTreeMap<u64, Value>,
    /// Every meeting gets a passcode, asked for or not (ZOOM-09).
    pub forces_passcode: bool,
    /// The number given last.
    last: u64,
    /// Writes made today; beyond 100 they are refused (ZOOM-06).
    pub writes: u32,
}

impl Default for Zoom {
    fn default() -> Self {
        let oauth = OAuth::of(crate::APP.manifest()).rotating();
        oauth.signs_in(USER.1);
        Self { bench: Bench::default(), oauth, state: Mutex::default() }
    }
}

impl Zoom {
    /// What it remembers.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fake for Zoom {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if let Some(answer) = self.oauth.answer(request) {
            return answer;
        }
        if self.oauth.bearer(request).is_none() {
            return Ok(no(request, 401, 124, "Invalid access token."));
        }
        let path = request.url.path().strip_prefix("/v2").ok_or("the API is below /v2")?.replace("%40", "@");
        let mut state = self.state();
        if let Some(user) = parts(&path, "/users/{}") {
            return if is_user(user[0]) { Ok(me(request)) } else { Ok(stranger(request, user[0])) };
        }
        if let Some(user) = parts(&path, "/users/{}/meetings") {
            if !is_user(user[0]) {
                return Ok(stranger(request, user[0]));
            }
            return match request.method.as_str() {
                "GET" => state.list(request),
                "POST" => state.create(request),
                other => Err(format!("{other} is not for a list of meetings")),
            };
        }
        let id = parts(&path, "/meetings/{}").ok_or("there is no such path")?[0];
        let id: u64 = id.parse().map_err(|_| format!("{id:?} is no meeting's id"))?;
        if !state.meetings.contains_key(&id) {
            return Ok(no(request, 404, 3001, &format!("Meeting does not exist: {id}.")));
        }
        match request.method.as_str() {
            "GET" => Ok(json(request, 200, &state.meetings[&id])),
            "PATCH" => state.change(request, id),
            "DELETE" => {
                let reminds = |name: &str| {
                    request.url.query_pairs().any(|(key, value)| key == name && value == "false")
                };
                if !reminds("schedule_for_reminder") || !reminds("cancel_meeting_reminder") {
                    return Err("guests would get Zoom's own mails (ZOOM-10)".into());
                }
                state.meetings.remove(&id);
                Ok(answer(request, 204, &[], ""))
            }
            other => Err(format!("{other} is not for a meeting")),
        }
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn described_by(&self) -> Option<(&'static str, &'static str)> {
        Some(("zoom/all-in-one.json", "api"))
    }

    fn oauth(&self) -> Option<&OAuth> {
        Some(&self.oauth)
    }
}

impl State {
    fn create(&mut self, request: &Request) -> Result<Response, String> {
        let body = body(request)?;
        if body.get("type") != Some(&json!(2)) {
            return Err("type must be 2: a meeting at a time (ZOOM-04)".into());
        }
        if !self.may_write() {
            return Ok(used_up(request));
        }
        // A number is never given twice, also when its meeting is gone.
        let next = self.last.max(85_746_065_432) + 7;
        self.last = next;
        let password = self.forces_passcode || body.get("default_password") == Some(&json!(true));
        let mut made = body;
        made.remove("default_password");
        made.insert("id".into(), json!(next));
        made.insert("uuid".into(), json!(format!("/aDYlohsHRtCd4ii{next}==")));
        made.insert("status".into(), json!("waiting"));
        if password {
            made.insert("password".into(), json!(format!("{:06}", next % 1_000_000)));
        }
        let pwd = if password { format!("?pwd=enc{next}") } else { String::new() };
        made.insert("join_url".into(), json!(format!("https://example.zoom.us/j/{next}{pwd}")));
        made.insert(
            "start_url".into(),
            json!(format!("https://example.zoom.us/s/{next}?zak=canary-zak-{next}")),
        );
        let answer = json(request, 201, &Value::Object(made.clone()));
        self.meetings.insert(next, made.into());
        Ok(answer)
    }

    fn change(&mut self, request: &Request, id: u64) -> Result<Response, String> {
        let body = body(request)?;
        if !self.may_write() {
            return Ok(used_up(request));
        }
        if let Some(Value::Object(there)) = self.meetings.get_mut(&id) {
            there.extend(body);
        }
        Ok(answer(request, 204, &[], ""))
    }

    fn list(&self, request: &Request) -> Result<Response, String> {
        let asked: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        if asked.get("type").map(String::as_str) != Some("upcoming") {
            return Err("type must be upcoming: old meetings fill many pages".into());
        }
        let from: usize = match asked.get("next_page_token") {
            None => 0,
            Some(token) => {
                token.strip_prefix("page-").and_then(|at| at.parse().ok()).ok_or("an unknown page token")?
            }
        };
        let page: Vec<Value> = self.meetings.values().skip(from).take(PAGE).map(short).collect();
        let next = from + page.len();
        let token = if next < self.meetings.len() { format!("page-{next}") } else { String::new() };
        Ok(json(request, 200, &json!({ "page_size": PAGE, "next_page_token": token, "meetings": page })))
    }

    fn may_write(&mut self) -> bool {
        self.writes += 1;
        self.writes <= 100
    }
}

/// What a list tells of a meeting: no passcode, no host's link, and only the beginning of what it is about.
fn short(meeting: &Value) -> Value {
    let mut short = meeting.clone();
    if let Value::Object(fields) = &mut short {
        for name in ["password", "start_url", "settings"] {
            fields.remove(name);
        }
        let agenda = fields.get("agenda").and_then(Value::as_str).unwrap_or_default();
        let agenda: String = agenda.chars().take(250).collect();
        fields.insert("agenda".into(), json!(agenda));
    }
    short
}

/// The body of a meeting, as Zoom would take it.
fn body(request: &Request) -> Result<Map<String, Value>, String> {
    let kind = request.headers.get("content-type").and_then(|value| value.to_str().ok());
    if kind != Some("application/json") {
        return Err("the body must be JSON".into());
    }
    let body: Map<String, Value> =
        serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
    let text =
        |name: &str| body.get(name).and_then(Value::as_str).ok_or_else(|| format!("{name} must be a text"));
    let start = text("start_time")?;
    let whole = start.len() == "2027-03-01T08:00:00Z".len() && start.ends_with('Z');
    if !whole || start.parse::<jiff::Timestamp>().is_err() {
        return Err(format!("start_time {start} is not UTC in whole seconds (ZOOM-04)"));
    }
    if jiff::tz::TimeZone::get(text("timezone")?).is_err() {
        return Err("timezone is none".into());
    }
    if body.get("duration").and_then(Value::as_u64).is_none_or(|minutes| minutes < 1) {
        return Err("duration must be whole minutes, at least one (ZOOM-04)".into());
    }
    if text("topic")?.chars().count() > 200 || text("agenda")?.chars().count() > 2_000 {
        return Err("the topic or the agenda is too long".into());
    }
    if body.get("settings").and_then(|settings| settings.get("email_notification")) != Some(&json!(false)) {
        return Err("guests would get Zoom's own mails (ZOOM-10)".into());
    }
    Ok(body)
}

fn is_user(id: &str) -> bool {
    [crate::api::ME, USER.0, USER.1].contains(&id)
}

fn me(request: &Request) -> Response {
    let user = json!({
        "id": USER.0, "email": USER.1, "first_name": "Hanna", "last_name": "Host", "type": 2,
        "account_id": ACCOUNT, "timezone": "Europe/Berlin", "status": "active",
    });
    json(request, 200, &user)
}

fn stranger(request: &Request, id: &str) -> Response {
    no(request, 404, 1001, &format!("User does not exist: {id}."))
}

fn used_up(request: &Request) -> Response {
    let message = "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted \
        for this user.";
    no(request, 429, 429, message)
}

fn no(request: &Request, status: u16, code: u16, message: &str) -> Response {
    json(request, status, &json!({ "code": code, "message": message }))
}

fn json(request: &Request, status: u16, body: &Value) -> Response {
    answer(request, status, &[("content-type", "application/json;charset=UTF-8")], body.to_string())
}
