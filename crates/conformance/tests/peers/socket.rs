//! The socket to a real server.

use futures::FutureExt;
use kalends_app::{
    Error, Kind, Request, Response,
    http::{Answer, Transport},
};
use reqwest::{Client, redirect::Policy};

/// A client that goes where it is told and nowhere else.
pub fn client() -> Client {
    Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client")
}

/// A client as the apps' way out.
pub struct Socket(pub Client);

impl Transport for Socket {
    fn send(&self, request: Request) -> Answer<'_> {
        async move {
            let sent =
                self.0.request(request.method, request.url).headers(request.headers).body(request.body);
            let answer = sent.timeout(request.limits.total).send().await;
            let answer = answer.map_err(|error| {
                let kind = if error.is_connect() { Kind::Down } else { Kind::UnknownOutcome };
                Error::new(kind, error.to_string())
            })?;
            let (status, headers, url) = (answer.status(), answer.headers().clone(), answer.url().clone());
            let body =
                answer.bytes().await.map_err(|error| Error::new(Kind::UnknownOutcome, error.to_string()))?;
            Ok(Response { status, headers, body, url })
        }
        .boxed()
    }
}
