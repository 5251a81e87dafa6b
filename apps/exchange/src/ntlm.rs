//! `NTLMv2` over HTTP (MS-NLMP, MS-NTHT): three messages on one connection.

mod binding;
pub(crate) mod crypt;
pub(crate) mod wire;

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use kalends_app::http::Handshake;
use kalends_app::{Error, Kind, Response, Secret};
use kalends_domain::id::Chance;

use self::wire::{Answer, Challenge};

/// The scheme's name in headers.
pub(crate) const SCHEME: &str = "NTLM";

/// One account's way of signing in.
pub(crate) struct Ntlm {
    pub(crate) user: String,
    /// Empty when the user name says it all.
    pub(crate) domain: String,
    pub(crate) password: Secret,
    /// The server by name, as the sign-in is meant for it alone.
    pub(crate) host: String,
    pub(crate) now: Timestamp,
    pub(crate) chance: Arc<dyn Chance>,
}

impl Handshake for Ntlm {
    fn hello(&self) -> Result<String, Error> {
        Ok(header(&wire::hello()))
    }

    fn answer(&self, asked: &Response, certificate: Option<&[u8]>) -> Result<String, Error> {
        let message = challenge(asked)?;
        let challenge = Challenge::read(&message).ok_or_else(|| {
            Error::new(Kind::Malformed, "the server's half of the NTLM sign-in cannot be understood")
        })?;
        let mut client = [0; 8];
        self.chance.fill(&mut client);
        let answer = Answer {
            user: &self.user,
            domain: &self.domain,
            password: self.password.expose(),
            host: &self.host,
            filetime: filetime(self.now),
            client,
            binding: binding::token(certificate),
        };
        Ok(header(&answer.write(&challenge, &message)))
    }
}

/// The message in a 401; one without means that the server does not take this sign-in.
fn challenge(asked: &Response) -> Result<Vec<u8>, Error> {
    let offers = asked.headers.get_all(http::header::WWW_AUTHENTICATE).iter();
    let mut offers = offers.filter_map(|offer| offer.to_str().ok()).flat_map(|offer| offer.split(','));
    let token = offers.find_map(|offer| offer.trim().strip_prefix(SCHEME)?.strip_prefix(' '));
    let refused = || {
        let message =
            "the server refuses to begin an NTLM sign-in: choose Basic, or let its operator switch NTLM on";
        Error::new(Kind::AuthRevoked, message).status(401)
    };
    let token = token.ok_or_else(refused)?;
    BASE64_STANDARD
        .decode(token.trim())
        .map_err(|_| Error::new(Kind::Malformed, "the server's half of the NTLM sign-in is garbled"))
}

fn header(message: &[u8]) -> String {
    format!("{SCHEME} {}", BASE64_STANDARD.encode(message))
}

/// Tenths of microseconds since 1601, as Windows counts.
fn filetime(at: Timestamp) -> u64 {
    let seconds = u64::try_from(at.as_second().saturating_add(11_644_473_600)).unwrap_or_default();
    seconds.saturating_mul(10_000_000)
}

/// `DOMAIN\user` taken apart; any other name is whole.
pub(crate) fn parted(name: &str) -> (&str, &str) {
    name.split_once('\\').map_or(("", name), |(domain, user)| (domain, user))
}

#[cfg(test)]
mod tests;
