//! From a booking and a reader to the mail that is sent.

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use kalends_app::kind::{calendar::Person, messenger::Message};

use super::{
    Letter, Topic, ics,
    letter::one_line,
    links::Links,
    words::{self, About, Reader, Side},
};
use crate::job::Told;

/// The mail about a booking for one reader. The same facts always make the same mail.
pub fn booking_mail(
    topic: Topic,
    told: &Told,
    about: &About,
    reader: &Reader,
    links: &Links,
    stamp: Timestamp,
) -> Result<Message, askama::Error> {
    let letter = words::letter(topic, told, about, reader, links);
    let reply_to = match reader.side {
        Side::Host => told.attendees.first().map(|guest| person(&guest.name, &guest.email)),
        _ => about.hosts.first().map(|host| person(&host.name, &host.email)),
    };
    Ok(Message {
        reply_to,
        invite: ics::invite(topic, told, about, reader, links, stamp),
        ..mail(
            &letter,
            &reader.name,
            &reader.email,
            message_id(topic, told, about.turn, &reader.email, links),
        )?
    })
}

/// A letter as a mail.
pub fn mail(letter: &Letter, name: &str, email: &str, message_id: String) -> Result<Message, askama::Error> {
    Ok(Message {
        from: None,
        to: vec![person(name, email)],
        reply_to: None,
        subject: letter.subject_line(),
        text: letter.text(),
        html: Some(letter.html()?),
        invite: None,
        files: vec![],
        message_id,
        headers: vec![("Auto-Submitted".into(), "auto-generated".into())],
    })
}

/// The same for the same booking, message, recipient and revision (EML-03); another for a link that was replaced. The
/// recipient is hashed: an id is shown to others.
fn message_id(topic: Topic, told: &Told, turn: u32, email: &str, links: &Links) -> String {
    let hash = digest::digest(&digest::SHA256, email.as_bytes());
    let short = BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..9]);
    let turn = if turn > 1 { format!(".{turn}") } else { String::new() };
    format!("{}.{}.{}{turn}.{short}@{}", told.uid, told.revision, topic.as_str(), links.host())
}

/// A name that cannot break a header, and its address.
fn person(name: &str, email: &str) -> Person {
    Person { name: one_line(name), email: email.to_owned() }
}

#[cfg(test)]
mod tests;
