//! What leads outside, as the binary put it together: apps, gateway, keys, addresses.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use kalends_app::{
    App, Error, Kind,
    gateway::{Account, Gateway},
    kind::calendar::Person,
    oauth::{ClientKey, Proof},
};

use kalends_store::seal::Keys;

use super::Apps;
use super::oauth::Configured;
use crate::{flights::FlightLog, notify::Links};

/// Every app of this build, the gate they go out by, and what the operator said about both.
#[derive(Debug)]
pub struct Outside {
    apps: Apps,
    gateway: Gateway,
    links: Links,
    keys: Arc<Keys>,
    post: Option<Post>,
    flights: Arc<FlightLog>,
    undo: SignedDuration,
    keeps_flights: SignedDuration,
    registered: BTreeMap<String, Configured>,
}

/// How long what was taken away can be brought back, unless the operator says otherwise.
const UNDO: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long calls to the outside are on record, unless the operator says otherwise.
const FLIGHTS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The mail server of the whole instance, from the operator's configuration.
#[derive(Debug, Clone)]
pub struct Post {
    /// The messenger it is reached by.
    pub app: &'static App,
    /// Its settings and secrets.
    pub account: Account,
    /// Who mails come from, where the app's settings do not say.
    pub from: Option<Person>,
}

impl Outside {
    /// These apps, behind this gate; mails and events lead to `links`, secrets are sealed by `keys`.
    pub fn new(apps: Vec<&'static App>, gateway: Gateway, links: Links, keys: Arc<Keys>) -> Self {
        let (post, flights, registered) = (None, Arc::default(), BTreeMap::new());
        let apps = Apps::from(apps);
        let (undo, keeps_flights) = (UNDO, FLIGHTS);
        Self { apps, gateway, links, keys, post, flights, undo, keeps_flights, registered }
    }

    /// With a mail server for everybody. An app that cannot send messages is refused.
    pub fn with_post(mut self, post: Post) -> Result<Self, Error> {
        if post.app.messenger().is_none() {
            let message = format!("mail.app: {:?} cannot send messages", post.app.slug);
            return Err(Error::new(Kind::Invalid, message));
        }
        self.post = Some(post);
        Ok(self)
    }

    /// With our registrations at providers, by app, from the operator's settings. One for an app that needs none is refused.
    pub fn with_registrations(mut self, registered: BTreeMap<String, Configured>) -> Result<Self, Error> {
        for (slug, given) in &registered {
            let app = self.app(slug);
            let Some(oauth) = app.and_then(|app| app.manifest().auth.oauth()) else {
                let what =
                    if app.is_none() { "there is no app of that name" } else { "it needs no client id" };
                return Err(Error::new(Kind::Invalid, format!("apps.{slug}.client_id: {what}")));
            };
            let unfit = match &given.client.proof {
                Some(Proof::Secret(_)) if !oauth.takes_secrets() => {
                    Some(("client_secret", "the provider takes client_key, a private key".to_owned()))
                }
                Some(Proof::Key(key)) => match &oauth.key {
                    None => Some(("client_key", "the provider takes client_secret alone".to_owned())),
                    Some(of) => ClientKey::read(key, of).err().map(|unfit| ("client_key", unfit.to_string())),
                },
                _ => None,
            };
            if let Some((name, what)) = unfit {
                return Err(Error::new(Kind::Invalid, format!("apps.{slug}.{name}: {what}")));
            }
        }
        self.registered = registered;
        Ok(self)
    }

    /// Our registration at an app's provider, from the operator's settings.
    pub(crate) fn registered(&self, slug: &str) -> Option<&Configured> {
        self.registered.get(slug)
    }

    /// With the log that the gate's recorder is.
    #[must_use]
    pub fn with_flights(mut self, flights: Arc<FlightLog>) -> Self {
        self.flights = flights;
        self
    }

    /// With another time during which what was taken away can be brought back.
    #[must_use]
    pub fn with_undo(mut self, undo: SignedDuration) -> Self {
        self.undo = undo;
        self
    }

    /// How long what was taken away can be brought back.
    pub const fn undo(&self) -> SignedDuration {
        self.undo
    }

    /// With another time during which calls to the outside are on record.
    #[must_use]
    pub fn with_flights_kept(mut self, kept: SignedDuration) -> Self {
        self.keeps_flights = kept;
        self
    }

    /// How long calls to the outside are on record.
    pub const fn keeps_flights(&self) -> SignedDuration {
        self.keeps_flights
    }

    /// Slugs of apps that are links to rooms.
    pub(super) fn placing(&self) -> Vec<&'static str> {
        self.apps.all().iter().filter(|app| app.manifest().place.is_some()).map(|app| app.slug).collect()
    }

    /// Slugs of apps that public pages load.
    pub(super) fn tagging(&self) -> Vec<&'static str> {
        self.apps.all().iter().filter(|app| app.manifest().tag.is_some()).map(|app| app.slug).collect()
    }

    /// What was called and not written down yet.
    pub(crate) fn flights(&self) -> &FlightLog {
        &self.flights
    }

    /// Every app, in the catalog's order.
    pub fn apps(&self) -> &[&'static App] {
        self.apps.all()
    }

    /// What they say about themselves.
    pub const fn known(&self) -> &Apps {
        &self.apps
    }

    /// The app of this slug.
    pub fn app(&self, slug: &str) -> Option<&'static App> {
        self.apps.get(slug)
    }

    /// The gate.
    pub const fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// The addresses of our pages.
    pub const fn links(&self) -> &Links {
        &self.links
    }

    /// The keys that seal and open secrets.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The mail server for everybody, if the operator named one.
    pub const fn post(&self) -> Option<&Post> {
        self.post.as_ref()
    }
}
