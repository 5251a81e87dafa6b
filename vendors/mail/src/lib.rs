//! What apps that send mail share: a message as a MIME text, a conversation over SMTP, and a mail server played in memory.
//!
//! Whoever hands mails over by HTTP needs [`Mail`] alone, or [`parts`] where the provider makes the text. Whoever speaks SMTP fills in a [`Server`] and calls [`smtp::send`].

pub mod compose;
mod error;
pub mod fake;
pub mod parts;
mod session;
pub mod smtp;
mod wary;

pub use self::{
    compose::Mail,
    session::{Security, Server, SignIn},
};

#[cfg(test)]
mod tests;
