//! What each mail about a booking says, to each reader.

use kalends_domain::{
    Uid,
    booking::{Attendee, By},
    event_type::{BookedLocation, Question},
    people::User,
};

use super::{Letter, Reading, Topic, letter::one_line, links::Links};
use crate::job::Told;

/// What is known of a booking beside itself.
#[derive(Debug, Clone)]
pub struct About {
    /// The event type's title.
    pub event: String,
    /// All hosts that are still here, the organizer first.
    pub hosts: Vec<User>,
    /// What was asked, for the labels of the answers.
    pub questions: Vec<Question>,
    /// The app whose room it is, as it is called; none where no app has to do with the place.
    pub app: Option<String>,
    /// The link to join by, where a conferencing app has made one by now.
    pub link: Option<String>,
    /// What is typed at the room's door.
    pub password: Option<String>,
    /// How often this reader was told of a link before, and this time: more than once when the link was replaced.
    pub turn: u32,
    /// Guests who share the slot may see each other.
    pub guests_see_guests: bool,
}

/// Who reads a mail.
#[derive(Debug, Clone)]
pub struct Reader {
    /// How they are addressed.
    pub name: String,
    /// Where the mail goes.
    pub email: String,
    /// How they read times.
    pub reading: Reading,
    /// On which side of the table they sit.
    pub side: Side,
}

/// On which side of the table a reader sits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// They booked: they can move it and call it off.
    Booker,
    /// They have a seat of their own in a shared slot.
    Seat(Uid),
    /// Somebody brought them along.
    Extra {
        /// The seat they came with, in a shared slot.
        party: Option<Uid>,
    },
    /// They are booked.
    Host,
}

impl Side {
    /// Others sit in the same slot, who are no business of theirs unless the host says so.
    pub(super) const fn shares_a_slot(&self) -> bool {
        matches!(self, Self::Seat(_) | Self::Extra { party: Some(_) })
    }

    /// The name their links use; those brought along get none, for the booker alone can change the booking.
    fn key<'a>(&'a self, told: &'a Told) -> Option<&'a Uid> {
        match self {
            Self::Booker => Some(&told.uid),
            Self::Seat(seat) => Some(seat),
            Self::Extra { .. } | Self::Host => None,
        }
    }
}

/// One mail about a booking.
pub fn letter(topic: Topic, told: &Told, about: &About, reader: &Reader, links: &Links) -> Letter {
    let mut letter = Letter::default();
    let when = reader.reading.short(told.span.starts());
    if reader.side == Side::Host {
        to_host(&mut letter, topic, told, about, &when);
    } else {
        to_guest(&mut letter, topic, told, about, reader, &when);
    }
    facts(&mut letter, topic, told, about, reader);
    actions(&mut letter, topic, told, reader, links);
    letter.footer = footer(told, reader, links);
    letter
}

fn to_guest(letter: &mut Letter, topic: Topic, told: &Told, about: &About, reader: &Reader, when: &str) {
    let (event, host) = (&about.event, organizer(about));
    let (subject, heading) = match topic {
        Topic::Confirmed => {
            (format!("Booked: {event}, {when}"), format!("You’re booked, {}", one_line(&reader.name)))
        }
        Topic::Requested => (format!("Waiting for {host}: {event}, {when}"), format!("{host} will answer")),
        Topic::Moved => (format!("Moved: {event}, now {when}"), "Your booking has moved".to_owned()),
        Topic::Cancelled => (format!("Cancelled: {event}, {when}"), "Your booking is cancelled".to_owned()),
        Topic::Rejected => (format!("Declined: {event}, {when}"), format!("{host} cannot take this time")),
        Topic::LinkReady if about.turn > 1 => {
            (format!("Your new link: {event}, {when}"), "There is another link".to_owned())
        }
        Topic::LinkReady => (format!("Your link: {event}, {when}"), "Your link is ready".to_owned()),
        Topic::ChooseAgain => {
            (format!("Choose another time: {event}, {when}"), format!("{host} asks you for another time"))
        }
    };
    letter.subject = subject;
    letter.heading = heading;
    let sentence = match topic {
        Topic::Requested => Some(format!(
            "The time is kept for you until {host} confirms or declines. You get a mail either way."
        )),
        Topic::Moved | Topic::Cancelled => who_did(told, about, reader),
        Topic::Rejected => Some("The time is free again. You can choose another one.".to_owned()),
        Topic::LinkReady if about.turn > 1 => {
            Some("The link you got before does not work any more.".to_owned())
        }
        Topic::ChooseAgain => Some(format!(
            "Something else has come up for {host} at this time. Move the booking to another time, or cancel it. \
             Until you do, it stands as it is."
        )),
        Topic::Confirmed | Topic::LinkReady => None,
    };
    letter.lead.extend(sentence);
}

