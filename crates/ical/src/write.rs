//! A booking as an event: the object a calendar stores, and the message a mail carries.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use kalends_domain::Zone;
use kalends_domain::event_type::{Hue, Visibility};

use crate::text::{Lines, mailto, quoted, uri};
use crate::vtimezone;

/// Who made the file, for servers and people who look inside.
const PRODID: &str = "-//Kalends//Kalends//EN";

/// One booking as iCalendar sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Meeting {
    /// The booking's uid; the same for its whole life.
    pub uid: String,
    /// The booking's revision: grows with every change (ITIP-02).
    pub sequence: u32,
    /// When this revision was made. The same revision always writes the same bytes.
    pub stamp: Timestamp,
    /// When it begins.
    pub start: Timestamp,
    /// When it is over.
    pub end: Timestamp,
    /// Times are written as wall time here, so that the promise survives a change of the zone's rules (TZ-01).
    pub zone: Zone,
    /// What every calendar shows.
    pub title: String,
    /// Plain text; empty means none.
    pub description: String,
    /// A place or a link; empty means none.
    pub location: String,
    /// The page of the booking.
    pub url: Option<String>,
    /// Who invites: the address the mail comes from, or one it may speak for (ITIP-01).
    pub organizer: Option<Person>,
    /// Everybody invited.
    pub attendees: Vec<Attendee>,
    /// How firm it is.
    pub status: Status,
    /// Whether it takes its time.
    pub shows_as: ShowsAs,
    /// Who else may see it.
    pub visibility: Visibility,
    /// Its colour, by a name of CSS (RFC 7986).
    pub colour: Option<Hue>,
    /// Minutes before the start at which its reader is reminded.
    pub reminders: Vec<u32>,
}

/// A name with its email.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Empty means only the address is known.
    pub name: String,
    /// Without `mailto:`.
    pub email: String,
}

/// Somebody invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// Who it is.
    pub person: Person,
    /// Whether it can do without them.
    pub role: Role,
    /// What they said so far.
    pub answer: Answer,
    /// Whether an answer is asked for.
    pub rsvp: bool,
}

/// What part an attendee has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Leads it.
    Chair,
    /// It is about them.
    Required,
    /// May come.
    Optional,
}

/// What an attendee said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet.
    Awaited,
    /// Yes.
    Accepted,
    /// Perhaps.
    Tentative,
    /// No.
    Declined,
}

/// How firm the meeting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Still to be confirmed or paid.
    Tentative,
    /// It takes place.
    Confirmed,
    /// It does not.
    Cancelled,
}

/// Whether the meeting takes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShowsAs {
    /// Blocks.
    Busy,
    /// Stands there only to be seen.
    Free,
}

/// What an iTIP message asks of its reader (RFC 5546).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Invite, or move an invitation: to guests.
    Request,
    /// Take it back. Writes STATUS:CANCELLED whatever [`Meeting::status`] says.
    Cancel,
    /// For information: to hosts whose calendar we write ourselves. Carries no attendees (RFC 5546 section 3.2.1).
    Publish,
}

impl Method {
    /// The word for the `method=` parameter of the mail part, the same as inside (ITIP-01).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
            Self::Publish => "PUBLISH",
        }
    }
}

impl Meeting {
    /// What is stored on a calendar server: no METHOD, and attendees the server leaves to us, for we send the mails
    /// ourselves (DAV-09).
    pub fn object(&self) -> String {
        self.calendar(None)
    }

    /// What a mail carries as `text/calendar; method=…`.
    pub fn message(&self, method: Method) -> String {
        self.calendar(Some(method))
    }

    fn calendar(&self, method: Option<Method>) -> String {
        let mut out = Lines::default();
        out.begin("VCALENDAR");
        out.raw("VERSION", "2.0");
        out.raw("PRODID", PRODID);
        out.raw("CALSCALE", "GREGORIAN");
        if let Some(method) = method {
            out.raw("METHOD", method.name());
        }
        let named = vtimezone::name(self.zone.rules());
        if let Some(name) = named {
            vtimezone::write(&mut out, name, self.zone.rules(), self.start, self.end);
        }
        self.event(&mut out, method, named);
        out.end("VCALENDAR");
        out.finish()
    }

