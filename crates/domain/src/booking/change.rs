//! The one way a booking changes, and what must follow.

use jiff::Timestamp;

use super::{By, State};

/// Something that happened to a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The money came in.
    Paid,
    /// The payment's time ran out.
    PaymentExpired,
    /// A host said yes.
    Approved,
    /// A host said no.
    Declined {
        /// Why, in their words.
        reason: String,
    },
    /// It was moved to another time (claimed by the caller in the same transaction).
    Moved {
        /// By whom.
        by: By,
        /// The new time waits for a host.
        needs_host: bool,
    },
    /// It was called off.
    Cancelled {
        /// By whom.
        by: By,
        /// Why, in their words.
        reason: String,
    },
}

/// What the event type asks of its bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A host must say yes.
    pub host_approves: bool,
}

/// What must follow a change, in the same transaction as a row or a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The hosts' time is free again.
    ReleaseTime,
    /// Everything outside is brought to the new state.
    Reconcile,
    /// These are told.
    Tell(Message),
    /// Money taken goes back.
    Refund,
}

/// What people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// It takes place: guests and hosts.
    Confirmed,
    /// It waits for a host: the host is asked, the guest knows.
    Requested,
    /// It takes place at another time: guests and hosts.
    Moved,
    /// It is called off: guests and hosts.
    Cancelled,
    /// A host said no: the guests.
    Rejected,
}

/// The change does not fit where the booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a booking that is {state} cannot be {event}")]
pub struct Refused {
    /// Where it stands.
    pub state: &'static str,
    /// What was tried.
    pub event: &'static str,
}

impl Event {
    const fn word(&self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::PaymentExpired => "expired",
            Self::Approved => "confirmed",
            Self::Declined { .. } => "declined",
            Self::Moved { .. } => "rescheduled",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

impl State {
    /// Takes one change: the new state and what must follow, or why not.
    pub fn step(self, event: Event, rules: Rules, now: Timestamp) -> Result<(Self, Vec<Effect>), Refused> {
        use Effect::{Reconcile, Refund, ReleaseTime, Tell};

        Ok(match (self, event) {
            (Self::AwaitingPayment { .. }, Event::Paid) if rules.host_approves => {
                (Self::AwaitingConfirmation { since: now, paid: true }, vec![Tell(Message::Requested)])
            }
            (Self::AwaitingPayment { .. }, Event::Paid) => {
                (Self::Confirmed { since: now, paid: true }, vec![Reconcile, Tell(Message::Confirmed)])
            }
            (Self::AwaitingPayment { .. }, Event::PaymentExpired) => {
                let state = Self::Cancelled { at: now, by: By::Timeout, reason: String::new() };
                (state, vec![ReleaseTime, Reconcile])
            }
            // The provider may tell us twice.
            (
                state @ (Self::Confirmed { paid: true, .. } | Self::AwaitingConfirmation { paid: true, .. }),
                Event::Paid,
            ) => (state, vec![]),
            // Money that arrives after the time was given away goes back.
            (state @ (Self::Cancelled { .. } | Self::Rejected { .. }), Event::Paid) => (state, vec![Refund]),

            (Self::AwaitingConfirmation { paid, .. }, Event::Declined { reason }) => {
                let mut effects = vec![ReleaseTime, Reconcile, Tell(Message::Rejected)];
                if paid {
                    effects.push(Refund);
                }
                (Self::Rejected { at: now, reason }, effects)
            }

            (
                Self::AwaitingConfirmation { paid, .. } | Self::Confirmed { paid, .. },
                Event::Moved { needs_host: true, .. },
            ) => (Self::AwaitingConfirmation { since: now, paid }, vec![Reconcile, Tell(Message::Requested)]),
            // A time that needs no answer answers the one that did.
            (Self::AwaitingConfirmation { paid, .. }, Event::Approved | Event::Moved { .. }) => {
                (Self::Confirmed { since: now, paid }, vec![Reconcile, Tell(Message::Confirmed)])
            }
            (Self::Confirmed { since, paid }, Event::Moved { .. }) => {
                (Self::Confirmed { since, paid }, vec![Reconcile, Tell(Message::Moved)])
            }

            (Self::AwaitingPayment { .. }, Event::Cancelled { by, reason }) => {
                (Self::Cancelled { at: now, by, reason }, vec![ReleaseTime, Reconcile])
            }
            (
                Self::AwaitingConfirmation { paid, .. } | Self::Confirmed { paid, .. },
                Event::Cancelled { by, reason },
            ) => {
                let mut effects = vec![ReleaseTime, Reconcile, Tell(Message::Cancelled)];
                if paid {
                    effects.push(Refund);
                }
                (Self::Cancelled { at: now, by, reason }, effects)
            }

            (state, event) => return Err(Refused { state: state.as_str(), event: event.word() }),
        })
    }
}
