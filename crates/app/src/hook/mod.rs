//! Inbound webhooks (notices): a provider's handshake, its signature, what it tells. Pure: nothing is changed or fetched here.

pub mod carried;
mod mail;
mod raw;
pub mod signature;
pub mod standard;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Error, Secrets, kind::RemoteId};

pub use self::{
    mail::{Back, MailName},
    raw::{Raw, Reply},
};

/// The secret by which notices of an account are verified, in its [`Secrets`].
pub const SECRET: &str = "webhook_secret";
/// The one before it, good until the provider has changed over (INB-07).
pub const SECRET_BEFORE: &str = "webhook_secret_before";

/// How a provider's notices are understood.
pub trait Hook: Send + Sync + 'static {
    /// The answer to a first call that only asks whether we are there; `None` when it is no such call (INB-04).
    fn handshake(&self, raw: &Raw, secrets: &Secrets) -> Option<Reply>;

    /// Whether the notice is theirs, judged on its raw bytes. No secret set means no.
    fn verify(&self, raw: &Raw, secrets: &Secrets, now: Timestamp) -> Result<(), Refused>;

    /// What of a verified notice is theirs, where one holds several things with a proof each (MSG-16): the others are left out.
    fn believed(&self, raw: Raw, _secrets: &Secrets) -> Raw {
        raw
    }

    /// What a verified notice tells; a kind we do not know is [`What::Other`] (INB-06).
    fn signals(&self, raw: &Raw) -> Result<Vec<Signal>, Error>;
}

/// One thing a notice tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Unique at the provider: told twice, it is one.
    pub id: String,
    /// What.
    pub what: What,
}

/// What a notice can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// Something in a calendar is different.
    CalendarChanged {
        /// The channel it came by.
        channel: RemoteId,
    },
    /// A channel is over: nothing more will come by it.
    ChannelEnded {
        /// Which.
        channel: RemoteId,
    },
    /// A channel must be authorized anew, or it will end.
    Reauthorize {
        /// Which.
        channel: RemoteId,
    },
    /// The owner took our access back there (OAU-17).
    Deauthorized {
        /// Whose, as the app's probe names its subject.
        account: String,
    },
    /// A meeting is over.
    MeetingEnded {
        /// Its room.
        room: RemoteId,
    },
    /// Somebody changed a meeting there, or we did.
    MeetingChanged {
        /// Its room.
        room: RemoteId,
    },
    /// Somebody took a meeting away there.
    MeetingGone {
        /// Its room.
        room: RemoteId,
    },
    /// A mail of ours is in its recipient's mailbox.
    MailDelivered {
        /// Which, and whose copy.
        mail: MailName,
    },
    /// A mail of ours came back, and the provider tries no more.
    MailReturned {
        /// Which, and whose copy.
        mail: MailName,
        /// For how long.
        back: Back,
        /// Why, in the provider's words or the other mail server's; empty where nobody said.
        why: String,
    },
    /// Something that does not concern us.
    Other {
        /// As the provider calls it.
        kind: String,
    },
}

/// Why a notice is not believed. None of it is told to the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no secret to verify it with.
    #[error("no secret is set for these notices")]
    NoSecret,
    /// It is not signed, or not in the way this provider signs.
    #[error("the notice carries no signature we can read")]
    Unsigned,
    /// The signature is another's.
    #[error("the signature does not fit")]
    Forged,
    /// It was signed too long ago, or will have been.
    #[error("the notice is too old, or its clock is wrong")]
    Stale,
    /// It is not shaped as this provider's notices are.
    #[error("the notice is not shaped as this provider's are")]
    Odd,
}
