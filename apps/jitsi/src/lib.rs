//! Jitsi Meet rooms: links, with a token for each visitor where the server wants them.

mod api;
mod error;
mod fake;

use std::sync::Arc;

use kalends_app::{
    App, Conference, Cx, Join, Part,
    kind::{
        Probe,
        conference::{ConferenceCan, Link, Meeting, Room, Rooms, Visitor},
    },
};

use crate::{api::Setup, error::Error};

/// The app.
pub static APP: App = App {
    slug: "jitsi",
    manifest: kalends_app::Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Conference(Arc::new(Jitsi)), Part::Join(Arc::new(Jitsi))],
    judge: kalends_app::no_opinion,
    fake: || Arc::new(fake::Jitsi::default()),
};

struct Jitsi;

impl Conference for Jitsi {
    type Error = Error;

    const CAN: ConferenceCan =
        ConferenceCan { rooms: Rooms::Links, pending: false, password: false, told: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let setup = Setup::read(cx)?;
        setup.prove()?;
        Ok(Probe::of(setup.name()))
    }

    async fn open(&self, cx: &Cx, _: &Meeting) -> Result<Room, Error> {
        let setup = Setup::read(cx)?;
        Ok(setup.room(setup.fresh_name(cx.random())))
    }

    async fn update(&self, cx: &Cx, room: &Room, _: &Meeting) -> Result<Room, Error> {
        Ok(Setup::read(cx)?.room(room.id.clone()))
    }

    async fn close(&self, _: &Cx, _: &Room) -> Result<(), Error> {
        // A room is only a name: whoever has left it has closed it. The join page refuses for a cancelled booking.
        Ok(())
    }
}

impl Join for Jitsi {
    type Error = Error;

    async fn join(
        &self,
        cx: &Cx,
        room: &Room,
        meeting: &Meeting,
        visitor: &Visitor,
    ) -> Result<String, Error> {
        match &room.link {
            Link::Ready(url) => Ok(url.clone()),
            Link::AtDoor | Link::Pending => {
                Setup::read(cx)?.pass(cx.now.as_second(), &room.id, meeting, visitor)
            }
        }
    }
}

#[cfg(test)]
mod tests;
