//! Meetings to requests, and answers to rooms, all pure.

use http::Method;
use jiff::Timestamp;
use kalends_app::{
    Cx, Error, Kind, RemoteId, Request, Response,
    kind::{
        Probe,
        calendar::Person,
        conference::{Link, Looked, Meeting, Room, Tagged, digits, is_link},
    },
};
use serde::{Deserialize, Serialize};
use url::Url;

/// Whoever signed in.
pub const ME: &str = "me";
/// A scheduled meeting, once.
const SCHEDULED: u8 = 2;
/// Nobody registers.
const NO_REGISTRATION: u8 = 2;
/// What Zoom lists in one page at most.
const PAGE: &str = "300";
/// The longest topic.
const TOPIC: usize = 200;

/// Under whose name a host's meetings stand: one who signed in is `me`, in a whole account it is the host's own address
/// (ZOOM-01).
pub fn whose(cx: &Cx, host: &Person) -> String {
    if is_account(cx) { host.email.clone() } else { ME.to_owned() }
}

fn is_account(cx: &Cx) -> bool {
    cx.setting("grant") == Some("account_credentials")
}

/// Asks who the account is.
pub fn user(cx: &Cx) -> Result<Request, Error> {
    let user = if is_account(cx) { cx.setting("member").unwrap_or(ME) } else { ME };
    Ok(Request::get("user", url(cx, &["users", user])?))
}

/// Who the account is. A whole account is known by its id, a user by theirs: what a notice of disconnecting names.
pub fn probe(cx: &Cx, answer: &Response) -> Result<Probe, Error> {
    let user: User = answer.json()?;
    let of = if is_account(cx) { cx.setting("account_id").map(str::to_owned) } else { Some(user.id) };
    let subject = of.filter(|id| !id.is_empty());
    let zone = Some(user.timezone).filter(|zone| !zone.is_empty());
    Ok(Probe { subject, zone, ..Probe::of(user.email) })
}

/// Makes a meeting. Never sent twice: its answer may be lost, and then it is looked for by its tag (ALL-07).
pub fn create(cx: &Cx, meeting: &Meeting) -> Result<Request, Error> {
    let url = url(cx, &["users", &whose(cx, &meeting.host), "meetings"])?;
    let body = Wanted { type_: Some(SCHEDULED), default_password: Some(true), ..wanted(cx, meeting) };
    json(Request::new("create_meeting", Method::POST, url), &body)
}

/// Changes a meeting to what it is now; twice is as good as once.
pub fn change(cx: &Cx, id: &RemoteId, meeting: &Meeting) -> Result<Request, Error> {
    let url = url(cx, &["meetings", id.as_str()])?;
    json(Request::new("update_meeting", Method::PATCH, url).repeatable(), &wanted(cx, meeting))
}

/// Asks for a meeting as it is.
pub fn look(cx: &Cx, id: &RemoteId) -> Result<Request, Error> {
    Ok(Request::get("get_meeting", url(cx, &["meetings", id.as_str()])?))
}

/// Deletes a meeting; nobody gets a mail from Zoom about it (ZOOM-10).
pub fn delete(cx: &Cx, id: &RemoteId) -> Result<Request, Error> {
    let mut url = url(cx, &["meetings", id.as_str()])?;
    url.query_pairs_mut()
        .append_pair("schedule_for_reminder", "false")
        .append_pair("cancel_meeting_reminder", "false");
    Ok(Request::new("delete_meeting", Method::DELETE, url))
}

/// Lists a host's meetings to come.
pub fn list(cx: &Cx, host: &Person, page: &str) -> Result<Request, Error> {
    let mut url = url(cx, &["users", &whose(cx, host), "meetings"])?;
    url.query_pairs_mut().append_pair("type", "upcoming").append_pair("page_size", PAGE);
    if !page.is_empty() {
        url.query_pairs_mut().append_pair("next_page_token", page);
    }
    Ok(Request::get("list_meetings", url))
}

/// The room of a made or a looked-up meeting, with the passcode as it really is (ZOOM-09).
pub fn room(answer: &Response) -> Result<Room, Error> {
    answer.json::<Made>()?.room()
}

