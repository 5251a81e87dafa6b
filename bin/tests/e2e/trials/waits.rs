//! What hangs or is too much outside keeps nobody waiting inside.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};

use crate::host::{Host, filled, some_time};
use crate::http::{Http, until};
use crate::{odd, trial};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("waits::a_booking_shows_that_its_mail_waits_for_a_server_that_hangs", &[], mail_hangs),
        trial("waits::a_megabyte_of_nested_json_is_refused", &[], nested),
    ]
}

fn mail_hangs() -> Result<()> {
    let (at, taken) = odd::silent()?;
    let mail = format!(
        "[net]\nallow = [\"127.0.0.1\"]\n\n[mail]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"plain\"\n\
         from_email = \"kalends@example.com\"\n",
        at.port()
    );
    let mut host = Host::on("bad-mail", &mail)?;
    host.offer()?;
    let guest = host.guest()?;
    let start = some_time(&guest)?;
    // The mail server is never going to answer, so nothing that waits for it could come back with this.
    let booked = guest.post("/hanna/call/book", &filled(&start))?;
    ensure!(booked.status == 303, "{booked:?}");
    let uid = booked.onward.trim_start_matches("/booking/").split('?').next().unwrap_or_default();
    // A word to the host about her own address, and the two confirmations: all on the line, none answered.
    let line = || taken.recv_timeout(Duration::from_secs(30)).context("the mail server was not called");
    let _lines = [line()?, line()?, line()?];
    let waits = |line: &str| line.contains("chip wait") && line.contains("Confirmation is");
    let page = until("waiting mail", || {
        let page = host.browser.get(&format!("/bookings/{uid}"))?.words();
        let there = page.lines().any(|line| waits(line) && line.contains("marta@example.com"));
        Ok(there.then_some(page))
    })?;
    ensure!(!page.contains("Confirmation sent"), "{page}");
    // Asked to end, it would give the mails some time first.
    host.server.kill()
}

fn nested() -> Result<()> {
    let host = Host::on("bad-json", "")?;
    let http = Http::new()?;
    let url = format!("{}v2/bookings", host.server.address()?);
    for (size, expected) in [(1 << 20, 413), (200 << 10, 400)] {
        let body = format!("{{\"metadata\":{}", "[".repeat(size));
        let request = http.request(Method::POST, &url).header("cal-api-version", "2024-08-13");
        let (status, text) = http.send(request.header("content-type", "application/json").body(body))?;
        ensure!(status == expected, "{size} bytes: {status} {text}");
        let said: Value = serde_json::from_str(&text).with_context(|| text.clone())?;
        ensure!(said["status"] == json!("error"), "{text}");
    }
    let (status, _) = http.send(http.request(Method::GET, &format!("{}healthz", host.server.address()?)))?;
    ensure!(status == 200, "{status}");
    Ok(())
}
