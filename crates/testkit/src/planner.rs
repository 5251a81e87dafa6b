//! A calendar app for tests: small, strict and stateful, with channels and notices.
//!
//! It stands in for real apps so that tests of the engine and the pages name none of them. [`Planner`] is its provider:
//! tests edit events there behind our back, take the notices it would send, and deliver them late, twice or never.

mod client;
mod hook;
mod provider;

use std::sync::Arc;

use jiff::SignedDuration;
use kalends_app::{
    App, Cx, Declared, Error, Part, RemoteId, Request, Watch,
    kind::{
        calendar::RemoteEvent,
        watch::{Channel, Wish},
    },
    no_opinion,
};
use serde::{Deserialize, Serialize};

use self::client::{body, url};
pub use self::{
    client::Client,
    provider::{Edit, Planner},
};

/// No channel of this provider lives longer.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 7);

/// The app.
pub static PLANNER: App = App {
    slug: "planner",
    manifest: Declared::new(
        r#"
slug = "planner"
name = "Planner"
tagline = "A calendar in memory."
description = "For tests."
kinds = ["calendar"]
categories = ["calendar"]
publisher = "Kalends"
may = ["Read and write events"]
auth = { scheme = "basic", user = "user", password = "password" }
quota = { per_second = 100000, burst = 100000, concurrent = 100 }

[endpoints]
api = "https://planner.example/"

[[setup]]
name = "user"
label = "User name"
type = "text"
required = true

[[setup]]
name = "password"
label = "Password"
type = "password"
required = true
"#,
    ),
    icon: "<svg/>",
    parts: || {
        vec![
            Part::Calendar(Arc::new(Client)),
            Part::Watch(Arc::new(Client)),
            Part::Hook(Arc::new(hook::Notices)),
        ]
    },
    judge: no_opinion,
    fake: || Arc::new(Planner::default()),
};

/// Whom the provider knows, as it answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Known {
    /// The account's name.
    pub account: String,
    /// What is worth keeping among its settings.
    #[serde(default)]
    pub found: serde_json::Map<String, serde_json::Value>,
}

/// One page of changes, as the provider answers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Page {
    /// Events that are there.
    pub upserts: Vec<RemoteEvent>,
    /// Events that are not.
    pub removed: Vec<RemoteId>,
    /// All of them, and not what changed.
    #[serde(default)]
    pub full: bool,
    /// From where to ask the next time.
    pub cursor: Option<String>,
    /// The next page.
    pub next: Option<String>,
}

/// A channel as it is asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    id: String,
    calendar: String,
    address: String,
    secret: String,
    until: jiff::Timestamp,
}

impl Watch for Client {
    type Error = Error;
    const LONGEST: SignedDuration = LONGEST;

    async fn watch(&self, cx: &Cx, of: &RemoteId, wish: &Wish) -> Result<Channel, Error> {
        let asked = Asked {
            id: wish.id.clone(),
            calendar: of.to_string(),
            address: wish.address.to_string(),
            secret: wish.secret.expose().to_owned(),
            until: wish.until,
        };
        let request = Request::new("watch", http::Method::POST, url(cx, "channels")?);
        cx.http.send(request.body("application/json", body(&asked)?)).await?.json()
    }

    async fn renew(&self, cx: &Cx, channel: &Channel, wish: &Wish) -> Result<Channel, Error> {
        let calendar = channel.resource.clone().unwrap_or_default();
        // A channel cannot be made longer: another takes its place.
        let fresh = Watch::watch(self, cx, &RemoteId::new(calendar), wish).await?;
        match Watch::unwatch(self, cx, channel).await {
            Err(error) if !error.is_missing() => Err(error),
            _ => Ok(fresh),
        }
    }

    async fn unwatch(&self, cx: &Cx, channel: &Channel) -> Result<(), Error> {
        let url = url(cx, &format!("channels/{}", channel.id))?;
        cx.http.send(Request::new("unwatch", http::Method::DELETE, url)).await.map(drop)
    }
}
