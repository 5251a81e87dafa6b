//! Calendars: busy times out, events in.

use std::future::Future;

use kalends_domain::{
    Span,
    event_type::{Hue, Visibility},
};
use serde::{Deserialize, Serialize};

use crate::{
    Boxed, Cx, Error,
    kind::{Probe, RemoteId},
};

/// What a calendar app can do beyond what all can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "powers are yes or no, each by its own name")]
pub struct CalendarCan {
    /// Events can be created, updated, deleted and looked for; else it is only ever read, and never offered as the
    /// place for bookings.
    pub writes: bool,
    /// `changes` with a cursor answers with the difference only; else every answer is whole.
    pub incremental: bool,
    /// A write with an old `etag` is refused as a conflict instead of overwriting.
    pub guarded: bool,
    /// `busy` names the events, so that a booking can be told from what blocks it.
    pub names_busy: bool,
    /// The provider mails the attendees itself when an event is written.
    pub invites: bool,
    /// What its events can show of a host's wishes.
    pub keeps: Keeps,
}

/// What of [`Shown`] an app's events keep (GCAL-26); the rest is left out of them, and said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "powers are yes or no, each by its own name")]
pub struct Keeps {
    /// A colour.
    pub colour: bool,
    /// That nobody else may read it.
    pub private: bool,
    /// That everybody may.
    pub public: bool,
    /// What guests may see and do: they stand in the event.
    pub guests: bool,
    /// So many reminders; of more, those nearest to the start.
    pub reminders: usize,
}

impl Keeps {
    /// Nothing of it.
    pub const NOTHING: Self =
        Self { colour: false, private: false, public: false, guests: false, reminders: 0 };
}

/// A calendar, as its author writes it.
///
/// Push (watch, renew, unwatch) is a trait of its own that joins with the first provider that has it.
pub trait Calendar: Send + Sync + 'static {
    /// The app's own failures.
    type Error: Into<Error> + Send;

    /// Its powers.
    const CAN: CalendarCan;

    /// Signs in and looks around, changing nothing.
    fn probe(&self, cx: &Cx) -> impl Future<Output = Result<Probe, Self::Error>> + Send;

    /// Every calendar of the account.
    fn calendars(&self, cx: &Cx) -> impl Future<Output = Result<Vec<RemoteCalendar>, Self::Error>> + Send;

    /// What blocks time in these calendars (FB-01 to FB-06 applied), inside the window.
    fn busy(
        &self,
        cx: &Cx,
        of: &[RemoteId],
        within: Span,
    ) -> impl Future<Output = Result<Vec<Busy>, Self::Error>> + Send;

    /// Writes a new event; this and what follows to [`find`](Self::find) is only asked of an app that
    /// [`writes`](CalendarCan::writes). One of the same uid that says the same is our own earlier try, and success; one that says
    /// something else is a [`Conflict`](crate::Kind::Conflict). Never is there a second one (ALL-07).
    fn create(
        &self,
        cx: &Cx,
        into: &RemoteId,
        event: &Draft,
    ) -> impl Future<Output = Result<Written, Self::Error>> + Send;

    /// Makes an event we wrote say this instead. One that is not there any more is `NotFound`.
    fn update(
        &self,
        cx: &Cx,
        into: &RemoteId,
        written: &Written,
        event: &Draft,
    ) -> impl Future<Output = Result<Written, Self::Error>> + Send;

    /// Takes an event we wrote away, whatever others changed in it. One that is not there is `NotFound`.
    fn delete(
        &self,
        cx: &Cx,
        from: &RemoteId,
        written: &Written,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Looks for our event by uid: the look before writing again (ALL-07).
    fn find(
        &self,
        cx: &Cx,
        into: &RemoteId,
        uid: &str,
    ) -> impl Future<Output = Result<Option<Written>, Self::Error>> + Send;

    /// What changed since the cursor; without one, all there is, but for what was over before the window. Recurring
    /// events come expanded inside the window.
    ///
    /// A cursor the provider has forgotten is [`CursorExpired`](crate::Kind::CursorExpired).
    fn changes(
        &self,
        cx: &Cx,
        of: &RemoteId,
        since: Option<&str>,
        within: Span,
    ) -> impl Future<Output = Result<Changes, Self::Error>> + Send;
}

/// One calendar of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteCalendar {
    /// How the provider names it.
    pub id: RemoteId,
    /// How its owner names it.
    pub name: String,
    /// `#rrggbb`, if it has a colour.
    pub colour: Option<String>,
    /// Its zone, if it has one.
    pub zone: Option<String>,
    /// True when we may write events into it.
    pub writable: bool,
    /// True for the account's main calendar.
    pub primary: bool,
}

