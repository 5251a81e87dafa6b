//! The engine: what every verb works with (database, memory, clock, apps).

use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use jiff::Timestamp;
use kalends_domain::{Ids, people::Organization};
use kalends_store::Db;

use crate::{connect::Outside, index::Memory, sign_in::Door, sync::Looks};

/// The verbs of the product. Clones share everything.
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

/// What an engine is made of.
#[derive(Debug)]
pub struct Inner {
    /// Where everything is kept; it also holds the clock and makes the ids.
    pub db: Db,
    /// The way out.
    pub outside: Arc<Outside>,
    pub(crate) door: Door,
    pub(crate) looks: Looks,
    pub(crate) memory: Memory,
    pub(crate) home: OnceLock<Organization>,
}

impl Engine {
    /// An engine over a database whose tables are there.
    pub fn new(db: Db, outside: Outside) -> Self {
        let outside = Arc::new(outside);
        let memory = Memory::new(&db);
        Self {
            inner: Arc::new(Inner {
                db,
                outside,
                door: Door::default(),
                looks: Looks::default(),
                memory,
                home: OnceLock::new(),
            }),
        }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.db.now()
    }

    /// The maker of ids.
    pub fn ids(&self) -> &Ids {
        self.db.ids()
    }
}

impl Deref for Engine {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}
