//! Requests that must share one connection: HTTP/1.1 on a socket of their own (RFC 9112 section 9.3).

use std::{fmt, sync::Arc};

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use kalends_app::{
    Error, Kind, Names, Request, Response,
    http::{CONNECT, Connection},
};
use rustls::{
    ClientConfig,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::Url;

use super::names::Dns;

/// What goes over such a connection.
type Line = SendRequest<Full<Bytes>>;

/// Opens connections that belong to somebody.
pub struct Bound {
    tls: TlsConnector,
    names: Arc<Dns>,
}

impl Bound {
    /// Trusts what the machine trusts, and these root certificates in PEM besides.
    pub fn new(names: Arc<Dns>, trust: &str) -> anyhow::Result<Self> {
        let roots: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(trust.as_bytes())
            .collect::<Result<_, _>>()
            .context("the extra root certificates are not PEM")?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider))
            .context("the machine's root certificates cannot be read")?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("TLS cannot start")?
            .dangerous() // the name of the method; the verifier is the machine's own
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), names })
    }

    /// Sends over this connection, opened first if it is not open. The address has passed the guard.
    pub async fn send(&self, request: &Request, over: &Connection) -> Result<Response, Error> {
        let mut line = match open_still(over).await {
            Some(line) => line,
            None => timeout(CONNECT, self.open(&request.url, over)).await.map_err(|_| {
                down("no connection within 5 s: check the address, and that the server runs")
            })??,
        };
        let late = || Error::new(Kind::UnknownOutcome, "the provider did not answer in time");
        let sent = timeout(request.limits.first_byte, line.send_request(outgoing(request)?));
        let answer = sent.await.map_err(|_| late())?.map_err(|error| broke(&error))?;
        let (head, mut body) = answer.into_parts();
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|error| broke(&error))?.into_data() else { continue };
            if whole.len() + data.len() > request.limits.body {
                let most = request.limits.body / 1024;
                let message =
                    format!("the answer is larger than {most} kB and was not read: check the address");
                return Err(Error::new(Kind::Malformed, message).status(head.status.as_u16()));
            }
            whole.extend_from_slice(&data);
        }
        over.keep(line);
        let status = StatusCode::from_u16(head.status.as_u16()).unwrap_or(head.status);
        Ok(Response { status, headers: head.headers, body: whole.freeze(), url: request.url.clone() })
    }

    async fn open(&self, url: &Url, over: &Connection) -> Result<Line, Error> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);
        let places = self.names.addresses(host, port).await?;
        let socket = TcpStream::connect(places.as_slice()).await.map_err(|error| {
            down("no connection to the server: check the address, and that the server runs")
                .said(error.to_string())
        })?;
        // Three small messages in a row must not wait for each other.
        socket
            .set_nodelay(true)
            .map_err(|error| down("the connection cannot be used").said(error.to_string()))?;
        if url.scheme() != "https" {
            let line = start(socket).await?;
            over.opened(None);
            return Ok(line);
        }
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| Error::new(Kind::Invalid, "the address has no host name"))?;
        let stream = self.tls.connect(name, socket).await.map_err(|error| {
            let message = "the server's certificate is not trusted: have it renewed, or let the operator name its issuer in net.certificates";
            down(message).said(error.to_string())
        })?;
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let certificate = shown.map(|certificate| Bytes::copy_from_slice(certificate));
        let line = start(stream).await?;
        over.opened(certificate);
        Ok(line)
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").finish_non_exhaustive()
    }
}

/// What was kept, if the other side has not closed it since.
async fn open_still(over: &Connection) -> Option<Line> {
    let mut line = over.take::<Line>()?;
    line.ready().await.is_ok().then_some(line)
}

async fn start<S>(stream: S) -> Result<Line, Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (line, driver) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| down("the server does not speak HTTP").said(error.to_string()))?;
    // It ends when the line is dropped: with the connection's last holder, or in the middle of an answer.
    tokio::spawn(async move {
        if let Err(error) = driver.await {
            tracing::debug!(%error, "a connection of one's own ended");
        }
    });
    Ok(line)
}

fn outgoing(request: &Request) -> Result<http::Request<Full<Bytes>>, Error> {
    let url = &request.url;
    let invalid = || Error::new(Kind::Invalid, "this is not an address that can be called");
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut outgoing = http::Request::builder()
        .method(request.method.clone())
        .uri(&url[url::Position::BeforePath..url::Position::AfterQuery])
        .body(Full::new(request.body.clone()))
        .map_err(|_| invalid())?;
    *outgoing.headers_mut() = request.headers.clone();
    let headers = outgoing.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_str(host).map_err(|_| invalid())?);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(request.body.len()));
    headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(super::AGENT));
    Ok(outgoing)
}

fn down(message: &str) -> Error {
    Error::new(Kind::Down, message)
}

fn broke(error: &hyper::Error) -> Error {
    Error::new(Kind::UnknownOutcome, "the connection broke before the answer").said(error.to_string())
}
