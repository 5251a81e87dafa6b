//! The flight recorder: a calendar server refuses, the page says so, its button does it again, and the event is there, once.

use std::env;
use std::net::ToSocketAddrs;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::host::{Host, filled, some_time};
use crate::http::{Http, until};
use crate::lossy::Lossy;
use crate::{Need, trial};

pub fn trials() -> Vec<Trial> {
    const RADICALE: &[Need] = &[Need::Peer("RADICALE")];
    vec![trial("recorder::what_a_calendar_refused_is_shown_and_replayed_from_the_page", RADICALE, replayed)]
}

const USER: &str = "host5";
const REFUSED: &str = "400, request refused";

fn replayed() -> Result<()> {
    let peer = Url::parse(&env::var("KALENDS_PEER_RADICALE")?)?;
    let to = (peer.host_str().context("no host")?, peer.port().context("no port")?);
    let line = Lossy::open(to.to_socket_addrs()?.next().context("no peer")?, 0)?;
    let host = Host::on("recorder", "[net]\nallow = [\"127.0.0.1\"]\n")?;
    host.offer()?;
    let (address, password) = (format!("http://{}/", line.address), format!("{USER}pw"));
    let form = [("server", &*address), ("username", USER), ("password", &*password)];
    let connected = host.connect("caldav", &form)?;
    ensure!(connected.status == 303, "{}", connected.words());
    let guest = host.guest()?;
    let start = until("time to book", || Ok(some_time(&guest).ok()))?;

    // The booking stands although the calendar says no, and its page says what happened.
    line.refuses.store(true, Ordering::Relaxed);
    let booked = guest.post("/hanna/call/book", &filled(&start))?;
    ensure!(booked.status == 303, "{}", booked.words());
    let uid = booked.onward.trim_start_matches("/booking/").split('?').next().unwrap_or_default();
    let page = format!("/bookings/{uid}");
    let shown = until("failure on the booking's page", || {
        let shown = host.browser.get(&page)?;
        Ok(shown.words().contains(REFUSED).then_some(shown))
    })?;
    ensure!(shown.words().contains("Create event"), "{}", shown.words());
    ensure!(!event(peer.as_str(), uid)?, "it was refused, and is there");

    // While it is refused, the button changes nothing for the worse.
    let step = shown.hidden().into_iter().find(|(name, _)| name == "step").context("no button")?;
    let press = || host.browser.send(&page, &format!("{page}/again"), &[("step", &*step.1)]);
    ensure!(press()?.status == 303);
    until("second failure", || Ok((refusals(&host, uid)?.len() >= 2).then_some(())))?;

    line.refuses.store(false, Ordering::Relaxed);
    let pressed = press()?;
    ensure!(pressed.status == 303 && pressed.onward.ends_with("?did=again"), "{pressed:?}");
    until("event in the calendar", || Ok(event(peer.as_str(), uid)?.then_some(())))?;

    // The time line tells all of it, and there is nothing left to do again.
    let calls = until("end of the time line", || {
        let calls = flights(&host, uid)?;
        let done = calls.iter().filter(|call| is(call, "ok")).count();
        Ok((done > 0).then_some(calls))
    })?;
    let written = calls.iter().filter(|call| is(call, "ok") && call["method"] == "PUT").count();
    ensure!(written == 1, "written {written} times: {calls:#?}");
    let failed = refusals(&host, uid)?;
    ensure!(failed.iter().all(|call| call["replay"]["possible"] == false), "{failed:#?}");
    let again = format!("bookings/{uid}/flights/{}/replay", failed[0]["id"].as_str().context("no id")?);
    let (status, said) = host.api(Method::POST, &again, "", &json!({}))?;
    ensure!(status == 409 && said["error"]["code"] == "not_replayable", "{said:#}");
    ensure!(!format!("{calls:?}").contains(&password), "a secret is on the time line");
    let page = host.browser.get(&format!("{page}/calls"))?.words();
    ensure!(page.contains(REFUSED) && page.contains("It was done since."), "{page}");
    Ok(())
}

fn is(call: &Value, outcome: &str) -> bool {
    call["operation"] == "create_event" && call["outcome"] == outcome
}

fn refusals(host: &Host, uid: &str) -> Result<Vec<Value>> {
    Ok(flights(host, uid)?.into_iter().filter(|call| call["status"] == 400).collect())
}

/// The booking's time line, by the API.
fn flights(host: &Host, uid: &str) -> Result<Vec<Value>> {
    let (status, said) = host.api(Method::GET, &format!("bookings/{uid}/flights"), "", &Value::Null)?;
    ensure!(status == 200, "{said:#}");
    said["data"].as_array().cloned().context("no list")
}

/// Whether the event stands on the calendar server itself.
fn event(peer: &str, uid: &str) -> Result<bool> {
    let http = Http::new()?;
    let request = http.request(Method::GET, &format!("{peer}{USER}/calendar/{uid}.ics"));
    Ok(http.send(request.basic_auth(USER, Some(format!("{USER}pw"))))?.0 == 200)
}
