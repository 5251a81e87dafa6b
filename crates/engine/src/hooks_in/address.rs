//! The addresses at which providers reach us, and the secrets by which we know them.

use kalends_app::{
    App, Error, Kind, Secret, Secrets,
    hook::{SECRET, SECRET_BEFORE},
    oauth::Grant,
};
use kalends_domain::{Id, Ids, people::Organization};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Connection, Hook, Installation},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    Engine, Member, audit,
    connect::{ConnectError, Installed, Outside},
};

/// Where a provider tells us about one account, and with which secret.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The address.
    pub address: Url,
    /// The secret.
    pub secret: Secret,
}

/// The address of an account, made when it is first needed.
pub(crate) async fn place(engine: &Engine, of: &Installed) -> Result<Place, Error> {
    let outside = std::sync::Arc::clone(&engine.outside);
    let (connection, app) = (of.connection.clone(), of.app.slug);
    let made = engine
        .db
        .write(move |tx| {
            let (outside, connection) = (std::sync::Arc::clone(&outside), connection.clone());
            Box::pin(async move { make(tx, &outside, &connection, app).await })
        })
        .await;
    let (key, secret) =
        made.map_err(|error: kalends_store::Error| Error::new(Kind::Down, error.to_string()))?;
    let address = engine.outside.links().hook(app, key.expose_secret());
    let address = address.parse().map_err(|_| Error::new(Kind::Invalid, "our own address is none"))?;
    Ok(Place { address, secret })
}

async fn make(
    tx: &mut Tx,
    outside: &Outside,
    of: &Connection,
    app: &str,
) -> StoreResult<(SecretString, Secret)> {
    let keys = outside.keys();
    open(tx, outside, of, app).await?;
    let secret = if let Some(kept) = tx.credentials().get(keys, of, SECRET).await? {
        kept.secret
    } else {
        let fresh = word(tx.ids());
        tx.credentials().put(keys, of, SECRET, &fresh, None).await?;
        fresh
    };
    // Read back: another node may have been faster.
    let (_, key) = tx.hooks().of_connection(keys, of).await?.ok_or(kalends_store::Error::Missing("hook"))?;
    Ok((key, Secret::new(secret.expose_secret())))
}

/// Makes the address of an account, unless it is there.
async fn open(tx: &mut Tx, outside: &Outside, of: &Connection, app: &str) -> StoreResult<()> {
    if tx.hooks().of_connection(outside.keys(), of).await?.is_some() {
        return Ok(());
    }
    let hook = Hook {
        id: tx.ids().id(),
        organization: of.organization,
        app: app.to_owned(),
        connection: Some(of.id),
    };
    let key = word(tx.ids());
    tx.hooks().add(outside.keys(), &hook, &key).await
}

/// Before an account is saved: one that is told apart gets its address, and what it was signed with before `entered` is believed
/// too, until that is dropped (INB-07).
pub(crate) async fn prepare_apart(
    tx: &mut Tx,
    outside: &Outside,
    of: &Installed,
    entered: Option<&Secret>,
) -> StoreResult<()> {
    if !is_told_apart(of) {
        return Ok(());
    }
    open(tx, outside, &of.connection, of.app.slug).await?;
    let (keys, connection) = (outside.keys(), &of.connection);
    let before = tx.credentials().get(keys, connection, SECRET).await?.map(|kept| kept.secret);
    if let (Some(before), Some(entered)) = (before, entered)
        && before.expose_secret() != entered.expose()
    {
        tx.credentials().put(keys, connection, SECRET_BEFORE, &before, None).await?;
    }
    Ok(())
}

/// True for an account that is told at an address of its own, with the secret its owner has entered: where it signs in without
/// a registration of ours and no channel is asked for, or has a client of its own at a provider whose notices belong to the
/// client (ZOOM-11).
pub(crate) fn is_told_apart(of: &Installed) -> bool {
    if of.app.hook().is_none() {
        return false;
    }
    match of.app.manifest().auth.oauth() {
        None => of.app.watch().is_none(),
        Some(oauth) => {
            oauth.webhook_secret && oauth.grant(&of.installation.settings) == Grant::AccountCredentials
        }
    }
}

/// That address.
pub(crate) async fn place_apart(
    tx: &mut Tx,
    outside: &Outside,
    of: &Installed,
) -> StoreResult<Option<String>> {
    if !is_told_apart(of) {
        return Ok(None);
    }
    let found = tx.hooks().of_connection(outside.keys(), &of.connection).await?;
    Ok(found.map(|(_, key)| outside.links().hook(of.app.slug, key.expose_secret())))
}

