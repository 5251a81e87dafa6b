//! Puts the parts together: the one place that knows them all.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use kalends_app::{
    Gateway,
    http::{NoRecorder, time::Tokio},
};
use kalends_catalog::APPS;
use kalends_engine::{Engine, connect::Outside, notify::Links};
use kalends_web::{Site, Web};
use url::Url;

use crate::base::{Base, Guard};
use crate::config::Config;
use crate::net;
use crate::system::SystemChance;

/// Everything a running server consists of.
pub struct House {
    base: Base,
    web: Web,
    _guard: Option<Guard>,
}

/// Builds it for this address.
pub async fn house(config: &Config, base_url: &Url) -> Result<House> {
    // On PostgreSQL several servers may run; one SQLite file has one.
    let guard = config.database_file().map(|_| Guard::take(&config.data_dir)).transpose()?;
    let base = Base::open(config).await?;
    base.db.migrate().await.context("the tables cannot be completed")?;
    let mut site = Site::new(base_url.clone());
    site.trusted_proxies.clone_from(&config.trusted_proxies);
    site.embed_on.clone_from(&config.embed_on);
    let engine = Engine::new(base.db.clone(), outside(config, base_url, &base)?);
    let web = Web { site: Arc::new(site), engine };
    Ok(House { base, web, _guard: guard })
}

/// The way out: every app of this build, behind the guard.
fn outside(config: &Config, base_url: &Url, base: &Base) -> Result<Outside> {
    let (net, dns) = net::open(&config.allow, &config.certificates)?;
    let time = Arc::new(Tokio(Arc::clone(&base.clock)));
    let gateway = Gateway::new(net, dns, time, Arc::new(SystemChance), Arc::new(NoRecorder));
    let gateway = gateway.trusting(&config.certificates).overriding(config.endpoints.clone(), APPS)?;
    Ok(Outside::new(APPS.to_vec(), gateway, Links::new(base_url), Arc::new(base.keys.keys()?)))
}

impl House {
    /// All pages and the API.
    pub fn router(&self) -> Router {
        kalends_web::router(self.web.clone())
    }

    /// Finishes what is under way and closes the database.
    pub async fn close(self) {
        self.base.db.close().await;
    }
}
