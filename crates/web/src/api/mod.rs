//! The REST API, compatible with Cal.com's API v2: its paths, headers and shapes.

mod answer;
mod bookings;
pub mod shape;
mod slots;

use kalends_domain::{Id, people::Organization};

use crate::{Problem, Web, extract::ApiKey};

/// Where names in a request are looked up: the key's organization, or the one at home.
async fn home(web: &Web, key: Option<&ApiKey>) -> Result<Id<Organization>, Problem> {
    if let Some(key) = key {
        return Ok(key.user.organization);
    }
    let home = web.engine.home().await.map_err(|error| Problem::internal(&error))?;
    home.map(|home| home.id)
        .ok_or_else(|| Problem::unavailable("not_set_up", "This server is not set up yet."))
}
