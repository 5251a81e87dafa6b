//! A copy of a calendar, kept the way the engine keeps it.

use std::collections::BTreeMap;

use kalends_domain::Span;

use crate::{
    RemoteId,
    kind::calendar::{Changes, RemoteEvent},
};

/// What is known of a calendar by nothing but what its app says has changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mirror {
    /// Every event there.
    pub events: BTreeMap<RemoteId, RemoteEvent>,
    /// To ask from next time.
    pub cursor: Option<String>,
}

impl Mirror {
    /// Takes in one answer. The cursor of an answer that got lost can be put back: told twice does no harm.
    pub fn heed(&mut self, changes: Changes) {
        if changes.full {
            self.events.clear();
        }
        for gone in &changes.removed {
            self.events.remove(gone);
        }
        self.events.extend(changes.upserts.into_iter().map(|event| (event.id.clone(), event)));
        self.cursor = changes.cursor;
    }

    /// All busy times, earliest first.
    pub fn busy(&self) -> Vec<Span> {
        let mut all: Vec<Span> = self.events.values().flat_map(|event| event.busy.clone()).collect();
        all.sort();
        all
    }
}
