//! Conferences: a place to meet.

use std::{fmt::Write, future::Future};

use kalends_domain::Span;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use crate::{
    Boxed, Cx, Error, Kind,
    kind::{Probe, RemoteId, calendar::Person},
};

/// What a provider knows of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rooms {
    /// Nothing: a room is a link, made here.
    #[default]
    Links,
    /// It makes rooms, and cannot be asked for the one of a booking: what was lost with an answer stays unknown. Closing one lets
    /// nobody in any more; closing it once more does no harm.
    Made,
    /// It keeps rooms: they are found by their booking and listed, and closing one that is gone says so.
    Kept,
}

/// What a conference app can do beyond what all can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConferenceCan {
    /// What its provider knows of a room.
    pub rooms: Rooms,
    /// `open` may answer before the link exists.
    pub pending: bool,
    /// Rooms have a password.
    pub password: bool,
    /// Its notices tell of rooms that were changed or taken away there, and a room can be looked at: so our own changes, coming
    /// back as notices, are told from others'.
    pub told: bool,
}

/// A conference, as its author writes it.
pub trait Conference: Send + Sync + 'static {
    /// The app's own failures.
    type Error: Into<Error> + Send;

    /// Its powers.
    const CAN: ConferenceCan;

    /// Checks that rooms can be made, making none.
    fn probe(&self, cx: &Cx) -> impl Future<Output = Result<Probe, Self::Error>> + Send;

    /// Makes a room.
    fn open(&self, cx: &Cx, meeting: &Meeting) -> impl Future<Output = Result<Room, Self::Error>> + Send;

    /// Makes the room fit the meeting as it is now; its link stays. Also asks again for a pending link.
    fn update(
        &self,
        cx: &Cx,
        room: &Room,
        meeting: &Meeting,
    ) -> impl Future<Output = Result<Room, Self::Error>> + Send;

    /// Takes the room away. One that is not there is `NotFound`.
    fn close(&self, cx: &Cx, room: &Room) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// How the room stands there now, and whether that is as this meeting wants it. One that is gone is `NotFound`.
    ///
    /// An app that is told of nothing ([`ConferenceCan::told`] is false) is never asked.
    fn look(
        &self,
        _cx: &Cx,
        room: &Room,
        _meeting: &Meeting,
    ) -> impl Future<Output = Result<Looked, Self::Error>> + Send {
        async { Ok(Looked { room: room.clone(), fits: true }) }
    }

    /// The room made for this meeting, looked for by its [`Meeting::tag`] before one is made again (ALL-07).
    ///
    /// An app whose rooms exist nowhere ([`ConferenceCan::remote`] is false) has nothing to look for.
    fn find(
        &self,
        _cx: &Cx,
        _meeting: &Meeting,
    ) -> impl Future<Output = Result<Option<Room>, Self::Error>> + Send {
        async { Ok(None) }
    }

    /// Every room of these hosts that is still to come and carries a tag, ours or another server's. For the sweep that closes
    /// rooms without a booking; an app whose rooms exist nowhere has none.
    fn tagged(
        &self,
        _cx: &Cx,
        _hosts: &[Person],
    ) -> impl Future<Output = Result<Vec<Tagged>, Self::Error>> + Send {
        async { Ok(vec![]) }
    }
}

/// The power to mint a personal link when somebody joins, so that none lives long in a mail (JIT-04), and no host's
/// link is kept anywhere at all (ZOOM-09).
///
/// A room whose link is [`Link::AtDoor`] is entered through the booking's `/join/{uid}` page, which calls this
/// for a booking that stands and refuses for one that does not.
pub trait Join: Send + Sync + 'static {
    /// The app's own failures.
    type Error: Into<Error> + Send;

    /// A link for this visitor, good for this meeting only.
    fn join(
        &self,
        cx: &Cx,
        room: &Room,
        meeting: &Meeting,
        visitor: &Visitor,
    ) -> impl Future<Output = Result<String, Self::Error>> + Send;
}

