//! A notice as it came, kept sealed for a week: to be looked into, and to be read again.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::SignedDuration;
use kalends_app::{hook::Raw, redact};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// Notices are kept this long as they came; they may name people.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);
/// And of one address the latest so many.
pub(crate) const MOST: u32 = 1000;
/// A longer one is not kept as it came, only what it told.
const LONGEST: usize = 256 * 1024;

/// A notice's parts as they are sealed. The address is left out: it holds a key.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    method: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
    body: String,
}

/// A notice as it may be looked at: without secrets, and without people's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The verb.
    pub method: String,
    /// Names and values; a value that is a secret, or may be, is masked.
    pub headers: Vec<(String, String)>,
    /// The body, spread over lines where it is JSON; empty where there was none.
    pub body: String,
    /// How long it was.
    pub bytes: usize,
}

impl Kept {
    /// What of a notice is kept; none when it is too long.
    pub fn of(raw: &Raw) -> Option<SecretString> {
        let headers: Vec<(String, String)> = raw
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let length: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if raw.body.len() + length > LONGEST {
            return None;
        }
        let kept = Self {
            method: raw.method.to_string(),
            query: raw.url.query().map(str::to_owned),
            headers,
            body: BASE64_STANDARD.encode(&raw.body),
        };
        serde_json::to_string(&kept).ok().map(SecretString::from)
    }

    /// Reads it back; none when another version wrote something this one does not know.
    pub fn read(text: &SecretString) -> Option<Self> {
        serde_json::from_str(text.expose_secret()).ok()
    }

    /// The notice again, as if it had come to this address.
    pub fn raw(&self, mut url: Url) -> Option<Raw> {
        url.set_query(self.query.as_deref());
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        }
        let body = BASE64_STANDARD.decode(&self.body).ok()?.into();
        Some(Raw { method: Method::from_bytes(self.method.as_bytes()).ok()?, url, headers, body })
    }

    /// As it may be looked at.
    pub fn looked(&self) -> Looked {
        let body = BASE64_STANDARD.decode(&self.body).unwrap_or_default();
        let shown = match serde_json::from_slice::<Value>(&body) {
            Ok(value) => serde_json::to_string_pretty(&redact::json(&value)).unwrap_or_default(),
            Err(_) => redact::text(&String::from_utf8_lossy(&body)),
        };
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), redact::header(name, value)));
        Looked { method: self.method.clone(), headers: headers.collect(), body: shown, bytes: body.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(body: &[u8]) -> Raw {
        let mut headers = HeaderMap::new();
        headers.insert("x-zm-signature", HeaderValue::from_static("v0=0123"));
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let url = "https://book.example/hooks/zoom/key?challenge=1".parse().unwrap();
        Raw { method: Method::POST, url, headers, body: body.to_vec().into() }
    }

    #[test]
    fn what_is_kept_reads_back_as_it_came_and_holds_no_address_inb_02() {
        let kept = Kept::of(&raw(b"{\"a\":\"\xc3\xa9\"}")).unwrap();
        assert!(!kept.expose_secret().contains("/hooks/"));
        let again =
            Kept::read(&kept).unwrap().raw("https://book.example/hooks/zoom/key".parse().unwrap()).unwrap();
        assert_eq!((again.body, again.url), (raw(b"{\"a\":\"\xc3\xa9\"}").body, raw(b"").url));
        assert_eq!(again.headers, raw(b"").headers);
    }

    #[test]
    fn a_notice_that_is_too_long_is_not_kept() {
        assert!(Kept::of(&raw(&vec![b'x'; LONGEST])).is_none());
        assert!(Kept::of(&raw(&vec![b'x'; LONGEST - 100])).is_some());
    }

    #[test]
    fn who_looks_at_it_sees_no_secret_and_no_address_all_08() {
        let body =
            br#"{"event":"meeting.ended","plainToken":"canary-1","payload":{"object":{"id":"81234567890",
            "host":"canary2@example.com","password":"canary-3","list":["canary4@example.com"]}}}"#;
        let looked = Kept::read(&Kept::of(&raw(body)).unwrap()).unwrap().looked();
        let all = format!("{looked:?}");
        assert!(!all.contains("canary") && !all.contains("v0=0123"), "{all}");
        assert!(all.contains("meeting.ended") && all.contains("81234567890"), "{all}");
        assert_eq!(looked.bytes, body.len());
    }
}
