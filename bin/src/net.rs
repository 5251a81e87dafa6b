//! The one socket to the outside, behind a guard: nothing that an app is told to call leads into private networks
//! the operator has not opened.

mod bound;
mod guard;
mod names;

use std::{error::Error as _, sync::Arc, time::Duration};

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use ipnet::IpNet;
use kalends_app::{
    Error, Kind, Request, Response,
    http::{Answer, CONNECT, Transport},
};
use reqwest::{Certificate, Client, redirect};
use tokio::time::timeout;

pub use self::names::Dns;
use self::{bound::Bound, guard::Guard, names::Blocked};

/// How we name ourselves.
const AGENT: &str = concat!("Kalends/", env!("CARGO_PKG_VERSION"));

/// The real transport: HTTP over the network.
pub struct Net {
    client: Client,
    bound: Bound,
    guard: Arc<Guard>,
}

/// The transport and the names, both behind one guard.
///
/// `allow` are private networks the operator opens; `trust` are further root certificates in PEM, may be empty.
pub fn open(allow: &[IpNet], trust: &str) -> anyhow::Result<(Arc<Net>, Arc<Dns>)> {
    let guard = Arc::new(Guard::new(allow));
    let dns = Arc::new(Dns::new(Arc::clone(&guard)));
    let roots =
        Certificate::from_pem_bundle(trust.as_bytes()).context("the extra root certificates are not PEM")?;
    let client = Client::builder()
        .user_agent(AGENT)
        .dns_resolver(Arc::clone(&dns))
        .tls_certs_merge(roots)
        // A proxy would resolve names out of the guard's sight.
        .no_proxy()
        // Each hop goes through the guard and the layers again, with or without credentials as its app decides.
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(30))
        .build()
        .context("the HTTP client cannot start")?;
    let bound = Bound::new(Arc::clone(&dns), trust)?;
    Ok((Arc::new(Net { client, bound, guard }), dns))
}

impl Transport for Net {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            // A resolver never sees a literal address, so the parsed host is checked too.
            self.guard.check(&request.url)?;
            let limits = request.limits;
            let late = || Error::new(Kind::UnknownOutcome, "the provider did not answer in time");
            timeout(limits.total, async {
                if let Some(connection) = request.connection() {
                    return self.bound.send(&request, connection).await;
                }
                let sent = timeout(limits.first_byte, self.client.execute(outgoing(&request)));
                let answer = sent.await.map_err(|_| late())?.map_err(|error| failure(&error))?;
                read(answer, &request, limits.body).await
            })
            .await
            .map_err(|_| late())?
        })
    }
}

/// Our request as the client's.
fn outgoing(request: &Request) -> reqwest::Request {
    let mut outgoing = reqwest::Request::new(request.method.clone(), request.url.clone());
    *outgoing.headers_mut() = request.headers.clone();
    if !request.body.is_empty() {
        *outgoing.body_mut() = Some(request.body.clone().into());
    }
    outgoing
}

/// The whole answer, as long as it is no larger than allowed after decompression (ALL-06).
async fn read(mut answer: reqwest::Response, request: &Request, most: usize) -> Result<Response, Error> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| broken_off(&error))? {
        if body.len() + chunk.len() > most {
            let message =
                format!("the answer is larger than {} kB and was not read: check the address", most / 1024);
            return Err(Error::new(Kind::Malformed, message).status(status.as_u16()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body: Bytes::from(body), url: request.url.clone() })
}

/// Why a request got no answer. Only before a connection stands is it sure that nothing was sent.
fn failure(error: &reqwest::Error) -> Error {
    if let Some(blocked) = cause::<Blocked>(error) {
        return Error::new(Kind::Invalid, blocked.to_string());
    }
    if error.is_builder() {
        return Error::new(Kind::Invalid, "this is not an address that can be called");
    }
    let deepest = deepest(error);
    if !error.is_connect() {
        return Error::new(Kind::UnknownOutcome, "the connection broke before the answer").said(deepest);
    }
    let message = if deepest.contains("certificate") || deepest.contains("UnknownIssuer") {
        "the server's certificate is not trusted: have it renewed, or let the operator name its issuer in net.certificates"
    } else if error.is_timeout() {
        "no connection within 5 s: check the address, and that the server runs"
    } else if cause::<names::NoAddress>(error).is_some() {
        "there is no server of this name: check the address"
    } else {
        "no connection to the server: check the address, and that the server runs"
    };
    Error::new(Kind::Down, message).said(deepest)
}

/// The answer had begun, so what was asked may have happened.
fn broken_off(error: &reqwest::Error) -> Error {
    Error::new(Kind::UnknownOutcome, "the answer broke off").said(deepest(error))
}

/// The innermost cause in words: it names no address, while the outer ones repeat the whole of it.
fn deepest(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = String::new();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}

fn cause<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
        cause = inner.source();
    }
    None
}

#[cfg(test)]
mod tests;
