//! What the provider's notices look like, from both ends.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use kalends_app::{
    Error, RemoteId, Secrets,
    hook::{Hook, Raw, Refused, Reply, Signal, What, signature},
};
use serde::{Deserialize, Serialize};
use url::Url;

const SIGNED: &str = "x-planner-signature";
const AT: &str = "x-planner-time";

/// One notice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Notice {
    pub id: String,
    pub kind: String,
    pub channel: String,
}

impl Notice {
    /// As it is sent.
    pub fn raw(&self, address: &Url, secret: &str, now: Timestamp) -> Raw {
        let body = Bytes::from(serde_json::to_vec(self).unwrap_or_default());
        let time = now.as_second().to_string();
        let signed = signature::hmac_hex(secret.as_bytes(), &[time.as_bytes(), b".", &body]);
        let mut headers = HeaderMap::new();
        for (name, value) in [(SIGNED, &signed), (AT, &time)] {
            headers.extend(
                HeaderValue::from_str(value).ok().map(|value| (http::HeaderName::from_static(name), value)),
            );
        }
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Raw { method: Method::POST, url: address.clone(), headers, body }
    }
}

/// How they are understood.
pub(super) struct Notices;

impl Hook for Notices {
    fn handshake(&self, raw: &Raw, _: &Secrets) -> Option<Reply> {
        raw.query("challenge").map(|word| Reply::text(word.into_owned()))
    }

    fn verify(&self, raw: &Raw, secrets: &Secrets, now: Timestamp) -> Result<(), Refused> {
        let (Some(signed), Some(at)) = (raw.header(SIGNED), raw.header(AT)) else {
            return Err(Refused::Unsigned);
        };
        signature::check_hex(signed, secrets, &[at.as_bytes(), b".", &raw.body])?;
        signature::check_time(at, now)
    }

    fn signals(&self, raw: &Raw) -> Result<Vec<Signal>, Error> {
        let notice: Notice = raw.json()?;
        let channel = RemoteId::new(&notice.channel);
        let what = match notice.kind.as_str() {
            "changed" => What::CalendarChanged { channel },
            "ended" => What::ChannelEnded { channel },
            "reauthorize" => What::Reauthorize { channel },
            "revoked" => What::Deauthorized { account: notice.channel },
            _ => What::Other { kind: notice.kind },
        };
        Ok(vec![Signal { id: notice.id, what }])
    }
}
