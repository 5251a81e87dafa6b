//! A booking as apps are told of it.

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use kalends_app::kind::{
    calendar::{Attendance, Attendee, Draft, Person, Shown},
    conference::Meeting,
};
use kalends_domain::{
    booking::Booking,
    event_type::{BookedLocation, Question, Settings},
    people::User,
};

use crate::{connect::Outside, notify};

/// The event that stands in each host's calendar. All hosts have the same one, under the booking's uid.
pub fn event(booking: &Booking, hosts: &[User], of: &Settings, outside: &Outside) -> Draft {
    let organizer = booking.hosts.first().and_then(|id| hosts.iter().find(|host| host.id == *id));
    let co_hosts = hosts.iter().filter(|host| Some(host.id) != organizer.map(|host| host.id));
    let guests = booking.attendees.iter().map(|guest| Attendee {
        person: Person { name: guest.name.clone(), email: guest.email.clone() },
        status: if guest.extra { Attendance::NeedsAction } else { Attendance::Accepted },
        optional: false,
    });
    let place = booking.location.line();
    Draft {
        uid: booking.uid.to_string(),
        sequence: booking.revision.into(),
        title: booking.title.clone(),
        description: description(booking, &of.questions, outside),
        span: booking.span,
        zone: booking.zone.clone(),
        location: (!place.is_empty()).then(|| place.to_owned()),
        url: Some(outside.links().host_booking(&booking.uid)),
        organizer: organizer.map_or_else(|| Person { name: String::new(), email: String::new() }, person),
        attendees: co_hosts
            .map(|host| Attendee { person: person(host), status: Attendance::Accepted, optional: false })
            .chain(guests)
            .collect(),
        shown: Shown {
            colour: of.hue(),
            visibility: of.visibility,
            guests_see: of.guests_see_guests(),
            guests_invite: of.extra_guests,
            reminders: of.reminders.clone(),
        },
        stamp: booking.updated_at,
    }
}

/// What a conferencing app needs to know; never who the guests are.
pub fn meeting(booking: &Booking, hosts: &[User]) -> Meeting {
    let host = hosts.iter().find(|host| host.id == booking.host);
    Meeting {
        uid: booking.uid.to_string(),
        title: booking.title.clone(),
        description: String::new(),
        span: booking.span,
        zone: booking.zone.clone(),
        host: host.map_or_else(|| Person { name: String::new(), email: String::new() }, person),
        calendar: None,
    }
}

/// Tells one content from another: what was written last needs no writing again.
pub fn fingerprint<T: serde::Serialize>(content: &T) -> String {
    let bytes = serde_json::to_vec(content).unwrap_or_default();
    BASE64_URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, &bytes).as_ref()[..12])
}

fn description(booking: &Booking, questions: &[Question], outside: &Outside) -> String {
    let mut parts = Vec::new();
    if let BookedLocation::App { url: Some(url), .. } | BookedLocation::Link { url, .. } = &booking.location {
        parts.push(notify::join_line(outside.known().of_booking(&booking.location).as_deref(), url));
    }
    if let BookedLocation::Phone { number, host_calls } = &booking.location {
        let guest = booking.booker().map_or("the guest", |guest| guest.name.as_str());
        parts.push(if *host_calls {
            format!("Call {guest} at {number}")
        } else {
            format!("{guest} calls {number}")
        });
    }
    let guests: Vec<String> = booking
        .attendees
        .iter()
        .map(|guest| format!("{} ({})", guest.name, guest.email).trim().to_owned())
        .collect();
    parts.push(format!("With: {}", guests.join(", ")));
    for question in questions.iter().filter(|question| !question.hidden) {
        if let Some(answer) = booking.answers.get(&question.slug) {
            parts.push(format!("{}: {}", question.label, question.reads(answer)));
        }
    }
    if !booking.notes.trim().is_empty() {
        parts.push(format!("Notes: {}", booking.notes));
    }
    parts.push(format!("Move or cancel it: {}", outside.links().host_booking(&booking.uid)));
    parts.join("\n")
}

/// A user as apps know people.
pub fn person(user: &User) -> Person {
    Person { name: user.name.clone(), email: user.email.clone() }
}
