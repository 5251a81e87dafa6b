//! Who asks, as far as the network knows.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use http::{header, request::Parts};

use crate::Web;

/// The address and browser of whoever asks, seen through trusted proxies.
#[derive(Debug, Clone)]
pub struct Client {
    /// Where from; the loopback when the server was not told.
    pub ip: IpAddr,
    /// What the browser calls itself, at most 200 letters.
    pub agent: String,
}

impl Client {
    /// Whose line it is: the address, or the /64 of IPv6 that one home has.
    pub fn network(&self) -> String {
        match self.ip.to_canonical() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Client
where
    Web: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let web = Web::from_ref(state);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| peer.ip());
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let ip = web.site.client(peer, text("x-forwarded-for"));
        Ok(Self { ip, agent: text(header::USER_AGENT.as_str()).chars().take(200).collect() })
    }
}
