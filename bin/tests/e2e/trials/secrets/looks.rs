//! Looking at everything the server shows: each page behind each link, each address of the API, each command.

use std::collections::{BTreeSet, VecDeque};

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::Value;

use super::house::{BASE, House};
use crate::visitor::Visitor;

/// More pages than this are the same ones again.
const MOST: usize = 250;

/// The owner and a stranger follow every link; the API is asked all it can be asked.
pub fn around(house: &mut House) -> Result<()> {
    let stranger = Visitor::new(&house.local)?;
    let mut bookings = BTreeSet::new();
    for (who, begin) in [("owner", "/bookings"), ("stranger", "/hanna")] {
        let (mut seen, mut waiting) = (BTreeSet::new(), VecDeque::from([begin.to_owned()]));
        let more = [
            "/",
            "/apps",
            "/apps/installed",
            "/settings/audit",
            "/settings/notices",
            "/settings/keys",
            "/settings/security",
            "/healthz",
            "/metrics",
            "/docs/api",
            "/docs/openapi.json",
            "/no/such/page",
            "/teams",
            "/event-types",
            "/availability",
            "/login",
            "/setup",
            "/bookings/past",
            "/bookings/unconfirmed",
            "/bookings/cancelled",
        ];
        waiting.extend(more.map(str::to_owned));
        while let Some(path) = waiting.pop_front().filter(|_| seen.len() < MOST) {
            if !seen.insert(path.clone()) {
                continue;
            }
            let page = if who == "owner" { house.browser.get(&path)? } else { stranger.get(&path)? };
            house.shown(&format!("{path} for the {who}"), &page);
            if let Some(uid) = path.strip_prefix("/bookings/").filter(|uid| uid.len() == 22) {
                bookings.insert(uid.to_owned());
            }
            let words = page.words();
            let links = words.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
            let ours = links.map(|link| link.trim_start_matches(BASE).split('#').next().unwrap_or_default());
            waiting.extend(
                ours.filter(|link| link.starts_with('/') && !link.starts_with("/assets")).map(str::to_owned),
            );
        }
        ensure!(seen.len() > 15, "the {who} saw {} pages", seen.len());
    }
    ensure!(!bookings.is_empty(), "nobody looked at a booking");
    for uid in &bookings {
        for path in ["", "/calendar.ics", "/reschedule", "/cancel", "/link"] {
            let page = stranger.get(&format!("/booking/{uid}{path}"))?;
            house.shown("a booking for its guest", &page);
        }
        let page = stranger.get(&format!("/bookings/{uid}/confirm"))?;
        house.shown("a question for the host", &page);
    }
    interface(house, bookings.first().context("no booking")?)
}

/// Every question the API's own description knows.
fn interface(house: &mut House, booking: &str) -> Result<()> {
    let described: Value = serde_json::from_str(&house.open("/docs/openapi.json")?.text)?;
    let types = house.api(Method::GET, "event-types", "2024-06-14", &Value::Null)?;
    let number = |of: &Value| of["data"][0]["id"].to_string();
    let schedules = house.api(Method::GET, "schedules", "2024-06-11", &Value::Null)?;
    let (number, schedule) = (number(&types), number(&schedules));
    let paths = described["paths"].as_object().context("no paths")?;
    let mut asked = 0;
    for (path, verbs) in paths.iter().filter(|(_, verbs)| verbs.get("get").is_some()) {
        let filled = path
            .replace("{eventTypeId}", &number)
            .replace("{scheduleId}", &schedule)
            .replace("{bookingUid}", booking);
        let filled =
            filled.replace("{uid}", booking).replace("{seatUid}", booking).replace("{linkId}", booking);
        let versions = verbs["get"].to_string();
        let version = ["2024-08-13", "2024-06-14", "2024-06-11", "2024-09-04"]
            .into_iter()
            .find(|v| versions.contains(v));
        for version in
            version.map_or(vec!["2024-08-13", "2024-06-14", "2024-06-11", "2024-09-04"], |one| vec![one])
        {
            let key = house.key().to_owned();
            house.asked(Method::GET, filled.trim_start_matches("/v2/"), version, &Value::Null, &key)?;
            asked += 1;
        }
    }
    ensure!(asked > 8, "the API was asked {asked} times");
    time_lines(house)
}

/// What was said to whom for each connection, as the recorder tells it.
fn time_lines(house: &mut House) -> Result<()> {
    let (version, mut told) = ("2024-08-13", 0);
    let key = house.key().to_owned();
    let ask = |house: &mut House, path: &str| -> Result<Vec<String>> {
        let (status, said) = house.asked(Method::GET, path, version, &Value::Null, &key)?;
        ensure!(status == 200, "{path}: {status}");
        let all = said["data"].as_array().into_iter().flatten();
        Ok(all.filter_map(|one| one["id"].as_str().map(str::to_owned)).collect())
    };
    for connection in ask(house, "connections")? {
        told += ask(house, &format!("connections/{connection}/flights"))?.len();
        for notice in ask(house, &format!("connections/{connection}/notices"))? {
            ask(house, &format!("connections/{connection}/notices/{notice}/flights"))?;
            let page = house.open(&format!("/apps/installed/{connection}/notices/{notice}"))?;
            ensure!(page.status < 500, "{page:?}");
        }
    }
    ensure!(told > 0, "no connection has a time line");
    Ok(())
}

/// Every command that looks at this server's data.
pub fn by_command(house: &mut House) -> Result<()> {
    for words in [
        ["doctor"].as_slice(),
        &["settings"],
        &["user", "list"],
        &["api-key", "list", "--user", "hanna"],
        &["key", "list"],
        &["app", "list", "--json"],
        &["app", "show", "zoom"],
        &["key", "rotate"],
    ] {
        house.command(words)?;
    }
    Ok(())
}
