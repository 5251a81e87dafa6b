//! What holds on every page, light and dark, large and small: no foreign request, no failing script, nothing for axe to
//! find, nothing that sticks out, not too heavy.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use serde_json::json;
use tempfile::TempDir;

use crate::browser::play;
use crate::server::Server;
use crate::{Need, trial};

const NEEDS: &[Need] = &[Need::Browser];

/// What anybody can open in the demo, and the status it answers with.
const PUBLIC: &[(&str, u16)] = &[
    ("/ines", 200),
    ("/ines/consultation", 200),
    ("/team/office", 200),
    ("/login", 200),
    ("/login/forgot", 200),
    ("/nobody/nothing", 404),
    ("/docs/api", 200),
];

/// What a host can open who has signed in.
const HOSTS: &[(&str, u16)] = &[
    ("/bookings/upcoming", 200),
    ("/bookings/unconfirmed", 200),
    ("/bookings/past", 200),
    ("/bookings/cancelled", 200),
    ("/event-types", 200),
    ("/availability", 200),
    ("/apps", 200),
    ("/apps/caldav", 200),
    ("/apps/zoom", 200),
    ("/apps/zoom/registration", 200),
    ("/apps/installed", 200),
    ("/settings/profile", 200),
    ("/settings/security", 200),
    ("/settings/keys", 200),
    ("/settings/zones", 200),
    ("/settings/audit", 200),
];

pub fn trials() -> Vec<Trial> {
    vec![
        trial("looks::the_set_up_page_of_a_fresh_server", NEEDS, set_up),
        trial("looks::what_anybody_can_open", NEEDS, || demo("public", PUBLIC, false)),
        trial("looks::what_a_host_can_open", NEEDS, || demo("host", HOSTS, true)),
    ]
}

fn set_up() -> Result<()> {
    let server = Server::start("set-up", TempDir::new()?, &["serve"])?;
    let found = play("looks", server.address()?, &json!({ "name": "set-up", "pages": [["/setup", 200]] }))?;
    ensure!(found["findings"] == json!([]), "{found:#}");
    Ok(())
}

fn demo(name: &str, pages: &[(&str, u16)], signed_in: bool) -> Result<()> {
    let server = Server::demo(name)?;
    let mut with = json!({ "name": name, "pages": pages });
    if signed_in {
        with["as"] = json!({ "email": server.told("as")?, "password": server.told("password")? });
    }
    let found = play("looks", server.address()?, &with)?;
    ensure!(found["findings"] == json!([]), "{found:#}");
    Ok(())
}
