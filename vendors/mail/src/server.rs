//! A mail server, and who we are there.

use std::fmt;

use kalends_app::{Cx, Error, Kind, Secret};
use lettre::transport::smtp::{
    client::{Certificate, TlsParameters},
    extension::ClientId,
};
use url::Url;

/// How the conversation is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Encrypted from the first byte.
    Tls,
    /// Encrypted before anything is said.
    StartTls,
    /// Not at all: this machine only.
    Plain,
}

/// How we sign in at a mail server.
#[derive(Debug)]
pub enum SignIn {
    /// The server asks for nothing.
    Nothing,
    /// By name and password (PLAIN, or LOGIN where there is nothing better).
    Password {
        /// The name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// By the token that the account's owner granted (XOAUTH2).
    Token {
        /// Whose mailbox it is.
        user: String,
    },
}

/// What a provider's own refusals mean, by code and words; `None` leaves one to its code.
pub type Judge = fn(u16, &str) -> Option<Error>;

/// A mail server, and who we are there.
pub struct Server {
    /// Its name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the conversation is kept private.
    pub security: Security,
    /// How we sign in.
    pub sign_in: SignIn,
    /// Whose mails these are: we call ourselves by this address's domain, for servers refuse an address in brackets.
    pub sender: String,
    /// What its own refusals mean.
    pub judge: Judge,
}

impl Server {
    /// The server of an endpoint: `smtps://host` is encrypted from the first byte, `smtp://host` after STARTTLS and never without.
    pub fn at(endpoint: &Url, sign_in: SignIn, sender: &str, judge: Judge) -> Result<Self, Error> {
        let (security, usual) = match endpoint.scheme() {
            "smtps" => (Security::Tls, 465),
            "smtp" => (Security::StartTls, 587),
            _ => return Err(unfit("it must begin with smtps:// or smtp://")),
        };
        let host =
            endpoint.host_str().filter(|host| !host.is_empty()).ok_or_else(|| unfit("it has no host"))?;
        let port = endpoint.port().unwrap_or(usual);
        Ok(Self { host: host.to_owned(), port, security, sign_in, sender: sender.to_owned(), judge })
    }

    pub(crate) fn hello(&self) -> ClientId {
        let domain = self.sender.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        ClientId::Domain(domain.to_owned())
    }

    pub(crate) fn tls(&self, cx: &Cx) -> Result<TlsParameters, Error> {
        let unusable =
            |_| Error::new(Kind::Down, "no encryption is possible: check the operator's root certificates");
        let mut builder = TlsParameters::builder(self.host.clone());
        if !cx.trust.is_empty() {
            let root = Certificate::from_pem(cx.trust.as_bytes()).map_err(unusable)?;
            builder = builder.add_root_certificate(root);
        }
        builder.build().map_err(unusable)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

fn unfit(problem: &str) -> Error {
    Error::new(Kind::Invalid, format!("the mail server's endpoint cannot be used: {problem}"))
}
