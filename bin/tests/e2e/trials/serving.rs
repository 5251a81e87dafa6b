//! Starting, answering, stopping.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use reqwest::Method;
use tempfile::TempDir;

use crate::http::Http;
use crate::server::Server;
use crate::trial;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("serving::a_fresh_server_is_healthy", &[], healthy),
        trial("serving::a_demo_is_ready_with_people_and_a_key", &[], demo),
        trial("serving::sigterm_ends_it_cleanly", &[], sigterm),
        trial("serving::a_taken_port_is_named_at_start", &[], taken_port),
    ]
}

fn healthy() -> Result<()> {
    let server = Server::start("healthy", TempDir::new()?, &["serve"])?;
    let address = server.socket()?;
    let mut stream = TcpStream::connect(&address)?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    Ok(())
}

fn sigterm() -> Result<()> {
    Server::start("sigterm", TempDir::new()?, &["serve"])?.stop().map(drop)
}

fn taken_port() -> Result<()> {
    let first = Server::start("taken", TempDir::new()?, &["serve"])?;
    let address = first.socket()?;
    let folder = TempDir::new()?;
    let out = crate::server::kalends(folder.path()).arg("serve").env("KALENDS_LISTEN", &address).output()?;
    let said = String::from_utf8(out.stderr).context("not text")?;
    ensure!(!out.status.success() && said.contains(&format!("cannot listen on {address}")), "{said}");
    Ok(())
}

fn demo() -> Result<()> {
    let server = Server::demo("demo")?;
    for label in ["address", "book", "sign in", "as", "password", "API key"] {
        ensure!(!server.told(label)?.is_empty(), "{label} is empty");
    }
    let folder = server.told("data")?.split(' ').next().context("no folder")?.to_owned();
    ensure!(std::path::Path::new(&folder).join("kalends.db").exists(), "no data in {folder}");
    let http = Http::new()?;
    let bookings = http.request(Method::GET, &format!("{}v2/bookings", server.told("address")?));
    let (status, text) =
        http.send(bookings.bearer_auth(server.told("API key")?).header("cal-api-version", "2024-08-13"))?;
    ensure!(status == 200 && text.contains("Marta Hollweg"), "{status}: {text}");
    server.stop()?;
    ensure!(!std::path::Path::new(&folder).exists(), "{folder} was left behind");
    Ok(())
}
