//! OAuth 2 as a client (RFC 6749, 7636, 9207, 9700): what to ask, where to ask it, how to read the answer.
//!
//! Apps see none of it: they say in their manifest how the provider does it, and their requests come out signed.

mod delegate;
mod descriptor;
mod desk;
pub mod pkce;
mod token;

use crate::Secret;

pub(crate) use self::delegate::JWT_BEARER;
pub use self::{
    delegate::{Delegate, WrongKey},
    descriptor::{ClientProof, Grant, Missing, OAuth, ScopeUse},
    desk::{Ask, Desk},
    token::{Class, Refusal, Tokens},
};

/// Our registration at the provider: the operator made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Public.
    pub id: String,
    /// Not; none for a public client.
    pub secret: Option<Secret>,
}

#[cfg(test)]
mod tests;
