//! Who somebody is: passwords, sessions, links sent by mail.

mod door;
mod email;
mod error;
mod operator;
mod password;
pub(crate) mod reset;
mod session;
mod setup;
mod throttle;
mod token;

pub use kalends_store::repo::Session;

pub use self::{
    door::{Client, Door},
    error::SignInError,
    password::SHORTEST,
    session::{Entered, Stay},
    setup::OwnerAsk,
    throttle::{Throttle, TooMany},
    token::{csrf, csrf_fits},
};
pub(crate) use self::{session::user_of, token::fresh as fresh_token, token::kept};
