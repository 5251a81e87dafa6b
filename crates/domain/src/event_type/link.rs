//! Private links: an address that books a hidden event type until it is used up.

use jiff::Timestamp;

use super::EventType;
use crate::{Id, Uid};

/// An address known to those it was given to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateLink {
    /// The row.
    pub id: Id<Self>,
    /// What it books.
    pub event_type: Id<EventType>,
    /// Its part of the address.
    pub uid: Uid,
    /// From then on it is refused.
    pub expires_at: Option<Timestamp>,
    /// So many bookings at most.
    pub most_uses: Option<u32>,
    /// So many were made.
    pub uses: u32,
}

/// Why a private link does not book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefused {
    /// Its time is over.
    #[error("this link has expired; ask your host for a new one")]
    Expired,
    /// It has booked as often as it may.
    #[error("this link has been used; ask your host for a new one")]
    UsedUp,
}

impl PrivateLink {
    /// Whether it can book now.
    pub fn check(&self, now: Timestamp) -> Result<(), LinkRefused> {
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(LinkRefused::Expired);
        }
        if self.most_uses.is_some_and(|most| self.uses >= most) {
            return Err(LinkRefused::UsedUp);
        }
        Ok(())
    }
}
