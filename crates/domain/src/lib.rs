//! The rules of scheduling, pure: no async, no I/O, no clock, no randomness.
//!
//! Time and chance come in as values ([`Clock`], [`Ids`]); what must happen outside goes out as
//! values ([`booking::Effect`]). Everything here can be tested with a literal.

pub mod availability;
pub mod booking;
pub mod clock;
pub mod event_type;
pub mod id;
pub mod money;
pub mod people;
pub mod span;
pub mod zone;

pub use clock::Clock;
pub use id::{Id, Ids, Uid};
pub use money::{Currency, Money};
pub use span::Span;
pub use zone::Zone;
