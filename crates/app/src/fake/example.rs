//! What tests of one app begin with: an account, an event, a meeting, a mail. A test changes what it is about.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kalends_domain::Span;

use crate::{
    Account, App, Secrets,
    kind::{
        calendar::{Draft, Person, Shown},
        conference::Meeting,
        messenger::{Invite, Message, Method},
    },
    manifest::WrongField,
};

/// Monday 1 March 2027, eight in the morning, UTC: when the tests of an app begin.
pub fn begin() -> Timestamp {
    Timestamp::constant(1_803_888_000, 0)
}

/// The account of somebody in Berlin who reads English.
pub fn account() -> Account {
    Account {
        id: "a".into(),
        zone: "Europe/Berlin".into(),
        locale: "en".into(),
        addresses: vec![host().email],
        ..Account::default()
    }
}

/// The account that the app's setup form makes, filled in like this.
pub fn filled_in(app: &App, form: &BTreeMap<String, String>) -> Result<Account, Vec<WrongField>> {
    let filled = app.manifest().check(form, &Secrets::none())?;
    Ok(Account { settings: filled.settings.into(), secrets: filled.secrets, ..account() })
}

/// A form with some fields typed otherwise.
pub fn changed(mut form: BTreeMap<String, String>, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
    form.extend(changes.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    form
}

/// The event of a booking, as it is first written.
pub fn draft(uid: &str, span: Span) -> Draft {
    Draft {
        uid: uid.into(),
        sequence: 0,
        title: "Introduction".into(),
        description: "See you".into(),
        span,
        zone: "Europe/Berlin".into(),
        location: None,
        url: None,
        organizer: host(),
        attendees: vec![],
        shown: Shown::default(),
        stamp: begin(),
    }
}

/// The meeting of a booking.
pub fn meeting(span: Span) -> Meeting {
    Meeting {
        uid: "booking".into(),
        title: "Introduction".into(),
        description: String::new(),
        span,
        zone: "Europe/Berlin".into(),
        host: host(),
        calendar: None,
    }
}

/// The mail that confirms a booking to its guest, with an invitation.
pub fn message() -> Message {
    let ics =
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kalends//EN\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n";
    Message {
        from: None,
        to: vec![guest()],
        reply_to: Some(host()),
        subject: "Introduction, Monday at 9:00".into(),
        text: "See you on Monday.\n".into(),
        html: Some("<p>See you on Monday.</p>".into()),
        invite: Some(Invite { method: Method::Request, ics: ics.into() }),
        files: vec![],
        message_id: "booking.confirmed.guest.0@kalends.example".into(),
        headers: vec![],
    }
}

/// Whose bookings they are.
pub fn host() -> Person {
    Person { name: "Hanna Host".into(), email: "host@example.com".into() }
}

/// Who comes.
pub fn guest() -> Person {
    Person { name: "Gus Guest".into(), email: "guest@example.com".into() }
}
