//! Push: a provider tells when a calendar changes, for as long as a channel lives.

use std::future::Future;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{Boxed, Cx, Error, Secret, kind::RemoteId};

/// The power to be told of changes, as its author writes it.
pub trait Watch: Send + Sync + 'static {
    /// The app's own failures.
    type Error: Into<Error> + Send;

    /// No channel lives longer; it is renewed at three quarters of its life.
    const LONGEST: SignedDuration;

    /// Opens a channel for a calendar.
    fn watch(
        &self,
        cx: &Cx,
        of: &RemoteId,
        wish: &Wish,
    ) -> impl Future<Output = Result<Channel, Self::Error>> + Send;

    /// Makes a channel live on, as itself or as a new one. One that is no more is `NotFound`.
    fn renew(
        &self,
        cx: &Cx,
        channel: &Channel,
        wish: &Wish,
    ) -> impl Future<Output = Result<Channel, Self::Error>> + Send;

    /// Closes a channel. One that is not there is `NotFound`.
    fn unwatch(&self, cx: &Cx, channel: &Channel) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// A channel as we would like it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The name we give it: unguessable, never used twice.
    pub id: String,
    /// Where notices go.
    pub address: Url,
    /// What proves that they come from the provider.
    pub secret: Secret,
    /// How long it should live; the provider may say less.
    pub until: Timestamp,
}

/// A channel as the provider made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// How notices name it.
    pub id: RemoteId,
    /// What else the provider wants to hear when it is renewed or closed.
    pub resource: Option<String>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// The power to be told of changes, as the engine holds it. Implemented for every [`Watch`], never by hand.
pub trait AnyWatch: Send + Sync {
    /// [`Watch::LONGEST`].
    fn longest(&self) -> SignedDuration;
    /// [`Watch::watch`].
    fn watch<'a>(&'a self, cx: &'a Cx, of: &'a RemoteId, wish: &'a Wish) -> Boxed<'a, Channel>;
    /// [`Watch::renew`].
    fn renew<'a>(&'a self, cx: &'a Cx, channel: &'a Channel, wish: &'a Wish) -> Boxed<'a, Channel>;
    /// [`Watch::unwatch`].
    fn unwatch<'a>(&'a self, cx: &'a Cx, channel: &'a Channel) -> Boxed<'a, ()>;
}

impl<T: Watch> AnyWatch for T {
    fn longest(&self) -> SignedDuration {
        T::LONGEST
    }

    fn watch<'a>(&'a self, cx: &'a Cx, of: &'a RemoteId, wish: &'a Wish) -> Boxed<'a, Channel> {
        Box::pin(async move { Watch::watch(self, cx, of, wish).await.map_err(cx.hushing()) })
    }

    fn renew<'a>(&'a self, cx: &'a Cx, channel: &'a Channel, wish: &'a Wish) -> Boxed<'a, Channel> {
        Box::pin(async move { Watch::renew(self, cx, channel, wish).await.map_err(cx.hushing()) })
    }

    fn unwatch<'a>(&'a self, cx: &'a Cx, channel: &'a Channel) -> Boxed<'a, ()> {
        Box::pin(async move { Watch::unwatch(self, cx, channel).await.map_err(cx.hushing()) })
    }
}
