//! Push channels, and the notices that come by them (GCAL-17 to GCAL-20).

use http::Method;
use jiff::Timestamp;
use kalends_app::{
    Cx, Error, Hook, Kind, RemoteId, Secrets,
    hook::{Raw, Refused, Reply, Signal, What, signature},
    kind::watch::{Channel, Wish},
};
use serde::Deserialize;
use serde_json::json;
use vendor_google::call;

/// A channel as Google tells it. Its expiration is milliseconds, as a text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    id: String,
    resource_id: String,
    expiration: Option<String>,
}

/// Opens a channel for a calendar's events.
pub(crate) async fn watch(cx: &Cx, of: &str, wish: &Wish) -> Result<Channel, Error> {
    let body = json!({
        "id": wish.id,
        "type": "web_hook",
        "address": wish.address.as_str(),
        "token": wish.secret.expose(),
        "expiration": wish.until.as_millisecond().to_string(),
    });
    let request = call::json("watch", Method::POST, call::events(cx, of, ["watch"])?, &body);
    let opened: Opened = cx.http.send(request).await?.json()?;
    let until = opened.expiration.and_then(|text| Timestamp::from_millisecond(text.parse().ok()?).ok());
    Ok(Channel {
        id: name(&opened.id, &opened.resource_id),
        resource: Some(of.to_owned()),
        expires_at: until.unwrap_or(wish.until),
    })
}

/// Google renews nothing: a new channel is opened first, and only then the old one closed (GCAL-20).
pub(crate) async fn renew(cx: &Cx, channel: &Channel, wish: &Wish) -> Result<Channel, Error> {
    let of = channel.resource.as_deref().ok_or_else(unreadable)?;
    let new = watch(cx, of, wish).await?;
    if let Err(error) = stop(cx, channel).await {
        // It ends by itself; until then things are told twice, which does no harm.
        tracing::debug!(%error, "an old channel could not be closed");
    }
    Ok(new)
}

/// Closes a channel.
pub(crate) async fn stop(cx: &Cx, channel: &Channel) -> Result<(), Error> {
    let (id, resource) = channel.id.as_str().split_once(' ').ok_or_else(unreadable)?;
    let url = call::address(cx, "api", ["channels", "stop"])?;
    let body = json!({ "id": id, "resourceId": resource });
    cx.http.send(call::json("stop_watching", Method::POST, url, &body).repeatable()).await.map(drop)
}

/// Both names Google gives a channel, so that a notice must carry both (GCAL-18).
fn name(channel: &str, resource: &str) -> RemoteId {
    RemoteId::new(format!("{channel} {resource}"))
}

fn unreadable() -> Error {
    Error::new(Kind::NotFound, "this is no channel of Google's")
}

/// How Google's notices are understood: no body, everything in headers.
pub(crate) struct Notices;

impl Hook for Notices {
    /// The first message of a channel wants no answer but a 2xx.
    fn handshake(&self, _: &Raw, _: &Secrets) -> Option<Reply> {
        None
    }

    fn verify(&self, raw: &Raw, secrets: &Secrets, _: Timestamp) -> Result<(), Refused> {
        signature::secrets(secrets)?;
        let token = raw.header("x-goog-channel-token").ok_or(Refused::Unsigned)?;
        signature::check_token(token, secrets)?;
        let named =
            ["x-goog-channel-id", "x-goog-resource-id", "x-goog-resource-state", "x-goog-message-number"];
        let whole = named.iter().all(|name| raw.header(name).is_some_and(|text| !text.is_empty()));
        if whole { Ok(()) } else { Err(Refused::Odd) }
    }

    fn signals(&self, raw: &Raw) -> Result<Vec<Signal>, Error> {
        let header = |name: &str| {
            raw.header(name).ok_or_else(|| Error::new(Kind::Malformed, format!("the notice lacks {name}")))
        };
        let channel = header("x-goog-channel-id")?;
        let what = match header("x-goog-resource-state")? {
            // The calendar itself may be gone: reading it will tell.
            "exists" | "not_exists" => {
                What::CalendarChanged { channel: name(channel, header("x-goog-resource-id")?) }
            }
            other => What::Other { kind: other.to_owned() },
        };
        let id = format!("{channel} {}", header("x-goog-message-number")?);
        Ok(vec![Signal { id, what }])
    }
}
