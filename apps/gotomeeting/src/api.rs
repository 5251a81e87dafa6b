//! Meetings to requests, and answers to rooms, all pure.

use http::Method;
use jiff::Timestamp;
use kalends_app::{
    Cx, Error, Kind, RemoteId, Request, Response,
    kind::{
        Probe,
        conference::{Link, Meeting, Room, Tagged, digits, is_link},
    },
};
use serde::{Deserialize, Serialize};
use url::Url;

/// The longest subject (GOTO-04).
const SUBJECT: usize = 100;

/// Lists the meetings to come: also the cheapest question whether the account works.
pub fn upcoming(cx: &Cx) -> Result<Request, Error> {
    Ok(Request::get("upcoming_meetings", url(cx, &["upcomingMeetings"])?))
}

/// Who the account is, as its sign-in said (GOTO-07).
pub fn probe(cx: &Cx, answer: &Response) -> Result<Probe, Error> {
    answer.json::<Vec<Listed>>()?;
    let key = cx.setting("organizer_key").map(str::to_owned);
    let identity = cx.setting("principal").or(key.as_deref()).unwrap_or("GoTo Meeting").to_owned();
    Ok(Probe { subject: key, ..Probe::of(identity) })
}

/// Makes a meeting. Never sent twice: its answer may be lost, and then it is looked for by its tag (ALL-07).
pub fn create(cx: &Cx, meeting: &Meeting) -> Result<Request, Error> {
    json(Request::new("create_meeting", Method::POST, url(cx, &["meetings"])?), cx, meeting)
}

/// Changes a meeting to what it is now.
pub fn change(cx: &Cx, id: &RemoteId, meeting: &Meeting) -> Result<Request, Error> {
    json(Request::new("update_meeting", Method::PUT, url(cx, &["meetings", id.as_str()])?), cx, meeting)
}

/// Deletes a meeting.
pub fn delete(cx: &Cx, id: &RemoteId) -> Result<Request, Error> {
    Ok(Request::new("delete_meeting", Method::DELETE, url(cx, &["meetings", id.as_str()])?))
}

/// Asks for the link by which the host starts a meeting.
pub fn start(cx: &Cx, id: &RemoteId) -> Result<Request, Error> {
    Ok(Request::get("start_meeting", url(cx, &["meetings", id.as_str(), "start"])?))
}

/// The room of a made meeting: a list with one meeting, or the meeting itself (GOTO-03).
pub fn room(answer: &Response) -> Result<Room, Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        List(Vec<Made>),
        One(Made),
    }
    let made = match answer.json()? {
        Said::One(made) => Some(made),
        Said::List(list) => list.into_iter().next(),
    };
    match made {
        Some(made) if is_link(&made.join_url) => {
            Ok(Room { id: RemoteId::new(made.meetingid), link: Link::Ready(made.join_url), password: None })
        }
        _ => Err(Error::new(Kind::Malformed, "GoTo names no link to join the meeting by")),
    }
}

/// The link by which the host starts it. It signs in whoever has it, so it goes to the host and nowhere else.
pub fn start_link(answer: &Response) -> Result<String, Error> {
    let started: Started = answer.json()?;
    if is_link(&started.host_url) {
        Ok(started.host_url)
    } else {
        Err(Error::new(Kind::Malformed, "GoTo names no link to start the meeting by"))
    }
}

/// The tagged meetings of a list. It holds no links; they are made of the meeting's number.
pub fn tagged(cx: &Cx, answer: &Response) -> Result<Vec<Tagged>, Error> {
    let mut all = Vec::new();
    for one in answer.json::<Vec<Listed>>()? {
        let Some(tag) = Meeting::tag_in(&one.subject) else { continue };
        let link = below(cx, "join", &[&one.meeting_id])?;
        let room =
            Room { id: RemoteId::new(&one.meeting_id), link: Link::Ready(link.into()), password: None };
        all.push(Tagged { tag: tag.to_owned(), room });
    }
    Ok(all)
}

/// The title with the tag behind it, in at most 100 letters as GoTo counts them (GOTO-04).
pub fn subject(meeting: &Meeting) -> String {
    let tag = format!(" ({})", meeting.tag());
    let mut subject = String::new();
    let mut left = SUBJECT - tag.len();
    for letter in meeting.title.chars() {
        let spelled = match letter {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            letter => letter.to_string(),
        };
        let Some(rest) = left.checked_sub(spelled.chars().count()) else { break };
        left = rest;
        subject.push_str(&spelled);
    }
    subject.trim_end().to_owned() + &tag
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
struct Wanted<'a> {
    subject: String,
    starttime: Timestamp,
    endtime: Timestamp,
    passwordrequired: bool,
    conferencecallinfo: &'a str,
    /// Of no use any more, and refused without.
    timezonekey: &'a str,
    meetingtype: &'a str,
}

#[derive(Deserialize)]
struct Made {
    #[serde(rename = "joinURL")]
    join_url: String,
    #[serde(deserialize_with = "digits")]
    meetingid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(deserialize_with = "digits")]
    meeting_id: String,
    #[serde(default)]
    subject: String,
}

#[derive(Deserialize)]
struct Started {
    #[serde(rename = "hostURL")]
    host_url: String,
}

fn json(request: Request, cx: &Cx, meeting: &Meeting) -> Result<Request, Error> {
    let body = Wanted {
        subject: subject(meeting),
        starttime: meeting.span.starts(),
        endtime: meeting.span.ends(),
        passwordrequired: false,
        conferencecallinfo: cx.setting("audio").unwrap_or("Hybrid"),
        timezonekey: "",
        meetingtype: "scheduled",
    };
    let body = serde_json::to_vec(&body).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
    Ok(request.body("application/json", body))
}

fn url(cx: &Cx, parts: &[&str]) -> Result<Url, Error> {
    below(cx, "api", parts)
}

/// An address below an endpoint, each part spelled as one.
fn below(cx: &Cx, endpoint: &str, parts: &[&str]) -> Result<Url, Error> {
    let mut url = cx.endpoints.get(endpoint)?.clone();
    url.path_segments_mut()
        .map_err(|()| Error::new(Kind::Invalid, format!("endpoints.{endpoint}: this must have a path")))?
        .pop_if_empty()
        .extend(parts);
    Ok(url)
}
