//! Meetings at GoTo.

mod api;
mod error;
mod fake;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kalends_app::{
    App, Conference, Cx, Declared, Error, Join, Part,
    kind::{
        Probe,
        calendar::Person,
        conference::{ConferenceCan, Meeting, Room, Rooms, Side, Tagged, Visitor},
    },
};

/// The app.
pub static APP: App = App {
    slug: "gotomeeting",
    manifest: Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || vec![Part::Conference(Arc::new(GoTo)), Part::Join(Arc::new(GoTo))],
    judge: error::judge,
    fake: || Arc::new(fake::GoTo::default()),
};

/// Meetings of whoever signed in.
#[derive(Debug, Clone, Copy)]
pub struct GoTo;

impl Conference for GoTo {
    type Error = Error;

    const CAN: ConferenceCan =
        ConferenceCan { rooms: Rooms::Kept, pending: false, password: false, told: false };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let answer = cx.http.send(api::upcoming(cx)?).await?;
        api::probe(cx, &answer)
    }

    async fn open(&self, cx: &Cx, meeting: &Meeting) -> Result<Room, Error> {
        let answer = cx.http.send(api::create(cx, meeting)?).await?;
        api::room(&answer)
    }

    async fn update(&self, cx: &Cx, room: &Room, meeting: &Meeting) -> Result<Room, Error> {
        // The answer is empty (GOTO-05); the link is the meeting's for good.
        cx.http.send(api::change(cx, &room.id, meeting)?).await?;
        Ok(room.clone())
    }

    async fn close(&self, cx: &Cx, room: &Room) -> Result<(), Error> {
        cx.http.send(api::delete(cx, &room.id)?).await.map(drop)
    }

    async fn find(&self, cx: &Cx, meeting: &Meeting) -> Result<Option<Room>, Error> {
        let tag = meeting.tag();
        let all = Conference::tagged(self, cx, &[]).await?;
        Ok(all.into_iter().find(|one| one.tag == tag).map(|one| one.room))
    }

    async fn tagged(&self, cx: &Cx, _: &[Person]) -> Result<Vec<Tagged>, Error> {
        let answer = cx.http.send(api::upcoming(cx)?).await?;
        api::tagged(cx, &answer)
    }
}

impl Join for GoTo {
    type Error = Error;

    /// Hosts start the meeting by a link that is asked for when they walk in and kept nowhere.
    async fn join(&self, cx: &Cx, room: &Room, _: &Meeting, visitor: &Visitor) -> Result<String, Error> {
        if visitor.part == Side::Host {
            let answer = cx.http.send(api::start(cx, &room.id)?).await?;
            return api::start_link(&answer);
        }
        room.for_guests()
    }
}
