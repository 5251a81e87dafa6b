//! Puts an account's credentials on its requests; the app never sees a token.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use serde_json::Value;

use super::{Answer, Layer, Next, Request};
use crate::{Error, Kind, Secret, Secrets, manifest::Auth};

/// Signs requests with one account's credential.
pub trait Signer: Send + Sync + 'static {
    /// Puts the credential on.
    fn sign<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<(), Error>>;

    /// Gets a fresh credential after a refusal; false when this one cannot be freshened.
    fn refresh(&self) -> BoxFuture<'_, Result<bool, Error>>;

    /// The bearer token itself, for what is not HTTP; an error where requests are signed by something else.
    fn token(&self) -> BoxFuture<'_, Result<Secret, Error>> {
        Box::pin(async { Err(no_token()) })
    }
}

/// No credential at all.
#[derive(Debug, Clone, Copy)]
pub struct Unsigned;

impl Signer for Unsigned {
    fn sign<'a>(&'a self, _: &'a mut Request) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn refresh(&self) -> BoxFuture<'_, Result<bool, Error>> {
        Box::pin(async { Ok(false) })
    }
}

/// A credential that stays as it is: one header.
#[derive(Debug)]
pub struct Fixed(HeaderName, HeaderValue);

impl Fixed {
    /// A user's name and password (RFC 7617).
    pub fn basic(user: &str, password: &str) -> Result<Self, Error> {
        if user.contains(':') {
            return Err(Error::new(
                Kind::Invalid,
                "a user name with a colon cannot be used for signing in here",
            ));
        }
        Self::header(
            AUTHORIZATION,
            &format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))),
        )
    }

    /// A token.
    pub fn bearer(token: &str) -> Result<Self, Error> {
        Self::header(AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// A token in a header of the provider's own.
    pub fn header(name: HeaderName, text: &str) -> Result<Self, Error> {
        let mut value = HeaderValue::from_str(text).map_err(|_| {
            Error::new(Kind::Invalid, "the token has characters no header can hold: paste it again")
        })?;
        value.set_sensitive(true);
        Ok(Self(name, value))
    }
}

impl Signer for Fixed {
    fn sign<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<(), Error>> {
        request.headers.insert(self.0.clone(), self.1.clone());
        Box::pin(async { Ok(()) })
    }

    fn refresh(&self) -> BoxFuture<'_, Result<bool, Error>> {
        Box::pin(async { Ok(false) })
    }

    fn token(&self) -> BoxFuture<'_, Result<Secret, Error>> {
        let token = self.1.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).map(Secret::new);
        Box::pin(async { token.ok_or_else(no_token) })
    }
}

fn no_token() -> Error {
    Error::new(Kind::Invalid, "this account has no token of its own")
}

/// The signer a manifest's `[auth]` asks for.
pub fn signer(auth: &Auth, settings: &Value, secrets: &Secrets) -> Result<Arc<dyn Signer>, Error> {
    let missing = |field: &str| {
        Error::new(Kind::AuthRevoked, format!("{field:?} is not set: connect the account again"))
    };
    let text = |field: &str| settings.get(field).and_then(Value::as_str).ok_or_else(|| missing(field));
    let secret = |field: &str| secrets.get(field).ok_or_else(|| missing(field));
    Ok(match auth {
        Auth::None => Arc::new(Unsigned),
        Auth::Basic { user, password } => Arc::new(Fixed::basic(text(user)?, secret(password)?.expose())?),
        Auth::Bearer { token } => Arc::new(Fixed::bearer(secret(token)?.expose())?),
        Auth::BasicKey { name, key } => Arc::new(Fixed::basic(name, secret(key)?.expose())?),
        Auth::Header { header, token } => {
            let name = header_name(header)
                .ok_or_else(|| Error::new(Kind::Invalid, format!("{header:?} is no header's name")))?;
            Arc::new(Fixed::header(name, secret(token)?.expose())?)
        }
        Auth::Oauth2(_) => {
            return Err(Error::new(Kind::AuthRevoked, "nobody has signed in yet: connect the account"));
        }
    })
}

/// The name as a header's, if it can be one.
pub(crate) fn header_name(name: &str) -> Option<HeaderName> {
    name.parse().ok()
}

/// The layer that signs, and refreshes once when the credential is spent.
pub struct Signing {
    signer: Arc<dyn Signer>,
}

impl Signing {
    /// Signing by this signer.
    pub fn by(signer: Arc<dyn Signer>) -> Self {
        Self { signer }
    }
}

impl Layer for Signing {
    fn call<'a>(&'a self, mut request: Request, next: Next<'a>) -> Answer<'a> {
        Box::pin(async move {
            if request.op.anonymous {
                return next.run(request).await;
            }
            let unsigned = request.clone();
            self.signer.sign(&mut request).await?;
            let first = next.run(request).await;
            if !matches!(&first, Err(error) if error.kind == Kind::AuthExpired) {
                return first;
            }
            if self.signer.refresh().await? {
                let mut again = unsigned;
                self.signer.sign(&mut again).await?;
                return next.run(again).await.map_err(revoked);
            }
            first.map_err(revoked)
        })
    }
}

/// A refusal of a fresh credential is for good.
pub(crate) fn revoked(error: Error) -> Error {
    if error.kind == Kind::AuthExpired { error.as_kind(Kind::AuthRevoked) } else { error }
}

/// Settings a manifest's `[auth]` names.
pub(crate) fn fields(auth: &Auth) -> BTreeMap<&str, FieldUse> {
    match auth {
        Auth::None | Auth::Oauth2(_) => BTreeMap::new(),
        Auth::Basic { user, password } => {
            BTreeMap::from([(user.as_str(), FieldUse::Plain), (password.as_str(), FieldUse::Secret)])
        }
        Auth::Bearer { token: secret }
        | Auth::BasicKey { key: secret, .. }
        | Auth::Header { token: secret, .. } => BTreeMap::from([(secret.as_str(), FieldUse::Secret)]),
    }
}

/// How `[auth]` uses a setup field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldUse {
    /// As a setting.
    Plain,
    /// As a secret.
    Secret,
}
