//! Subscriptions: Graph tells when a calendar changes (MSG-14, MSG-17).

use http::Method;
use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    Cx, Error, Kind, RemoteId, Watch,
    kind::watch::{Channel, Wish},
};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use vendor_microsoft::Graph;

/// The longest life Graph gives where it is generous, and where it is not.
const LIVES: [SignedDuration; 2] = [SignedDuration::from_mins(10_080), SignedDuration::from_mins(4_230)];
/// Clocks differ, and the request takes a while.
const SLACK: SignedDuration = SignedDuration::from_mins(10);

/// The power to be told.
pub struct Subscriptions;

impl Watch for Subscriptions {
    type Error = Error;

    const LONGEST: SignedDuration = LIVES[0];

    async fn watch(&self, cx: &Cx, of: &RemoteId, wish: &Wish) -> Result<Channel, Error> {
        let graph = Graph::of(cx)?;
        let url = graph.url(&["subscriptions"])?;
        // What tells of the channel's own fate can only be said now, never added later (MSG-17).
        let body = json!({
            "changeType": "created,updated,deleted",
            "resource": format!("me/calendars/{of}/events"),
            "notificationUrl": wish.address.as_str(),
            "lifecycleNotificationUrl": wish.address.as_str(),
            "clientState": wish.secret.expose(),
        });
        living(&graph, "watch", &Method::POST, &url, body, wish.until).await
    }

    async fn renew(&self, cx: &Cx, channel: &Channel, wish: &Wish) -> Result<Channel, Error> {
        let graph = Graph::of(cx)?;
        let url = address(&graph, channel)?;
        living(&graph, "renew_watch", &Method::PATCH, &url, json!({}), wish.until).await
    }

    async fn unwatch(&self, cx: &Cx, channel: &Channel) -> Result<(), Error> {
        let graph = Graph::of(cx)?;
        let url = address(&graph, channel)?;
        cx.http.send(graph.request("unwatch", Method::DELETE, url)?).await.map(drop)
    }
}

fn address(graph: &Graph<'_>, channel: &Channel) -> Result<Url, Error> {
    graph.url(&["subscriptions", channel.id.as_str()])
}

/// Asks for the longer life, and for the shorter one where that is refused.
async fn living(
    graph: &Graph<'_>,
    op: &'static str,
    method: &Method,
    url: &Url,
    mut body: Value,
    until: Timestamp,
) -> Result<Channel, Error> {
    let mut refused = None;
    for life in LIVES {
        let longest = graph.cx.now.checked_add(life - SLACK).unwrap_or(Timestamp::MAX);
        body["expirationDateTime"] = until.min(longest).to_string().into();
        match graph.send(op, method.clone(), url.clone(), &body).await {
            Err(error) if error.kind == Kind::Invalid && error.http_status() == Some(400) => {
                refused = Some(error);
            }
            answer => return answer?.json::<Subscription>().map(Subscription::channel),
        }
    }
    Err(refused.unwrap_or_else(|| Error::new(Kind::Invalid, "Microsoft refuses to tell of changes")))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    id: String,
    expiration_date_time: Timestamp,
}

impl Subscription {
    fn channel(self) -> Channel {
        Channel { id: RemoteId::new(self.id), resource: None, expires_at: self.expiration_date_time }
    }
}
