//! One client: one connection, kept open, one request after the other.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// Where the server is, and who we are to it.
#[derive(Clone, Debug)]
pub struct Server {
    /// On this machine only.
    pub address: SocketAddr,
    /// An API key; empty for what needs none.
    pub key: String,
}

/// An open connection.
pub struct Client {
    server: Server,
    connection: SendRequest<Full<Bytes>>,
}

impl Server {
    /// Load is only ever sent to this machine.
    pub fn local(address: SocketAddr, key: &str) -> Result<Self> {
        if !address.ip().is_loopback() {
            bail!("{address} is not on this machine: the load command only drives a server on loopback");
        }
        Ok(Self { address, key: key.to_owned() })
    }

    /// A new connection.
    pub async fn connect(&self) -> Result<Client> {
        Ok(Client { connection: open(self.address).await?, server: self.clone() })
    }
}

async fn open(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("no server at {address}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

impl Client {
    /// One request of the API at this version; the whole answer has arrived when this returns.
    pub async fn call(
        &mut self,
        method: Method,
        path: &str,
        version: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Bytes)> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.server.address.to_string())
            .header("cal-api-version", version)
            .header(header::CONTENT_TYPE, "application/json");
        if !self.server.key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.server.key));
        }
        let request = request.body(Full::from(body.map(Value::to_string).unwrap_or_default()))?;
        if self.connection.ready().await.is_err() {
            self.connection = open(self.server.address).await?;
        }
        let answer = async {
            let answer = self.connection.send_request(request).await?;
            let status = answer.status();
            Ok::<_, hyper::Error>((status, answer.into_body().collect().await?.to_bytes()))
        };
        Ok(timeout(PATIENCE, answer).await.context("no answer in 30 s")??)
    }

    /// The same for answers that must be a success: its JSON.
    pub async fn json(
        &mut self,
        method: Method,
        path: &str,
        version: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let (status, answer) = self.call(method.clone(), path, version, body).await?;
        if !status.is_success() {
            bail!("{method} {path} answered {status}: {}", String::from_utf8_lossy(&answer));
        }
        serde_json::from_slice(&answer).with_context(|| format!("{method} {path} answered no JSON"))
    }
}
