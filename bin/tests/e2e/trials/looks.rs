//! What holds on every page: no foreign request, no failing script, nothing for axe to find, not too heavy.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use serde_json::json;
use tempfile::TempDir;

use crate::browser::play;
use crate::server::Server;
use crate::{Need, trial};

pub fn trials() -> Vec<Trial> {
    vec![trial("looks::a_page_that_is_not_there", &[Need::Browser], not_there)]
}

fn not_there() -> Result<()> {
    let server = Server::start("not-there", TempDir::new()?, &["serve"])?;
    let found = play("looks", server.address()?, &json!({ "pages": [["/nobody/nothing", 404]] }))?;
    ensure!(found["findings"] == json!([]), "{found:#}");
    Ok(())
}
