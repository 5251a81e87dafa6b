//! The use cases of the product: its verbs are the methods of [`Engine`].

mod actor;
pub mod api_keys;
pub mod audit;
pub mod book;
pub mod calendar_changes;
pub mod clocks;
pub mod connect;
mod edit;
mod engine;
pub mod event_types;
pub mod flights;
mod home;
pub mod hooks_in;
mod index;
mod invalid;
pub mod job;
mod lookup;
pub mod notify;
mod pages;
pub mod people;
pub mod reconcile;
pub mod schedules;
pub mod sign_in;
pub mod slots;
mod sync;
mod trouble;

pub use self::{
    actor::{Actor, Member},
    edit::EditError,
    engine::Engine,
    invalid::{Invalid, Problem},
    pages::{EventTypePage, PageError, PageOwner, ProfilePage},
    trouble::{Trouble, database_is_away, disk_is_full},
};
