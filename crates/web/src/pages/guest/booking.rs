//! The page of a booking: what was agreed, where it stands, what can still be done.

use askama::Template;
use jiff::Timestamp;
use kalends_domain::{
    Uid,
    booking::{Attendee, By, State, Status},
    event_type::BookedLocation,
};
use kalends_engine::{book::BookingView, connect::Apps};

use super::parts::{Fact, Notice, Summary, booked_place, first_name, length, names, when};
use crate::{
    extract::Typed,
    pages::Frame,
    when::{Face, Leaf},
};

/// The page.
#[derive(Template)]
#[template(path = "guest/booking.html")]
pub struct BookingPage {
    pub(super) frame: Frame,
    pub(super) page_title: String,
    pub(super) news: News,
    pub(super) leaf: Leaf,
    pub(super) heading: String,
    pub(super) struck: bool,
    pub(super) start: String,
    pub(super) end: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) zone: String,
    pub(super) said: Vec<String>,
    pub(super) notice: Option<Notice>,
    pub(super) join: Option<Join>,
    pub(super) onward: Option<Onward>,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) series: Vec<(String, String)>,
    pub(super) file: String,
    pub(super) may_move: bool,
    pub(super) may_cancel: bool,
    pub(super) until: String,
    pub(super) base: String,
    pub(super) query: String,
    pub(super) again: String,
}

/// What just happened, which the page says first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Nothing: the guest came back to it.
    Nothing,
    /// It was booked.
    Booked,
    /// It was moved.
    Moved,
}

impl News {
    /// As the address says it.
    pub fn of(asked: &Typed) -> Self {
        match (asked.has("new"), asked.has("moved")) {
            (true, _) => Self::Booked,
            (_, true) => Self::Moved,
            _ => Self::Nothing,
        }
    }
}

/// The link to join by, or that it is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    pub(super) app: String,
    pub(super) url: Option<String>,
    pub(super) shown: String,
    pub(super) password: String,
    pub(super) src: String,
    pub(super) again: String,
}

/// The same, alone: what a page asks for while it waits.
#[derive(Template)]
#[template(path = "guest/join.html")]
pub struct JoinPart {
    pub(super) join: Join,
}

/// Where a host sends guests after booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onward {
    pub(super) href: String,
    pub(super) name: String,
}

/// A booking as one guest sees it.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    /// The booking.
    pub view: &'a BookingView,
    /// The seat they hold, where guests share a slot.
    pub seat: Option<&'a Uid>,
    /// The apps of this build: its place may be one's.
    pub apps: &'a Apps,
    /// Now.
    pub now: Timestamp,
}

impl Seen<'_> {
    /// The guest who looks: the seat's holder, or the booker.
    pub fn guest(&self) -> Option<&Attendee> {
        let booking = &self.view.booking;
        match self.seat {
            Some(seat) => booking.attendees.iter().find(|attendee| attendee.seat.as_ref() == Some(seat)),
            None => booking.booker(),
        }
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        self.view.booking.status(self.now)
    }

    /// The organizer's name.
    pub fn host(&self) -> &str {
        self.view.hosts.first().map_or("your host", |host| host.name.as_str())
    }

    /// The name it goes by in addresses: the seat's where there is one.
    pub fn uid(&self) -> &Uid {
        self.seat.unwrap_or(&self.view.booking.uid)
    }

    /// `/booking/{uid}`
    pub fn path(&self) -> String {
        format!("/booking/{}", self.uid())
    }

    /// Where it can be joined, if it has a link or will get one.
    pub fn join(&self) -> Option<Join> {
        let live = matches!(self.status(), Status::Confirmed);
        let path = self.path();
        let location = &self.view.booking.location;
        let BookedLocation::App { url, password, .. } = location else { return None };
        live.then(|| Join {
            app: self.apps.of_booking(location).unwrap_or_default(),
            password: password.clone().unwrap_or_default(),
            shown: url.as_deref().map_or(String::new(), shown),
            // Our own door: it leads to the room as it is when somebody walks in.
            url: url.is_some().then(|| format!("/join/{}", self.uid())),
            src: format!("{path}/link"),
            again: path,
        })
    }

    /// What is booked, beside a form about it.
    pub fn summary(&self, face: &Face, host: &Face) -> Summary {
        let booking = &self.view.booking;
        let mut facts = vec![when(face, host, booking.span.starts(), length(booking))];
        facts.push(Fact::new("user", self.host()));
        facts.extend(booked_place(&booking.location, first_name(self.host()), self.apps));
        Summary {
            leaf: face.leaf(booking.span.starts()),
            title: self.view.event_type.title.clone(),
            facts,
            held: String::new(),
            change: String::new(),
        }
    }
}

