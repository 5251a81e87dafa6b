//! An app connected for somebody, and a call through it.

use std::sync::Arc;

use jiff::Timestamp;
use kalends_app::{
    App, Cx, Error, Kind, Secret, Secrets,
    gateway::{Account, Patience},
    http::{Signer, Silence},
};
use kalends_domain::{
    Id,
    event_type::Owner,
    people::{Organization, User},
};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Connection, Health, Installation, Scope},
};
use secrecy::ExposeSecret;

use super::{Outside, health, oauth::Granted, silence};
use crate::{Engine, audit};

/// An app connected for somebody.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    /// The app.
    pub app: &'static App,
    /// For whom, with which settings.
    pub installation: Installation,
    /// The account behind it.
    pub connection: Connection,
}

impl Installed {
    /// The installation with this id, if its app is in this build and it has an account.
    pub async fn get(tx: &mut Tx, outside: &Outside, id: Id<Installation>) -> StoreResult<Option<Self>> {
        let found = tx.installations().get(id).await?.into_iter().collect();
        Ok(Self::with_connections(tx, outside, found).await?.pop())
    }

    /// The installation of this connection.
    pub async fn of_connection(
        tx: &mut Tx,
        outside: &Outside,
        id: Id<Connection>,
    ) -> StoreResult<Option<Self>> {
        let Some(connection) = tx.installations().connection(id).await? else { return Ok(None) };
        Self::get(tx, outside, connection.installation).await
    }

    /// What these users may use: their own, and the whole organization's. What is switched off is left out.
    pub async fn usable_by(
        tx: &mut Tx,
        outside: &Outside,
        organization: Id<Organization>,
        users: &[Id<User>],
    ) -> StoreResult<Vec<Self>> {
        let mut found = Self::there_for(tx, outside, organization, users).await?;
        found.retain(|one| one.installation.enabled);
        Ok(found)
    }

    /// The same, with what is switched off: what is wanted there waits until it is on again.
    pub async fn there_for(
        tx: &mut Tx,
        outside: &Outside,
        organization: Id<Organization>,
        users: &[Id<User>],
    ) -> StoreResult<Vec<Self>> {
        let found = tx.installations().usable_by(organization, users).await?;
        Self::with_connections(tx, outside, found).await
    }

    pub(super) async fn with_connections(
        tx: &mut Tx,
        outside: &Outside,
        found: Vec<Installation>,
    ) -> StoreResult<Vec<Self>> {
        if found.is_empty() {
            return Ok(vec![]);
        }
        let ids: Vec<Id<Installation>> = found.iter().map(|installation| installation.id).collect();
        let connections = tx.installations().connections(&ids).await?;
        let ready = found.into_iter().filter_map(|installation| {
            let app = outside.app(&installation.app)?;
            let connection = connections.iter().find(|one| one.installation == installation.id)?.clone();
            Some(Self { app, installation, connection })
        });
        Ok(ready.collect())
    }

    /// Whose it is; none means the whole organization's.
    pub const fn owner(&self) -> Option<Id<User>> {
        match self.installation.scope {
            Scope::User(user) => Some(user),
            Scope::Team(_) | Scope::Organization => None,
        }
    }

    /// True unless it is a team's and this is not what that team owns.
    pub fn serves(&self, owner: Option<Owner>) -> bool {
        match self.installation.scope {
            Scope::Team(team) => owner == Some(Owner::Team(team)),
            Scope::User(_) | Scope::Organization => true,
        }
    }

    /// True while calls are worth making.
    pub const fn is_usable(&self) -> bool {
        self.installation.enabled && health::is_usable(self.connection.health)
    }

    /// Why calls are not worth making, in words for its owner.
    pub fn why_unusable(&self) -> String {
        if self.installation.enabled {
            self.connection.cause.clone()
        } else {
            format!("{} is switched off. Switch it on under Installed.", self.app.manifest().name)
        }
    }

    /// Its secrets, opened.
    pub async fn secrets(&self, tx: &mut Tx, outside: &Outside) -> StoreResult<Secrets> {
        self.opened(tx, outside).await.map(|(secrets, _)| secrets)
    }

