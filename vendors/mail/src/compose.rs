//! A mail as text, pure.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    str::FromStr,
};

use jiff::Timestamp;
use kalends_app::{
    Error, Kind,
    kind::{
        calendar::Person,
        messenger::{File, Invite, Message},
    },
};
use lettre::{
    Address,
    message::{
        Attachment, Mailbox, Message as Letter, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use url::Host;

/// A mail with its envelope.
#[derive(Debug)]
pub struct Mail {
    /// Its `Message-ID`, without angle brackets.
    pub id: String,
    /// The envelope's sender.
    pub from: Address,
    /// The envelope's recipients, each as the caller named it.
    pub to: Vec<(Person, Address)>,
    /// All of it, head and body (RFC 5322).
    pub text: String,
}

impl Mail {
    /// Writes a message down. The same message gives the same bytes, so a second try is the same mail (EML-03).
    pub fn compose(message: &Message, sender: &Person, now: Timestamp) -> Result<Self, Error> {
        let from = message.from.as_ref().unwrap_or(sender);
        message.check()?;
        let mut letter = Letter::builder()
            .date(now.into())
            .from(mailbox("from", from)?)
            .subject(message.subject.clone())
            .message_id(Some(format!("<{}>", message.message_id)))
            // Keeps holiday replies away (RFC 3834).
            .raw_header(header("Auto-Submitted", "auto-generated")?);
        for person in &message.to {
            letter = letter.to(mailbox("to", person)?);
        }
        if let Some(person) = &message.reply_to {
            letter = letter.reply_to(mailbox("reply_to", person)?);
        }
        for (name, value) in &message.headers {
            letter = letter.raw_header(header(name, value)?);
        }
        let letter =
            letter.multipart(body(message)?).map_err(|error| invalid("message", &error.to_string()))?;
        let to = message.to.iter().map(|person| Ok((person.clone(), address("to", &person.email)?)));
        Ok(Self {
            id: message.message_id.clone(),
            from: address("from", &from.email)?,
            to: to.collect::<Result<_, Error>>()?,
            text: String::from_utf8(letter.formatted())
                .map_err(|error| invalid("message", &error.to_string()))?,
        })
    }

    /// True when an address has letters beyond ASCII.
    pub fn needs_utf8_addresses(&self) -> bool {
        let plain = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        !plain(&self.from) || !self.to.iter().all(|(_, address)| plain(address))
    }
}

/// `mixed` of `alternative` (text, HTML, invitation) and files: Gmail and Outlook show buttons only then (ITIP-01).
fn body(message: &Message) -> Result<MultiPart, Error> {
    let mut ways = MultiPart::alternative()
        .boundary(boundary("alternative", message))
        .singlepart(SinglePart::plain(message.text.clone()));
    if let Some(html) = &message.html {
        ways = ways.singlepart(SinglePart::html(html.clone()));
    }
    if let Some(Invite { method, ics }) = &message.invite {
        let kind = format!("text/calendar; method={}; charset=UTF-8", method.name());
        ways = ways.singlepart(SinglePart::builder().header(content_type(&kind)?).body(ics.clone()));
    }
    let mut whole = MultiPart::mixed().boundary(boundary("mixed", message)).multipart(ways);
    if let Some(Invite { method, ics }) = &message.invite {
        let kind = content_type(&format!("application/ics; method={}", method.name()))?;
        whole = whole.singlepart(Attachment::new("invite.ics".to_owned()).body(ics.clone(), kind));
    }
    for File { name, media_type, body } in &message.files {
        let kind = content_type(media_type)?;
        whole = whole.singlepart(Attachment::new(name.clone()).body(body.to_vec(), kind));
    }
    Ok(whole)
}

/// A line between parts that the text cannot contain, for it depends on the whole of it: a guest who guesses it
/// would change it by writing it down.
fn boundary(part: &str, message: &Message) -> String {
    let mut hasher = DefaultHasher::new();
    let ics = message.invite.as_ref().map(|invite| &invite.ics);
    (part, &message.message_id, &message.text, &message.html, ics).hash(&mut hasher);
    message.files.iter().for_each(|file| file.body.hash(&mut hasher));
    format!("=_{part}_{:016x}", hasher.finish())
}

fn content_type(text: &str) -> Result<ContentType, Error> {
    ContentType::parse(text).map_err(|_| invalid("files", "this is not a media type such as text/plain"))
}

fn mailbox(field: &str, person: &Person) -> Result<Mailbox, Error> {
    let name = Some(person.name.trim().to_owned()).filter(|name| !name.is_empty());
    Ok(Mailbox::new(name, address(field, &person.email)?))
}

/// An address as mail servers know it: a host beyond ASCII goes by its other name (RFC 5891), so that only what stands before
/// the `@` needs a server that can.
fn address(field: &str, email: &str) -> Result<Address, Error> {
    let host = email.rsplit_once('@').filter(|(_, host)| !host.is_ascii());
    let known = host.and_then(|(local, host)| Some((local, Host::parse(host).ok()?)));
    let email = known.map_or_else(|| email.to_owned(), |(local, host)| format!("{local}@{host}"));
    Address::from_str(&email).map_err(|_| invalid(field, "this is not an email such as name@example.com"))
}

fn header(name: &str, value: &str) -> Result<HeaderValue, Error> {
    let name = HeaderName::new_from_ascii(name.to_owned())
        .map_err(|_| invalid("headers", "a header's name is letters, digits and hyphens"))?;
    Ok(HeaderValue::new(name, value.to_owned()))
}

fn invalid(field: &str, problem: &str) -> Error {
    Error::new(Kind::Invalid, format!("{field}: {problem}"))
}