impl BookingPage {
    /// Draws the page.
    pub fn of(frame: Frame, seen: &Seen, face: &Face, news: News) -> Self {
        let booking = &seen.view.booking;
        let status = seen.status();
        let span = booking.span;
        let name = seen.guest().map_or("", |guest| first_name(&guest.name));
        let live =
            matches!(status, Status::Confirmed | Status::AwaitingConfirmation | Status::AwaitingPayment);
        let heading = heading(status, name, news);
        let may = seen.view.may;
        let owner = &seen.view.event_type;
        let base = seen.path();
        Self {
            frame,
            page_title: format!("{}: {}", word(status), face.whole(span.starts())),
            news,
            leaf: face.leaf(span.starts()),
            heading,
            struck: matches!(status, Status::Cancelled | Status::Rejected),
            start: face.machine(span.starts()),
            end: face.machine(span.ends()),
            from: face.time(span.starts()),
            to: face.end(span),
            zone: face.zone_name(),
            said: said(seen, status, news),
            notice: None,
            join: seen.join(),
            onward: None,
            facts: facts(seen),
            series: Vec::new(),
            file: if matches!(status, Status::Confirmed) {
                format!("{base}/calendar.ics")
            } else {
                String::new()
            },
            may_move: live && may.reschedule,
            may_cancel: live && may.cancel,
            until: until(seen, face, live),
            base,
            query: String::new(),
            again: if live { String::new() } else { format!("/{}/{}", owner.owner, owner.slug) },
        }
    }
}

fn heading(status: Status, name: &str, news: News) -> String {
    let comma = if name.is_empty() { String::new() } else { format!(", {name}") };
    match status {
        Status::Confirmed if news == News::Booked => format!("You’re booked{comma}"),
        Status::Confirmed | Status::AwaitingConfirmation if news == News::Moved => {
            format!("Your booking is moved{comma}")
        }
        Status::Confirmed => "Your booking".into(),
        Status::AwaitingConfirmation if news == News::Booked => format!("Your request is sent{comma}"),
        Status::AwaitingConfirmation => "Not confirmed yet".into(),
        Status::AwaitingPayment => "Not paid yet".into(),
        Status::Completed => "This booking is over".into(),
        Status::Cancelled => "This booking is cancelled".into(),
        Status::Rejected => "This request was declined".into(),
    }
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Confirmed => "Booked",
        Status::AwaitingConfirmation => "Requested",
        Status::AwaitingPayment => "Not paid yet",
        Status::Completed => "Over",
        Status::Cancelled => "Cancelled",
        Status::Rejected => "Declined",
    }
}

fn said(seen: &Seen, status: Status, news: News) -> Vec<String> {
    let host = first_name(seen.host());
    let booking = &seen.view.booking;
    let reason = |reason: &str| (!reason.trim().is_empty()).then(|| format!("“{}”", reason.trim()));
    let mut lines = Vec::new();
    match (&booking.state, status) {
        (_, Status::Confirmed) if news != News::Nothing => {
            let extra = booking.attendees.iter().filter(|attendee| attendee.extra).count();
            let others = match extra {
                0 => String::new(),
                1 => " and your guest".into(),
                count => format!(" and your {count} guests"),
            };
            let to = seen.guest().map_or("you", |guest| guest.email.as_str());
            lines.push(format!("A confirmation is on its way to {to}{others}."));
        }
        (_, Status::AwaitingConfirmation) => {
            lines.push(format!(
                "{host} confirms each request. The time is kept for you until then; you get a mail."
            ));
        }
        (State::Cancelled { by, reason: why, .. }, _) => {
            lines.push(match by {
                By::Guest => "It was cancelled by a guest.".into(),
                By::Host | By::Calendar => format!("{host} cancelled it."),
                By::Timeout => "It was not paid or confirmed in time.".into(),
            });
            lines.extend(reason(why));
        }
        (State::Rejected { reason: why, .. }, _) => {
            lines.push(format!("{host} cannot make it then. The time is free again."));
            lines.extend(reason(why));
        }
        _ => {}
    }
    lines
}

fn facts(seen: &Seen) -> Vec<(&'static str, String)> {
    let view = seen.view;
    let booking = &view.booking;
    let hosts: Vec<&str> = view.hosts.iter().map(|host| host.name.as_str()).collect();
    let mut facts = vec![("What", view.event_type.title.clone()), ("With", names(&hosts))];
    if let Some(place) = booked_place(&booking.location, first_name(seen.host()), seen.apps) {
        let line = if place.fine.is_empty() { place.text } else { format!("{}: {}", place.text, place.fine) };
        facts.push(("Where", line));
    }
    // Others in a shared slot are shown only where the host says so.
    let shared = view.event_type.seats;
    let visible = shared.is_none_or(|seats| seats.show_guests);
    let others: Vec<&str> = booking
        .attendees
        .iter()
        .filter(|attendee| visible && Some(*attendee) != seen.guest())
        .map(
            |attendee| {
                if attendee.name.is_empty() { attendee.email.as_str() } else { attendee.name.as_str() }
            },
        )
        .collect();
    if !others.is_empty() {
        facts.push(("Guests", names(&others)));
    }
    if shared.is_none() && !booking.notes.trim().is_empty() {
        facts.push(("Notes", booking.notes.trim().to_owned()));
    }
    facts.push(("Reference", booking.uid.to_string()));
    facts
}

fn until(seen: &Seen, face: &Face, live: bool) -> String {
    let may = seen.view.may;
    let ends = format!("until {}", face.soon(may.until));
    match (may.reschedule, may.cancel) {
        _ if !live => String::new(),
        (true, true) => format!("Free to move or cancel {ends}."),
        (true, false) => format!("Free to move {ends}."),
        (false, true) => format!("Free to cancel {ends}."),
        (false, false) => {
            format!("To change or cancel, write to {}.", first_name(seen.host()))
        }
    }
}

/// An address without what nobody reads: `meet.example/room`.
fn shown(url: &str) -> String {
    let plain = url.split_once("://").map_or(url, |(_, rest)| rest);
    plain.split(['?', '#']).next().unwrap_or(plain).chars().take(60).collect()
}