impl RemoteCalendar {
    /// Somebody else's calendar: it can be read, and is neither main nor written to.
    pub const fn of_others(id: RemoteId, name: String) -> Self {
        Self { id, name, colour: None, zone: None, writable: false, primary: false }
    }
}

/// A time that blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Busy {
    /// When.
    pub span: Span,
    /// Which event, if the provider says: our own must not block its own reschedule (FB-07).
    pub uid: Option<String>,
    /// Not firmly accepted yet (FB-04).
    pub tentative: bool,
}

/// An event we wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// How the provider names it.
    pub id: RemoteId,
    /// Its version, if the provider keeps one.
    pub etag: Option<String>,
}

/// An event to be written, in plain domain values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The booking's uid: the iCalendar UID.
    pub uid: String,
    /// The booking's revision: the iTIP SEQUENCE.
    pub sequence: i64,
    /// The title.
    pub title: String,
    /// Plain text, may be empty.
    pub description: String,
    /// From when to when.
    pub span: Span,
    /// The IANA zone in which the time was agreed.
    pub zone: String,
    /// Where: an address, a telephone number or a link.
    pub location: Option<String>,
    /// The page of the booking.
    pub url: Option<String>,
    /// Who invites.
    pub organizer: Person,
    /// Who comes, hosts beside the organizer included.
    pub attendees: Vec<Attendee>,
    /// How it stands there, as far as the calendar [`Keeps`] it.
    pub shown: Shown,
    /// When the booking last changed: DTSTAMP and LAST-MODIFIED.
    pub stamp: jiff::Timestamp,
}

/// How an event stands in a calendar, by its event type (GCAL-26).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// None leaves it to the calendar.
    pub colour: Option<Hue>,
    /// Who else may read it.
    pub visibility: Visibility,
    /// Guests who stand in it see one another.
    pub guests_see: bool,
    /// They may invite others.
    pub guests_invite: bool,
    /// Minutes before the start; none leaves them to the calendar.
    pub reminders: Option<Vec<u32>>,
}

impl Shown {
    /// The reminders nearest to the start, at most so many, the first to come first.
    pub fn nearest(&self, most: usize) -> Option<Vec<u32>> {
        let mut minutes = self.reminders.clone()?;
        minutes.sort_unstable();
        minutes.dedup();
        minutes.truncate(most);
        minutes.reverse();
        Some(minutes)
    }
}

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// May be empty.
    pub name: String,
    /// An email.
    pub email: String,
}

/// Somebody who is to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Who.
    pub person: Person,
    /// What they answered.
    pub status: Attendance,
    /// True when the meeting can do without.
    pub optional: bool,
}

/// What an attendee answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attendance {
    /// Nothing yet.
    NeedsAction,
    /// Comes. A guest who booked has accepted by booking.
    Accepted,
    /// Does not come.
    Declined,
    /// Perhaps.
    Tentative,
}

/// What changed in one calendar.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Events that are new or different.
    pub upserts: Vec<RemoteEvent>,
    /// Events that are no more.
    pub removed: Vec<RemoteId>,
    /// Where to go on from; `None` when the provider keeps no cursor.
    pub cursor: Option<String>,
    /// True when `upserts` is all there is, so that what it lacks is no more.
    pub full: bool,
    /// The provider wants no question before this, unless somebody asks for one.
    #[serde(default)]
    pub quiet_until: Option<jiff::Timestamp>,
}

impl Changes {
    /// Busy times without names as two events, the firm and the open: all there is.
    pub fn nameless(busy: &[Busy]) -> Self {
        let event = |id: &str, tentative: bool| RemoteEvent {
            id: RemoteId::new(id),
            uid: id.to_owned(),
            etag: None,
            sequence: 0,
            busy: busy.iter().filter(|busy| busy.tentative == tentative).map(|busy| busy.span).collect(),
            span: None,
            cancelled: false,
            declined: false,
            tentative,
            unexpanded: false,
        };
        Self { upserts: vec![event("busy", false), event("tentative", true)], full: true, ..Self::default() }
    }
}

