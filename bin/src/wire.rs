//! Puts the parts together: the one place that knows them all.

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use kalends_domain::{Clock, Ids};
use kalends_web::{Site, Web};
use url::Url;

use crate::config::Config;
use crate::system::{SystemChance, SystemClock};

/// Everything a running server consists of.
pub struct House {
    web: Web,
}

/// Builds it for this address.
pub async fn house(config: &Config, base_url: &Url) -> Result<House> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemChance));
    let mut site = Site::new(base_url.clone());
    site.trusted_proxies.clone_from(&config.trusted_proxies);
    site.embed_on.clone_from(&config.embed_on);
    Ok(House { web: Web { site: Arc::new(site), clock, ids } })
}

impl House {
    /// All pages and the API.
    pub fn router(&self) -> Router {
        kalends_web::router(self.web.clone())
    }
}
