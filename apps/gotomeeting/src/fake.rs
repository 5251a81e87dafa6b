//! GoTo, played: an organizer with meetings, strict about what it is asked.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kalends_app::{
    Request, Response,
    fake::{Bench, Fake, OAuth, answer, parts},
};
use serde_json::{Map, Value, json};

/// The organizer who signs in.
pub const ORGANIZER: &str = "200000000000384444";

/// One organizer with their meetings.
pub struct GoTo {
    bench: Bench,
    oauth: OAuth,
    meetings: Mutex<BTreeMap<u64, Map<String, Value>>>,
}

impl Default for GoTo {
    fn default() -> Self {
        // Its refresh answers hold no refresh token (GOTO-02).
        let oauth = OAuth::of(crate::APP.manifest());
        oauth.signs_in(ORGANIZER);
        Self { bench: Bench::default(), oauth, meetings: Mutex::default() }
    }
}

impl GoTo {
    /// Meetings by number.
    pub fn meetings(&self) -> MutexGuard<'_, BTreeMap<u64, Map<String, Value>>> {
        self.meetings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fake for GoTo {
    fn answer(&self, request: &Request) -> Result<Response, String> {
        if let Some(answer) = self.oauth.answer(request) {
            return answer;
        }
        if self.oauth.bearer(request).is_none() {
            return Ok(no(request, 403, "InvalidToken", "The access token is expired or invalid."));
        }
        let path = request.url.path().strip_prefix("/G2M/rest").ok_or("the API is below /G2M/rest")?;
        let mut meetings = self.meetings();
        match (request.method.as_str(), path) {
            ("GET", "/upcomingMeetings") => {
                let all: Vec<Value> =
                    meetings.iter().map(|(number, meeting)| listed(*number, meeting)).collect();
                return Ok(json(request, 200, &all.into()));
            }
            ("POST", "/meetings") => {
                let body = body(request)?;
                let number = meetings.keys().next_back().copied().unwrap_or(5_273_041_000) + 17;
                meetings.insert(number, body);
                let made = json!([{
                    "joinURL": format!("https://global.gotomeeting.com/join/{number}"), "meetingid": number,
                    "maxParticipants": 26, "uniqueMeetingId": number, "conferenceCallInfo": "Hybrid",
                }]);
                return Ok(json(request, 201, &made));
            }
            _ => {}
        }
        let (number, starts) = match (parts(path, "/meetings/{}"), parts(path, "/meetings/{}/start")) {
            (Some(found), _) => (found[0], false),
            (_, Some(found)) => (found[0], true),
            _ => return Err("there is no such path".into()),
        };
        let number: u64 = number.parse().map_err(|_| format!("{number:?} is no meeting's number"))?;
        if !meetings.contains_key(&number) {
            return Ok(no(request, 404, "NoSuchMeeting", "The meeting was not found."));
        }
        match (request.method.as_str(), starts) {
            ("GET", true) => {
                let url = format!("https://global.gotomeeting.com/host?token=canary-host-{number}");
                Ok(json(request, 200, &json!({ "hostURL": url })))
            }
            ("PUT", false) => {
                meetings.insert(number, body(request)?);
                Ok(answer(request, 204, &[], ""))
            }
            ("DELETE", false) => {
                meetings.remove(&number);
                Ok(answer(request, 204, &[], ""))
            }
            (other, _) => Err(format!("{other} is not for a meeting")),
        }
    }

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn form(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn described_by(&self) -> Option<(&'static str, &'static str)> {
        Some(("gotomeeting/openapi-trimmed.json", "api"))
    }

    fn oauth(&self) -> Option<&OAuth> {
        Some(&self.oauth)
    }
}

/// The body of a meeting, as GoTo would take it (GOTO-04).
fn body(request: &Request) -> Result<Map<String, Value>, String> {
    let body: Map<String, Value> =
        serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
    let text =
        |name: &str| body.get(name).and_then(Value::as_str).ok_or_else(|| format!("{name} must be a text"));
    let time = |name: &str| {
        let time = text(name)?;
        let at: Result<jiff::Timestamp, _> = time.parse();
        at.ok().filter(|_| time.ends_with('Z')).ok_or_else(|| format!("{name} is not UTC: {time}"))
    };
    if time("starttime")? >= time("endtime")? {
        return Err("the meeting ends before it starts".into());
    }
    let subject = text("subject")?;
    if subject.chars().count() > 100 || subject.contains(['<', '>']) {
        return Err(format!("the subject is too long or not spelled: {subject}"));
    }
    if !text("timezonekey")?.is_empty() || text("meetingtype")? != "scheduled" {
        return Err("timezonekey must be there and empty, meetingtype scheduled".into());
    }
    if body.get("passwordrequired").and_then(Value::as_bool).is_none() {
        return Err("passwordrequired must be true or false".into());
    }
    if !["Hybrid", "PSTN", "Free", "VoIP"].contains(&text("conferencecallinfo")?) {
        return Err("conferencecallinfo is unknown".into());
    }
    Ok(body)
}

/// A meeting in a list: spelled in other words, and without its link.
fn listed(number: u64, meeting: &Map<String, Value>) -> Value {
    json!({
        "meetingId": number.to_string(), "subject": meeting["subject"], "startTime": meeting["starttime"],
        "endTime": meeting["endtime"], "organizerKey": ORGANIZER, "meetingType": "scheduled", "status": "INACTIVE",
    })
}

fn no(request: &Request, status: u16, code: &str, words: &str) -> Response {
    json(request, status, &json!({ "int_err_code": code, "msg": words }))
}

fn json(request: &Request, status: u16, body: &Value) -> Response {
    answer(request, status, &[("content-type", "application/json")], body.to_string())
}
