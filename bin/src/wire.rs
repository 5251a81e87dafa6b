//! Puts the parts together: the one place that knows them all.

mod post;

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use jiff::SignedDuration;
use kalends_app::gateway::Patience;
use kalends_app::http::Tokio;
use kalends_app::{App, Gateway};
use kalends_domain::Clock;
use kalends_engine::Engine;
use kalends_engine::connect::{Outside, Post};
use kalends_engine::flights::FlightLog;
use kalends_engine::job::Workers;
use kalends_engine::notify::Links;
use kalends_web::{Site, Web};
use tokio::task::JoinHandle;
use url::Url;

use crate::base::{Base, Guard, keys_used, missing, system};
use crate::config::{Config, Mail};
use crate::net;
use crate::shelf;
use crate::system::SystemChance;
use crate::zones;

pub use post::post;

/// Everything a running server consists of.
pub struct House {
    base: Base,
    /// The verbs.
    pub engine: Engine,
    site: Site,
    _guard: Option<Guard>,
}

/// What goes on beside answering.
pub struct Work {
    workers: Workers,
    rules: JoinHandle<()>,
}

/// Builds it for this address; `dress` may change the way out before anything uses it.
pub async fn house(config: &Config, base_url: &Url, dress: impl FnOnce(Gateway) -> Gateway) -> Result<House> {
    // On PostgreSQL several servers may run; one SQLite file has one.
    let guard = config.database_file().map(|_| Guard::take(&config.data_dir)).transpose()?;
    let base = Base::open(config).await?;
    base.db.migrate().await.context("the tables cannot be completed")?;
    let held = base.keys.names().collect();
    if let Some(said) = missing(&keys_used(&base.db).await?, &held, &config.secret_key_file) {
        tracing::error!("{said}");
    }
    let engine = engine(config, &base, base_url, dress)?;
    let mut site = Site::new(base_url.clone());
    site.trusted_proxies.clone_from(&config.trusted_proxies);
    site.embed_on.clone_from(&config.embed_on);
    Ok(House { base, engine, site, _guard: guard })
}

/// The verbs over an opened database.
pub fn engine(
    config: &Config,
    base: &Base,
    base_url: &Url,
    dress: impl FnOnce(Gateway) -> Gateway,
) -> Result<Engine> {
    let shelf = shelf::stock(config.apps_dir.as_deref());
    for problem in &shelf.wrong {
        tracing::warn!(problem, "an app of apps_dir is left out");
    }
    let flights = Arc::new(FlightLog::default());
    let gateway = way_out(config, &shelf.apps, &base.clock, Arc::clone(&flights))?;
    let keys = Arc::new(base.keys.followed()?);
    let outside = Outside::new(shelf.apps, dress(gateway), Links::new(base_url), keys).with_flights(flights);
    let undo = SignedDuration::from_hours(24 * i64::from(config.undo_days));
    let outside = outside.with_undo(undo);
    let kept = SignedDuration::from_hours(24 * i64::from(config.flight_days));
    let outside = outside.with_flights_kept(kept);
    let outside = outside.with_registrations(config.registrations.clone()).context("[apps]")?;
    let outside = match &config.mail {
        Some(mail) => outside.with_post(post(mail, base_url)?).context("[mail]")?,
        None => outside,
    };
    Ok(Engine::new(base.db.clone(), outside))
}

/// The way out, as the settings shape it.
fn way_out(
    config: &Config,
    apps: &[&'static App],
    clock: &Arc<dyn Clock>,
    recorder: Arc<FlightLog>,
) -> Result<Gateway> {
    let (transport, names) = net::open(&config.allow, &config.certificates)?;
    let time = Arc::new(Tokio(Arc::clone(clock)));
    Gateway::new(transport, names, time, Arc::new(SystemChance), recorder)
        .trusting(&config.certificates)
        .overriding(config.endpoints.clone(), apps)
        .and_then(|gateway| gateway.pacing(config.paces.clone(), apps))
        .context("[apps]")
}

/// Signs in at the mail server of the settings and sends nothing; what it says of itself.
pub async fn try_mail(config: &Config, mail: &Mail) -> Result<String> {
    let Post { app, account, .. } = post(mail, &config.base_url(config.listen))?;
    let (clock, _) = system();
    let gateway = way_out(config, &[app], &clock, Arc::new(FlightLog::default()))?;
    let cx = gateway.cx(app, account, Patience::Form)?;
    let messenger = app.messenger().context("this app sends no mails")?;
    Ok(messenger.probe(&cx).await?.identity)
}

/// Runs one command's work over the verbs, on tables of this version.
pub async fn with_engine<T>(config: &Config, work: impl AsyncFnOnce(Engine) -> Result<T>) -> Result<T> {
    let base = Base::ready(config).await?;
    let done = work(engine(config, &base, &config.base_url(config.listen), |gateway| gateway)?).await;
    base.db.close().await;
    done
}

impl House {
    /// All pages and the API.
    pub fn router(&self) -> Router {
        kalends_web::router(Web { site: Arc::new(self.site.clone()), engine: self.engine.clone() })
    }

    /// Starts the work that follows changes.
    pub fn work(&self) -> Work {
        let rules = tokio::spawn(zones::follow(self.engine.clone()));
        Work { workers: Workers::start(&self.engine), rules }
    }

    /// Finishes what is under way and closes the database.
    pub async fn close(self, work: Work) {
        work.rules.abort();
        work.workers.stop().await;
        self.base.db.close().await;
    }
}
