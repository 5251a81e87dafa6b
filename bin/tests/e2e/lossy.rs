//! A line to a server that can lose answers (the server has done what was asked, and nobody hears of it) or refuse writes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result};

/// A proxy on a free port; it serves until the process ends.
pub struct Lossy {
    /// Where it listens.
    pub address: SocketAddr,
    /// So many answers were lost.
    pub lost: Arc<AtomicUsize>,
    /// While it is set, no write reaches the server: each is answered with a 400.
    pub refuses: Arc<AtomicBool>,
}

impl Lossy {
    /// Passes everything on to `server`, and loses the answer of every so many-th write; of none at 0.
    pub fn open(server: SocketAddr, every: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let lossy = Self { address: listener.local_addr()?, lost: Arc::default(), refuses: Arc::default() };
        let (lost, number) = (Arc::clone(&lossy.lost), Arc::new(AtomicUsize::new(0)));
        let refuses = Arc::clone(&lossy.refuses);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (lost, number) = (Arc::clone(&lost), Arc::clone(&number));
                let refuses = Arc::clone(&refuses);
                std::thread::spawn(move || {
                    let fate = |method: &str| {
                        if !matches!(method, "PUT" | "DELETE") {
                            Fate::Passes
                        } else if refuses.load(Ordering::Relaxed) {
                            Fate::Refused
                        } else if every > 0 && number.fetch_add(1, Ordering::Relaxed) % every == 0 {
                            Fate::Lost
                        } else {
                            Fate::Passes
                        }
                    };
                    // A client that was killed breaks off, which is nothing to report.
                    if let Ok(Fate::Lost) = pass(&stream, server, fate) {
                        lost.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        Ok(lossy)
    }
}

/// What becomes of a request.
#[derive(Clone, Copy)]
enum Fate {
    /// It is answered by the server.
    Passes,
    /// It reaches the server, and its answer nobody.
    Lost,
    /// It reaches nobody.
    Refused,
}

/// One request, one answer, over.
fn pass(client: &TcpStream, server: SocketAddr, fate: impl Fn(&str) -> Fate) -> Result<Fate> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(Fate::Passes);
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
    let fate = fate(head.split(' ').next().context("no method")?);
    if matches!(fate, Fate::Refused) {
        write!(&mut &*client, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        return Ok(fate);
    }
    let mut upstream = TcpStream::connect(server)?;
    write!(upstream, "{head}Connection: close\r\n\r\n")?;
    upstream.write_all(&body)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    if matches!(fate, Fate::Passes) {
        (&mut &*client).write_all(&answer)?;
    }
    Ok(fate)
}