fn to_host(letter: &mut Letter, topic: Topic, told: &Told, about: &About, when: &str) {
    let (event, guest) = (&about.event, guest(told));
    let (subject, heading) = match topic {
        Topic::Confirmed => {
            (format!("New booking: {guest}, {event}, {when}"), format!("{guest} has booked you"))
        }
        Topic::Requested => {
            (format!("Confirm or decline: {guest}, {event}, {when}"), format!("{guest} asks for a time"))
        }
        Topic::Moved => {
            (format!("Moved: {guest}, {event}, now {when}"), format!("The booking with {guest} has moved"))
        }
        Topic::Cancelled => {
            (format!("Cancelled: {guest}, {event}, {when}"), format!("The booking with {guest} is cancelled"))
        }
        Topic::Rejected => (format!("Declined: {guest}, {event}, {when}"), format!("{guest} was declined")),
        Topic::LinkReady if about.turn > 1 => {
            (format!("New link: {guest}, {event}, {when}"), "There is another link".to_owned())
        }
        Topic::LinkReady => (format!("Link ready: {guest}, {event}, {when}"), "The link is ready".to_owned()),
        Topic::ChooseAgain => {
            (format!("Asked to move: {guest}, {event}, {when}"), format!("{guest} is asked for another time"))
        }
    };
    letter.subject = subject;
    letter.heading = heading;
    let sentence = match topic {
        Topic::Requested => Some("The time is kept until you answer. The guest waits.".to_owned()),
        Topic::Cancelled => Some("The time is free again.".to_owned()),
        Topic::LinkReady if about.turn > 1 => Some("The link from before does not work any more.".to_owned()),
        _ => None,
    };
    letter.lead.extend(sentence);
}

fn who_did(told: &Told, about: &About, reader: &Reader) -> Option<String> {
    let done = if told.previous.is_some() { "moved" } else { "cancelled" };
    match told.by? {
        By::Guest if reader.side == Side::Booker => None,
        By::Guest => Some(format!("{} {done} it.", guest(told))),
        By::Host | By::Calendar => Some(format!("{} {done} it.", organizer(about))),
        By::Timeout => Some("The time to answer or to pay ran out.".to_owned()),
    }
}

fn facts(letter: &mut Letter, topic: Topic, told: &Told, about: &About, reader: &Reader) {
    letter.fact("What", about.event.as_str());
    let gone = matches!(topic, Topic::Cancelled | Topic::Rejected);
    letter.fact(if gone { "Was" } else { "When" }, reader.reading.whole(told.span));
    if let Some(previous) = told.previous {
        letter.fact("Before", reader.reading.whole(previous));
    }
    if !gone {
        place(letter, topic, told, about, reader);
    }
    letter.fact("With", with(told, about, reader));
    letter.fact("Reason", told.reason.as_str());
    if !matches!(reader.side, Side::Extra { .. })
        && matches!(topic, Topic::Confirmed | Topic::Requested | Topic::Moved)
    {
        letter.fact("Notes", told.notes.as_str());
        if reader.side == Side::Host || reader.side == Side::Booker {
            for question in about.questions.iter().filter(|question| !question.hidden) {
                if let Some(answer) = told.answers.get(&question.slug) {
                    letter.fact(&one_line(&question.label), question.reads(answer));
                }
            }
        }
    }
}

