//! CalDAV over the project's own transport: what the apps that speak it share.
//!
//! [`Account`] is one call's view of a server. An app makes one from its settings, asks it one thing, and drops it.

mod auth;
mod body;
mod discover;
mod draft;
mod error;
mod events;
pub mod fake;
mod house;
mod list;
mod multistatus;
mod objects;
mod people;
mod session;
pub mod xml;

use kalends_app::kind::Probe;
use kalends_app::{Cx, Error, Kind, RemoteId, Secret};
use kalends_domain::Zone;
use url::Url;

pub use discover::Place;
pub use error::judge;
pub use house::House;
pub use people::person;

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

/// Where an account is looked for.
#[derive(Debug, Clone, Copy)]
pub enum At<'a> {
    /// What its owner typed: an address or an email.
    Typed(&'a str),
    /// A provider's own servers. What is there is named by its path, for accounts move from one to another.
    House(&'a House),
}

impl At<'_> {
    fn house(self) -> Option<House> {
        match self {
            Self::Typed(_) => None,
            Self::House(house) => Some(house.clone()),
        }
    }
}

impl<'a> Account<'a> {
    /// Signs in where discovery led before, or discovers first.
    pub async fn open(cx: &'a Cx, at: At<'_>, user: &str, password: &Secret) -> Result<Self, Error> {
        match cx.settings.get(FOUND).map(|found| serde_json::from_value::<Place>(found.clone())) {
            Some(Ok(place)) => {
                let session = Session::new(cx, login(user, password), at.house());
                for url in place.trusted() {
                    session.trust(url);
                }
                Ok(Self { session, place, user: user.to_owned() })
            }
            _ => Self::discover(cx, at, user, password).await,
        }
    }

    /// Discovers, whatever was found before (DAV-01).
    pub async fn discover(cx: &'a Cx, at: At<'_>, user: &str, password: &Secret) -> Result<Self, Error> {
        let session = Session::new(cx, login(user, password), at.house());
        let place = match at {
            At::Typed(typed) => discover::discover(&session, typed).await?,
            At::House(house) => discover::in_house(&session, house).await?,
        };
        Ok(Self { session, place, user: user.to_owned() })
    }

    /// Where things are, to tell whether another look found them elsewhere.
    pub const fn place(&self) -> &Place {
        &self.place
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

    /// How a thing is named to the engine: by its address, in a house by its path.
    fn id(&self, url: &Url) -> RemoteId {
        let home = self.place.homes.first();
        if self.session.house().is_some() && home.is_some_and(|home| home.origin() == url.origin()) {
            return RemoteId::new(url.path());
        }
        RemoteId::new(url.as_str())
    }

    /// The address of a thing by its name.
    fn address(&self, id: &RemoteId) -> Result<Url, Error> {
        let none = || Error::new(Kind::Invalid, "the calendar's address is none: connect the account again");
        match self.place.homes.first() {
            Some(home) if self.session.house().is_some() && id.as_str().starts_with('/') => {
                // A path alone: two slashes at its start would name another server.
                let mut url = home.clone();
                url.set_path(id.as_str());
                Ok(url)
            }
            _ => Url::parse(id.as_str()).map_err(|_| none()),
        }
    }

    /// Whose answers count on events, and where their days begin.
    fn owner(&self) -> kalends_ical::Owner {
        let zone = Zone::parse(&self.session.cx.zone).unwrap_or_else(|_| Zone::utc());
        let own = self.place.addresses.iter().map(String::as_str).chain([self.user.as_str()]);
        kalends_ical::Owner::new(own.chain(self.known_here()), zone)
    }

    /// The owner's addresses as this server knows them, where the provider names none: the "no" they gave under one of them is
    /// theirs (FB-03). Where it names some, it knows better.
    fn known_here(&self) -> impl Iterator<Item = &str> {
        let named = self.place.addresses.iter().any(|address| address.contains('@'));
        let here = if named { &[][..] } else { &self.session.cx.addresses };
        here.iter().map(String::as_str)
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
