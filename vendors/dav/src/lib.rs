//! CalDAV over the project's own transport: what the apps that speak it share.
//!
//! [`Account`] is one call's view of a server. An app makes one from its settings, asks it one thing, and drops it.

mod auth;
mod body;
mod discover;
mod draft;
mod error;
mod events;
mod list;
mod multistatus;
mod objects;
mod session;
pub mod xml;

use kalends_app::kind::Probe;
use kalends_app::{Cx, Error, Kind, Secret};
use kalends_domain::Zone;

pub use discover::Place;
pub use error::judge;

use crate::auth::Login;
use crate::session::Session;

/// Where a place found earlier is kept among the settings.
const FOUND: &str = "found";

/// One call's view of a CalDAV account.
pub struct Account<'a> {
    session: Session<'a>,
    place: Place,
    user: String,
}

impl<'a> Account<'a> {
    /// Signs in where discovery led before, or discovers first. `server` is what the owner typed: an address or a
    /// mail address.
    pub async fn open(cx: &'a Cx, server: &str, user: &str, password: &Secret) -> Result<Self, Error> {
        match cx.settings.get(FOUND).map(|found| serde_json::from_value::<Place>(found.clone())) {
            Some(Ok(place)) => {
                let session = Session::new(cx, login(user, password));
                for url in place.trusted() {
                    session.trust(url);
                }
                Ok(Self { session, place, user: user.to_owned() })
            }
            _ => Self::discover(cx, server, user, password).await,
        }
    }

    /// Discovers, whatever was found before (DAV-01).
    pub async fn discover(cx: &'a Cx, server: &str, user: &str, password: &Secret) -> Result<Self, Error> {
        let session = Session::new(cx, login(user, password));
        let place = discover::discover(&session, server).await?;
        Ok(Self { session, place, user: user.to_owned() })
    }

    /// What the connect page keeps: whose account it is and where things were found (ALL-13).
    pub fn probe(&self) -> Result<Probe, Error> {
        let place = serde_json::to_value(&self.place)
            .map_err(|error| Error::new(Kind::Invalid, format!("what was found cannot be kept: {error}")))?;
        let name = self.place.name.clone().filter(|name| !name.is_empty());
        Ok(Probe {
            identity: name.unwrap_or_else(|| self.user.clone()),
            found: serde_json::Map::from_iter([(FOUND.to_owned(), place)]),
            ..Probe::default()
        })
    }

    /// Whose answers count on events, and where their days begin.
    fn owner(&self) -> kalends_ical::Owner {
        let zone = Zone::parse(&self.session.cx.zone).unwrap_or_else(|_| Zone::utc());
        let own = self.place.addresses.iter().map(String::as_str).chain([self.user.as_str()]);
        kalends_ical::Owner::new(own, zone)
    }
}

fn login(user: &str, password: &Secret) -> Login {
    Login { user: user.to_owned(), password: password.clone() }
}

/// A text setting every app of this family has.
pub fn text<'a>(cx: &'a Cx, name: &str) -> Result<&'a str, Error> {
    cx.setting(name).ok_or_else(|| {
        Error::new(Kind::AuthRevoked, format!("{name:?} is not set: connect the account again"))
    })
}
