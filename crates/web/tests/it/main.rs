//! Pages through the router, on SQLite.

mod browser;
mod entry;
mod guest;
mod house;
mod safety;
