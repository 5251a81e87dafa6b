//! Zoom meetings, of whoever signs in or of a whole account.

mod api;
mod error;
mod fake;
mod hook;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use kalends_app::{
    App, Conference, Cx, Declared, Error, Join, Kind, Part,
    kind::{
        Probe,
        calendar::Person,
        conference::{ConferenceCan, Looked, Meeting, Room, Rooms, Side, Tagged, Visitor},
    },
};

/// So many pages of a host's meetings are read at most (ALL-11): 6,000 meetings.
const PAGES: usize = 20;

/// The app.
pub static APP: App = App {
    slug: "zoom",
    manifest: Declared::new(include_str!("../app.toml")),
    icon: include_str!("../icon.svg"),
    parts: || {
        vec![Part::Conference(Arc::new(Zoom)), Part::Join(Arc::new(Zoom)), Part::Hook(Arc::new(hook::Zoom))]
    },
    judge: error::judge,
    fake: || Arc::new(fake::Zoom::default()),
};

/// Meetings in one account.
#[derive(Debug, Clone, Copy)]
pub struct Zoom;

impl Conference for Zoom {
    type Error = Error;

    const CAN: ConferenceCan =
        ConferenceCan { rooms: Rooms::Kept, pending: false, password: true, told: true };

    async fn probe(&self, cx: &Cx) -> Result<Probe, Error> {
        let answer = cx.http.send(api::user(cx)?).await?;
        api::probe(cx, &answer)
    }

    async fn open(&self, cx: &Cx, meeting: &Meeting) -> Result<Room, Error> {
        let answer = cx.http.send(api::create(cx, meeting)?).await?;
        api::room(&answer)
    }

    async fn update(&self, cx: &Cx, room: &Room, meeting: &Meeting) -> Result<Room, Error> {
        cx.http.send(api::change(cx, &room.id, meeting)?).await?;
        // The answer is empty (ZOOM-10), and the account may have its own mind about passcodes (ZOOM-09).
        let answer = cx.http.send(api::look(cx, &room.id)?).await?;
        api::room(&answer)
    }

    async fn close(&self, cx: &Cx, room: &Room) -> Result<(), Error> {
        cx.http.send(api::delete(cx, &room.id)?).await.map(drop)
    }

    async fn look(&self, cx: &Cx, room: &Room, meeting: &Meeting) -> Result<Looked, Error> {
        let answer = cx.http.send(api::look(cx, &room.id)?).await?;
        api::looked(cx, &answer, meeting)
    }

    async fn find(&self, cx: &Cx, meeting: &Meeting) -> Result<Option<Room>, Error> {
        let tag = meeting.tag();
        let all = listed(cx, &meeting.host).await?;
        Ok(all.into_iter().find(|one| one.tag == tag).map(|one| one.room))
    }

    async fn tagged(&self, cx: &Cx, hosts: &[Person]) -> Result<Vec<Tagged>, Error> {
        let mut all = Vec::new();
        let mut asked = BTreeSet::new();
        // Who signed in is every host at once; in a whole account each has a list of their own.
        for host in hosts.iter().filter(|host| asked.insert(api::whose(cx, host))) {
            match listed(cx, host).await {
                Ok(listed) => all.extend(listed),
                // Who is not in the account has no meetings there.
                Err(error) if error.kind == Kind::Invalid => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }
}

impl Join for Zoom {
    type Error = Error;

    /// Hosts start the meeting by a link that is asked for when they walk in and kept nowhere (ZOOM-09).
    async fn join(&self, cx: &Cx, room: &Room, _: &Meeting, visitor: &Visitor) -> Result<String, Error> {
        if visitor.part == Side::Host {
            let answer = cx.http.send(api::look(cx, &room.id)?).await?;
            return api::start_link(&answer);
        }
        room.for_guests()
    }
}

/// A host's meetings to come that carry a tag, page by page.
async fn listed(cx: &Cx, host: &Person) -> Result<Vec<Tagged>, Error> {
    let (mut all, mut page, mut seen) = (Vec::new(), String::new(), BTreeSet::new());
    for _ in 0..PAGES {
        let answer = cx.http.send(api::list(cx, host, &page)?).await?;
        let (found, next) = api::listed(&answer)?;
        all.extend(found);
        if next.is_empty() {
            return Ok(all);
        }
        if !seen.insert(next.clone()) {
            return Err(Error::new(Kind::Malformed, "Zoom lists the same page again and again"));
        }
        page = next;
    }
    Err(Error::new(Kind::Malformed, "Zoom lists more meetings than are read at once"))
}
