//! Pages and the REST API: what comes in over HTTP, and what goes out.
//!
//! A handler is five lines: extract, call a verb of the engine, map. What can go wrong becomes one
//! [`Problem`], which is drawn once, at the edge, for whoever asked.

pub mod api;
pub mod assets;
pub mod extract;
mod failed;
mod guard;
mod health;
mod hooks;
#[cfg(test)]
mod html;
mod kept;
mod mark;
pub mod pages;
mod problem;
mod refusals;
mod router;
mod state;
pub mod ui;
pub mod when;
pub mod zones;

pub use self::{
    problem::Problem,
    router::router,
    state::{Site, Web},
    ui::icon,
};
