//! The outside follows: what a guest does in the browser stands on real calendar servers and in real mails.

use std::env;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::play;
use crate::http::{Http, until};
use crate::server::{Server, run};
use crate::{Need, trial};

pub fn trials() -> Vec<Trial> {
    const RADICALE: &[Need] = &[Need::Browser, Need::Peer("RADICALE"), Need::Peer("MAILDEV")];
    const CYRUS: &[Need] = &[Need::Browser, Need::Peer("CYRUS_HTTP"), Need::Peer("MAILDEV")];
    vec![
        trial("outside::radicale_and_the_mailbox_follow_a_booking", RADICALE, || {
            follows(&Account {
                name: "host1",
                server: env::var("KALENDS_PEER_RADICALE")?,
                calendar: format!("{}host1/calendar/", env::var("KALENDS_PEER_RADICALE")?),
            })
        }),
        trial("outside::cyrus_and_the_mailbox_follow_a_booking", CYRUS, || {
            let server = env::var("KALENDS_PEER_CYRUS_HTTP")?;
            follows(&Account {
                name: "host2",
                calendar: format!("{server}/dav/calendars/user/host2/Default/"),
                server,
            })
        }),
    ]
}

/// A host's account at a calendar server.
struct Account {
    name: &'static str,
    server: String,
    calendar: String,
}

impl Account {
    fn email(&self) -> String {
        format!("{}@example.com", self.name)
    }

    fn password(&self) -> String {
        format!("{}pw", self.name)
    }
}

fn follows(account: &Account) -> Result<()> {
    let http = Http::new()?;
    let server = serve(account)?;
    let base = server.address()?;
    let said =
        run(server.folder.path(), &["user", "add", "--name", "Hanna Host", "--email", &account.email()])?.1;
    let password = said.lines().find_map(|line| line.strip_prefix("password: ")).context("no password")?;
    connect(account, base, password)?;
    offer(&http, &server, base, account)?;

    let guest = format!("guest-of-{}@example.com", account.name);
    let person = json!({ "name": "Marta Hollweg", "email": guest });
    let step = |with: Value| play("step", base, &with);
    let booked =
        step(json!({ "name": account.name, "step": "book", "path": "/hanna-host/call", "guest": person }))?;
    let uid = booked["uid"].as_str().context("no uid")?.to_owned();
    let event = until("event", || event(&http, account, &uid, 0))?;
    for part in [&format!("UID:{uid}"), "ORGANIZER", &format!("mailto:{guest}"), "LOCATION"] {
        ensure!(event.to_lowercase().contains(&part.to_lowercase()), "no {part} in\n{event}");
    }

    let moved = step(json!({ "name": account.name, "step": "move", "uid": uid }))?;
    let event = until("moved event", || self::event(&http, account, &uid, 1))?;
    ensure!(moved["start"] != booked["start"] && event.contains("SEQUENCE:1"), "{event}");

    step(json!({ "name": account.name, "step": "cancel", "uid": uid }))?;
    until("end of the event", || {
        let (status, _) = get(&http, account, &uid)?;
        Ok((status == 404 || status == 410).then_some(()))
    })?;

    // The host owns the event: mails to them tell of it, and ask for nothing.
    for (to, told) in [(guest, "REQUEST"), (account.email(), "PUBLISH")] {
        let methods = until("three invitations", || {
            let methods = invitations(&http, &to)?;
            Ok((methods.len() >= 3).then_some(methods))
        })?;
        ensure!(methods == [told, told, "CANCEL"], "{to} got {methods:?}");
    }
    Ok(())
}

fn serve(account: &Account) -> Result<Server> {
    let smtp = env::var("KALENDS_PEER_MAILDEV_SMTP")?;
    let port = smtp.rsplit(':').next().context("no port")?;
    let folder = TempDir::new()?;
    std::fs::write(
        folder.path().join("kalends.toml"),
        format!(
            "[net]\nallow = [\"127.0.0.1\"]\n\n[mail]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"plain\"\n\
             from_email = \"kalends-of-{}@example.com\"\n",
            account.name
        ),
    )?;
    Server::start(account.name, folder, &["serve"])
}

fn connect(account: &Account, base: &str, password: &str) -> Result<()> {
    let form = json!({ "server": account.server, "username": account.name, "password": account.password() });
    let apps = json!([{ "slug": "caldav", "form": form }, { "slug": "jitsi", "form": {} }]);
    let signed_in = json!({ "email": account.email(), "password": password });
    let found = play("connect", base, &json!({ "name": account.name, "as": signed_in, "apps": apps }))?;
    ensure!(found["connected"].as_array().is_some_and(|rows| rows.len() >= 2), "{found:#}");
    Ok(())
}

/// Makes an event type by the API: half an hour in a room.
fn offer(http: &Http, server: &Server, base: &str, account: &Account) -> Result<()> {
    let (well, key) = run(server.folder.path(), &["api-key", "create", "--user", &account.email()])?;
    ensure!(well, "{key}");
    let body = json!({
        "title": "Call", "slug": "call", "lengthInMinutes": 30,
        "locations": [{ "type": "integration", "integration": "jitsi" }],
    });
    let request = http.request(Method::POST, &format!("{base}v2/event-types"));
    let request = request.bearer_auth(key.trim()).header("cal-api-version", "2024-06-14").json(&body);
    let (status, said) = http.send(request)?;
    ensure!(status == 201, "{status}: {said}");
    Ok(())
}

fn get(http: &Http, account: &Account, uid: &str) -> Result<(u16, String)> {
    let request = http.request(Method::GET, &format!("{}{uid}.ics", account.calendar));
    http.send(request.basic_auth(account.name, Some(account.password())))
}

/// The booking's event, once it stands there with this revision.
fn event(http: &Http, account: &Account, uid: &str, revision: u32) -> Result<Option<String>> {
    let (status, text) = get(http, account, uid)?;
    let text = text.replace("\r\n ", "").replace("\n ", "");
    let there = revision == 0 || text.contains(&format!("SEQUENCE:{revision}"));
    Ok((status == 200 && there).then_some(text))
}

/// The methods of the invitations that arrived for this address, in order.
fn invitations(http: &Http, to: &str) -> Result<Vec<String>> {
    let peer = format!("{}/api/email", env::var("KALENDS_PEER_MAILDEV")?);
    let all = http.send(http.request(Method::GET, &peer))?.1;
    let all: Vec<Value> = serde_json::from_str(&all).with_context(|| all.clone())?;
    let for_them = |mail: &&Value| {
        let receivers = mail["to"].as_array().into_iter().flatten();
        receivers.filter_map(|one| one["address"].as_str()).any(|address| address == to)
    };
    let mut methods = Vec::new();
    for mail in all.iter().filter(for_them) {
        let id = mail["id"].as_str().context("a mail without id")?;
        let source = http.send(http.request(Method::GET, &format!("{peer}/{id}/source")))?.1;
        let method = source.split("method=").nth(1).map(|rest| rest.trim_start_matches('"'));
        methods.extend(
            method.map(|rest| rest.chars().take_while(char::is_ascii_alphabetic).collect::<String>()),
        );
    }
    Ok(methods)
}
