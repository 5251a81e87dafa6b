//! Connecting an app: the form, the first call, the seal.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use kalends_app::{
    Account, App, Cx, Error, Kind, Secrets,
    gateway::Patience,
    hook,
    http::{Signer, sign::Fixed},
    kind::{Probe, calendar::RemoteCalendar},
    manifest::Filled,
};
use kalends_domain::{Id, Span, people::User};
use kalends_store::{
    Tx,
    repo::{Calendar, Connection, FailurePolicy, Freshness, Health, Installation, Scope},
};
use secrecy::SecretString;
use serde_json::Value;

use super::{ConnectError, Installed, Outside, Refreshed, installed::cx, oauth::NewTokens};
use crate::{
    Engine, Invalid, Member, audit,
    flights::{self, About},
    hooks_in,
    job::{self, SyncCalendar},
    sync,
};

/// What a calendar that cannot be reached means until its owner says otherwise: half a day of trust, then busy (FB-09).
const POLICY: FailurePolicy = FailurePolicy { trust_hours: 12, then_blocks: true };
/// After a form was sent, nobody waits longer than this for all calls together.
const FORM: SignedDuration = SignedDuration::from_secs(25);

/// What a first call found.
pub(super) struct Found {
    pub filled: Filled,
    pub probe: Probe,
    pub calendars: Vec<RemoteCalendar>,
    /// What was granted at the provider for it.
    pub granted: Option<NewTokens>,
}

impl Found {
    /// The account's own id there (OAU-15).
    pub fn subject(&self) -> &str {
        self.probe.subject.as_deref().unwrap_or(&self.probe.identity)
    }
}

impl Engine {
    /// Connects an app with what was typed into its setup form. Nothing is saved unless the app answers.
    #[tracing::instrument(name = "engine.connect", skip_all, fields(app = slug))]
    pub async fn connect(
        &self,
        asker: &Member,
        slug: &str,
        typed: &BTreeMap<String, String>,
    ) -> Result<Id<Installation>, ConnectError> {
        let app = self.outside.app(slug).ok_or(ConnectError::NoSuchApp)?;
        let scope = self.usual_scope(asker, app).await?;
        self.connect_for(asker, slug, scope, typed).await
    }

    /// The same, for one of those the asker may set it up for.
    pub async fn connect_for(
        &self,
        asker: &Member,
        slug: &str,
        scope: Scope,
        typed: &BTreeMap<String, String>,
    ) -> Result<Id<Installation>, ConnectError> {
        let app = self.outside.app(slug).ok_or(ConnectError::NoSuchApp)?;
        self.check_scope(asker, app, scope).await?;
        self.check_needs(asker, app, scope).await?;
        let filled = app.manifest().check(typed, &Secrets::none())?;
        let owner = self.asker(asker).await?;
        let connection: Id<Connection> = self.ids().id();
        let granted = self.granted_by_client(app, connection, &filled).await?;
        let found = self.look(app, connection, filled, &owner, granted).await?;
        self.make_connection(asker, app, scope, connection, found, &owner).await
    }

    /// Makes a connection of what was found.
    pub(super) async fn make_connection(
        &self,
        asker: &Member,
        app: &'static App,
        scope: Scope,
        connection: Id<Connection>,
        found: Found,
        owner: &User,
    ) -> Result<Id<Installation>, ConnectError> {
        let installation = Installation {
            id: self.ids().id(),
            organization: asker.organization,
            app: app.slug.to_owned(),
            scope,
            settings: settings(&found),
            enabled: true,
            created_at: self.now(),
        };
        let connection = Connection {
            id: connection,
            number: self.ids().number(),
            organization: asker.organization,
            installation: installation.id,
            account: found.probe.identity.clone(),
            health: Health::Connected,
            since: self.now(),
            cause: String::new(),
            checked_at: Some(self.now()),
            silent_until: None,
        };
        let made = Installed { app, installation, connection };
        let id = made.installation.id;
        self.save(asker, made, found, owner, true).await?;
        Ok(id)
    }

    /// Signs in again, or changes the settings of a connection: blank secrets stay what they were.
    #[tracing::instrument(name = "engine.reconnect", skip_all, fields(installation = %id))]
    pub async fn reconnect(
        &self,
        asker: &Member,
        id: Id<Installation>,
        typed: &BTreeMap<String, String>,
    ) -> Result<(), ConnectError> {
        let mut there = self.own(asker, id).await?;
        let kept = there.secrets(&mut self.db.read().await?, &self.outside).await?;
        let filled = there.app.manifest().check(typed, &kept)?;
        let owner = self.asker(asker).await?;
        self.outside.gateway().mended(there.app, &there.connection.id.to_string());
        let granted = self.granted_by_client(there.app, there.connection.id, &filled).await?;
        let found = self.look(there.app, there.connection.id, filled, &owner, granted).await?;
        there.installation.settings = settings(&found);
        self.save(asker, there, found, &owner, false).await
    }

