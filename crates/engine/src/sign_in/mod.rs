//! Who somebody is: passwords, sessions, tokens.

mod password;
mod throttle;
mod token;

pub use self::{
    password::{Check, SHORTEST, fit, hash},
    throttle::{Throttle, TooMany},
    token::{csrf, csrf_fits},
};
