//! Bad days: what a person reads when others answer wrongly or not at all.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use anyhow::{Context, Result, ensure};
use http::Method;
use jiff::{Timestamp, ToSpan, Unit};
use libtest_mimic::Trial;
use serde_json::json;
use tempfile::TempDir;

use crate::desk::Desk;
use crate::server::Server;
use crate::{Need, trial};

pub fn trials() -> Vec<Trial> {
    let radicale = [Need::Peer("RADICALE")];
    vec![
        trial(
            "bad_days::a_calendar_form_says_what_is_wrong_with_the_server_and_keeps_what_was_typed",
            &[],
            wrong_servers,
        ),
        trial("bad_days::a_wrong_calendar_password_is_named", &radicale, wrong_password),
        trial("bad_days::a_mail_server_that_hangs_keeps_no_guest_waiting", &[], hanging_mail),
    ]
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// Answers everything with this and hangs up; no answer at all is a server that hangs.
fn odd(answer: Option<Vec<u8>>) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            match &answer {
                Some(answer) => {
                    // A client may hang up before it has all: that is its right.
                    drop(stream.read(&mut [0; 4096]).and_then(|_| stream.write_all(answer)));
                }
                None => kept.push(stream),
            }
        }
    });
    Ok(address)
}

fn page(kind: &str, body: &str) -> Option<Vec<u8>> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 207 Multi-Status\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
    Some((head + body).into_bytes())
}

/// A server that may call this machine, sending mails to `mail`.
async fn serving(name: &str, mail: Option<SocketAddr>) -> Result<(Server, Desk, String)> {
    let folder = TempDir::new()?;
    let mut text = "log = \"warn\"\n[net]\nallow = [\"127.0.0.0/8\"]\n".to_owned();
    if let Some(mail) = mail {
        text += &format!("[mail]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"plain\"\n", mail.port());
    }
    std::fs::write(folder.path().join("kalends.toml"), text)?;
    let server = Server::start(name, folder, &["serve"])?;
    let base = format!("http://{}", server.socket()?);
    let desk = Desk::furnish(server.folder.path(), &base).await?;
    Ok((server, desk, base))
}

/// DAV-01 and ALL-02: each wrong thing has words of its own.
fn wrong_servers() -> Result<()> {
    block_on(async {
        let (_server, desk, base) = serving("wrong-servers", None).await?;
        let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let huge = format!("<multistatus xmlns=\"DAV:\">{}</multistatus>", "<response/>".repeat(1_000_000));
        let cases = [
            ("not XML", format!("http://{}/", odd(page("text/html", "<p>Welcome"))?), "XML"),
            ("10 MB", format!("http://{}/", odd(page("application/xml", &huge))?), "larger"),
            ("nobody there", format!("http://{closed}/"), "no connection"),
        ];
        for (what, server, word) in cases {
            let form = [("server", server.as_str()), ("username", "me"), ("password", "secret-word")];
            let shown = desk.connect(&base, "caldav", &form).await?;
            let shown = shown.with_context(|| format!("{what}: it was taken"))?;
            let said = words(&shown);
            println!("{what}: {said}");
            ensure!(said.contains(word), "{what}: {said}");
            ensure!(shown.contains("value=\"me\""), "{what}: what was typed is gone");
            ensure!(!shown.contains("secret-word"), "{what}: the password is on the page");
        }
        Ok(())
    })
}

fn wrong_password() -> Result<()> {
    block_on(async {
        let (_server, desk, base) = serving("wrong-password", None).await?;
        let peer = std::env::var("KALENDS_PEER_RADICALE")?;
        let form = [("server", peer.as_str()), ("username", "host7"), ("password", "wrong")];
        let shown = desk.connect(&base, "caldav", &form).await?.context("it was taken")?;
        let said = words(&shown);
        println!("wrong password: {said}");
        ensure!(said.contains("password"), "{said}");
        Ok(())
    })
}

/// EML-02: the booking is made and answered, the mail waits.
fn hanging_mail() -> Result<()> {
    block_on(async {
        let (server, desk, base) = serving("hanging-mail", Some(odd(None)?)).await?;
        #[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
        let start = (Timestamp::now() + 48.hours()).round(Unit::Hour)?;
        for number in 0..20_i64 {
            let body = json!({
                "eventTypeId": desk.event_type, "start": (start + (number * 15).minutes()).to_string(),
                "attendee": { "name": "Gus", "email": "gus@example.com", "timeZone": "UTC" },
            });
            desk.api(&base, Method::POST, "/v2/bookings", "2024-08-13", Some(&body)).await?;
        }
        // It goes in peace, though the mails are still being sent.
        server.kill().map(drop)
    })
}

/// What the page's alert says, without its marks.
fn words(page: &str) -> String {
    let alert = page.split_once("role=\"alert\"").map_or("", |(_, rest)| rest);
    let alert = alert.split("</div></div>").next().unwrap_or_default();
    let words = alert.split('<').map(|bit| bit.split_once('>').map_or("", |(_, text)| text));
    words.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}