    fn event(&self, out: &mut Lines, method: Option<Method>, zone: Option<&str>) {
        let status = if method == Some(Method::Cancel) { Status::Cancelled } else { self.status };
        out.begin("VEVENT");
        out.text("UID", &self.uid);
        out.raw("SEQUENCE", &self.sequence.to_string());
        out.raw("DTSTAMP", &utc(self.stamp));
        for (name, at) in [("DTSTART", self.start), ("DTEND", self.end)] {
            match zone {
                Some(zone) => {
                    out.raw(&format!("{name};TZID={zone}"), &wall(&at.to_zoned(self.zone.rules().clone())));
                }
                None => out.raw(name, &utc(at)),
            }
        }
        out.text("SUMMARY", &self.title);
        out.text("DESCRIPTION", &self.description);
        out.text("LOCATION", &self.location);
        if let Some(url) = &self.url {
            out.raw("URL", &uri(url));
        }
        if let Some(person) = &self.organizer {
            out.raw(&format!("ORGANIZER{}", common_name(person)), &mailto(&person.email));
        }
        if method != Some(Method::Publish) {
            for attendee in &self.attendees {
                attendee.write(out, method);
            }
        }
        out.raw("STATUS", status.name());
        out.raw("TRANSP", self.shows_as.name());
        match self.visibility {
            Visibility::Usual => {}
            Visibility::Private => out.raw("CLASS", "PRIVATE"),
            Visibility::Public => out.raw("CLASS", "PUBLIC"),
        }
        if let Some(colour) = self.colour {
            out.raw("COLOR", css(colour));
        }
        for minutes in &self.reminders {
            out.begin("VALARM");
            out.raw("ACTION", "DISPLAY");
            out.text("DESCRIPTION", &self.title);
            out.raw("TRIGGER", &format!("-PT{minutes}M"));
            out.end("VALARM");
        }
        out.end("VEVENT");
    }
}

/// The name of CSS for a colour.
pub const fn css(of: Hue) -> &'static str {
    match of {
        Hue::Red => "red",
        Hue::Orange => "orange",
        Hue::Yellow => "gold",
        Hue::Green => "green",
        Hue::Teal => "teal",
        Hue::Blue => "blue",
        Hue::Purple => "purple",
        Hue::Pink => "hotpink",
        Hue::Grey => "gray",
    }
}

impl Attendee {
    fn write(&self, out: &mut Lines, method: Option<Method>) {
        let agent = if method.is_none() { ";SCHEDULE-AGENT=CLIENT" } else { "" };
        let rsvp = if self.rsvp && method != Some(Method::Cancel) { ";RSVP=TRUE" } else { "" };
        let name = format!(
            "ATTENDEE{};CUTYPE=INDIVIDUAL;ROLE={};PARTSTAT={}{rsvp}{agent}",
            common_name(&self.person),
            self.role.name(),
            self.answer.name(),
        );
        out.raw(&name, &mailto(&self.person.email));
    }
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Chair => "CHAIR",
            Self::Required => "REQ-PARTICIPANT",
            Self::Optional => "OPT-PARTICIPANT",
        }
    }
}

impl Answer {
    const fn name(self) -> &'static str {
        match self {
            Self::Awaited => "NEEDS-ACTION",
            Self::Accepted => "ACCEPTED",
            Self::Tentative => "TENTATIVE",
            Self::Declined => "DECLINED",
        }
    }
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Tentative => "TENTATIVE",
            Self::Confirmed => "CONFIRMED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl ShowsAs {
    const fn name(self) -> &'static str {
        match self {
            Self::Busy => "OPAQUE",
            Self::Free => "TRANSPARENT",
        }
    }
}

fn common_name(person: &Person) -> String {
    if person.name.trim().is_empty() { String::new() } else { format!(";CN={}", quoted(&person.name)) }
}

/// `20261123T140000Z`
pub(crate) fn utc(at: Timestamp) -> String {
    format!("{}Z", wall(&at.to_zoned(TimeZone::UTC)))
}

/// `20261123T140000`
pub(crate) fn wall(at: &Zoned) -> String {
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}
