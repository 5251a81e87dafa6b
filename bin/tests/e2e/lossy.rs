//! A line to a server that can lose answers: the server has done what was asked, and nobody hears of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};

/// A proxy on a free port; it serves until the process ends.
pub struct Lossy {
    /// Where it listens.
    pub address: SocketAddr,
    /// So many answers were lost.
    pub lost: Arc<AtomicUsize>,
}

impl Lossy {
    /// Passes everything on to `server`, and loses the answer of every so many-th write; of none at 0.
    pub fn open(server: SocketAddr, every: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let lossy = Self { address: listener.local_addr()?, lost: Arc::default() };
        let (lost, number) = (Arc::clone(&lossy.lost), Arc::new(AtomicUsize::new(0)));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (lost, number) = (Arc::clone(&lost), Arc::clone(&number));
                std::thread::spawn(move || {
                    let loses = |method: &str| {
                        every > 0
                            && matches!(method, "PUT" | "DELETE")
                            && number.fetch_add(1, Ordering::Relaxed) % every == 0
                    };
                    // A client that was killed breaks off, which is nothing to report.
                    if let Ok(true) = pass(&stream, server, loses) {
                        lost.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        Ok(lossy)
    }
}

/// One request, one answer, over; true when the answer was lost.
fn pass(client: &TcpStream, server: SocketAddr, loses: impl Fn(&str) -> bool) -> Result<bool> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse()?,
            "connection" => continue,
            _ => {}
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut upstream = TcpStream::connect(server)?;
    write!(upstream, "{head}Connection: close\r\n\r\n")?;
    upstream.write_all(&body)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    let method = head.split(' ').next().context("no method")?;
    if loses(method) {
        return Ok(true);
    }
    (&mut &*client).write_all(&answer)?;
    Ok(false)
}
