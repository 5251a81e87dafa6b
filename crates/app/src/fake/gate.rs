//! A gateway to fakes, for tests of one app.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use kalends_domain::id::Chance;

use crate::{
    Gateway, NoNames,
    http::{NoRecorder, Simulated, Tokio, Transport},
};

/// A gate by this way: it is this instant and time passes with the runtime's timer; chance is the same in every run, nobody
/// is named, and nothing is recorded.
pub fn gateway(transport: Arc<dyn Transport>, begin: Timestamp) -> Gateway {
    let time = Arc::new(Tokio(Arc::new(Simulated::from(begin))));
    Gateway::new(transport, Arc::new(NoNames), time, Arc::new(Counted::default()), Arc::new(NoRecorder))
}

/// Chance that counts: different every time, the same in every run.
#[derive(Debug, Default)]
pub struct Counted(Mutex<u8>);

impl Chance for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            *next = next.wrapping_mul(29).wrapping_add(71);
            *byte = *next;
        }
    }
}

/// Chance that throws the same byte every time.
#[derive(Debug, Clone, Copy)]
pub struct Same(pub u8);

impl Chance for Same {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}
