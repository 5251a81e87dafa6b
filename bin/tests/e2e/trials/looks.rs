//! What holds on every page: no foreign request, no failing script, nothing for axe to find, not too heavy.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use serde_json::json;
use tempfile::TempDir;

use crate::browser::play;
use crate::server::Server;
use crate::{Need, trial};

pub fn trials() -> Vec<Trial> {
    vec![trial("looks::the_first_page_of_a_fresh_server", &[Need::Browser], first_page)]
}

fn first_page() -> Result<()> {
    let server = Server::start("first-page", TempDir::new()?, &["serve"])?;
    let found = play("looks", server.told("Kalends serves")?, &json!({ "paths": ["/"] }))?;
    ensure!(found["findings"] == json!([]), "{found:#}");
    Ok(())
}
