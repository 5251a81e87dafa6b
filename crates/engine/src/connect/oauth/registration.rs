//! Our registration at a provider: from the operator's settings, or entered by an administrator, and tried.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kalends_app::{
    App, Error, Kind, Secret,
    gateway::Patience,
    manifest::Filled,
    oauth::{Class, Client, ClientKey, Grant as How, OAuth, Proof, ScopeUse},
};
use kalends_domain::{Id, people::Organization};
use kalends_store::{
    Result as StoreResult,
    repo::{Connection, Registration},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{NewTokens, Unfinished, own::Own};
use crate::{Engine, Invalid, Member, audit, connect::ConnectError, hooks_in};

/// A registration from the operator's settings.
#[derive(Debug, Clone)]
pub struct Configured {
    /// Id and secret.
    pub client: Client,
    /// What the provider signs its notices with, where that belongs to the registration.
    pub webhook_secret: Option<Secret>,
    /// The one before it, believed until it is taken out of the settings (INB-07).
    pub webhook_secret_before: Option<Secret>,
}

/// A registration as it is used.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub client: Client,
    pub webhook_secret: Option<Secret>,
    pub webhook_secret_before: Option<Secret>,
    pub from: Source,
}

/// Where a registration comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The operator's settings: it cannot be changed on a page.
    Settings,
    /// An administrator entered it.
    Page,
    /// The provider is played, and knows us.
    Played,
}

/// A registration as its page shows it.
#[derive(Debug, Clone)]
pub struct RegistrationView {
    /// The app.
    pub app: &'static App,
    /// The address to enter at the provider, exactly.
    pub redirect: String,
    /// Empty while there is none.
    pub client_id: String,
    /// None while there is none.
    pub from: Option<Source>,
    /// A private key proves this server, not a secret.
    pub by_key: bool,
    /// A webhook secret is set.
    pub has_webhook_secret: bool,
    /// The one before it is believed too, until it is dropped (INB-07).
    pub has_old_webhook_secret: bool,
    /// The address to enter at the provider for its notices, where they belong to the registration.
    pub notices: Option<String>,
    /// Where an administrator of an organization there allows this server for everybody in it, if there is such a place.
    pub approval: Option<Url>,
    /// The provider does not take it: why, and since when.
    pub trouble: Option<(String, Timestamp)>,
}

/// A registration as an administrator types it.
#[derive(Clone, Copy, Default)]
pub struct Entered<'a> {
    /// As the provider shows it.
    pub client_id: &'a str,
    /// What proves us, if no key does.
    pub client_secret: &'a str,
    /// A private key in PEM form that proves us, where the provider takes one (OAU-05).
    pub client_key: &'a str,
    /// What notices are signed with.
    pub webhook_secret: &'a str,
}

impl Entered<'_> {
    /// The client it makes of the one before it: what is left blank stays.
    fn client(&self, oauth: &OAuth, before: Option<&Client>) -> Result<Client, Invalid> {
        let [id, secret, key] = [self.client_id, self.client_secret, self.client_key].map(str::trim);
        let mut invalid = Invalid::default();
        let short = |text: &str| text.len() <= 2000 && !text.contains(char::is_control);
        if id.is_empty() || !short(id) {
            invalid.say("client_id", "Copy it from the provider’s page, on one line.");
        }
        let proof = match (secret, key) {
            // A proof belongs to its id: with another id it must be given again.
            ("", "") => before.filter(|one| one.id == id).and_then(|one| one.proof.clone()),
            (_, "") => Some(Proof::Secret(Secret::new(secret))),
            ("", _) => Some(Proof::Key(Secret::new(key))),
            _ => {
                invalid.say("client_key", "Give the secret or the key: one of them is used.");
                None
            }
        };
        match (&proof, &oauth.key) {
            (Some(Proof::Key(key)), Some(of)) => {
                if let Err(unfit) = ClientKey::read(key, of) {
                    invalid.say("client_key", unfit.to_string());
                }
            }
            (Some(Proof::Secret(_)), _) if oauth.takes_secrets() && short(secret) => {}
            _ if !invalid.problems.is_empty() => {}
            _ if oauth.takes_secrets() => {
                invalid.say("client_secret", "Copy it from the provider’s page, on one line.");
            }
            _ => invalid.say("client_key", "Paste the private key."),
        }
        invalid.check()?;
        Ok(Client { id: id.to_owned(), proof })
    }
}

