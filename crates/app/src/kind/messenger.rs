//! Messengers: messages to people.

use std::future::Future;

use bytes::Bytes;

use crate::{
    Boxed, Cx, Error, Kind,
    kind::{Probe, calendar::Person},
};

/// What a messenger can do beyond what all can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a power of its own")]
pub struct MessengerCan {
    /// Carries HTML beside the text.
    pub html: bool,
    /// Carries files and calendar parts.
    pub parts: bool,
    /// Its provider tells what became of a mail (EML-04): the app has a [`Hook`](crate::Hook) for that.
    pub told: bool,
    /// Its provider knows a message it has by its name: asked again, it is still sent once (EML-03).
    pub once: bool,
}

/// A messenger, as its author writes it.
pub trait Messenger: Send + Sync + 'static {
    /// The app's own failures.
    type Error: Into<Error> + Send;

    /// Its powers.
    const CAN: MessengerCan;

    /// Signs in and sends nothing.
    fn probe(&self, cx: &Cx) -> impl Future<Output = Result<Probe, Self::Error>> + Send;

    /// Sends one message. Recipients it could not reach are in the receipt; an error means nobody was reached.
    fn send(&self, cx: &Cx, message: &Message) -> impl Future<Output = Result<Receipt, Self::Error>> + Send;
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who sends; `None` takes the installation's own sender.
    pub from: Option<Person>,
    /// Who receives.
    pub to: Vec<Person>,
    /// Who an answer goes to: the host (EML-03).
    pub reply_to: Option<Person>,
    /// One line.
    pub subject: String,
    /// Plain text, always (EML-05).
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// An invitation, put where mail programs look for it (ITIP-01).
    pub invite: Option<Invite>,
    /// Files.
    pub files: Vec<File>,
    /// Stable per (booking, kind, recipient, revision), without angle brackets: a second try is the same mail (EML-03).
    pub message_id: String,
    /// Further headers; one with a line break is refused (EML-02).
    pub headers: Vec<(String, String)>,
}

impl Message {
    /// Refuses what no mail can be: one to nobody, and one with a line break where a header goes (EML-02). Every app's
    /// messages have passed this.
    pub fn check(&self) -> Result<(), Error> {
        if self.to.is_empty() {
            return Err(invalid("to", "a mail needs somebody to go to"));
        }
        one_line("subject", &self.subject)?;
        is_message_id(&self.message_id)?;
        for (field, person) in self.people() {
            one_line(field, &person.name)?;
            one_line(field, &person.email)?;
        }
        for (name, value) in &self.headers {
            let of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            if name.is_empty() || !name.bytes().all(of_name) {
                return Err(invalid("headers", "a header's name is letters, digits and hyphens"));
            }
            one_line("headers", value)?;
        }
        for File { name, media_type, .. } in &self.files {
            one_line("files", name)?;
            one_line("files", media_type)?;
        }
        Ok(())
    }

    fn people(&self) -> impl Iterator<Item = (&'static str, &Person)> {
        let to = self.to.iter().map(|person| ("to", person));
        let from = self.from.iter().map(|person| ("from", person));
        to.chain(from).chain(self.reply_to.iter().map(|person| ("reply_to", person)))
    }
}

fn is_message_id(id: &str) -> Result<(), Error> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || !c.is_ascii() || matches!(c, '<' | '>');
    if id.matches('@').count() == 1 && !id.starts_with('@') && !id.ends_with('@') && !id.contains(odd) {
        Ok(())
    } else {
        Err(invalid("message_id", "this must be name@host, without angle brackets and blanks"))
    }
}

/// Nothing that could begin another header.
fn one_line(field: &str, text: &str) -> Result<(), Error> {
    if text.chars().any(char::is_control) {
        return Err(invalid(field, "a line break or control character is not allowed here"));
    }
    Ok(())
}

fn invalid(field: &str, problem: &str) -> Error {
    Error::new(Kind::Invalid, format!("{field}: {problem}"))
}

/// An iTIP message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// What it asks.
    pub method: Method,
    /// The iCalendar text.
    pub ics: String,
}

/// An iTIP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Come, or come at another time.
    Request,
    /// It is off.
    Cancel,
    /// An answer.
    Reply,
    /// For your information: nobody is asked anything.
    Publish,
}

impl Method {
    /// Its iCalendar word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
            Self::Reply => "REPLY",
            Self::Publish => "PUBLISH",
        }
    }
}

/// A file that goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, without folders.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// What is in it.
    pub body: Bytes,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the provider calls it: its queue id, or our own message id.
    pub id: String,
    /// Recipients refused, with the reason; all others were accepted.
    pub refused: Vec<(Person, Error)>,
}

/// A messenger, as the engine holds it. Implemented for every [`Messenger`], never by hand.
pub trait AnyMessenger: Send + Sync {
    /// [`Messenger::CAN`].
    fn can(&self) -> MessengerCan;
    /// [`Messenger::probe`].
    fn probe<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, Probe>;
    /// [`Messenger::send`].
    fn send<'a>(&'a self, cx: &'a Cx, message: &'a Message) -> Boxed<'a, Receipt>;
}

impl<T: Messenger> AnyMessenger for T {
    fn can(&self) -> MessengerCan {
        T::CAN
    }

    fn probe<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, Probe> {
        Box::pin(async move { Messenger::probe(self, cx).await.map_err(cx.hushing()) })
    }

    fn send<'a>(&'a self, cx: &'a Cx, message: &'a Message) -> Boxed<'a, Receipt> {
        Box::pin(async move {
            message.check()?;
            let mut receipt = Messenger::send(self, cx, message).await.map_err(cx.hushing())?;
            receipt.refused = receipt.refused.into_iter().map(|(to, why)| (to, cx.hushing()(why))).collect();
            Ok(receipt)
        })
    }
}
