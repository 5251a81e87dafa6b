//! What holds on every page, light and dark, large and small: no foreign request, no failing script, nothing for axe to
//! find, nothing that sticks out, nothing a finger misses, not too heavy.

use std::collections::{BTreeSet, VecDeque};

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::secrets::House;
use crate::browser::play;
use crate::host::{Host, filled, some_time};
use crate::server::Server;
use crate::visitor::Visitor;
use crate::{Need, trial};

const NEEDS: &[Need] = &[Need::Browser];

/// Where people begin who have signed in; from there every link is followed.
const DESK: [&str; 3] = ["/bookings/upcoming", "/settings/profile", "/apps/installed"];

/// An app of each kind, with and without code.
const APPS: [&str; 13] = [
    "caldav",
    "exchange",
    "google-calendar",
    "google-meet",
    "ics-feed",
    "jitsi",
    "outlook-mail",
    "smtp",
    "zoom",
    "whereby",
    "discord",
    "plausible",
    "n8n",
];

pub fn trials() -> Vec<Trial> {
    vec![
        trial("looks::the_set_up_page_of_a_fresh_server", NEEDS, set_up),
        trial("looks::a_fresh_host_with_nothing_yet", NEEDS, empty),
        trial("looks::what_anybody_can_open", NEEDS, anybody),
        trial("looks::doors_that_do_not_open", NEEDS, closed),
        trial("looks::what_a_host_can_open", NEEDS, host),
        trial("looks::what_went_wrong_and_how_it_is_mended", NEEDS, troubles),
    ]
}

fn look(name: &str, base: &str, pages: &[Value], with: &Value) -> Result<()> {
    let mut given = json!({ "name": name, "pages": pages });
    if let (Some(given), Some(with)) = (given.as_object_mut(), with.as_object()) {
        given.extend(with.clone());
    }
    let found = play("looks", base, &given)?;
    ensure!(found["findings"] == json!([]), "{found:#}");
    Ok(())
}

fn set_up() -> Result<()> {
    let server = Server::start("set-up", TempDir::new()?, &["serve"])?;
    let pages = [json!(["/setup", 200]), json!(["/setup", 422, [["press", "form .primary"]]])];
    look("set-up", server.address()?, &pages, &json!({}))
}

/// Every page says what is missing and what to do.
fn empty() -> Result<()> {
    let host = Host::on("empty", "")?;
    let pages = every(&host.browser, "", &DESK)?;
    ensure!(pages.len() > 15, "few pages: {pages:?}");
    look("empty", host.server.address()?, &pages, &json!({ "cookies": host.browser.cookies() }))
}

fn anybody() -> Result<()> {
    let server = Server::demo("public")?;
    let stranger = Visitor::new(server.address()?)?;
    let mut pages = every(&stranger, "", &["/ines", "/team/office", "/login", "/docs/api"])?;
    let times = stranger.get("/ines/consultation?zone=UTC")?;
    let start = times.times()?.pop_last().context("no time")?;
    // The time is kept for whoever has this address.
    let form = stranger.get(&format!("/ines/consultation/book?start={start}&zone=UTC&where=1"))?.onward;
    pages.push(json!([form, 200]));
    pages.push(json!([form, 422, [["press", ".actions .primary"]]]));
    pages.push(json!([
        "/login/forgot",
        200,
        [["#email", "guest{n}@example.com"], ["press", "form .primary"]]
    ]));
    pages.push(json!(["/ines/consultation?find=nowhere", 200]));
    look("public", server.address()?, &pages, &json!({}))
}

/// Each way to be turned away: not there, not allowed, over, used up, too often.
fn closed() -> Result<()> {
    let host = Host::on("closed", "")?;
    let number = host.offer()?;
    let path = format!("event-types/{number}/private-links");
    let (status, made) = host.api(Method::POST, &path, "2024-06-14", &json!({ "maxUsageCount": 1 }))?;
    ensure!(status == 201, "{made}");
    let link =
        made["data"]["bookingUrl"].as_str().and_then(|url| url.rsplit('/').next()).context("no link")?;
    let guest = host.guest()?;
    let start = some_time(&guest)?;
    let booked = guest.post(&format!("/d/{link}/book"), &filled(&start))?;
    ensure!(booked.status == 303, "{}", booked.words());
    let booking = booked.onward.split('?').next().unwrap_or_default().to_owned();
    for _ in 0..40 {
        guest.send(
            "/login",
            "/login",
            &[("email", "nobody@example.com"), ("password", "a wrong password")],
        )?;
    }
    let wrong = |status: u16, email: &str| {
        json!([
            "/login",
            status,
            [["#email", email], ["#pw", "a wrong password"], ["press", "form .primary"]]
        ])
    };
    let (email, password) = (["#email", "nobody@example.com"], ["#pw", "a wrong password"]);
    let broken = ["input[name=csrf]", "of another page"];
    let refused_form = json!(["/login", 403, [email, password, broken, ["press", "form .primary"]]]);
    let pages = [
        json!(["/nobody/nothing", 404]),
        json!(["/booking/nothing", 404]),
        json!(["/hanna/gone", 404]),
        json!([format!("/d/{link}"), 410]),
        json!(["/login/reset/nothing", 410]),
        json!(["/login/verify/nothing", 410]),
        refused_form,
        wrong(429, "nobody@example.com"),
        json!([booking, 200]),
        json!([format!("{booking}/reschedule"), 200]),
        json!([format!("{booking}/cancel"), 200]),
        // A time that is gone: the times again, with a notice.
        json!([format!("/hanna/call/book?start={start}&zone=UTC"), 409]),
    ];
    look("closed", host.server.address()?, &pages, &json!({}))
}

