//! A request with its meaning, and an answer.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use super::{Connection, Handshake};
use crate::{Error, Kind, redact};

/// What a request means to the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a yes or no of its own to another layer")]
pub struct Op {
    /// The call's name in metrics and records, such as `create_event`.
    pub name: &'static str,
    /// May be sent twice without doing twice.
    pub repeatable: bool,
    /// Goes without the account's credentials.
    pub anonymous: bool,
    /// A 401 comes back as an answer: its challenge has to be read (RFC 7616).
    pub challenged: bool,
    /// Changes nothing there, whatever its verb: a question too long for an address goes as a POST.
    pub reading: bool,
    /// The address is itself a secret, so no record shows its path.
    pub secret_address: bool,
}

/// How long any connection may take to stand (ALL-06).
pub const CONNECT: Duration = Duration::from_secs(5);

/// How long and how much (ALL-06).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the request to the first byte of the answer.
    pub first_byte: Duration,
    /// From the start to the answer's last byte.
    pub total: Duration,
    /// The answer's size after decompression.
    pub body: usize,
}

impl Limits {
    /// 15 s to the first byte, 30 s in all, 10 MB.
    pub const USUAL: Self =
        Self { first_byte: Duration::from_secs(15), total: Duration::from_secs(30), body: 10 * 1024 * 1024 };
}

/// A request to a provider.
#[derive(Clone)]
pub struct Request {
    /// The verb.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// The headers; those that hold secrets are marked sensitive.
    pub headers: HeaderMap,
    /// The body, empty for none.
    pub body: Bytes,
    /// What it means.
    pub op: Op,
    /// How long and how much.
    pub limits: Limits,
    /// For all its tries together.
    pub(crate) patience: Duration,
    /// Which try this is, from 1.
    pub(crate) attempt: u32,
    /// The connection it goes over; any where it is not said.
    pub(crate) connection: Option<Connection>,
    /// How it signs in on that connection.
    pub(crate) handshake: Option<Arc<dyn Handshake>>,
}

impl Request {
    /// A request. Reading verbs, PUT and DELETE may be sent twice, all others not (ALL-03); see [`Self::once`].
    pub fn new(op: &'static str, method: Method, url: Url) -> Self {
        let reading = is_reading(&method);
        let repeatable = reading || matches!(method, Method::PUT | Method::DELETE);
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            op: Op {
                name: op,
                repeatable,
                anonymous: false,
                challenged: false,
                reading,
                secret_address: false,
            },
            limits: Limits::USUAL,
            patience: Duration::from_mins(1),
            attempt: 1,
            connection: None,
            handshake: None,
        }
    }

    /// A GET.
    pub fn get(op: &'static str, url: Url) -> Self {
        Self::new(op, Method::GET, url)
    }

    /// May be sent twice: it carries an idempotency key.
    #[must_use]
    pub const fn repeatable(mut self) -> Self {
        self.op.repeatable = true;
        self
    }

    /// Must not be sent twice: a lost answer is an unknown outcome. A conditional PUT is one of these, for a second
    /// try would meet the first one's etag.
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.op.repeatable = false;
        self
    }

    /// Only asks, though its verb is POST: it may be sent twice, and a lost answer left nothing behind.
    #[must_use]
    pub const fn reading(mut self) -> Self {
        self.op.reading = true;
        self.op.repeatable = true;
        self
    }

    /// Keeps the address's path out of every record: whoever knows it is let in.
    #[must_use]
    pub const fn secret_address(mut self) -> Self {
        self.op.secret_address = true;
        self
    }

    /// Goes without the account's credentials.
    #[must_use]
    pub const fn anonymous(mut self) -> Self {
        self.op.anonymous = true;
        self
    }

    /// Reads a 401 itself instead of taking it for an error: for schemes that answer a challenge.
    #[must_use]
    pub const fn challenged(mut self) -> Self {
        self.op.challenged = true;
        self
    }

    /// With this header. A value that no header can hold (a line break) is refused.
    pub fn header(mut self, name: &'static str, value: &str) -> Result<Self, Error> {
        self.headers.insert(HeaderName::from_static(name), header_value(name, value)?);
        Ok(self)
    }

    /// With this header, kept out of every record.
    pub fn secret_header(mut self, name: &'static str, value: &str) -> Result<Self, Error> {
        let mut value = header_value(name, value)?;
        value.set_sensitive(true);
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(self)
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        self.body = body.into();
        self
    }

    /// With other limits.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Goes over this connection, signed in there by this handshake if it is not yet.
    #[must_use]
    pub fn over(mut self, connection: &Connection, handshake: Arc<dyn Handshake>) -> Self {
        self.connection = Some(connection.clone());
        self.handshake = Some(handshake);
        self
    }

    /// The connection it must go over; any where there is none.
    pub const fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// What goes ahead of it to sign in: the same address, and nothing to do there.
    pub(crate) fn greeting(mut self) -> Self {
        self.body = Bytes::new();
        self.op.name = "sign_in";
        self.reading()
    }

    /// True when it changes nothing there.
    pub const fn is_reading(&self) -> bool {
        self.op.reading
    }

    /// Its path as records show it.
    pub(crate) fn shown_path(&self) -> String {
        if self.op.secret_address { "/…".to_owned() } else { redact::path(&self.url) }
    }

    /// Which try this is, from 1.
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    pub(crate) const fn within(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(crate) const fn on_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("op", &self.op.name)
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("path", &self.shown_path())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

fn is_reading(method: &Method) -> bool {
    matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS" | "PROPFIND" | "REPORT")
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).map_err(|_| {
        Error::new(Kind::Invalid, format!("the value for header {name:?} has characters no header can hold"))
    })
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
    /// The address that answered.
    pub url: Url,
}

impl Response {
    /// The header as text, if it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text, with what is not UTF-8 replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON of this shape; anything else is malformed.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::new(Kind::Malformed, format!("the answer cannot be read: {error}")))
    }

    /// Where a redirect points, made absolute.
    pub fn location(&self) -> Option<Url> {
        self.status.is_redirection().then(|| self.header("location"))?.and_then(|to| self.url.join(to).ok())
    }
}
