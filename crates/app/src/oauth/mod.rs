//! OAuth 2 as a client (RFC 6749, 7636, 9207, 9700): what to ask, where to ask it, how to read the answer.
//!
//! Apps see none of it: they say in their manifest how the provider does it, and their requests come out signed.

mod assertion;
mod delegate;
mod descriptor;
mod desk;
pub mod pkce;
mod token;

use crate::Secret;

pub(crate) use self::{assertion::ASSERTION, delegate::JWT_BEARER};
pub use self::{
    assertion::{Algorithm, ClientKey, KeyUse, UnfitKey},
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
    /// How we prove it; none for a public client.
    pub proof: Option<Proof>,
}

/// What proves who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A secret both sides know.
    Secret(Secret),
    /// A private key only we know, in PEM form, with its certificate where the provider knows it by that.
    Key(Secret),
}

impl Client {
    /// Known by a secret.
    pub fn with_secret(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { id: id.into(), proof: Some(Proof::Secret(Secret::new(secret))) }
    }
}

impl Proof {
    /// What of it nobody else may know.
    pub const fn hidden(&self) -> &Secret {
        match self {
            Self::Secret(text) | Self::Key(text) => text,
        }
    }
}

#[cfg(test)]
mod tests;