/// A meeting that needs a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// The booking's uid.
    pub uid: String,
    /// The title.
    pub title: String,
    /// Plain text, may be empty.
    pub description: String,
    /// From when to when.
    pub span: Span,
    /// The IANA zone in which the time was agreed.
    pub zone: String,
    /// Whose room it is.
    pub host: Person,
    /// The calendar in which the host's event will stand, where it is one of an app that this one names as `beside`: a room
    /// may be made there, with the event itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<RemoteId>,
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// How the provider names it.
    pub id: RemoteId,
    /// How guests come in.
    pub link: Link,
    /// To be typed when joining.
    pub password: Option<String>,
}

/// A room as it stands at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// As it is entered now.
    pub room: Room,
    /// Its time, and all else we ask for, are as the meeting wants them.
    pub fits: bool,
}

impl Room {
    /// The link by which guests come in; `NotFound` while there is none that is the same for all.
    pub fn for_guests(&self) -> Result<String, Error> {
        match &self.link {
            Link::Ready(url) => Ok(url.clone()),
            Link::AtDoor | Link::Pending => Err(Error::new(Kind::NotFound, "this meeting has no link yet")),
        }
    }
}

/// Whether what a provider gave is a link people can be sent to: on the web, encrypted, to a host.
pub fn is_link(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.host_str().is_some())
}

/// Reads a meeting's number, of more digits than 32 bits hold, that some answers have as text (ZOOM-05).
pub fn digits<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Number(u64),
        Text(String),
    }
    let text = match Said::deserialize(from)? {
        Said::Number(number) => number.to_string(),
        Said::Text(text) => text,
    };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(serde::de::Error::custom("a meeting's number is made of digits"));
    }
    Ok(text)
}

/// The way into a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "link", content = "url", rename_all = "snake_case")]
pub enum Link {
    /// Here.
    Ready(String),
    /// Minted at click time by [`Join`]; hand out the booking's `/join/{uid}` page.
    AtDoor,
    /// Not made yet; ask again with `update`.
    Pending,
}

/// A room at the provider that carries a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// The tag, as [`Meeting::tag`] makes it.
    pub tag: String,
    /// The room; its link may be unknown here.
    pub room: Room,
}

impl Meeting {
    /// What marks this meeting's room as ours at the provider: `kal-` and 16 digits made of the uid.
    ///
    /// It is shown to whoever is in the meeting, and the uid opens the booking: so the one does not tell the other.
    pub fn tag(&self) -> String {
        tag(&self.uid)
    }

    /// The first tag that stands in this text.
    pub fn tag_in(text: &str) -> Option<&str> {
        text.match_indices(TAG).find_map(|(at, _)| {
            let whole = text.get(at..at + TAG.len() + TAG_DIGITS)?;
            whole[TAG.len()..].bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(whole)
        })
    }
}

const TAG: &str = "kal-";
const TAG_DIGITS: usize = 16;

/// The tag of a booking's room.
pub fn tag(uid: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, uid.as_bytes());
    let digits = hash.as_ref().iter().take(TAG_DIGITS / 2).fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    format!("{TAG}{digits}")
}

/// Somebody who joins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// Who they are to us, stable: a user's or an attendee's id.
    pub id: String,
    /// Their name and address.
    pub person: Person,
    /// What they may do.
    pub part: Side,
}

/// Which side of the table a visitor sits on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// May moderate.
    Host,
    /// May take part.
    Guest,
}

