//! The one gate to the outside: gives every call its surroundings.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kalends_domain::id::Chance;
use serde_json::Value;
use url::Url;

use crate::{
    App, Cx, Endpoints, Error, Names, Secrets,
    fake::{Fake, Played},
    http::{Lines, Recorder, Time, Transport, sign},
};

/// Overrides of base addresses: app, then name.
pub type Overrides = BTreeMap<String, BTreeMap<String, Url>>;

/// Transport, names, time and lines, shared by all calls of a process.
pub struct Gateway {
    transport: Arc<dyn Transport>,
    names: Arc<dyn Names>,
    time: Arc<dyn Time>,
    chance: Arc<dyn Chance>,
    lines: Lines,
    trust: Arc<str>,
    overrides: Overrides,
    played: BTreeMap<&'static str, Arc<dyn Fake>>,
}

/// One installation as a call needs it.
#[derive(Debug, Clone)]
pub struct Account {
    /// Unique among all accounts of the app.
    pub id: String,
    /// Its settings.
    pub settings: Value,
    /// Its secrets, unsealed for this call.
    pub secrets: Secrets,
    /// Its owner's zone.
    pub zone: String,
    /// Its owner's language.
    pub locale: String,
}

/// How long a call may take with all its tries (ALL-05).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Somebody looks at a page: a connect form, a test button.
    Form,
    /// Nobody waits.
    Job,
}

impl Patience {
    const fn duration(self) -> Duration {
        match self {
            Self::Form => Duration::from_secs(15),
            Self::Job => Duration::from_secs(90),
        }
    }
}

impl Gateway {
    /// A gate that goes out by this transport.
    pub fn new(
        transport: Arc<dyn Transport>,
        names: Arc<dyn Names>,
        time: Arc<dyn Time>,
        chance: Arc<dyn Chance>,
        recorder: Arc<dyn Recorder>,
    ) -> Self {
        let lines = Lines::new(Arc::clone(&time), Arc::clone(&chance), recorder);
        Self {
            transport,
            names,
            time,
            chance,
            lines,
            trust: Arc::from(""),
            overrides: Overrides::new(),
            played: BTreeMap::new(),
        }
    }

    /// With the operator's base addresses (ALL-01). One for an app or name that does not exist is refused.
    pub fn overriding(mut self, overrides: Overrides, apps: &[&'static App]) -> Result<Self, Error> {
        for (slug, named) in &overrides {
            let app = apps.iter().find(|app| app.slug == slug).ok_or_else(|| {
                Error::new(crate::Kind::Invalid, format!("apps.{slug}: there is no app of that name"))
            })?;
            Endpoints::new(&app.manifest().endpoints, named)?;
        }
        self.overrides = overrides;
        Ok(self)
    }

    /// With further root certificates, PEM, for what is not HTTP; the transport has its own.
    #[must_use]
    pub fn trusting(mut self, pem: &str) -> Self {
        self.trust = Arc::from(pem);
        self
    }

    /// With this app's provider played in memory: nothing of it leaves the process.
    #[must_use]
    pub fn playing(mut self, app: &'static App, fake: Arc<dyn Fake>) -> Self {
        self.played.insert(app.slug, fake);
        self
    }

    /// The surroundings of one call for this account.
    pub fn cx(&self, app: &'static App, account: Account, patience: Patience) -> Result<Cx, Error> {
        let manifest = app.manifest();
        let none = BTreeMap::new();
        let endpoints = Endpoints::new(&manifest.endpoints, self.overrides.get(app.slug).unwrap_or(&none))?;
        let line = self.lines.line(app.slug, &account.id, manifest.quota);
        let signer = sign::signer(&manifest.auth, &account.settings, &account.secrets)?;
        let (transport, names) = match self.played.get(app.slug) {
            Some(fake) => (Arc::new(Played::new(Arc::clone(fake))) as Arc<dyn Transport>, fake.names()),
            None => (Arc::clone(&self.transport), Arc::clone(&self.names)),
        };
        Ok(Cx {
            http: line.stack(app, signer, transport).patient(patience.duration()),
            line,
            now: self.time.now(),
            settings: account.settings,
            secrets: account.secrets,
            account: account.id,
            endpoints,
            zone: account.zone,
            locale: account.locale,
            names,
            trust: Arc::clone(&self.trust),
            chance: Arc::clone(&self.chance),
        })
    }

    /// Lets an account's next call through whatever its line remembers: its owner has just mended it.
    pub fn forget(&self, app: &'static App, account: &str) {
        self.lines.forget(app.slug, account);
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("overrides", &self.overrides.len()).finish_non_exhaustive()
    }
}
