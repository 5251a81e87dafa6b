//! Telling people: mails about bookings and accounts.

pub(crate) mod account;
mod compose;
pub(crate) mod deliver;
mod file;
mod ics;
mod letter;
mod links;
pub(crate) mod plan;
mod post;
pub(crate) mod returned;
mod when;
mod words;

use kalends_domain::booking::Message;
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    compose::mail,
    ics::join_line,
    plan::{choose_again, link_ready},
    post::{can_send, post},
};
pub use self::{
    letter::{Action, Fact, Letter},
    links::Links,
    when::{Reading, hours_of},
};

/// What a mail about a booking is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// It takes place.
    Confirmed,
    /// It waits for a host.
    Requested,
    /// It takes place at another time.
    Moved,
    /// It is called off.
    Cancelled,
    /// A host said no.
    Rejected,
    /// The link that was still being made is there.
    LinkReady,
    /// Something came up: the guest is asked for another time.
    ChooseAgain,
}

impl Topic {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Requested => "requested",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::LinkReady => "link_ready",
            Self::ChooseAgain => "choose_again",
        }
    }

    /// The topic of this name, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        use Topic::{Cancelled, ChooseAgain, Confirmed, LinkReady, Moved, Rejected, Requested};
        [Confirmed, Requested, Moved, Cancelled, Rejected, LinkReady, ChooseAgain]
            .into_iter()
            .find(|topic| topic.as_str() == text)
    }
}

impl From<Message> for Topic {
    fn from(message: Message) -> Self {
        match message {
            Message::Confirmed => Self::Confirmed,
            Message::Requested => Self::Requested,
            Message::Moved => Self::Moved,
            Message::Cancelled => Self::Cancelled,
            Message::Rejected => Self::Rejected,
        }
    }
}
