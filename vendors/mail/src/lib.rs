//! What apps that send mail share: a message as a MIME text, a conversation over SMTP, and a mail server played in memory.
//!
//! Whoever hands mails over by HTTP needs [`Mail`] alone, or [`parts`] where the provider makes the text. Whoever speaks SMTP fills in a [`Server`] and calls [`smtp::send`].

pub mod compose;
mod error;
pub mod fake;
pub mod parts;
mod server;
mod session;
mod size;
pub mod smtp;
mod token;
mod wary;

pub use self::{
    compose::Mail,
    error::enhanced,
    server::{Judge, Security, Server, SignIn},
};

#[cfg(test)]
mod tests;
