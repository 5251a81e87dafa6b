//! Servers that do what no server should.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use anyhow::{Context, Result};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::{ServerConfig, ServerConnection, Stream};

/// Answers every request with this status line, type and body.
pub fn answering(status: &'static str, kind: &'static str, body: Vec<u8>) -> Result<SocketAddr> {
    let body = Arc::new(body);
    serve(move |socket| answer(&socket, status, kind, &body))
}

/// Speaks TLS with a certificate nobody vouches for.
pub fn self_signed() -> Result<SocketAddr> {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("../../src/net/tests/server.pem"))?;
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../src/net/tests/server.key"))?;
    let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    let config = Arc::new(config);
    serve(move |mut socket| {
        let mut tls = ServerConnection::new(Arc::clone(&config))?;
        // A client that looks at the certificate says no before it asks for anything.
        Stream::new(&mut tls, &mut socket).read_exact(&mut [0; 1])?;
        Ok(())
    })
}

/// Takes connections and never says a word; tells of each.
pub fn silent() -> Result<(SocketAddr, Receiver<TcpStream>)> {
    let (sender, taken) = channel();
    let address = serve(move |socket| sender.send(socket).context("nobody listens any more"))?;
    Ok((address, taken))
}

/// A port where nothing listens.
pub fn nobody() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn serve(each: impl Fn(TcpStream) -> Result<()> + Send + 'static) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    // Clients break off when they have seen enough: that is their right, and no failure of ours.
    std::thread::spawn(move || listener.incoming().flatten().for_each(|socket| drop(each(socket))));
    Ok(address)
}

/// Reads the whole request first, so that the answer is not lost with what was left unread.
fn answer(socket: &TcpStream, status: &str, kind: &str, body: &[u8]) -> Result<()> {
    let mut from = BufReader::new(socket);
    let mut length = 0;
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    from.take(length).read_to_end(&mut Vec::new())?;
    let mut to = socket;
    write!(to, "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n", body.len())?;
    write!(to, "WWW-Authenticate: Basic realm=\"odd\"\r\nConnection: close\r\n\r\n")?;
    to.write_all(body)?;
    Ok(())
}