/// An event somebody has in a calendar, as much of it as blocks or concerns us. Titles never come along (FB-08).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "what providers say of an event is yes or no, each apart")]
pub struct RemoteEvent {
    /// How the provider names it.
    pub id: RemoteId,
    /// Its iCalendar UID.
    pub uid: String,
    /// Its version, if the provider keeps one.
    pub etag: Option<String>,
    /// Its SEQUENCE.
    pub sequence: i64,
    /// What it blocks inside the window: occurrences expanded, free, cancelled and declined ones left out.
    pub busy: Vec<Span>,
    /// Its own time, when it happens once: tells whether our event was moved.
    pub span: Option<Span>,
    /// It stands there, but as cancelled.
    pub cancelled: bool,
    /// The calendar's owner has declined it, whoever else comes (FB-03).
    #[serde(default)]
    pub declined: bool,
    /// Not firmly accepted yet (FB-04).
    pub tentative: bool,
    /// Its rule could not be expanded, so it blocks the whole window until someone looks (REC-04).
    pub unexpanded: bool,
}

/// A calendar, as the engine holds it. Implemented for every [`Calendar`], never by hand.
pub trait AnyCalendar: Send + Sync {
    /// [`Calendar::CAN`].
    fn can(&self) -> CalendarCan;
    /// [`Calendar::probe`].
    fn probe<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, Probe>;
    /// [`Calendar::calendars`].
    fn calendars<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, Vec<RemoteCalendar>>;
    /// [`Calendar::busy`].
    fn busy<'a>(&'a self, cx: &'a Cx, of: &'a [RemoteId], within: Span) -> Boxed<'a, Vec<Busy>>;
    /// [`Calendar::create`].
    fn create<'a>(&'a self, cx: &'a Cx, into: &'a RemoteId, event: &'a Draft) -> Boxed<'a, Written>;
    /// [`Calendar::update`].
    fn update<'a>(
        &'a self,
        cx: &'a Cx,
        into: &'a RemoteId,
        written: &'a Written,
        event: &'a Draft,
    ) -> Boxed<'a, Written>;
    /// [`Calendar::delete`].
    fn delete<'a>(&'a self, cx: &'a Cx, from: &'a RemoteId, written: &'a Written) -> Boxed<'a, ()>;
    /// [`Calendar::find`].
    fn find<'a>(&'a self, cx: &'a Cx, into: &'a RemoteId, uid: &'a str) -> Boxed<'a, Option<Written>>;
    /// [`Calendar::changes`].
    fn changes<'a>(
        &'a self,
        cx: &'a Cx,
        of: &'a RemoteId,
        since: Option<&'a str>,
        within: Span,
    ) -> Boxed<'a, Changes>;
}

impl<T: Calendar> AnyCalendar for T {
    fn can(&self) -> CalendarCan {
        T::CAN
    }

    fn probe<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, Probe> {
        Box::pin(async move { Calendar::probe(self, cx).await.map_err(cx.hushing()) })
    }

    fn calendars<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, Vec<RemoteCalendar>> {
        Box::pin(async move { Calendar::calendars(self, cx).await.map_err(cx.hushing()) })
    }

    fn busy<'a>(&'a self, cx: &'a Cx, of: &'a [RemoteId], within: Span) -> Boxed<'a, Vec<Busy>> {
        Box::pin(async move { Calendar::busy(self, cx, of, within).await.map_err(cx.hushing()) })
    }

    fn create<'a>(&'a self, cx: &'a Cx, into: &'a RemoteId, event: &'a Draft) -> Boxed<'a, Written> {
        Box::pin(async move { Calendar::create(self, cx, into, event).await.map_err(cx.hushing()) })
    }

    fn update<'a>(
        &'a self,
        cx: &'a Cx,
        into: &'a RemoteId,
        written: &'a Written,
        event: &'a Draft,
    ) -> Boxed<'a, Written> {
        Box::pin(async move { Calendar::update(self, cx, into, written, event).await.map_err(cx.hushing()) })
    }

    fn delete<'a>(&'a self, cx: &'a Cx, from: &'a RemoteId, written: &'a Written) -> Boxed<'a, ()> {
        Box::pin(async move { Calendar::delete(self, cx, from, written).await.map_err(cx.hushing()) })
    }

    fn find<'a>(&'a self, cx: &'a Cx, into: &'a RemoteId, uid: &'a str) -> Boxed<'a, Option<Written>> {
        Box::pin(async move { Calendar::find(self, cx, into, uid).await.map_err(cx.hushing()) })
    }

    fn changes<'a>(
        &'a self,
        cx: &'a Cx,
        of: &'a RemoteId,
        since: Option<&'a str>,
        within: Span,
    ) -> Boxed<'a, Changes> {
        Box::pin(async move { Calendar::changes(self, cx, of, since, within).await.map_err(cx.hushing()) })
    }
}
