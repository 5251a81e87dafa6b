//! Randomness that is the same in every run.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use kalends_domain::{Clock, Ids, id::Chance};

/// Counts: every call fills with the next number, so ids differ and are the same in every run.
#[derive(Debug, Clone, Default)]
pub struct Counting {
    next: Arc<AtomicU64>,
}

impl Counting {
    /// Begins at a number; two that begin far apart do not meet.
    pub fn from(first: u64) -> Self {
        Self { next: Arc::new(AtomicU64::new(first)) }
    }

    /// A maker of ids that counts.
    pub fn ids(&self, clock: impl Clock) -> Ids {
        Ids::new(Arc::new(clock), Arc::new(self.clone()))
    }
}

impl Chance for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.next.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        bytes.fill(0);
        // At the end, where it counts in a UUID and in a uid alike.
        for (to, from) in bytes.iter_mut().rev().zip(number.iter().rev()) {
            *to = *from;
        }
    }
}
