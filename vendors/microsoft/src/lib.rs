//! Microsoft Graph over the project's own transport: what the apps that speak it share.
//!
//! [`Graph`] is one call's view of an account. An app makes one from its surroundings, asks it some things, and drops it.

mod batch;
mod draft;
mod error;
mod event;
pub mod fake;
mod graph;
mod moment;

pub use batch::{Part, parts};
pub use draft::{Meant, begun_event, category, colour, line, room_wish, teams_body};
pub use error::{is_refused, judge};
pub use event::{Event, OnlineMeeting, PROPERTIES, SAID, UID, etag, of_transaction, transaction, version};
pub use graph::{Answer, Graph, Page};
pub use moment::Moment;
