//! A notice as it arrived, and what is answered at once.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Method};
use url::Url;

use crate::{Error, Kind};

/// A notice as it arrived, read once, before anything in it is believed (INB-01).
#[derive(Clone)]
pub struct Raw {
    /// The verb.
    pub method: Method,
    /// The address as the provider knows it: below the configured base, never from the request's own headers.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The bytes a signature is over.
    pub body: Bytes,
}

impl Raw {
    /// The header as text, if it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The address's parameter of this name, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The body as JSON of this shape; anything else is malformed.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::new(Kind::Malformed, format!("the notice cannot be read: {error}")))
    }
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raw")
            .field("method", &self.method)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer to a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `text/plain`, `application/json`.
    pub media_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// 200 with this text, back as it came.
    pub fn text(body: impl Into<Bytes>) -> Self {
        Self { status: 200, media_type: "text/plain", body: body.into() }
    }

    /// 200 with this JSON.
    pub fn json(body: &serde_json::Value) -> Self {
        Self { status: 200, media_type: "application/json", body: body.to_string().into() }
    }
}