    /// Calls the app once, changing nothing, and writes down how it is.
    pub async fn test_connection(&self, asker: &Member, id: Id<Installation>) -> Result<(), ConnectError> {
        let there = self.own(asker, id).await?;
        self.outside.gateway().mended(there.app, &there.connection.id.to_string());
        let cx = self.cx(&there, Patience::Form).await.map_err(ConnectError::Probe)?;
        let answer = flights::about(About::of(asker.organization), probe(there.app, &cx)).await;
        self.heard(&there, &answer).await;
        if answer.is_ok() {
            self.take_up(&there).await?;
        }
        answer.map(drop).map_err(ConnectError::Probe)
    }

    /// The first call: who is it, and which calendars are there.
    pub(super) async fn look(
        &self,
        app: &'static App,
        connection: Id<Connection>,
        filled: Filled,
        owner: &User,
        granted: Option<NewTokens>,
    ) -> Result<Found, ConnectError> {
        let bearer = granted.as_ref().map(|new| Fixed::bearer(new.tokens.access.expose())).transpose();
        let signer = bearer.map_err(ConnectError::Probe)?.map(|fixed| Arc::new(fixed) as Arc<dyn Signer>);
        let limited = granted.as_ref().is_some_and(|new| !new.missing.is_empty());
        // Known beyond this process, where it is an account that is there already.
        let silent_until = self.silent_until(connection).await?;
        let call = |filled: &Filled| {
            let (settings, secrets) = (Value::Object(filled.settings.clone()), filled.secrets.clone());
            let (id, signer) = (connection.to_string(), signer.clone());
            let silence = Some(self.silence_of(connection));
            let account =
                Account { id, settings, secrets, signer, silent_until, silence, ..Account::default() };
            cx(&self.outside, app, account, Some(owner), Patience::Form)
        };
        let work = async {
            let mut filled = filled;
            let said = granted.iter().flat_map(|new| &new.tokens.kept);
            filled.settings.extend(said.map(|(name, text)| (name.clone(), text.clone().into())));
            let probe = probe(app, &call(&filled)?).await?;
            filled.settings.extend(probe.found.clone());
            let calendars = match app.calendar() {
                Some(calendar) => match calendar.calendars(&call(&filled)?).await {
                    // Not granted, and the connection says so (OAU-07).
                    Err(error)
                        if limited
                            && matches!(error.kind, Kind::ScopeMissing { .. } | Kind::PolicyDenied) =>
                    {
                        vec![]
                    }
                    answer => answer?,
                },
                None => vec![],
            };
            Ok(Found { filled, probe, calendars, granted })
        };
        let patience = std::time::Duration::try_from(FORM).unwrap_or_default();
        tokio::time::timeout(patience, flights::about(About::of(owner.organization), work))
            .await
            .unwrap_or_else(|_| {
                let message = "the server took too long to answer: check its address, or try again";
                Err(Error::new(Kind::Down, message))
            })
            .map_err(ConnectError::Probe)
    }

    pub(super) async fn save(
        &self,
        asker: &Member,
        made: Installed,
        found: Found,
        owner: &User,
        fresh: bool,
    ) -> Result<(), ConnectError> {
        let (asker, owner) = (*asker, owner.clone());
        let outside = Arc::clone(&self.outside);
        let found = Arc::new(found);
        let saved = made.clone();
        self.db
            .write(move |tx| {
                let (made, owner, found) = (saved.clone(), owner.clone(), Arc::clone(&found));
                let outside = Arc::clone(&outside);
                Box::pin(async move {
                    if fresh {
                        // Two forms sent at once looked for the same account before either was there.
                        tx.claims().lock(&[owner.id]).await?;
                        refuse_twice(tx, &outside, &made, &found).await?;
                        tx.installations().add(&made.installation).await?;
                        tx.installations().connect(&made.connection).await?;
                    } else {
                        tx.installations().save(&made.installation).await?;
                        tx.installations().rename(&made.connection).await?;
                        tx.installations().set_health(&made.connection, Health::Connected, "").await?;
                    }
                    let entered = found.filled.secrets.get(hook::SECRET);
                    hooks_in::prepare_apart(tx, &outside, &made, entered).await?;
                    for field in made.app.manifest().setup.iter().filter(|field| field.is_secret()) {
                        match found.filled.secrets.get(&field.name) {
                            Some(secret) => {
                                let secret = SecretString::from(secret.expose().to_owned());
                                let (keys, of) = (outside.keys(), &made.connection);
                                tx.credentials().put(keys, of, &field.name, &secret, None).await?;
                            }
                            None => tx.credentials().delete(&made.connection, &field.name).await?,
                        }
                    }
                    if let Some(new) = &found.granted {
                        new.keep(tx, outside.keys(), &made, found.subject()).await?;
                    }
                    calendars(tx, &made, &found.calendars, &owner).await?;
                    let action = match (fresh, made.app.manifest().is_data()) {
                        (true, false) => "app_connected",
                        (false, false) => "app_reconnected",
                        (true, true) => "app_installed",
                        (false, true) => "app_configured",
                    };
                    let subject = format!("{} {}", made.app.slug, made.connection.account);
                    audit::write(tx, &audit::Entry::by_member(&asker, action, subject.trim())).await?;
                    Ok::<_, ConnectError>(())
                })
            })
            .await?;
        self.take_up(&made).await?;
        Ok(())
    }
}

