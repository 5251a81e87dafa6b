//! Accounts that are granted at the provider: signing in there, keeping the tokens fresh, giving them back.

mod begin;
mod error;
mod finish;
mod kept;
mod own;
mod refresh;
mod registration;
mod renewals;
mod signer;
mod taken_back;
mod unregistered;

pub(super) use self::kept::NewTokens;
pub use self::{
    begin::Begin,
    error::Unfinished,
    finish::{Answer, CameToNothing, Finished, Switch},
    registration::{Configured, Entered, RegistrationView, Source, Tested},
    unregistered::Unregistered,
};
pub(crate) use self::{kept::Kept, signer::Granted};
