//! Pages through the router, on SQLite.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod apps;
mod browser;
mod entry;
mod guest;
mod guest_links;
mod hooks;
mod host;
mod house;
mod looked;
mod mails;
mod private_links;
mod rooms;
mod safety;
mod strays;
mod zoom;