fn place(letter: &mut Letter, topic: Topic, told: &Told, about: &About, reader: &Reader) {
    let host = reader.side == Side::Host;
    match &told.location {
        BookedLocation::Unspecified => {}
        BookedLocation::Address { address } => letter.fact("Where", address.as_str()),
        BookedLocation::Phone { number, host_calls: true } if host => {
            letter.fact("Telephone", format!("Call {} at {number}", guest(told)));
        }
        BookedLocation::Phone { number, host_calls: true } => {
            letter.fact("Telephone", format!("{} calls you at {number}", organizer(about)));
        }
        BookedLocation::Phone { number, host_calls: false } if host => {
            letter.fact("Telephone", format!("{} calls {number}", guest(told)));
        }
        BookedLocation::Phone { number, host_calls: false } => {
            letter.fact("Telephone", format!("Call {number}"));
        }
        BookedLocation::Link { url, .. } => {
            letter.fact("Where", about.app.as_deref().unwrap_or_default());
            letter.linked_fact("Join", url);
        }
        BookedLocation::App { .. } => {
            let app = about.app.as_deref().unwrap_or("Online");
            if let Some(url) = &about.link {
                letter.fact("Where", app);
                letter.linked_fact("Join", url);
                letter.fact("Passcode", about.password.as_deref().unwrap_or_default());
            } else if topic == Topic::Requested {
                letter.fact("Where", format!("{app}. The link comes once it is confirmed."));
            } else {
                let when = "is still being made and follows in another mail";
                letter.fact("Where", format!("{app}. The link {when}."));
            }
        }
    }
}

fn with(told: &Told, about: &About, reader: &Reader) -> String {
    let hosts = about.hosts.iter().map(|host| one_line(&host.name));
    let others = told.attendees.iter().filter(|attendee| attendee.email != reader.email);
    let people: Vec<String> = match &reader.side {
        Side::Host => told
            .attendees
            .iter()
            .map(|guest| format!("{} ({})", one_line(&guest.name), guest.email))
            .collect(),
        side if side.shares_a_slot() && !about.guests_see_guests => hosts.collect(),
        _ => hosts.chain(others.map(shown)).collect(),
    };
    people.join(", ")
}

/// Those brought along are known by their address alone, often.
fn shown(attendee: &Attendee) -> String {
    let name = one_line(&attendee.name);
    if name.is_empty() { attendee.email.clone() } else { name }
}

fn actions(letter: &mut Letter, topic: Topic, told: &Told, reader: &Reader, links: &Links) {
    if reader.side == Side::Host {
        if topic == Topic::Requested {
            letter.action("Accept", links.confirm(&told.uid));
            letter.action("Decline", links.decline(&told.uid));
        }
        letter.action("See the booking", links.host_booking(&told.uid));
        return;
    }
    let Some(key) = reader.side.key(told) else { return };
    if topic == Topic::ChooseAgain && reader.side == Side::Booker {
        letter.action("Choose another time", links.reschedule(key));
        letter.action("Cancel it", links.cancel(key));
        letter.action("See your booking", links.booking(key));
        return;
    }
    letter.action("See your booking", links.booking(key));
    if !matches!(topic, Topic::Cancelled | Topic::Rejected) {
        if reader.side == Side::Booker {
            letter.action("Move it to another time", links.reschedule(key));
        }
        letter.action("Cancel it", links.cancel(key));
    }
}

fn footer(told: &Told, reader: &Reader, links: &Links) -> String {
    let server = links.host();
    match reader.side {
        Side::Booker | Side::Seat(_) => format!("You get this mail because you booked at {server}."),
        Side::Extra { .. } => {
            format!("You get this mail because {} named you as a guest at {server}.", guest(told))
        }
        Side::Host => format!("You get this mail because you are a host at {server}."),
    }
}

fn organizer(about: &About) -> String {
    about.hosts.first().map_or_else(|| "your host".to_owned(), |host| one_line(&host.name))
}

fn guest(told: &Told) -> String {
    let name = told.attendees.first().map(shown).unwrap_or_default();
    if name.is_empty() { "a guest".to_owned() } else { name }
}
