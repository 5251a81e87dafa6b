//! Push channels: opened, stopped, and what they have pushed (GCAL-17 to GCAL-20).

use serde_json::{Value, json};

/// The longest a channel lives, in milliseconds.
const LONGEST: i64 = 7 * 86_400_000;

/// A channel.
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) resource: String,
    address: String,
    token: String,
    expiration: i64,
    number: u64,
}

/// A notification on its way: no body, everything in headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Where it goes.
    pub address: String,
    /// What it says.
    pub headers: Vec<(&'static str, String)>,
}

impl Channel {
    /// A channel as asked for, at this time in epoch milliseconds.
    pub(super) fn open(calendar: &str, asked: &Value, now: i64) -> Result<Self, String> {
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
        if !text("address").starts_with("https://") {
            return Err("address is https".into());
        }
        if text("token").len() > 256 {
            return Err("token is at most 256 characters".into());
        }
        let wished = match &asked["expiration"] {
            Value::Null => now + LONGEST,
            Value::String(text) => text.parse().map_err(|_| "expiration is milliseconds")?,
            other => return Err(format!("expiration is a text of milliseconds, not {other}")),
        };
        Ok(Self {
            id: id.to_owned(),
            resource: resource(calendar),
            address: text("address").to_owned(),
            token: text("token").to_owned(),
            expiration: wished.min(now + LONGEST),
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

    /// Says something; its numbers grow, not one by one.
    pub(super) fn push(&mut self, state: &str) -> Push {
        self.number = if self.number == 0 { 1 } else { self.number + 3 };
        let headers = vec![
            ("x-goog-channel-id", self.id.clone()),
            ("x-goog-channel-token", self.token.clone()),
            ("x-goog-channel-expiration", "Mon, 08 Mar 2027 08:00:00 GMT".to_owned()),
            ("x-goog-resource-id", self.resource.clone()),
            ("x-goog-resource-uri", "https://www.googleapis.com/calendar/v3/calendars/x/events".to_owned()),
            ("x-goog-resource-state", state.to_owned()),
            ("x-goog-message-number", self.number.to_string()),
        ];
        Push { address: self.address.clone(), headers }
    }

    pub(super) const fn lives(&self, now: i64) -> bool {
        now < self.expiration
    }
}

/// What Google calls the events of a calendar.
pub(super) fn resource(calendar: &str) -> String {
    format!("resource-of-{}", calendar.replace('@', "-at-"))
}
