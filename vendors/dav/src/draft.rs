//! A draft of the engine's as an iCalendar meeting.

use kalends_app::kind::calendar::{Attendance, Draft};
use kalends_app::{Error, Kind};
use kalends_domain::Zone;
use kalends_ical::{Answer, Attendee, Meeting, Person, Role, ShowsAs, Status};

/// Reminders of one event; clients show no more.
const REMINDERS: usize = 5;

/// The meeting a draft describes.
pub(crate) fn meeting(draft: &Draft) -> Result<Meeting, Error> {
    let zone = Zone::parse(&draft.zone).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
    let sequence = u32::try_from(draft.sequence)
        .map_err(|_| Error::new(Kind::Invalid, format!("sequence: {} is no revision", draft.sequence)))?;
    let person =
        |p: &kalends_app::kind::calendar::Person| Person { name: p.name.clone(), email: p.email.clone() };
    Ok(Meeting {
        uid: draft.uid.clone(),
        sequence,
        stamp: draft.stamp,
        start: draft.span.starts(),
        end: draft.span.ends(),
        zone,
        title: draft.title.clone(),
        description: draft.description.clone(),
        location: draft.location.clone().unwrap_or_default(),
        url: draft.url.clone(),
        organizer: Some(person(&draft.organizer)),
        attendees: draft
            .attendees
            .iter()
            .map(|attendee| Attendee {
                person: person(&attendee.person),
                role: if attendee.optional { Role::Optional } else { Role::Required },
                answer: answer(attendee.status),
                rsvp: attendee.status == Attendance::NeedsAction,
            })
            .collect(),
        status: Status::Confirmed,
        shows_as: ShowsAs::Busy,
        visibility: draft.shown.visibility,
        colour: draft.shown.colour,
        reminders: draft.shown.nearest(REMINDERS).unwrap_or_default(),
    })
}

const fn answer(of: Attendance) -> Answer {
    match of {
        Attendance::NeedsAction => Answer::Awaited,
        Attendance::Accepted => Answer::Accepted,
        Attendance::Declined => Answer::Declined,
        Attendance::Tentative => Answer::Tentative,
    }
}
