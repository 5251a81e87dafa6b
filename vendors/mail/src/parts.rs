//! A mail in parts, for providers that take it apart in JSON and make the text themselves. A message comes here checked.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use kalends_app::{
    Cx, Error, Kind,
    kind::{
        calendar::Person,
        messenger::{Invite, Message},
    },
};

/// The header in which our own name of a mail goes along where the provider gives it a `Message-ID` of its own. Mail programs
/// know it, too: mails of different names are not one conversation.
pub const OUR_NAME: &str = "X-Entity-Ref-ID";

/// Whose mails go out where the message does not say: the fields `from_email` and `from_name` of the setup form.
pub fn sender(cx: &Cx) -> Result<Person, Error> {
    let missing = || Error::new(Kind::Invalid, "from_email: this is not set; open the app's settings");
    let email = cx.setting("from_email").ok_or_else(missing)?.to_owned();
    Ok(Person { name: cx.setting("from_name").unwrap_or_default().to_owned(), email })
}

/// What stands behind the `@`.
pub fn domain(person: &Person) -> &str {
    person.email.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// A person as one text, the name in quotes where it would mean something else (RFC 5322). JSON carries every letter as it is.
pub fn written(person: &Person) -> String {
    let (name, email) = (person.name.trim(), &person.email);
    if name.is_empty() {
        return email.clone();
    }
    let plain = |c: char| c.is_alphanumeric() || c == ' ' || "!#$%&'*+-/=?^_`{|}~".contains(c);
    if name.chars().all(plain) {
        return format!("{name} <{email}>");
    }
    format!("\"{}\" <{email}>", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The address in such a text.
pub fn address(written: &str) -> &str {
    let inner = written.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(written, |(address, _)| address).trim()
}

/// Further headers: the message's own, and one that keeps holiday replies away (RFC 3834).
pub fn headers(message: &Message) -> BTreeMap<String, String> {
    let mut all = BTreeMap::from([("Auto-Submitted".to_owned(), "auto-generated".to_owned())]);
    all.extend(message.headers.iter().cloned());
    all
}

/// Something that goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its name.
    pub name: String,
    /// Its media type; an invitation's says what it asks (ITIP-01).
    pub media_type: String,
    /// What is in it, as base64.
    pub content: String,
}

/// What goes along: the invitation first.
pub fn attached(message: &Message) -> Vec<Attached> {
    let invite = message.invite.iter().map(|Invite { method, ics }| Attached {
        name: "invite.ics".to_owned(),
        media_type: format!("text/calendar; charset=utf-8; method={}", method.name()),
        content: BASE64_STANDARD.encode(ics),
    });
    let files = message.files.iter().map(|file| Attached {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        content: BASE64_STANDARD.encode(&file.body),
    });
    invite.chain(files).collect()
}
