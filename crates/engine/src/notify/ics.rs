//! The invitation a mail carries (ITIP-01, ITIP-02).

use jiff::Timestamp;
use kalends_app::kind::messenger::{Invite, Method};
use kalends_domain::{
    Uid, Zone,
    booking::Attendee,
    event_type::{BookedLocation, Visibility},
};
use kalends_ical as ical;

use super::{
    Topic,
    links::Links,
    words::{About, Reader, Side},
};
use crate::job::Told;

/// The invitation for this reader, if this mail carries one. `stamp` is when this mail's news came about.
pub fn invite(
    topic: Topic,
    told: &Told,
    about: &About,
    reader: &Reader,
    links: &Links,
    stamp: Timestamp,
) -> Option<Invite> {
    let method = method(topic, told, reader)?;
    let wire = match method {
        Method::Cancel => ical::Method::Cancel,
        Method::Publish => ical::Method::Publish,
        Method::Request | Method::Reply => ical::Method::Request,
    };
    Some(Invite { method, ics: meeting(topic, told, about, reader, links, stamp).message(wire) })
}

/// Guests are invited; hosts get a copy without buttons, for their calendar is written by us or is theirs to keep.
fn method(topic: Topic, told: &Told, reader: &Reader) -> Option<Method> {
    let known_before = told.revision > 0;
    match (topic, &reader.side) {
        (Topic::Confirmed | Topic::Moved | Topic::LinkReady, Side::Host) => Some(Method::Publish),
        (Topic::Confirmed | Topic::Moved | Topic::LinkReady, _) => Some(Method::Request),
        (Topic::Cancelled, _) => Some(Method::Cancel),
        // Nothing is agreed yet; but an invitation sent before must not stand at the old time.
        // A booking about which somebody is only asked stands as it is, in every calendar.
        (Topic::Requested, Side::Host) | (Topic::ChooseAgain, _) => None,
        (Topic::Requested, _) => known_before.then_some(Method::Request),
        (Topic::Rejected, _) => known_before.then_some(Method::Cancel),
    }
}

fn meeting(
    topic: Topic,
    told: &Told,
    about: &About,
    reader: &Reader,
    links: &Links,
    stamp: Timestamp,
) -> ical::Meeting {
    let status = match topic {
        Topic::Requested => ical::Status::Tentative,
        Topic::Cancelled | Topic::Rejected => ical::Status::Cancelled,
        Topic::Confirmed | Topic::Moved | Topic::LinkReady | Topic::ChooseAgain => ical::Status::Confirmed,
    };
    let link = about.link.as_deref();
    let location = match &told.location {
        BookedLocation::App { .. } => link.unwrap_or_default(),
        place => place.line(),
    };
    ical::Meeting {
        uid: object_uid(told, reader).to_string(),
        sequence: told.revision,
        stamp,
        start: told.span.starts(),
        end: told.span.ends(),
        zone: Zone::parse(&told.zone).unwrap_or_else(|_| Zone::utc()),
        title: told.title.clone(),
        description: description(told, about, reader),
        location: location.to_owned(),
        url: page(told, reader, links),
        organizer: about
            .hosts
            .first()
            .map(|host| ical::Person { name: host.name.clone(), email: host.email.clone() }),
        attendees: attendees(told, about, reader),
        status,
        shows_as: ical::ShowsAs::Busy,
        visibility: Visibility::Usual,
        colour: None,
        reminders: Vec::new(),
    }
}

/// How to join, and for hosts what the guest wrote.
fn description(told: &Told, about: &About, reader: &Reader) -> String {
    let url = match &told.location {
        BookedLocation::App { .. } => about.link.as_deref(),
        place => place.url(),
    };
    let notes = (reader.side == Side::Host).then(|| told.notes.clone());
    let parts = url.map(|url| join_line(about.app.as_deref(), url)).into_iter().chain(notes);
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// `Acme Rooms: https://…`, for the text of calendar entries.
pub(crate) fn join_line(app: Option<&str>, url: &str) -> String {
    format!("{}: {url}", app.unwrap_or("Join"))
}

/// A guest in a shared slot has an event of their own: its uid is the seat's, which opens nobody else's booking.
fn object_uid<'a>(told: &'a Told, reader: &'a Reader) -> &'a Uid {
    match &reader.side {
        Side::Seat(seat) | Side::Extra { party: Some(seat) } => seat,
        _ => &told.uid,
    }
}

fn page(told: &Told, reader: &Reader, links: &Links) -> Option<String> {
    match &reader.side {
        Side::Booker => Some(links.booking(&told.uid)),
        Side::Seat(seat) => Some(links.booking(seat)),
        Side::Host => Some(links.host_booking(&told.uid)),
        Side::Extra { .. } => None,
    }
}

fn attendees(told: &Told, about: &About, reader: &Reader) -> Vec<ical::Attendee> {
    let co_hosts = about.hosts.iter().skip(1).map(|host| ical::Attendee {
        person: ical::Person { name: host.name.clone(), email: host.email.clone() },
        role: ical::Role::Required,
        answer: ical::Answer::Accepted,
        rsvp: false,
    });
    let alone = reader.side.shares_a_slot() && !about.guests_see_guests;
    let guests = told.attendees.iter().filter(|guest| !alone || guest.email == reader.email).map(invited);
    co_hosts.chain(guests).collect()
}

/// Who booked has accepted by booking; who was brought along is asked.
fn invited(guest: &Attendee) -> ical::Attendee {
    ical::Attendee {
        person: ical::Person { name: guest.name.clone(), email: guest.email.clone() },
        role: ical::Role::Required,
        answer: if guest.extra { ical::Answer::Awaited } else { ical::Answer::Accepted },
        rsvp: guest.extra,
    }
}
