//! Our meetings to requests, answers to rooms.

use std::fmt::Write as _;

use jiff::Timestamp;
use kalends_app::{
    Cx, Error, Kind, RemoteId,
    kind::{
        Probe,
        conference::{Link, Meeting, Room, Tagged},
    },
};
use kalends_domain::{Span, Zone};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use vendor_microsoft::{Event, Graph, Moment, UID, line, room_wish};

/// The extended property with a meeting's tag.
const TAG: &str = "String {7d2f4b0a-52c1-4c57-9a3e-0b6d1f9c8e21} Name kalends-room";
/// What to expand to read it.
const TAGS: &str = "singleValueExtendedProperties($filter=id eq 'String {7d2f4b0a-52c1-4c57-9a3e-0b6d1f9c8e21} Name kalends-room')";
/// What of an event is read.
const FIELDS: &str = "id,isCancelled,isOnlineMeeting,onlineMeetingProvider,onlineMeeting";

/// How a meeting is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// By itself.
    Meeting,
    /// With an entry in the calendar: the booking's own, or one beside it.
    Event,
}

impl Form {
    /// What the account's owner chose.
    pub fn chosen(cx: &Cx) -> Self {
        if cx.setting("form") == Some("event") { Self::Event } else { Self::Meeting }
    }

    /// Stands before a room's id, so that a room keeps its form.
    const fn name(self) -> &'static str {
        match self {
            Self::Meeting => "meeting",
            Self::Event => "event",
        }
    }

    fn id(self, id: &str) -> RemoteId {
        RemoteId::new(format!("{}:{id}", self.name()))
    }
}

/// Whose account it is.
pub fn me(graph: &Graph<'_>) -> Result<Url, Error> {
    let mut url = graph.url(&["me"])?;
    url.query_pairs_mut().append_pair("$select", "id,displayName,mail,userPrincipalName");
    Ok(url)
}

/// The account's main calendar.
pub fn main(graph: &Graph<'_>) -> Result<Url, Error> {
    let mut url = graph.url(&["me", "calendar"])?;
    url.query_pairs_mut().append_pair("$select", "id,allowedOnlineMeetingProviders");
    Ok(url)
}

/// The events of the main calendar.
pub fn events(graph: &Graph<'_>) -> Result<Url, Error> {
    graph.url(&["me", "events"])
}

/// The entry with this tag.
pub fn with_tag(graph: &Graph<'_>, tag: &str) -> Result<Url, Error> {
    ours(graph, &format!("singleValueExtendedProperties/Any(ep: ep/id eq '{TAG}' and ep/value eq '{tag}')"))
}

/// The booking's own events in a calendar.
pub fn with_uid(graph: &Graph<'_>, calendar: &RemoteId, uid: &str) -> Result<Url, Error> {
    let uid = uid.replace('\'', "''");
    let filter = format!("singleValueExtendedProperties/Any(ep: ep/id eq '{UID}' and ep/value eq '{uid}')");
    let mut url = graph.url(&["me", "calendars", calendar.as_str(), "events"])?;
    url.query_pairs_mut().extend_pairs([("$filter", filter.as_str()), ("$select", FIELDS), ("$top", "10")]);
    Ok(url)
}

/// An event, to look at its room.
pub fn room_in(graph: &Graph<'_>, event: &str) -> Result<Url, Error> {
    let mut url = graph.url(&["me", "events", event])?;
    url.query_pairs_mut().append_pair("$select", FIELDS);
    Ok(url)
}

/// Every entry with a tag that is not over.
pub fn all_tagged(graph: &Graph<'_>, now: Timestamp) -> Result<Url, Error> {
    let from = Zone::utc().wall(now.as_second());
    ours(
        graph,
        &format!(
            "end/dateTime ge '{from}' and singleValueExtendedProperties/Any(ep: ep/id eq '{TAG}' and ep/value ne null)"
        ),
    )
}

fn ours(graph: &Graph<'_>, filter: &str) -> Result<Url, Error> {
    let mut url = events(graph)?;
    url.query_pairs_mut().extend_pairs([
        ("$filter", filter),
        ("$select", FIELDS),
        ("$expand", TAGS),
        ("$top", "250"),
    ]);
    Ok(url)
}

