//! Work that follows a change: written down in the change's own transaction, done by a worker, safe to do twice.

pub mod kinds;

use serde::{Serialize, de::DeserializeOwned};

pub use self::kinds::{Deliver, ExpireHolds, Housekeeping, Letters, Notify, Reconcile, SyncCalendar, Told};

/// A piece of work as a value.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the table; never renamed.
    const NAME: &'static str;

    /// So often it is tried, each time later, before a person must look.
    const TRIES: u32;

    /// Two waiting jobs of one kind and key are one, and two are never run at once.
    fn key(&self) -> String;
}
