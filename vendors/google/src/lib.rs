//! What Google's apps share: reasons for a no, pages, times, events, and the provider played in memory.

pub mod call;
pub mod event;
pub mod fake;
pub mod judge;
pub mod name;
pub mod pages;
pub mod room;
pub mod when;

pub use self::{event::Event, judge::judge, pages::Pages, when::When};