fn host() -> Result<()> {
    let server = Server::demo("host")?;
    let account = json!({ "email": server.told("as")?, "password": server.told("password")? });
    let ines = Visitor::new(server.address()?)?;
    ines.sign_in(server.told("as")?, server.told("password")?)?;
    let apps: Vec<String> = APPS.iter().map(|slug| format!("/apps/{slug}")).collect();
    let begin: Vec<&str> = DESK.iter().copied().chain(apps.iter().map(String::as_str)).collect();
    // One that was taken away can come back, and one that is off can be switched on.
    let there = ines.get("/apps/installed")?;
    let ids: Vec<&str> =
        there.text.split("id=\"a-").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let [first, second, ..] = ids.as_slice() else { anyhow::bail!("nothing is installed") };
    let (remove, off) = (format!("/apps/installed/{first}/remove"), format!("/apps/installed/{second}/off"));
    ensure!(ines.send(&remove, &remove, &[])?.status == 303 && ines.send(&off, &off, &[])?.status == 303);
    let mut pages = every(&ines, "", &begin)?;
    ensure!(pages.len() > 45, "few pages: {pages:?}");
    pages.extend([
        json!(["/apps/caldav", 422, [["press", "#setup .primary"]]]),
        json!(["/apps/plausible", 422, [["press", "#setup .primary"]]]),
        json!(["/event-types", 422, [["press", "section .btn"]]]),
        json!(["/settings/keys", 200, [["#label", "A program"], ["press", "form .primary"]]]),
        json!(["/settings/password", 405]),
        json!(["/bookings/nothing", 404]),
    ]);
    look("host", server.address()?, &pages, &json!({ "as": account }))
}

/// Calls that failed, notices that were refused, accounts that need somebody, bookings that need an answer.
fn troubles() -> Result<()> {
    let (house, uid) = House::in_trouble()?;
    let there = house.browser.get("/apps/installed")?;
    let ids = there.text.split("id=\"a-").skip(1).filter_map(|rest| rest.split('"').next());
    let on_record = |id| ["calls", "notices"].map(|page| format!("/apps/installed/{id}/{page}"));
    let mut begin: Vec<String> = ids.flat_map(on_record).collect();
    begin.extend(["/bookings", "/join"].map(|page| format!("{page}/{uid}")));
    begin.push(format!("/bookings/{uid}/calls"));
    let begin: Vec<&str> = begin.iter().map(String::as_str).chain(DESK).collect();
    let pages = every(&house.browser, House::BASE, &begin)?;
    let has = |form: &str| pages.iter().any(|page| shape(page[0].as_str().unwrap_or_default()) == form);
    for form in [
        "/bookings/*",
        "/bookings/*/calls",
        "/apps/installed/*/calls",
        "/apps/installed/*/notices",
        "/apps/installed/*/notices/*",
        "/settings/notices",
        "/settings/notices/*",
    ] {
        ensure!(has(form), "no page like {form}: {pages:#?}");
    }
    look("troubles", &house.local, &pages, &json!({ "cookies": house.browser.cookies() }))
}

/// Follows every link of this server: a page of each form, with its status.
fn every(visitor: &Visitor, base: &str, begin: &[&str]) -> Result<Vec<Value>> {
    let mut waiting: VecDeque<String> = begin.iter().map(|path| (*path).to_owned()).collect();
    // Each of these is looked at, however alike they are.
    let mut given: BTreeSet<String> = waiting.iter().cloned().collect();
    let (mut seen, mut pages) = (BTreeSet::new(), Vec::new());
    while let Some(path) = waiting.pop_front() {
        let new = seen.insert(shape(&path));
        if !given.remove(&path) && !new {
            continue;
        }
        let page = visitor.get(&path)?;
        if !page.text.starts_with("<!doctype html>") {
            continue;
        }
        let words = page.words();
        let links = words.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let ours =
            links.map(|link| link.strip_prefix(base).unwrap_or(link).split('#').next().unwrap_or_default());
        waiting.extend(
            ours.filter(|link| link.starts_with('/') && !link.starts_with("/assets")).map(str::to_owned),
        );
        pages.push(json!([path, page.status]));
    }
    Ok(pages)
}

/// What an address is like: names and numbers are the same as any other.
fn shape(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let part = |part: &str| {
        let number = part.len() > 12 && part.bytes().any(|b| b.is_ascii_digit());
        if number { "*".to_owned() } else { part.to_owned() }
    };
    let parts: Vec<String> = path.split('/').map(part).collect();
    match parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["", "apps", slug] if *slug != "installed" => "/apps/…".to_owned(),
        ["", "apps", slug, "registration"] if *slug != "installed" => "/apps/…/registration".to_owned(),
        _ => parts.join("/"),
    }
}
