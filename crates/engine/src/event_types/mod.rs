//! Event types, as their owners make and change them.

mod draft;

pub use self::draft::{EventTypeDraft, PrivateLinkDraft};
