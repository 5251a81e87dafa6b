//! Apps: what there is, what is connected, and how well it is.

mod error;
mod health;
mod install;
mod installed;
mod list;
mod outside;

pub(crate) use self::installed::Installed;
pub use kalends_store::repo::{Calendar, FailurePolicy, Health};

pub use self::{
    error::ConnectError,
    list::{AppCard, CalendarUse, ConnectionView, Consequences},
    outside::{Outside, Post},
};
