//! What a notice tells about a mail: which one, and what became of it (EML-04).

use serde::{Deserialize, Serialize};

use crate::kind::RemoteId;

/// The mail a notice is about, by whatever names the provider gives. One of them finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailName {
    /// Ours ([`Message::message_id`](crate::kind::messenger::Message::message_id)), where the provider carries it back. It wins.
    pub message_id: Option<String>,
    /// The provider's, as in the [`Receipt`](crate::kind::messenger::Receipt).
    pub id: Option<RemoteId>,
    /// Whose copy; letters' case does not matter.
    pub recipient: String,
}

/// How a mail came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Back {
    /// Given up for now: the same address may take another one later.
    ForNow,
    /// For good: there is no such mailbox, or the provider sends there no more.
    ForGood,
    /// It arrived, and its reader called it spam.
    Complaint,
}
