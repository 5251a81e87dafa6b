//! Event types, as their owners make and change them.

mod check;
mod draft;

pub use self::draft::{EventTypeDraft, PrivateLinkDraft};