/// What trying a registration showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tested {
    /// The provider knows us.
    Known,
    /// It could not be asked.
    Unreachable(Error),
}

#[derive(Serialize, Deserialize)]
struct Written {
    client_secret: Option<String>,
    #[serde(default)]
    client_key: Option<String>,
    webhook_secret: Option<String>,
    #[serde(default)]
    webhook_secret_before: Option<String>,
}

impl Written {
    fn of(proof: Option<&Proof>, webhook: Option<&Secret>, webhook_before: Option<&Secret>) -> Self {
        let text = |secret: Option<&Secret>| secret.map(|secret| secret.expose().to_owned());
        let (client_secret, client_key) = match proof {
            None => (None, None),
            Some(Proof::Secret(secret)) => (Some(secret), None),
            Some(Proof::Key(key)) => (None, Some(key)),
        };
        Self {
            client_secret: text(client_secret),
            client_key: text(client_key),
            webhook_secret: text(webhook),
            webhook_secret_before: text(webhook_before),
        }
    }

    fn registration(&self, client_id: String) -> Result<Registration, ConnectError> {
        let secrets = serde_json::to_string(self)
            .map_err(|error| ConnectError::Store(kalends_store::Error::Unfit(error.to_string())))?;
        Ok(Registration { client_id, secrets: SecretString::from(secrets) })
    }
}

impl Engine {
    /// The registration an organization's connections of an app use.
    pub(crate) async fn registration(
        &self,
        organization: Id<Organization>,
        app: &'static App,
    ) -> StoreResult<Option<Registered>> {
        let set = self.outside.registered(app.slug).cloned();
        let played = self.outside.gateway().played_client(app);
        let from = if played.is_some() { Source::Played } else { Source::Settings };
        if let Some(client) = played.or_else(|| set.as_ref().map(|set| set.client.clone())) {
            let (webhook_secret, webhook_secret_before) =
                set.map(|set| (set.webhook_secret, set.webhook_secret_before)).unwrap_or_default();
            return Ok(Some(Registered { client, webhook_secret, webhook_secret_before, from }));
        }
        let mut tx = self.db.read().await?;
        let entered = tx.oauth().client(self.outside.keys(), organization, app.slug).await?;
        entered.map(read).transpose()
    }

    /// The registration of an app, for those who manage.
    pub async fn registration_of(
        &self,
        asker: &Member,
        slug: &str,
    ) -> Result<RegistrationView, ConnectError> {
        let app = self.registrable(asker, slug)?;
        let found = self.registration(asker.organization, app).await?;
        let trouble = self.db.read().await?.oauth().trouble(asker.organization, slug).await?;
        let notices = hooks_in::place_of_app(self, asker.organization, app).await?;
        Ok(RegistrationView {
            app,
            notices,
            approval: self.approval(asker, app).await?,
            redirect: self.outside.links().sign_in_answer(slug),
            client_id: found.as_ref().map(|one| one.client.id.clone()).unwrap_or_default(),
            from: found.as_ref().map(|one| one.from),
            has_old_webhook_secret: found.as_ref().is_some_and(|one| one.webhook_secret_before.is_some()),
            by_key: found.as_ref().is_some_and(|one| matches!(one.client.proof, Some(Proof::Key(_)))),
            has_webhook_secret: found.is_some_and(|one| one.webhook_secret.is_some()),
            trouble,
        })
    }

    /// The address to give to an administrator of one's organization at the provider, where such an administrator has to
    /// allow this server first (MSG-03).
    pub async fn approval(&self, asker: &Member, app: &'static App) -> Result<Option<Url>, ConnectError> {
        let desk =
            self.outside.gateway().desk(app, "sign-in", Patience::Form).map_err(ConnectError::Probe)?;
        let (Some(desk), Some(known)) = (desk, self.registration(asker.organization, app).await?) else {
            return Ok(None);
        };
        let redirect = self.outside.links().sign_in_answer(app.slug);
        desk.approval(&known.client, &redirect).map_err(ConnectError::Probe)
    }

    /// True when people can sign in with this app: it has a registration, or needs none.
    pub async fn is_registered(&self, asker: &Member, app: &'static App) -> Result<bool, ConnectError> {
        Ok(app.manifest().auth.oauth().is_none()
            || self.registration(asker.organization, app).await?.is_some())
    }

