//! Everything one call of an integration may use.

use std::{collections::BTreeMap, fmt, net::SocketAddr, sync::Arc};

use futures::future::BoxFuture;
use jiff::Timestamp;
use kalends_domain::id::Chance;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::{
    Error, Http, Kind, Secret, Secrets,
    http::{Line, Signer, sign::revoked},
};

/// The surroundings of one call: what it may send through, and whose call it is.
#[derive(Clone)]
pub struct Cx {
    /// The way out, with every policy already around it.
    pub http: Http,
    /// The account's line: breaker, pace and records for what is not HTTP (see [`Line::around`]).
    pub line: Line,
    /// The instant of the call.
    pub now: Timestamp,
    /// The installation's settings as the setup form left them, secrets not among them.
    pub settings: Value,
    /// The installation's secrets by field name.
    pub secrets: Secrets,
    /// Whose installation it is; unique among all.
    pub account: String,
    /// Base addresses: the manifest's, overridden by the operator, never by a form (ALL-01).
    pub endpoints: Endpoints,
    /// The account owner's zone, for days that have no zone of their own.
    pub zone: String,
    /// The owner's language, for texts a provider shows.
    pub locale: String,
    /// The owner's mail addresses known here, for providers that know none.
    pub addresses: Vec<String>,
    /// Names to addresses, guarded against private networks.
    pub names: Arc<dyn Names>,
    /// Further root certificates the operator trusts, PEM; empty for none.
    pub trust: Arc<str>,
    /// Chance, for rooms nobody can guess.
    pub chance: Arc<dyn Chance>,
    pub(crate) signer: Arc<dyn Signer>,
}

impl Cx {
    /// The settings as the app's own type.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(&self.settings)
            .map_err(|error| Error::new(Kind::Invalid, format!("the app's settings do not fit: {error}")))
    }

    /// The text setting of this name, if set and not blank.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The secret of this field, or an error that names it.
    pub fn secret(&self, name: &str) -> Result<&Secret, Error> {
        self.secrets.get(name).ok_or_else(|| {
            Error::new(Kind::AuthRevoked, format!("{name:?} is not set: connect the account again"))
        })
    }

    /// Does what is not HTTP with the token its owner granted at the provider, as requests are signed: a refused token
    /// ([`Kind::AuthExpired`]) is renewed once and the work begun anew; the refusal of a fresh one is for good (OAU-14).
    ///
    /// No error of the work says the token back.
    pub async fn with_token<T, F>(&self, work: impl Fn(Secret) -> F + Send + Sync) -> Result<T, Error>
    where
        T: Send,
        F: Future<Output = Result<T, Error>> + Send,
    {
        match self.once_with(&work).await {
            Err(error) if error.kind == Kind::AuthExpired => {
                if self.signer.refresh().await? {
                    self.once_with(&work).await.map_err(revoked)
                } else {
                    Err(revoked(error))
                }
            }
            settled => settled,
        }
    }

    async fn once_with<T, F>(&self, work: &(impl Fn(Secret) -> F + Send + Sync)) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send,
    {
        let token = self.signer.token().await?;
        work(token.clone()).await.map_err(|error| error.without([token.expose()]))
    }

    /// Turns an app's own failure into ours, without the account's secrets.
    pub(crate) fn hushing<E: Into<Error>>(&self) -> impl FnOnce(E) -> Error {
        |error| error.into().without(self.secrets.exposed())
    }

    /// Fresh random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.chance.fill(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx").field("account", &self.account).field("now", &self.now).finish_non_exhaustive()
    }
}

/// Base addresses by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints(BTreeMap<String, Url>);

impl Endpoints {
    /// The manifest's addresses with the operator's on top; a name the manifest lacks is refused.
    pub fn new(defaults: &BTreeMap<String, Url>, overrides: &BTreeMap<String, Url>) -> Result<Self, Error> {
        if let Some(stray) = overrides.keys().find(|name| !defaults.contains_key(*name)) {
            let known = defaults.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let known =
                if known.is_empty() { "this app has none".to_owned() } else { format!("known: {known}") };
            return Err(Error::new(
                Kind::Invalid,
                format!("there is no endpoint {stray:?} to override ({known})"),
            ));
        }
        let mut all = defaults.clone();
        all.extend(overrides.iter().map(|(name, url)| (name.clone(), url.clone())));
        Ok(Self(all))
    }

    /// The address of this name.
    pub fn get(&self, name: &str) -> Result<&Url, Error> {
        self.0
            .get(name)
            .ok_or_else(|| Error::new(Kind::Invalid, format!("the manifest declares no endpoint {name:?}")))
    }
}

/// Turns names into addresses. The binary asks the DNS and refuses private networks; a fake answers itself.
pub trait Names: Send + Sync + 'static {
    /// Where a host listens; never an address the operator has not opened.
    fn addresses<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, Result<Vec<SocketAddr>, Error>>;

    /// SRV records by priority, then weight (RFC 2782); empty when there are none.
    fn srv<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<Srv>, Error>>;

    /// TXT records, each joined from its parts; empty when there are none.
    fn txt<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>>;
}

/// One SRV record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// The host, without its final dot.
    pub target: String,
    /// The port.
    pub port: u16,
    /// Lower is tried first.
    pub priority: u16,
    /// Higher is likelier among equals.
    pub weight: u16,
}

/// A world without names: nothing resolves.
#[derive(Debug, Clone, Copy)]
pub struct NoNames;

impl Names for NoNames {
    fn addresses<'a>(&'a self, host: &'a str, _: u16) -> BoxFuture<'a, Result<Vec<SocketAddr>, Error>> {
        Box::pin(async move { Err(Error::new(Kind::Down, format!("no address is known for {host:?}"))) })
    }

    fn srv<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<Srv>, Error>> {
        Box::pin(async { Ok(vec![]) })
    }

    fn txt<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        Box::pin(async { Ok(vec![]) })
    }
}
