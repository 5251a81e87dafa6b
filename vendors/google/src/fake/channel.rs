//! Push channels: opened, stopped, and what they have pushed (GCAL-17 to GCAL-20).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use kalends_app::hook::Raw;
use serde_json::{Value, json};
use url::Url;

/// A channel.
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) resource: String,
    address: Url,
    token: String,
    expiration: i64,
    number: u64,
}

impl Channel {
    /// A channel as asked for, but for how long it may live at most, in epoch milliseconds.
    pub(super) fn open(calendar: &str, asked: &Value, most: i64) -> Result<Self, String> {
        let known = ["id", "type", "address", "token", "expiration", "params"];
        let fields = asked.as_object().ok_or("a channel is an object")?;
        if let Some(stray) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("{stray:?} is no field of a channel"));
        }
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_+/=".contains(c);
        let id = text("id");
        if id.is_empty() || id.len() > 64 || !id.chars().all(fits) {
            return Err("a channel's id is 1 to 64 letters, digits, - _ + / =".into());
        }
        if asked["type"] != "web_hook" {
            return Err("type is web_hook".into());
        }
        let address = Url::parse(text("address")).ok().filter(|url| url.scheme() == "https");
        let address = address.ok_or("address is https")?;
        if text("token").len() > 256 {
            return Err("token is at most 256 characters".into());
        }
        let wished = match &asked["expiration"] {
            Value::Null => most,
            Value::String(text) => text.parse().map_err(|_| "expiration is milliseconds")?,
            other => return Err(format!("expiration is a text of milliseconds, not {other}")),
        };
        Ok(Self {
            id: id.to_owned(),
            resource: resource(calendar),
            address,
            token: text("token").to_owned(),
            expiration: wished.min(most),
            number: 0,
        })
    }

    /// The answer to whoever opened it.
    pub(super) fn told(&self) -> Value {
        json!({
            "kind": "api#channel",
            "id": self.id,
            "resourceId": self.resource,
            "resourceUri": "https://www.googleapis.com/calendar/v3/calendars/x/events?alt=json",
            "token": self.token,
            "expiration": self.expiration.to_string(),
        })
    }

    /// Says something: no body, everything in headers. Its numbers grow, not one by one.
    pub(super) fn push(&mut self, state: &str) -> Raw {
        self.number = if self.number == 0 { 1 } else { self.number + 3 };
        let number = self.number.to_string();
        let said = [
            ("x-goog-channel-id", self.id.as_str()),
            ("x-goog-channel-token", &self.token),
            ("x-goog-channel-expiration", "Mon, 08 Mar 2027 08:00:00 GMT"),
            ("x-goog-resource-id", &self.resource),
            ("x-goog-resource-uri", "https://www.googleapis.com/calendar/v3/calendars/x/events"),
            ("x-goog-resource-state", state),
            ("x-goog-message-number", &number),
        ];
        let pairs = said.iter().filter_map(|(name, value)| {
            Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?))
        });
        let headers: HeaderMap = pairs.collect();
        Raw { method: Method::POST, url: self.address.clone(), headers, body: Bytes::new() }
    }
}

/// What Google calls the events of a calendar.
pub(super) fn resource(calendar: &str) -> String {
    format!("resource-of-{}", calendar.replace('@', "-at-"))
}
