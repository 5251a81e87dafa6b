//! What the tests need on a bare Debian machine, installed only where it is missing.

pub mod apt;
pub mod browser;
pub mod nextest;
pub mod peers;
pub mod postgres;

use std::io;
use std::net::TcpListener;

/// A port that was free on loopback a moment ago.
///
/// Between this answer and its use another program may take it; whoever starts a server with it
/// finds out, because that server then fails to come up.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
