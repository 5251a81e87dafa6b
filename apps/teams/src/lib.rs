//! Rooms at Microsoft Teams: meetings by themselves (MSG-13), or with an entry in the calendar (MSG-11).

mod api;
mod beside;
mod fake;

use std::sync::Arc;

use http::Method;
use kalends_app::{
    App, Conference, Cx, Error, Kind, Part,
    kind::{
        Probe,
        calendar::Person,
        conference::{ConferenceCan, Meeting, Room, Rooms, Tagged},
    },
};
use vendor_microsoft::{Event, Graph};

use crate::{
    api::{Account, Form, OnlineMeeting},
    beside::{Made, Place},
};

/// The app.
pub static APP: App = App {
    slug: "teams",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Conference(Arc::new(Teams))],
    judge: vendor_microsoft::judge,
    fake: || Arc::new(fake::server()),
};

struct Teams;

impl Conference for Teams {
    type Error = Error;

    const CAN: ConferenceCan =
        ConferenceCan { rooms: Rooms::Kept, pending: true, password: false, told: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let graph = Graph::of(cx)?;
        let account: Account = graph.read("read_owner", api::me(&graph)?).await?;
        if Form::chosen(cx) == Form::Event {
            let main: api::Main = graph.read("read_calendar", api::main(&graph)?).await?;
            if !main.makes_meetings() {
                let message = "this account cannot make Teams meetings: connect one of a work or school";
                return Err(Error::new(Kind::PolicyDenied, message));
            }
        }
        Ok(account.probe())
    }

    async fn open(&self, cx: &Cx, meeting: &Meeting) -> Result<Room, Error> {
        let graph = Graph::of(cx)?;
        if Form::chosen(cx) == Form::Meeting {
            return self.by_itself(&graph, meeting).await;
        }
        if let Some(calendar) = &meeting.calendar {
            match beside::open(&graph, calendar, meeting).await? {
                Made::Room(room) => return Ok(room),
                Made::Refused => return self.by_itself(&graph, meeting).await,
                Made::Elsewhere => {}
            }
        }
        let body = api::new_event(meeting, cx.random());
        let made: Event = graph.send("open", Method::POST, api::events(&graph)?, &body).await?.json()?;
        if made.is_at_teams() {
            return Ok(api::room_of(&made));
        }
        // The organization does not allow meetings with an entry: this one says nothing to anybody.
        self.close(cx, &api::room_of(&made)).await?;
        self.by_itself(&graph, meeting).await
    }

    async fn update(&self, cx: &Cx, room: &Room, meeting: &Meeting) -> Result<Room, Error> {
        let graph = Graph::of(cx)?;
        if let Some(place) = Place::of(&room.id) {
            // The calendar's app moves the event, and the meeting with it.
            return Ok(api::with_link_of(beside::look(&graph, &place, meeting).await?, room));
        }
        let (form, url) = api::address(&graph, room)?;
        let body = match form {
            Form::Meeting => api::changed_meeting(meeting),
            Form::Event => api::changed_event(meeting),
        };
        // Saying the same twice leaves the same.
        let request = graph.request("update", Method::PATCH, url)?.repeatable();
        let answer = cx.http.send(request.body("application/json", body.to_string())).await?;
        let now = match form {
            Form::Meeting => answer.json::<OnlineMeeting>()?.room(),
            Form::Event => api::room_of(&answer.json()?),
        };
        Ok(api::with_link_of(now, room))
    }

    async fn close(&self, cx: &Cx, room: &Room) -> Result<(), Error> {
        let graph = Graph::of(cx)?;
        if let Some(place) = Place::of(&room.id) {
            return beside::close(&graph, &place).await;
        }
        let (_, url) = api::address(&graph, room)?;
        cx.http.send(graph.request("close", Method::DELETE, url)?).await.map(drop)
    }

    async fn find(&self, cx: &Cx, meeting: &Meeting) -> Result<Option<Room>, Error> {
        // A meeting by itself cannot be looked for, and need not: opening it again gives the same one.
        if Form::chosen(cx) == Form::Meeting {
            return Ok(None);
        }
        let graph = Graph::of(cx)?;
        if let Some(room) = beside::find(&graph, meeting).await? {
            return Ok(Some(room));
        }
        let found: Vec<Event> = graph.all("find", api::with_tag(&graph, &meeting.tag())?).await?;
        Ok(found.first().map(api::room_of))
    }

    async fn tagged(&self, cx: &Cx, _: &[Person]) -> Result<Vec<Tagged>, Error> {
        if Form::chosen(cx) == Form::Meeting {
            return Ok(vec![]);
        }
        let graph = Graph::of(cx)?;
        let all: Vec<Event> = graph.all("list", api::all_tagged(&graph, cx.now)?).await?;
        Ok(all.iter().filter_map(api::tagged).collect())
    }
}

impl Teams {
    /// A meeting that stands in no calendar; asked for again it is the same one.
    async fn by_itself(&self, graph: &Graph<'_>, meeting: &Meeting) -> Result<Room, Error> {
        let url = graph.url(&["me", "onlineMeetings", "createOrGet"])?;
        let made = graph.send("open", Method::POST, url, &api::new_meeting(meeting)).await?;
        let made: OnlineMeeting = made.json()?;
        // The one there was may stand at another time.
        let room = made.room();
        if made.is_at(meeting.span) { Ok(room) } else { self.update(graph.cx, &room, meeting).await }
    }
}

#[cfg(test)]
mod tests;