    /// Enters a registration: tried at the provider first, and not kept when that does not know us. What cannot be
    /// reached is kept. Secrets left blank stay what they were; the webhook secret before a new one is believed beside it until
    /// it is dropped (INB-07).
    pub async fn register(
        &self,
        asker: &Member,
        slug: &str,
        entered: Entered<'_>,
    ) -> Result<Tested, ConnectError> {
        let app = self.registrable(asker, slug)?;
        let before = self.registration(asker.organization, app).await?;
        if before.as_ref().is_some_and(|one| one.from != Source::Page) {
            let fix = "It is set in the server’s settings. Change it there.";
            return Err(Invalid::one("client_id", fix).into());
        }
        let oauth = app.manifest().auth.oauth().ok_or(ConnectError::NoSuchApp)?;
        let client = entered.client(oauth, before.as_ref().map(|one| &one.client))?;
        let (then, earlier) =
            before.map(|one| (one.webhook_secret, one.webhook_secret_before)).unwrap_or_default();
        let typed = entered.webhook_secret.trim();
        let replaced = then.clone().filter(|then| !typed.is_empty() && typed != then.expose());
        let webhook_secret_before = replaced.or(earlier);
        let webhook_secret = if typed.is_empty() { then } else { Some(Secret::new(typed)) };
        let tested = self.try_client(app, &client).await?;
        let written =
            Written::of(client.proof.as_ref(), webhook_secret.as_ref(), webhook_secret_before.as_ref());
        let new = written.registration(client.id)?;
        let (asker, outside) = (*asker, std::sync::Arc::clone(&self.outside));
        self.db
            .write(move |tx| {
                let (new, outside) = (new.clone(), std::sync::Arc::clone(&outside));
                Box::pin(async move {
                    tx.oauth().set_client(outside.keys(), asker.organization, app.slug, &new).await?;
                    tx.oauth().clear_trouble(asker.organization, app.slug).await?;
                    tx.oauth().try_again(asker.organization, app.slug).await?;
                    audit::write(tx, &audit::Entry::by_member(&asker, "registration_entered", app.slug)).await
                })
            })
            .await?;
        Ok(tested)
    }

    /// Believes notices signed with the webhook secret before the current one no more (INB-07).
    pub async fn drop_old_webhook_secret(&self, asker: &Member, slug: &str) -> Result<(), ConnectError> {
        let app = self.registrable(asker, slug)?;
        let Some(now) = self.registration(asker.organization, app).await? else { return Ok(()) };
        if now.from != Source::Page || now.webhook_secret_before.is_none() {
            return Ok(());
        }
        let written = Written::of(now.client.proof.as_ref(), now.webhook_secret.as_ref(), None);
        let new = written.registration(now.client.id)?;
        let (asker, outside) = (*asker, std::sync::Arc::clone(&self.outside));
        self.db
            .write(move |tx| {
                let (new, outside) = (new.clone(), std::sync::Arc::clone(&outside));
                Box::pin(async move {
                    tx.oauth().set_client(outside.keys(), asker.organization, app.slug, &new).await?;
                    let entry = audit::Entry::by_member(&asker, "old_webhook_secret_dropped", app.slug);
                    audit::write(tx, &entry).await
                })
            })
            .await?;
        Ok(())
    }

    /// Tries the registration as it is, without any harm: a code nobody gave out is asked to be exchanged.
    pub async fn test_registration(&self, asker: &Member, slug: &str) -> Result<Tested, ConnectError> {
        let app = self.registrable(asker, slug)?;
        let found = self.registration(asker.organization, app).await?;
        let found = found.ok_or(ConnectError::Unfinished(Unfinished::Unregistered))?;
        let tested = self.try_client(app, &found.client).await?;
        if tested == Tested::Known {
            let organization = asker.organization;
            self.db
                .write(move |tx| {
                    Box::pin(async move {
                        tx.oauth().clear_trouble(organization, app.slug).await?;
                        tx.oauth().try_again(organization, app.slug).await
                    })
                })
                .await?;
        }
        Ok(tested)
    }

