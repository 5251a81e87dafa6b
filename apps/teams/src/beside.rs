//! Rooms in the booking's own event (MSG-11): begun here with its room and nothing else, and written by the calendar's app.

use http::Method;
use kalends_app::{
    Error, Kind, RemoteId,
    kind::conference::{Meeting, Room},
};
use serde_json::{Map, Value};
use vendor_microsoft::{Event, Graph, begun_event, room_wish};

use crate::api;

/// The event in which a room stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    calendar: RemoteId,
    event: String,
}

/// What became of the wish for a room in the booking's event.
#[derive(Debug)]
pub enum Made {
    /// It is there, or on its way.
    Room(Room),
    /// The calendar is another account's.
    Elsewhere,
    /// The calendar's organization does not allow Teams.
    Refused,
}

impl Place {
    /// The event of a room; none when it stands elsewhere.
    pub fn of(room: &RemoteId) -> Option<Self> {
        let (calendar, event) = room.as_str().strip_prefix("booking:")?.split_once(' ')?;
        Some(Self { calendar: RemoteId::new(calendar), event: event.to_owned() })
    }

    fn room(&self, event: &Event) -> Room {
        api::room(RemoteId::new(format!("booking:{} {}", self.calendar, self.event)), event.room())
    }
}

/// Makes the room with the booking's event, or in the one that stands there.
pub async fn open(graph: &Graph<'_>, calendar: &RemoteId, meeting: &Meeting) -> Result<Made, Error> {
    // Names of makings are forgotten after a while: an event that stands there is looked for first.
    let there = match event_of(graph, calendar, meeting).await {
        Err(error) if is_foreign(&error) => return Ok(Made::Elsewhere),
        answer => answer?,
    };
    match there {
        Some(event) => add(graph, calendar, event).await,
        None => begin(graph, calendar, meeting).await,
    }
}

/// The room as it stands. One in another calendar than the booking's is made anew there; its event goes with the booking.
pub async fn look(graph: &Graph<'_>, place: &Place, meeting: &Meeting) -> Result<Room, Error> {
    if meeting.calendar.as_ref() != Some(&place.calendar) {
        return Err(gone("the room's event moves to another calendar"));
    }
    let event: Event = graph.read("read_event_room", api::room_in(graph, &place.event)?).await?;
    if event.is_cancelled == Some(true) || !event.is_at_teams() {
        return Err(gone("the room is not in its event any more"));
    }
    Ok(place.room(&event))
}

/// A room whose answer was lost (ALL-07); none in a calendar that is another account's.
pub async fn find(graph: &Graph<'_>, meeting: &Meeting) -> Result<Option<Room>, Error> {
    let Some(calendar) = &meeting.calendar else { return Ok(None) };
    match event_of(graph, calendar, meeting).await {
        Ok(event) => Ok(event.and_then(|event| room_of(calendar, &event))),
        Err(error) if is_foreign(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes the room away, and the event with it: a meeting at Teams cannot be taken off its event (MSG-11). Where the booking
/// stands, its event is written anew.
pub async fn close(graph: &Graph<'_>, place: &Place) -> Result<(), Error> {
    let url = graph.url(&["me", "events", &place.event])?;
    graph.cx.http.send(graph.request("close_event_room", Method::DELETE, url)?).await.map(drop)
}

async fn begin(graph: &Graph<'_>, calendar: &RemoteId, meeting: &Meeting) -> Result<Made, Error> {
    let made = match make(graph, calendar, meeting, None).await {
        Err(error) if error.kind == Kind::Conflict => match event_of(graph, calendar, meeting).await? {
            Some(event) => return add(graph, calendar, event).await,
            // Its event is gone; the name of its making is taken for a while yet.
            None => make(graph, calendar, meeting, Some(graph.cx.now.as_second())).await?,
        },
        answer => answer?,
    };
    if made.is_online_meeting == Some(true) && !made.is_at_teams() {
        // Another provider's room cannot be taken off it either.
        let place = Place { calendar: calendar.clone(), event: made.id };
        close(graph, &place).await?;
        return Ok(Made::Refused);
    }
    Ok(judged(calendar, &made))
}

async fn make(
    graph: &Graph<'_>,
    calendar: &RemoteId,
    meeting: &Meeting,
    again: Option<i64>,
) -> Result<Event, Error> {
    let body = begun_event(&meeting.uid, &meeting.title, meeting.span, calendar, again);
    let url = graph.url(&["me", "calendars", calendar.as_str(), "events"])?;
    graph.send("make_event_room", Method::POST, url, &body).await?.json()
}

/// The event is there already: from an earlier try, or because the booking took place elsewhere before.
async fn add(graph: &Graph<'_>, calendar: &RemoteId, event: Event) -> Result<Made, Error> {
    if event.is_online_meeting == Some(true) {
        return Ok(judged(calendar, &event));
    }
    let wish: Map<String, Value> =
        room_wish().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let url = graph.url(&["me", "events", &event.id])?;
    let request = graph
        .request("change_event_room", Method::PATCH, url)?
        .body("application/json", Value::Object(wish).to_string());
    let event: Event = graph.cx.http.send(request).await?.json()?;
    Ok(judged(calendar, &event))
}

/// An event without the room it was asked for stands in an organization that does not allow Teams: there the provider is
/// ignored. The event is the booking's all the same.
fn judged(calendar: &RemoteId, event: &Event) -> Made {
    room_of(calendar, event).map_or(Made::Refused, Made::Room)
}

fn room_of(calendar: &RemoteId, event: &Event) -> Option<Room> {
    let place = Place { calendar: calendar.clone(), event: event.id.clone() };
    event.is_at_teams().then(|| place.room(event))
}

async fn event_of(graph: &Graph<'_>, calendar: &RemoteId, meeting: &Meeting) -> Result<Option<Event>, Error> {
    let found: Vec<Event> =
        graph.all("find_event_room", api::with_uid(graph, calendar, &meeting.uid)?).await?;
    Ok(found.into_iter().next())
}

/// True where this account sees no such calendar: its id is another mailbox's.
fn is_foreign(error: &Error) -> bool {
    let refused = matches!(error.kind, Kind::Invalid | Kind::PolicyDenied);
    error.is_missing() || refused && matches!(error.http_status(), Some(400 | 403))
}

fn gone(why: &str) -> Error {
    Error::new(Kind::NotFound, why)
}
