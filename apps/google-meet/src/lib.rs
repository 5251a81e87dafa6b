//! Rooms at Google Meet: with the booking's event, or by themselves.

mod event;
mod fake;
mod space;

use std::sync::Arc;

use kalends_app::{
    App, Conference, Cx, Error, Kind, Part, RemoteId,
    kind::{
        Probe,
        conference::{ConferenceCan, Meeting, Room, Rooms},
    },
};
use serde::Deserialize;
use vendor_google::call;

use crate::event::Place;

/// The app.
pub static APP: App = App {
    slug: "google-meet",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Conference(Arc::new(GoogleMeet))],
    judge: vendor_google::judge,
    fake: || Arc::new(fake::google()),
};

struct GoogleMeet;

#[derive(Deserialize)]
struct Owner {
    id: String,
    email: String,
}

impl Conference for GoogleMeet {
    type Error = Error;

    // A space does not know its booking, and cannot be deleted: closing it lets nobody in by its link alone.
    const CAN: ConferenceCan =
        ConferenceCan { rooms: Rooms::Made, pending: true, password: false, told: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let owner: Owner =
            call::read(cx, "read_account", call::address(cx, "account", ["userinfo"])?).await?;
        space::probe(cx).await?;
        Ok(Probe { subject: Some(owner.id), ..Probe::of(owner.email) })
    }

    async fn open(&self, cx: &Cx, meeting: &Meeting) -> Result<Room, Error> {
        match wished(cx, meeting) {
            Some(place) => or_space(cx, event::open(cx, &place, meeting).await).await,
            None => space::open(cx).await,
        }
    }

    async fn update(&self, cx: &Cx, room: &Room, meeting: &Meeting) -> Result<Room, Error> {
        let Some(place) = Place::of(&room.id) else { return space::update(cx, room).await };
        if wished(cx, meeting).is_some_and(|now| now != place) {
            // The bookings go to another calendar now, and the event with them.
            return Err(Error::new(Kind::NotFound, "the room's event moves to another calendar"));
        }
        or_space(cx, event::look(cx, &place).await).await
    }

    async fn close(&self, cx: &Cx, room: &Room) -> Result<(), Error> {
        match Place::of(&room.id) {
            Some(place) => event::close(cx, &place).await,
            None => space::close(cx, &room.id).await,
        }
    }

    async fn find(&self, cx: &Cx, meeting: &Meeting) -> Result<Option<Room>, Error> {
        let Some(place) = wished(cx, meeting) else { return Ok(None) };
        event::find(cx, &place).await
    }
}

/// Where the room should be made with the event; none for a room by itself.
fn wished(cx: &Cx, meeting: &Meeting) -> Option<Place> {
    let with_event = cx.setting("rooms") != Some("space");
    let calendar: &RemoteId = meeting.calendar.as_ref().filter(|_| with_event)?;
    Some(Place::in_calendar(calendar, &meeting.uid))
}

/// A space where Google makes no room with the event: another account's calendar, a permission that was not granted, a
/// calendar without Meet, or a wish that failed (GCAL-15, GCAL-16).
async fn or_space(cx: &Cx, with_event: Result<Option<Room>, Error>) -> Result<Room, Error> {
    match with_event {
        Ok(Some(room)) => Ok(room),
        Ok(None) => space::open(cx).await,
        Err(error)
            if matches!(error.kind, Kind::PolicyDenied | Kind::ScopeMissing { .. } | Kind::Invalid) =>
        {
            tracing::info!(%error, "no Meet room with the event; one is made by itself");
            space::open(cx).await
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
