//! Rooms with an event (GCAL-14 to GCAL-16): the booking's event, begun here and written by the calendar's app.

use http::Method;
use kalends_app::{
    Cx, Error, Kind, RemoteId,
    kind::conference::{Link, Meeting, Room},
};
use kalends_domain::Zone;
use serde_json::{Value, json};
use vendor_google::{
    Event, When, call, name,
    room::{self, Made},
};

/// What is asked of an event: nothing of what it is about.
const FIELDS: &str = "id,etag,status,conferenceData(createRequest,entryPoints(entryPointType,uri))";

/// The event a room is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    calendar: String,
    event: String,
}

impl Place {
    /// The event of a booking in this calendar.
    pub(crate) fn in_calendar(calendar: &RemoteId, uid: &str) -> Self {
        Self { calendar: calendar.as_str().to_owned(), event: name::event(uid) }
    }

    /// The event of a room; none when it is a space.
    pub(crate) fn of(room: &RemoteId) -> Option<Self> {
        let (calendar, event) = room.as_str().strip_prefix("event ")?.rsplit_once(' ')?;
        Some(Self { calendar: calendar.to_owned(), event: event.to_owned() })
    }

    fn id(&self) -> RemoteId {
        RemoteId::new(format!("event {} {}", self.calendar, self.event))
    }
}

/// Begins the event with a wish for a room, or adds the wish to the one that stands there. `None`: Google makes none.
pub(crate) async fn open(cx: &Cx, place: &Place, meeting: &Meeting) -> Result<Option<Room>, Error> {
    let mut body = times(meeting)?;
    body["id"] = place.event.clone().into();
    body["summary"] = meeting.title.clone().into();
    // No more than this: the calendar's app sees that the event says nothing yet, and writes it.
    body["extendedProperties"] = json!({ "private": { name::UID: meeting.uid } });
    body["conferenceData"] = room::wish(&request(cx));
    let url = call::events(cx, &place.calendar, [])?;
    let request = call::json("make_event_room", Method::POST, call::with(url, &writing()), &body);
    match cx.http.send(request).await {
        Ok(answer) => judged(place, &answer.json()?),
        Err(error) if error.kind == Kind::Conflict => add(cx, place, meeting).await,
        // A calendar that is not there for this account is another account's.
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The room as it stands; pending ones are asked for until they are there.
pub(crate) async fn look(cx: &Cx, place: &Place) -> Result<Option<Room>, Error> {
    let event = read(cx, place).await?;
    match room::made(event.conference_data.as_ref()) {
        // Somebody took the room off the event: it is made anew.
        Made::None => Err(gone()),
        _ => judged(place, &event),
    }
}

/// A room whose answer was lost (ALL-07).
pub(crate) async fn find(cx: &Cx, place: &Place) -> Result<Option<Room>, Error> {
    match look(cx, place).await {
        Err(error) if error.is_missing() => Ok(None),
        answer => answer,
    }
}

/// Takes the room off the event. The event itself is the calendar app's.
pub(crate) async fn close(cx: &Cx, place: &Place) -> Result<(), Error> {
    let event = read(cx, place).await?;
    if room::made(event.conference_data.as_ref()) == Made::None {
        return Err(gone());
    }
    patch(cx, place, &json!({ "conferenceData": null })).await.map(drop)
}

/// The event is there already: from an earlier try, or because the booking took place elsewhere before.
async fn add(cx: &Cx, place: &Place, meeting: &Meeting) -> Result<Option<Room>, Error> {
    let event = read_any(cx, place).await?;
    let made = room::made(event.conference_data.as_ref());
    if !event.is_cancelled() && matches!(made, Made::Ready(_) | Made::Pending) {
        return judged(place, &event);
    }
    let mut body = json!({ "conferenceData": room::wish(&request(cx)) });
    if event.is_cancelled() {
        // A deleted event keeps its id for ever: it comes back instead.
        body["status"] = "confirmed".into();
        body["summary"] = meeting.title.clone().into();
        body["extendedProperties"] = json!({ "private": { name::UID: meeting.uid } });
        let times = times(meeting)?;
        for field in ["start", "end"] {
            body[field] = times[field].clone();
        }
    }
    judged(place, &patch(cx, place, &body).await?)
}

async fn patch(cx: &Cx, place: &Place, body: &Value) -> Result<Event, Error> {
    let url = call::events(cx, &place.calendar, [place.event.as_str()])?;
    let request = call::json("change_event_room", Method::PATCH, call::with(url, &writing()), body);
    cx.http.send(request).await?.json()
}

async fn read(cx: &Cx, place: &Place) -> Result<Event, Error> {
    let event = read_any(cx, place).await?;
    if event.is_cancelled() { Err(gone()) } else { Ok(event) }
}

async fn read_any(cx: &Cx, place: &Place) -> Result<Event, Error> {
    let url = call::events(cx, &place.calendar, [place.event.as_str()])?;
    call::read(cx, "read_event_room", call::with(url, &[("fields", FIELDS)])).await
}

fn judged(place: &Place, event: &Event) -> Result<Option<Room>, Error> {
    if event.id.is_empty() {
        return Err(Error::new(Kind::Malformed, "Google does not say which event it wrote"));
    }
    let link = match room::made(event.conference_data.as_ref()) {
        Made::Ready(url) => Link::Ready(url),
        Made::Pending => Link::Pending,
        Made::Failed | Made::None => return Ok(None),
    };
    Ok(Some(Room { id: place.id(), link, password: None }))
}

/// A name for a wish that was never used: the same one again would be the same wish, a failed one, too (GCAL-14).
fn request(cx: &Cx) -> String {
    format!("{:032x}", u128::from_be_bytes(cx.random()))
}

fn times(meeting: &Meeting) -> Result<Value, Error> {
    let zone = Zone::parse(&meeting.zone).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
    let [start, end] = [meeting.span.start, meeting.span.end].map(|at| When::at(at, &zone));
    Ok(json!({ "start": start, "end": end }))
}

const fn writing() -> [(&'static str, &'static str); 3] {
    [("conferenceDataVersion", "1"), ("sendUpdates", "none"), ("fields", FIELDS)]
}

fn gone() -> Error {
    Error::new(Kind::NotFound, "the room's event is not there any more")
}