/// The meeting as it stands, and whether it says what we would write. Words around the title are left to whoever changed them.
pub fn looked(cx: &Cx, answer: &Response, meeting: &Meeting) -> Result<Looked, Error> {
    let made: Made = answer.json()?;
    let wanted = wanted(cx, meeting);
    let fits = made.start_time == Some(wanted.start_time)
        && made.duration == Some(wanted.duration)
        && made.topic.trim() == wanted.topic.trim()
        && Meeting::tag_in(&made.agenda) == Some(meeting.tag().as_str());
    Ok(Looked { room: made.room()?, fits })
}

/// The link by which the host starts it. It signs in whoever has it, so it goes to the host and nowhere else.
pub fn start_link(answer: &Response) -> Result<String, Error> {
    let made: Made = answer.json()?;
    match made.start_url.filter(|url| is_link(url)) {
        Some(url) => Ok(url),
        None => Err(Error::new(Kind::Malformed, "Zoom names no link to start the meeting by")),
    }
}

/// The tagged meetings of one page, and where the next one begins; empty at the end.
pub fn listed(answer: &Response) -> Result<(Vec<Tagged>, String), Error> {
    let page: Page = answer.json()?;
    let mut all = Vec::new();
    for made in page.meetings {
        if let Some(tag) = Meeting::tag_in(&made.agenda).map(str::to_owned) {
            all.push(Tagged { tag, room: made.room()? });
        }
    }
    Ok((all, page.next_page_token))
}

fn wanted<'a>(cx: &Cx, meeting: &'a Meeting) -> Wanted<'a> {
    let minutes = meeting.span.len().max(0).unsigned_abs().div_ceil(60).max(1);
    Wanted {
        topic: meeting.title.chars().take(TOPIC).collect(),
        type_: None,
        // UTC with its Z; the zone beside it is only what Zoom shows (ZOOM-04).
        start_time: meeting.span.starts(),
        duration: minutes,
        timezone: &meeting.zone,
        // Lists cut it at 250 letters, so the tag stands at its beginning.
        agenda: format!("Booking {}", meeting.tag()),
        default_password: None,
        settings: Settings {
            use_pmi: false,
            approval_type: NO_REGISTRATION,
            registrants_email_notification: false,
            email_notification: false,
            waiting_room: match cx.setting("waiting_room") {
                Some("on") => Some(true),
                Some("off") => Some(false),
                _ => None,
            },
        },
    }
}

#[derive(Serialize)]
struct Wanted<'a> {
    topic: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    type_: Option<u8>,
    start_time: Timestamp,
    duration: u64,
    timezone: &'a str,
    agenda: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_password: Option<bool>,
    settings: Settings,
}

#[derive(Serialize)]
struct Settings {
    use_pmi: bool,
    approval_type: u8,
    registrants_email_notification: bool,
    email_notification: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_room: Option<bool>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    id: String,
    email: String,
    #[serde(default)]
    timezone: String,
}

#[derive(Deserialize)]
struct Made {
    #[serde(deserialize_with = "digits")]
    id: String,
    join_url: String,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    topic: String,
    #[serde(default)]
    start_time: Option<Timestamp>,
    #[serde(default)]
    duration: Option<u64>,
    #[serde(default)]
    agenda: String,
    #[serde(default)]
    start_url: Option<String>,
}

impl Made {
    fn room(self) -> Result<Room, Error> {
        if !is_link(&self.join_url) {
            return Err(Error::new(Kind::Malformed, "Zoom names no link to join the meeting by"));
        }
        let password = self.password.filter(|password| !password.is_empty());
        Ok(Room { id: RemoteId::new(self.id), link: Link::Ready(self.join_url), password })
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    meetings: Vec<Made>,
    #[serde(default)]
    next_page_token: String,
}

fn json(request: Request, body: &impl Serialize) -> Result<Request, Error> {
    let body = serde_json::to_vec(body).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
    Ok(request.body("application/json", body))
}

/// An address below the API's, each part spelled as one.
fn url(cx: &Cx, parts: &[&str]) -> Result<Url, Error> {
    let mut url = cx.endpoints.get("api")?.clone();
    url.path_segments_mut()
        .map_err(|()| Error::new(Kind::Invalid, "endpoints.api: this must be an address with a path"))?
        .pop_if_empty()
        .extend(parts);
    Ok(url)
}
