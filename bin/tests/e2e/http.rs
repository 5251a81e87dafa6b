//! A small client for looking at peers and at our own API.

use std::time::Duration;

use anyhow::{Result, bail};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, redirect::Policy};
use tokio::runtime::{Builder, Runtime};

/// A client and what runs it.
pub struct Http {
    client: Client,
    runtime: Runtime,
}

impl Http {
    /// A client that follows nothing and gives up after a while.
    pub fn new() -> Result<Self> {
        let client = Client::builder().timeout(Duration::from_secs(30)).redirect(Policy::none()).no_proxy();
        let client = client.build()?;
        Ok(Self { client, runtime: Builder::new_current_thread().enable_all().build()? })
    }

    /// A request to be added to.
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends it: status and text of the answer.
    pub fn send(&self, request: RequestBuilder) -> Result<(u16, String)> {
        self.exchange(request).map(|(status, _, text)| (status, text))
    }

    /// Sends it and waits to the end of this time, whenever the answer comes; none when it did not.
    pub fn send_until(&self, request: RequestBuilder, end: Duration) -> Result<Option<(u16, String)>> {
        self.runtime.block_on(async {
            let answered = async {
                let answer = request.send().await?;
                Ok((answer.status().as_u16(), answer.text().await?))
            };
            let (answer, ()) = tokio::join!(tokio::time::timeout(end, answered), tokio::time::sleep(end));
            answer.ok().transpose()
        })
    }

    /// Sends it: status, headers and text of the answer.
    pub fn exchange(&self, request: RequestBuilder) -> Result<(u16, HeaderMap, String)> {
        self.runtime.block_on(async {
            let answer = request.send().await?;
            Ok((answer.status().as_u16(), answer.headers().clone(), answer.text().await?))
        })
    }
}

/// Asks again until there is an answer, a bounded number of times.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    for _ in 0..120 {
        if let Some(found) = ask()? {
            return Ok(found);
        }
        std::thread::sleep(Duration::from_millis(250)); // between two looks, not instead of one
    }
    bail!("after 30 s there is still no {what}")
}