/// The same account twice would only be in its own way.
async fn refuse_twice(
    tx: &mut Tx,
    outside: &Outside,
    new: &Installed,
    found: &Found,
) -> Result<(), ConnectError> {
    let (organization, scope) = (new.installation.organization, new.installation.scope);
    let there = Installed::of_scope(tx, outside, organization, scope).await?;
    for one in there.iter().filter(|one| one.app.slug == new.app.slug) {
        let same = if found.granted.is_some() {
            let grant = tx.oauth().grant(&one.connection).await?;
            grant.is_some_and(|grant| grant.subject == found.subject())
        } else {
            one.connection.account == new.connection.account
        };
        if same {
            let account = &new.connection.account;
            let name = if account.is_empty() { &new.app.manifest().name } else { account };
            let fix = format!("{name} is connected already. Change it where it is listed.");
            let field = new.app.manifest().setup.first().map_or("", |field| &field.name);
            return Err(Invalid::one(field, fix).into());
        }
    }
    Ok(())
}

/// Every kind of part answers the same question.
pub(super) async fn probe(app: &'static App, cx: &Cx) -> Result<Probe, Error> {
    if let Some(calendar) = app.calendar() {
        return calendar.probe(cx).await;
    }
    if let Some(conference) = app.conference() {
        return conference.probe(cx).await;
    }
    match app.messenger() {
        Some(messenger) => messenger.probe(cx).await,
        None => Ok(Probe::default()),
    }
}

fn settings(found: &Found) -> Value {
    Value::Object(found.filled.settings.clone())
}

/// Brings the account's list of calendars up to date. New ones of one's own block; one receives, if none did.
pub(super) async fn calendars(
    tx: &mut Tx,
    of: &Installed,
    there: &[RemoteCalendar],
    owner: &User,
) -> kalends_store::Result<Refreshed> {
    let known = tx.calendars().of_connection(&of.connection).await?;
    let mut seen = Refreshed { there: there.len(), ..Refreshed::default() };
    for gone in known.iter().filter(|kept| there.iter().all(|one| one.id.as_str() != kept.remote_id)) {
        tx.calendars().delete(gone).await?;
        seen.gone += 1;
    }
    let now = tx.now();
    for remote in there {
        let mut calendar = described(remote, of, owner);
        if let Some(kept) = known.iter().find(|kept| kept.remote_id == remote.id.as_str()) {
            calendar.id = kept.id;
            tx.calendars().describe(&calendar).await?;
            tx.calendars().plan(&calendar, kept.blocks.then_some(now)).await?;
            if kept.blocks {
                job::add(tx, &SyncCalendar::new(kept.organization, kept.id)).await?;
            }
            continue;
        }
        seen.new += 1;
        calendar.id = tx.ids().id();
        // What is shared with us to be read is somebody else's; an app that only ever reads brings one's own.
        calendar.blocks = remote.writable || !writes(of);
        calendar.window = sync::window(now);
        calendar.next_sync_at = calendar.blocks.then_some(now);
        tx.calendars().add(&calendar).await?;
        if calendar.blocks {
            job::add(tx, &SyncCalendar::new(calendar.organization, calendar.id)).await?;
        }
    }
    let all = tx.calendars().of_users(&[owner.id]).await?;
    if all.iter().all(|calendar| !calendar.receives) {
        let primary = there.iter().filter(|one| one.writable && writes(of)).max_by_key(|one| one.primary);
        let receiving = primary.and_then(|one| {
            all.iter().find(|kept| kept.connection == of.connection.id && kept.remote_id == one.id.as_str())
        });
        if let Some(receiving) = receiving {
            tx.calendars().set_receiving(owner, Some(receiving.id)).await?;
        }
    }
    Ok(seen)
}

/// Whether the app can write events at all.
fn writes(of: &Installed) -> bool {
    of.app.calendar().is_some_and(|calendar| calendar.can().writes)
}

fn described(remote: &RemoteCalendar, of: &Installed, owner: &User) -> Calendar {
    Calendar {
        id: Id::new(uuid::Uuid::nil()),
        organization: of.installation.organization,
        connection: of.connection.id,
        user: owner.id,
        remote_id: remote.id.to_string(),
        name: remote.name.clone(),
        zone: remote.zone.clone(),
        colour: remote.colour.clone(),
        writable: remote.writable && writes(of),
        main: remote.primary,
        blocks: false,
        receives: false,
        tentative_blocks: true,
        cursor: None,
        window: Span::new(0, 0),
        freshness: Freshness::default(),
        policy: POLICY,
        on_change: None,
        next_sync_at: None,
    }
}