    /// Takes a registration away. Connections stay, but cannot be renewed until there is another.
    pub async fn unregister(&self, asker: &Member, slug: &str) -> Result<(), ConnectError> {
        let app = self.registrable(asker, slug)?;
        let asker = *asker;
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    tx.oauth().delete_client(asker.organization, app.slug).await?;
                    tx.oauth().clear_trouble(asker.organization, app.slug).await?;
                    audit::write(tx, &audit::Entry::by_member(&asker, "registration_removed", app.slug)).await
                })
            })
            .await?;
        Ok(())
    }

    /// Tokens for an account that brings its own client or key (nobody is sent anywhere); none for every other kind.
    pub(in crate::connect) async fn granted_by_client(
        &self,
        app: &'static App,
        connection: Id<Connection>,
        filled: &Filled,
    ) -> Result<Option<NewTokens>, ConnectError> {
        let Some(oauth) = app.manifest().auth.oauth() else { return Ok(None) };
        let settings = serde_json::Value::Object(filled.settings.clone());
        let own = Own::of(oauth, &settings, &filled.secrets);
        let own = own.map_err(|wrong| Invalid::one("service_account", wrong.to_string()))?;
        // Without a person's yes there are no tokens.
        let own = own.ok_or(Unfinished::Over)?;
        let account = connection.to_string();
        let desk = self.outside.gateway().desk(app, &account, Patience::Form).map_err(ConnectError::Probe)?;
        let desk = desk.ok_or(ConnectError::NoSuchApp)?;
        let tokens = own.tokens(&desk).await.map_err(|refusal| ConnectError::Probe(refusal.error))?;
        let missing = oauth.missing(tokens.scopes.as_ref());
        if !missing.required.is_empty() {
            return Err(Unfinished::Scopes(in_words(&missing.required)).into());
        }
        let missing = in_words(&missing.optional);
        Ok(Some(NewTokens { tokens, missing }))
    }

    fn registrable(&self, asker: &Member, slug: &str) -> Result<&'static App, ConnectError> {
        let app = self.outside.app(slug).ok_or(ConnectError::NoSuchApp)?;
        let oauth = app.manifest().auth.oauth().ok_or(ConnectError::NoSuchApp)?;
        if !oauth.grants.contains(&How::AuthorizationCode) {
            return Err(ConnectError::NoSuchApp);
        }
        if asker.role.manages() { Ok(app) } else { Err(ConnectError::Forbidden) }
    }

    async fn try_client(&self, app: &'static App, client: &Client) -> Result<Tested, ConnectError> {
        let desk =
            self.outside.gateway().desk(app, "registration", Patience::Form).map_err(ConnectError::Probe)?;
        let desk = desk.ok_or(ConnectError::NoSuchApp)?;
        match desk.knows(client, &self.outside.links().sign_in_answer(app.slug)).await {
            Ok(()) => Ok(Tested::Known),
            Err(refusal) if refusal.class == Class::Client => {
                let said = refusal.error.provider_said().unwrap_or_default().to_owned();
                let message = match client.proof {
                    Some(Proof::Key(_)) => {
                        "the provider does not know this client id and key: copy the id again, make sure that the key’s public part or certificate is entered there, and the redirect address, too"
                    }
                    _ => {
                        "the provider does not know this client id and secret; copy both again, and make sure the redirect address is entered there"
                    }
                };
                Err(ConnectError::Probe(Error::new(Kind::Invalid, message).said(said)))
            }
            Err(refusal) => Ok(Tested::Unreachable(refusal.error)),
        }
    }
}

/// What scopes are for, each once.
pub(super) fn in_words(scopes: &[&ScopeUse]) -> Vec<String> {
    let uses: BTreeSet<String> = scopes.iter().flat_map(|one| one.uses.iter().cloned()).collect();
    uses.into_iter().collect()
}

fn read(entered: Registration) -> StoreResult<Registered> {
    let written: Written = serde_json::from_str(entered.secrets.expose_secret())
        .map_err(|error| kalends_store::Error::Unfit(format!("a registration cannot be read: {error}")))?;
    let key = written.client_key.map(|key| Proof::Key(Secret::new(key)));
    let proof = key.or(written.client_secret.map(|secret| Proof::Secret(Secret::new(secret))));
    Ok(Registered {
        client: Client { id: entered.client_id, proof },
        webhook_secret: written.webhook_secret.map(Secret::new),
        webhook_secret_before: written.webhook_secret_before.map(Secret::new),
        from: Source::Page,
    })
}