/// Where a room is, and which form it has.
pub fn address(graph: &Graph<'_>, room: &Room) -> Result<(Form, Url), Error> {
    match room.id.as_str().split_once(':') {
        Some(("meeting", id)) => Ok((Form::Meeting, graph.url(&["me", "onlineMeetings", id])?)),
        Some(("event", id)) => Ok((Form::Event, graph.url(&["me", "events", id])?)),
        _ => Err(Error::new(Kind::NotFound, "this room was not made at Teams")),
    }
}

/// A new meeting by itself. The tag gives the same one every time.
pub fn new_meeting(meeting: &Meeting) -> Value {
    let mut body = changed_meeting(meeting);
    body["externalId"] = meeting.tag().into();
    body
}

/// What to change in a meeting by itself.
pub fn changed_meeting(meeting: &Meeting) -> Value {
    json!({
        "subject": line(&meeting.title),
        "startDateTime": meeting.span.starts().to_string(),
        "endDateTime": meeting.span.ends().to_string(),
    })
}

/// A new entry of its own, where the booking's event stands in another account. It takes no time: the booking's event does.
pub fn new_event(meeting: &Meeting, random: [u8; 16]) -> Value {
    let mut body = changed_event(meeting);
    let making = random.iter().fold(String::from("kalends-room:"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a String takes everything
        text
    });
    body["transactionId"] = making.into();
    for (name, value) in room_wish() {
        body[name] = value;
    }
    body["showAs"] = "free".into();
    body["isReminderOn"] = false.into();
    body["singleValueExtendedProperties"] = json!([{ "id": TAG, "value": meeting.tag() }]);
    body
}

/// What to change in an entry; never its text, where Teams keeps the way in (MSG-12).
pub fn changed_event(meeting: &Meeting) -> Value {
    json!({
        "subject": line(&meeting.title),
        "start": Moment::utc(meeting.span.start),
        "end": Moment::utc(meeting.span.end),
    })
}

/// The room of an entry. Its link may not be there yet (MSG-11).
pub fn room_of(event: &Event) -> Room {
    room(Form::Event.id(&event.id), event.room())
}

/// The room of an entry with its tag.
pub fn tagged(event: &Event) -> Option<Tagged> {
    Some(Tagged { tag: event.property(TAG)?.to_owned(), room: room_of(event) })
}

/// A room under this id, whose link may be on its way.
pub fn room(id: RemoteId, link: Option<&str>) -> Room {
    let link = link.filter(|link| link.starts_with("https://"));
    let link = link.map_or(Link::Pending, |link| Link::Ready(link.to_owned()));
    Room { id, link, password: None }
}

/// A link that was there stays, also where an answer leaves it out.
pub fn with_link_of(now: Room, before: &Room) -> Room {
    if now.link == Link::Pending { Room { link: before.link.clone(), ..now } } else { now }
}

/// The account's owner.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    id: Option<String>,
    mail: Option<String>,
    user_principal_name: String,
}

impl Account {
    /// Whose account it is; the id stays when name and address change (OAU-15).
    pub fn probe(self) -> Probe {
        let identity = self.mail.filter(|mail| !mail.is_empty()).unwrap_or(self.user_principal_name);
        Probe { subject: self.id, ..Probe::of(identity) }
    }
}

/// The main calendar, and what meetings it makes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Main {
    allowed_online_meeting_providers: Vec<String>,
}

impl Main {
    /// True when Teams for work or school is among them.
    pub fn makes_meetings(&self) -> bool {
        self.allowed_online_meeting_providers.iter().any(|one| one == "teamsForBusiness")
    }
}

/// `onlineMeeting`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OnlineMeeting {
    id: String,
    join_web_url: Option<String>,
    start_date_time: Option<Timestamp>,
    end_date_time: Option<Timestamp>,
}

impl OnlineMeeting {
    /// Its room.
    pub fn room(&self) -> Room {
        room(Form::Meeting.id(&self.id), self.join_web_url.as_deref())
    }

    /// True when it takes place then; also when it does not say.
    pub fn is_at(&self, span: Span) -> bool {
        self.start_date_time.is_none_or(|at| at == span.starts())
            && self.end_date_time.is_none_or(|at| at == span.ends())
    }
}
