//! A plain connection that hears nothing early.
//!
//! The mail library reads ahead, so what somebody slips in behind the server's leave to encrypt would be heard
//! after encryption as if the server had said it ("STARTTLS response injection").
//! Read byte by byte, it stays in the socket, where the TLS handshake trips over it.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A connection that gives one byte at a time until it is [`Eased`].
#[derive(Debug)]
pub struct Wary {
    stream: TcpStream,
    eased: Arc<AtomicBool>,
}

/// Lets a [`Wary`] connection read at full speed.
pub struct Eased(Arc<AtomicBool>);

impl Wary {
    /// Around this connection.
    pub fn new(stream: TcpStream) -> (Self, Eased) {
        let eased = Arc::new(AtomicBool::new(false));
        (Self { stream, eased: Arc::clone(&eased) }, Eased(eased))
    }
}

impl Eased {
    /// From now on.
    pub fn now(self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl AsyncRead for Wary {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.eased.load(Ordering::Relaxed) {
            return Pin::new(&mut self.stream).poll_read(cx, into);
        }
        let mut byte = [0; 1];
        let mut one = ReadBuf::new(&mut byte);
        if into.remaining() > 0 {
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut one))?;
        }
        into.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wary {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Wary {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}