    /// Its secrets, opened for one call, and until when there may be none: by the same reading, so as it is known now.
    async fn opened(&self, tx: &mut Tx, outside: &Outside) -> StoreResult<(Secrets, Option<Timestamp>)> {
        let (mut secrets, mut silent) = (Secrets::none(), self.connection.silent_until);
        for field in self.app.manifest().setup.iter().filter(|field| field.is_secret()) {
            let kept = tx.credentials().get(outside.keys(), &self.connection, &field.name).await?;
            if let Some(kept) = kept {
                silent = kept.silent_until;
                secrets.insert(&field.name, Secret::new(kept.secret.expose_secret()));
            }
        }
        Ok((secrets, silent))
    }
}

/// The surroundings of a call with settings and secrets that may not be saved yet.
pub(super) fn cx(
    outside: &Outside,
    app: &'static App,
    account: Account,
    owner: Option<&User>,
    patience: Patience,
) -> Result<Cx, Error> {
    let (zone, locale) = owner.map_or(("UTC", "en"), |user| (&user.profile.zone, &user.profile.locale));
    let addresses = owner.map(|user| user.email.clone()).into_iter().collect();
    let account = Account { zone: zone.to_owned(), locale: locale.to_owned(), addresses, ..account };
    outside.gateway().cx(app, account, patience)
}

impl Engine {
    /// The surroundings of a call through a connected app.
    pub(crate) async fn cx(&self, of: &Installed, patience: Patience) -> Result<Cx, Error> {
        let opened = async {
            let mut tx = self.db.read().await?;
            let owner = match of.owner() {
                Some(id) => tx.people().get(id).await?,
                None => None,
            };
            Ok::<_, kalends_store::Error>((of.opened(&mut tx, &self.outside).await?, owner))
        };
        let ((secrets, silent_until), owner) = opened.await.map_err(|error| match error {
            // A secret that does not open must be typed again; nobody else can mend it.
            kalends_store::Error::Sealed(broken) => Error::new(Kind::AuthRevoked, broken.to_string()),
            error => Error::new(Kind::Down, error.to_string()),
        })?;
        let (id, settings) = (of.connection.id.to_string(), of.installation.settings.clone());
        let granted = of.app.manifest().auth.oauth().is_some();
        let signer = granted.then(|| Arc::new(Granted::new(self.clone(), of.clone())) as Arc<dyn Signer>);
        let silence = Some(self.silence_of(of.connection.id));
        let account = Account { id, settings, secrets, signer, silent_until, silence, ..Account::default() };
        cx(&self.outside, of.app, account, owner.as_ref(), patience)
    }

    /// Where a silence of this account is kept.
    pub(super) fn silence_of(&self, connection: Id<Connection>) -> Arc<dyn Silence> {
        Arc::new(silence::Kept::new(self.clone(), connection))
    }

    /// Writes down what a call says about its connection's health.
    pub(crate) async fn heard<T: Sync>(&self, of: &Installed, call: &Result<T, Error>) {
        let call = call.as_ref().map(drop);
        let Some((health, cause)) = health::after(&of.connection, call, self.now()) else { return };
        let (name, connection) = (of.app.slug, of.connection.clone());
        let noted = self
            .db
            .write(move |tx| {
                let (connection, cause) = (connection.clone(), cause.clone());
                Box::pin(async move { note(tx, name, &connection, health, &cause).await })
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, app = of.app.slug, "a connection's health could not be written down");
        }
    }
}

/// Sets the health; a change is audited, and what waited for the account is taken up when it is back.
async fn note(
    tx: &mut Tx,
    app: &'static str,
    connection: &Connection,
    health: Health,
    cause: &str,
) -> StoreResult<()> {
    tx.installations().set_health(connection, health, cause).await?;
    if connection.health == health {
        return Ok(());
    }
    let subject = format!("{app} {}: {}", connection.account, health.as_str());
    audit::write(tx, &audit::Entry::by_server(connection.organization, "connection_health", &subject)).await
}