/// Two random words of ours, one after the other: 260 bits.
fn word(ids: &Ids) -> SecretString {
    format!("{}{}", ids.uid(), ids.uid()).into()
}

/// The secrets by which notices at this address are verified, the one before the current one among them (INB-07).
pub(super) async fn secrets(engine: &Engine, hook: &Hook) -> StoreResult<Secrets> {
    let mut secrets = Secrets::none();
    let Some(id) = hook.connection else {
        let Some(app) = engine.outside.app(&hook.app) else { return Ok(secrets) };
        let registered = engine.registration(hook.organization, app).await?;
        let (now, before) =
            registered.map(|one| (one.webhook_secret, one.webhook_secret_before)).unwrap_or_default();
        for (name, secret) in [(SECRET, now), (SECRET_BEFORE, before)] {
            if let Some(secret) = secret {
                secrets.insert(name, secret);
            }
        }
        return Ok(secrets);
    };
    let mut tx = engine.db.read().await?;
    let Some(connection) = tx.installations().connection(id).await? else { return Ok(secrets) };
    for name in [SECRET, SECRET_BEFORE] {
        if let Some(kept) = tx.credentials().get(engine.outside.keys(), &connection, name).await? {
            secrets.insert(name, Secret::new(kept.secret.expose_secret()));
        }
    }
    Ok(secrets)
}

/// Where a provider tells about all accounts of an app, for apps whose notices belong to the registration; made when it is
/// first asked for. None where notices are asked for account by account.
pub(crate) async fn place_of_app(
    engine: &Engine,
    organization: Id<Organization>,
    app: &'static App,
) -> StoreResult<Option<String>> {
    let of_registration = app.manifest().auth.oauth().is_some_and(|oauth| oauth.webhook_secret);
    if !of_registration || app.hook().is_none() {
        return Ok(None);
    }
    let outside = std::sync::Arc::clone(&engine.outside);
    let key = engine
        .db
        .write(move |tx| {
            let outside = std::sync::Arc::clone(&outside);
            Box::pin(async move {
                let keys = outside.keys();
                if let Some((_, key)) = tx.hooks().of_app(keys, organization, app.slug).await? {
                    return Ok(key);
                }
                let hook =
                    Hook { id: tx.ids().id(), organization, app: app.slug.to_owned(), connection: None };
                let key = word(tx.ids());
                tx.hooks().add(keys, &hook, &key).await?;
                let made = tx.hooks().of_app(keys, organization, app.slug).await?;
                made.map(|(_, key)| key).ok_or(kalends_store::Error::Missing("hook"))
            })
        })
        .await?;
    Ok(Some(engine.outside.links().hook(app.slug, key.expose_secret())))
}

impl Engine {
    /// Gives an account a new secret for its notices. The one before stays good until every channel has changed over,
    /// and until this is asked again (INB-07).
    pub async fn change_hook_secret(&self, asker: &Member, id: Id<Installation>) -> Result<(), ConnectError> {
        let there = self.own(asker, id).await?;
        let outside = std::sync::Arc::clone(&self.outside);
        let asker = *asker;
        self.db
            .write(move |tx| {
                let (outside, there) = (std::sync::Arc::clone(&outside), there.clone());
                Box::pin(async move {
                    let (keys, of) = (outside.keys(), &there.connection);
                    if let Some(before) = tx.credentials().get(keys, of, SECRET).await? {
                        tx.credentials().put(keys, of, SECRET_BEFORE, &before.secret, None).await?;
                    }
                    let fresh = word(tx.ids());
                    tx.credentials().put(keys, of, SECRET, &fresh, None).await?;
                    tx.channels().renew_all(of).await?;
                    let subject = format!("{} {}", there.app.slug, of.account);
                    audit::write(tx, &audit::Entry::by_member(&asker, "hook_secret_changed", &subject)).await
                })
            })
            .await?;
        Ok(())
    }

    /// Believes notices of an account with the secret before the current one no more (INB-07).
    pub async fn drop_old_hook_secret(
        &self,
        asker: &Member,
        id: Id<Installation>,
    ) -> Result<(), ConnectError> {
        let there = self.own(asker, id).await?;
        let asker = *asker;
        self.db
            .write(move |tx| {
                let there = there.clone();
                Box::pin(async move {
                    let of = &there.connection;
                    tx.credentials().delete(of, SECRET_BEFORE).await?;
                    let subject = format!("{} {}", there.app.slug, of.account);
                    audit::write(tx, &audit::Entry::by_member(&asker, "old_hook_secret_dropped", &subject))
                        .await
                })
            })
            .await?;
        Ok(())
    }
}
