//! Apps: what there is, what is connected, and how well it is.

mod error;
pub mod health;
mod outside;

pub use self::{
    error::ConnectError,
    health::{Health, State},
    outside::{Outside, Post},
};
