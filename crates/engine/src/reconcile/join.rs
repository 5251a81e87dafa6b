//! Joining a room: a personal link, made when somebody asks for it (JIT-04).

use jiff::SignedDuration;
use kalends_app::{
    Kind,
    gateway::Patience,
    kind::{
        calendar::Person,
        conference::{Link, Room, Side, Visitor},
    },
};
use kalends_domain::{Uid, booking::Booking};

use super::{
    ROOM, draft,
    scene::{Scene, Tie},
};
use crate::{
    Engine, Member,
    flights::{self, About},
};

/// The door stays open this long after the end.
const AFTER: SignedDuration = SignedDuration::from_mins(60);

/// Why nobody comes in here.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// No such booking.
    #[error("This booking does not exist. Check the link in your mail.")]
    NotFound,
    /// It was called off, or nobody has confirmed it.
    #[error("This booking does not take place. Its page says more.")]
    NotOn,
    /// It is over.
    #[error("This booking is over.")]
    Over,
    /// The link is not made yet.
    #[error("The link is still being made. Try again in a moment.")]
    NotReady,
    /// The room lets nobody in now: too early, mostly.
    #[error("You cannot come in now: {0}.")]
    Closed(String),
    /// The app cannot make a link.
    #[error("{0}")]
    App(kalends_app::Error),
    /// Our own trouble.
    #[error("Something went wrong on our side. Try again.")]
    Store(#[from] kalends_store::Error),
}

impl From<kalends_app::Error> for JoinError {
    fn from(error: kalends_app::Error) -> Self {
        match error.kind {
            Kind::PolicyDenied => Self::Closed(error.message().trim_end_matches('.').to_owned()),
            _ => Self::App(error),
        }
    }
}

impl Engine {
    /// The way into a booking's room, for its booker or the holder of a seat, or for a host who is signed in.
    pub async fn join(&self, uid: &Uid, host: Option<&Member>) -> Result<String, JoinError> {
        let booking = {
            let mut tx = self.db.read().await?;
            match tx.bookings().by_uid(uid).await? {
                Some(booking) => Some(booking),
                None => tx.bookings().by_seat(uid).await?,
            }
        };
        let booking = booking.ok_or(JoinError::NotFound)?;
        if !booking.state.is_confirmed() {
            return Err(JoinError::NotOn);
        }
        if self.now() >= booking.span.ends().checked_add(AFTER).unwrap_or(jiff::Timestamp::MAX) {
            return Err(JoinError::Over);
        }
        let about = About::of(booking.organization).booking(Some(booking.id));
        flights::about(about, Box::pin(self.link(booking, uid, host))).await
    }

    async fn link(&self, booking: Booking, uid: &Uid, host: Option<&Member>) -> Result<String, JoinError> {
        let door = self.outside.links().join(&booking.uid);
        let Some(mut scene) = Scene::look(self, booking.id).await? else { return Err(JoinError::NotFound) };
        let room = scene.take(ROOM).into_iter().find_map(|tie| made(&tie).map(|room| (tie, room)));
        let Some((tie, room)) = room else {
            let fixed = booking.location.url().filter(|url| *url != door);
            return fixed.map(str::to_owned).ok_or(JoinError::NotReady);
        };
        if room.link == Link::Pending {
            return Err(JoinError::NotReady);
        }
        let visitor = visitor(&booking, &scene, uid, host);
        let guests = if let Link::Ready(link) = &room.link { Some(link.clone()) } else { None };
        if visitor.part == Side::Guest
            && let Some(link) = guests
        {
            return Ok(link);
        }
        if let Some(installed) = &tie.installed
            && let Some(part) = installed.app.join()
        {
            let made = async {
                let cx = self.cx(installed, Patience::Form).await?;
                let meeting = draft::meeting(&booking, &scene.hosts);
                part.join(&cx, &room, &meeting, &visitor).await
            };
            return match (made.await, guests) {
                (Ok(link), _) => Ok(link),
                // A host comes in as a guest rather than not at all.
                (Err(error), Some(link)) => {
                    tracing::warn!(%error, "no link was made for a host; they get the guests'");
                    Ok(link)
                }
                (Err(error), None) => Err(error.into()),
            };
        }
        guests.ok_or(JoinError::NotReady)
    }
}

fn made(tie: &Tie) -> Option<Room> {
    let room = tie.kept("room").filter(|_| tie.row.applied_present)?;
    serde_json::from_value(room.clone()).ok()
}

fn visitor(booking: &Booking, scene: &Scene, uid: &Uid, host: Option<&Member>) -> Visitor {
    let host = host.and_then(|member| scene.hosts.iter().find(|user| user.id == member.user));
    if let Some(user) = host {
        let person = Person { name: user.name.clone(), email: user.email.clone() };
        return Visitor { id: user.id.to_string(), person, part: Side::Host };
    }
    let seated = booking.attendees.iter().find(|guest| guest.seat.as_ref() == Some(uid));
    let guest = seated.or_else(|| booking.booker());
    let person = guest.map_or_else(
        || Person { name: String::new(), email: String::new() },
        |guest| Person { name: guest.name.clone(), email: guest.email.clone() },
    );
    Visitor { id: uid.to_string(), person, part: Side::Guest }
}