/// A conference, as the engine holds it. Implemented for every [`Conference`], never by hand.
pub trait AnyConference: Send + Sync {
    /// [`Conference::CAN`].
    fn can(&self) -> ConferenceCan;
    /// [`Conference::probe`].
    fn probe<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, Probe>;
    /// [`Conference::open`].
    fn open<'a>(&'a self, cx: &'a Cx, meeting: &'a Meeting) -> Boxed<'a, Room>;
    /// [`Conference::update`].
    fn update<'a>(&'a self, cx: &'a Cx, room: &'a Room, meeting: &'a Meeting) -> Boxed<'a, Room>;
    /// [`Conference::close`].
    fn close<'a>(&'a self, cx: &'a Cx, room: &'a Room) -> Boxed<'a, ()>;
    /// [`Conference::look`].
    fn look<'a>(&'a self, cx: &'a Cx, room: &'a Room, meeting: &'a Meeting) -> Boxed<'a, Looked>;
    /// [`Conference::find`].
    fn find<'a>(&'a self, cx: &'a Cx, meeting: &'a Meeting) -> Boxed<'a, Option<Room>>;
    /// [`Conference::tagged`].
    fn tagged<'a>(&'a self, cx: &'a Cx, hosts: &'a [Person]) -> Boxed<'a, Vec<Tagged>>;
}

impl<T: Conference> AnyConference for T {
    fn can(&self) -> ConferenceCan {
        T::CAN
    }

    fn probe<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, Probe> {
        Box::pin(async move { Conference::probe(self, cx).await.map_err(cx.hushing()) })
    }

    fn open<'a>(&'a self, cx: &'a Cx, meeting: &'a Meeting) -> Boxed<'a, Room> {
        Box::pin(async move { Conference::open(self, cx, meeting).await.map_err(cx.hushing()) })
    }

    fn update<'a>(&'a self, cx: &'a Cx, room: &'a Room, meeting: &'a Meeting) -> Boxed<'a, Room> {
        Box::pin(async move { Conference::update(self, cx, room, meeting).await.map_err(cx.hushing()) })
    }

    fn close<'a>(&'a self, cx: &'a Cx, room: &'a Room) -> Boxed<'a, ()> {
        Box::pin(async move { Conference::close(self, cx, room).await.map_err(cx.hushing()) })
    }

    fn look<'a>(&'a self, cx: &'a Cx, room: &'a Room, meeting: &'a Meeting) -> Boxed<'a, Looked> {
        Box::pin(async move { Conference::look(self, cx, room, meeting).await.map_err(Into::into) })
    }

    fn find<'a>(&'a self, cx: &'a Cx, meeting: &'a Meeting) -> Boxed<'a, Option<Room>> {
        Box::pin(async move { Conference::find(self, cx, meeting).await.map_err(cx.hushing()) })
    }

    fn tagged<'a>(&'a self, cx: &'a Cx, hosts: &'a [Person]) -> Boxed<'a, Vec<Tagged>> {
        Box::pin(async move { Conference::tagged(self, cx, hosts).await.map_err(cx.hushing()) })
    }
}

/// [`Join`], as the engine holds it. Implemented for every one, never by hand.
pub trait AnyJoin: Send + Sync {
    /// [`Join::join`].
    fn join<'a>(
        &'a self,
        cx: &'a Cx,
        room: &'a Room,
        meeting: &'a Meeting,
        visitor: &'a Visitor,
    ) -> Boxed<'a, String>;
}

impl<T: Join> AnyJoin for T {
    fn join<'a>(
        &'a self,
        cx: &'a Cx,
        room: &'a Room,
        meeting: &'a Meeting,
        visitor: &'a Visitor,
    ) -> Boxed<'a, String> {
        Box::pin(async move { Join::join(self, cx, room, meeting, visitor).await.map_err(cx.hushing()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_whatever_stands_around_it() {
        let tag = tag("booking");
        assert_eq!(Meeting::tag_in(&format!("Agenda.\n({tag})")), Some(tag.as_str()));
        assert_eq!(Meeting::tag_in(&format!("kal-short, then {tag}")), Some(tag.as_str()));
        for other in ["", "kal-", "kal-00", "kal-äöü4567890123456"] {
            assert_eq!(Meeting::tag_in(other), None, "{other}");
        }
    }

    #[test]
    fn a_tag_does_not_tell_the_uid_that_opens_the_booking() {
        assert!(!tag("0123456789abcdef").contains("0123456789abcdef"));
        assert_ne!(tag("one"), tag("other"));
    }
}
