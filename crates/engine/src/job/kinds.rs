//! The jobs that a change of a booking leaves behind, in its own transaction.
//!
//! A job is a value: its kind is never renamed, two waiting ones with one key are one, and running it twice does no harm.

use kalends_domain::{
    Id,
    booking::{Booking, Message},
};
use serde::{Deserialize, Serialize};

/// Something to do after the transaction, by whoever has time.
pub trait Kind: Serialize + for<'de> Deserialize<'de> {
    /// Its name in the table; never renamed.
    const NAME: &'static str;

    /// Two waiting jobs with one key are one.
    fn key(&self) -> String;
}

/// Makes everything outside match the booking as it is when the job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconcile {
    /// Which booking.
    pub booking: Id<Booking>,
}

impl Kind for Reconcile {
    const NAME: &'static str = "reconcile";

    fn key(&self) -> String {
        format!("reconcile:{}", self.booking)
    }
}

/// Tells people what happened, once per recipient and revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// Which booking.
    pub booking: Id<Booking>,
    /// What happened.
    pub message: Message,
    /// The booking's revision then: the iTIP SEQUENCE.
    pub revision: u32,
    /// Only these attendees, by mail address; empty means everybody concerned.
    #[serde(default)]
    pub only: Vec<String>,
}

impl Kind for Notify {
    const NAME: &'static str = "notify";

    fn key(&self) -> String {
        let message = serde_json::to_string(&self.message).unwrap_or_default();
        format!(
            "notify:{}:{}:{}:{}",
            self.booking,
            self.revision,
            message.trim_matches('"'),
            self.only.join(",")
        )
    }
}
