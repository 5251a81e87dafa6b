//! Somebody is back from a provider: what they brought becomes a connection, or changes nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    App, Error, Kind, Secret, Secrets,
    gateway::Patience,
    manifest::Filled,
    oauth::{Class, Refusal, Tokens},
};
use kalends_domain::Id;
use kalends_store::repo::{Flow, Installation, Scope, Session};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    NewTokens, Unfinished,
    begin::{Asked, sealed},
    registration::in_words,
};
use crate::{
    Engine, Member, audit,
    connect::{ConnectError, Installed, letters},
};

/// So long a person may think about whether another account is meant.
const THINK: SignedDuration = SignedDuration::from_mins(10);

/// What the provider sent along with the person.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// What we sent.
    pub state: String,
    /// Worth tokens.
    pub code: Option<Secret>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same at length, as some providers number their reasons.
    pub description: Option<String>,
    /// Who answers (RFC 9207).
    pub issuer: Option<String>,
    /// Said when it is an administrator who comes back, from allowing the app for an organization there.
    pub approved: Option<String>,
}

impl Answer {
    /// Whether an administrator there allowed the app; none when this is no answer to that. Nothing here rests on it: it is
    /// for their eyes, and the next sign-in shows whether it is so (MSG-03).
    pub fn approval(&self) -> Option<bool> {
        let said = self.approved.as_deref()?;
        Some(self.error.is_none() && said.eq_ignore_ascii_case("true"))
    }
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// There is a connection.
    Connected(Id<Installation>),
    /// It was another account than the connection's: they are asked whether that is meant (OAU-15).
    AskSwitch(Id<Flow>),
}

/// A question whether another account is meant.
#[derive(Debug, Clone)]
pub struct Switch {
    /// The app.
    pub app: &'static App,
    /// The account so far.
    pub before: String,
    /// The account that has signed in now.
    pub after: String,
}

/// A sign-in that came to nothing, for the page that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameToNothing {
    /// Why.
    pub why: String,
    /// What was typed into the form before it, secrets not among it.
    pub typed: Value,
}

/// Why nothing came of it, as it is kept.
#[derive(Serialize, Deserialize)]
struct Unmade {
    why: String,
}

/// What was granted, until it is confirmed.
#[derive(Serialize, Deserialize)]
struct Held {
    identity: String,
    subject: String,
    access: String,
    refresh: Option<String>,
    expires_at: Option<Timestamp>,
    missing: Vec<String>,
    secrets: BTreeMap<String, String>,
    #[serde(default)]
    kept: BTreeMap<String, String>,
}

impl Engine {
    /// Takes a provider's answer. Unless it is to a question of this person, browser and app, it changes nothing.
    #[tracing::instrument(name = "engine.finish_sign_in", skip_all, fields(app = slug))]
    pub async fn finish_sign_in(
        &self,
        asker: &Member,
        session: Id<Session>,
        slug: &str,
        answer: &Answer,
    ) -> Result<Finished, ConnectError> {
        let app = self.outside.app(slug).ok_or(ConnectError::NoSuchApp)?;
        let (flow, question) = self.sign_in_answered(asker, session, slug, &answer.state).await?;
        let done = self.sign_in_granted(asker, app, &flow, &question, answer).await;
        if let Err(error) = &done {
            self.sign_in_unfinished(&flow, error).await;
        }
        done
    }

    /// Uses the state up.
    async fn sign_in_answered(
        &self,
        asker: &Member,
        session: Id<Session>,
        slug: &str,
        state: &str,
    ) -> Result<(Flow, Asked), ConnectError> {
        let outside = std::sync::Arc::clone(&self.outside);
        let (state, slug, asker) = (state.to_owned(), slug.to_owned(), *asker);
        let found = self
            .db
            .write(move |tx| {
                let (state, slug, outside) = (state.clone(), slug.clone(), std::sync::Arc::clone(&outside));
                Box::pin(async move { tx.oauth().answer(outside.keys(), &state, &slug, session).await })
            })
            .await?;
        let found =
            found.filter(|(flow, _)| flow.user == asker.user && flow.organization == asker.organization);
        let (flow, secret) = found.ok_or(Unfinished::Over)?;
        let question = serde_json::from_str(secret.expose_secret()).map_err(|_| Unfinished::Over)?;
        Ok((flow, question))
    }

    async fn sign_in_granted(
        &self,
        asker: &Member,
        app: &'static App,
        flow: &Flow,
        question: &Asked,
        answer: &Answer,
    ) -> Result<Finished, ConnectError> {
        let desk =
            self.outside.gateway().desk(app, "sign-in", Patience::Form).map_err(ConnectError::Probe)?;
        let desk = desk.ok_or(ConnectError::NoSuchApp)?;
        if let Some(issuer) = &answer.issuer
            && !desk.is_from(issuer).map_err(ConnectError::Probe)?
        {
            return Err(Unfinished::Elsewhere.into());
        }
        let code = match (&answer.code, answer.error.as_deref()) {
            (Some(code), None) => code,
            _ if wants_approval(app, answer) => return Err(Unfinished::Approval.into()),
            (_, Some("access_denied" | "consent_required" | "user_cancelled_login")) => {
                return Err(Unfinished::Denied.into());
            }
            (_, said) => {
                let error = Error::new(Kind::Invalid, "the provider answered without a yes");
                return Err(Unfinished::Refused(error.said(said.unwrap_or_default())).into());
            }
        };
        let registered = self.registration(flow.organization, app).await?.ok_or(Unfinished::Unregistered)?;
        let redirect = self.outside.links().sign_in_answer(app.slug);
        let verifier = Secret::new(question.verifier.as_str());
        let exchanged = desk.exchange(&registered.client, code, &redirect, &verifier).await;
        let tokens = match exchanged {
            Ok(tokens) => tokens,
            Err(refusal) => return Err(self.exchange_refused(app, flow, refusal).await.into()),
        };
        let missing = desk.descriptor().missing(tokens.scopes.as_ref());
        if !missing.required.is_empty() {
            self.unkept(app, flow, &tokens).await?;
            return Err(Unfinished::Scopes(in_words(&missing.required)).into());
        }
        let missing = in_words(&missing.optional);
        let new = NewTokens { tokens, missing };
        let secrets = question.secrets.iter().map(|(name, text)| (name.clone(), Secret::new(text.as_str())));
        let tokens = new.tokens.clone();
        let settled = self.settle_sign_in(asker, app, flow, new, secrets.collect()).await;
        if settled.is_err() {
            self.unkept(app, flow, &tokens).await?;
        }
        settled
    }

    /// What is not kept is given back (OAU-16), unless that could end a connection of the same account.
    async fn unkept(&self, app: &'static App, flow: &Flow, tokens: &Tokens) -> Result<(), ConnectError> {
        if !self.db.read().await?.oauth().stands(flow.organization, app.slug).await? {
            self.hand_back(app, flow.organization, tokens).await;
        }
        Ok(())
    }

    /// Tokens are there: whose are they, and what do they become?
    async fn settle_sign_in(
        &self,
        asker: &Member,
        app: &'static App,
        flow: &Flow,
        new: NewTokens,
        secrets: Secrets,
    ) -> Result<Finished, ConnectError> {
        let settings = flow.settings.as_object().cloned().unwrap_or_default();
        let filled = Filled { settings, secrets };
        let owner = self.asker(asker).await?;
        let there = match flow.installation {
            Some(id) => Some(self.own(asker, id).await?),
            None => None,
        };
        let connection = there.as_ref().map_or_else(|| self.ids().id(), |one| one.connection.id);
        self.outside.gateway().mended(app, &connection.to_string());
        let found = self.look(app, connection, filled, &owner, Some(new)).await?;
        let subject = found.subject().to_owned();
        let there = match there {
            Some(there) => {
                if self.subject_of(&there).await?.is_some_and(|before| before != subject) {
                    return self.ask_switch(flow, &found).await;
                }
                Some(there)
            }
            // The same account once more mends the connection that is there: ids, settings and cursors stay.
            None => self.same_account(asker, app, flow.scope, &subject).await?,
        };
        let id = match there {
            Some(there) => self.mend_connection(asker, there, found, &owner).await?,
            None => self.make_connection(asker, app, flow.scope, connection, found, &owner).await?,
        };
        Ok(Finished::Connected(id))
    }

    async fn subject_of(&self, there: &Installed) -> Result<Option<String>, ConnectError> {
        let grant = self.db.read().await?.oauth().grant(&there.connection).await?;
        Ok(grant.map(|grant| grant.subject))
    }

    async fn same_account(
        &self,
        asker: &Member,
        app: &'static App,
        scope: Scope,
        subject: &str,
    ) -> Result<Option<Installed>, ConnectError> {
        let mut tx = self.db.read().await?;
        let all = Installed::of_scope(&mut tx, &self.outside, asker.organization, scope).await?;
        for one in all.into_iter().filter(|one| one.app.slug == app.slug) {
            let grant = tx.oauth().grant(&one.connection).await?;
            if grant.is_some_and(|grant| grant.subject == subject) {
                return Ok(Some(one));
            }
        }
        Ok(None)
    }

    /// Holds what was granted until the person has said whether they mean it.
    async fn ask_switch(
        &self,
        flow: &Flow,
        found: &crate::connect::install::Found,
    ) -> Result<Finished, ConnectError> {
        let Some(new) = &found.granted else { return Err(Unfinished::Over.into()) };
        let held = sealed(&Held {
            identity: found.probe.identity.clone(),
            subject: found.subject().to_owned(),
            access: new.tokens.access.expose().to_owned(),
            refresh: new.tokens.refresh.as_ref().map(|secret| secret.expose().to_owned()),
            expires_at: new.tokens.expires_at,
            missing: new.missing.clone(),
            kept: new.tokens.kept.clone(),
            secrets: found
                .filled
                .secrets
                .iter()
                .map(|(n, s)| (n.to_owned(), s.expose().to_owned()))
                .collect(),
        })?;
        let expires_at = self.now().checked_add(THINK).unwrap_or(Timestamp::MAX);
        let flow = Flow { expires_at, ..flow.clone() };
        let (id, outside) = (flow.id, std::sync::Arc::clone(&self.outside));
        self.db
            .write(move |tx| {
                let (flow, held, outside) = (flow.clone(), held.clone(), std::sync::Arc::clone(&outside));
                Box::pin(async move { tx.oauth().hold(outside.keys(), &flow, &held).await })
            })
            .await?;
        Ok(Finished::AskSwitch(id))
    }

    /// The question whether another account is meant.
    pub async fn switch(
        &self,
        asker: &Member,
        session: Id<Session>,
        id: Id<Flow>,
    ) -> Result<Switch, ConnectError> {
        let (flow, held) = self.held_switch(asker, session, id).await?;
        let app = self.outside.app(&flow.app).ok_or(ConnectError::NoSuchApp)?;
        let there = self.own(asker, flow.installation.ok_or(Unfinished::Over)?).await?;
        Ok(Switch { app, before: there.connection.account, after: held.identity })
    }

    /// The answer to it: the connection goes over to the other account, or what was granted is given back.
    pub async fn answer_switch(
        &self,
        asker: &Member,
        session: Id<Session>,
        id: Id<Flow>,
        means_it: bool,
    ) -> Result<Id<Installation>, ConnectError> {
        let (flow, held) = self.held_switch(asker, session, id).await?;
        let app = self.outside.app(&flow.app).ok_or(ConnectError::NoSuchApp)?;
        let there = self.own(asker, flow.installation.ok_or(Unfinished::Over)?).await?;
        let ended = flow.clone();
        let ours = self
            .db
            .write(move |tx| {
                let flow = ended.clone();
                Box::pin(async move { tx.oauth().end(&flow).await })
            })
            .await?;
        if !ours {
            return Err(Unfinished::Over.into());
        }
        let tokens = Tokens {
            access: Secret::new(held.access),
            refresh: held.refresh.map(Secret::new),
            expires_at: held.expires_at,
            scopes: None,
            kept: held.kept,
        };
        if !means_it {
            let theirs = self.db.read().await?.oauth().grants_of(app.slug, &held.subject).await?;
            if theirs.iter().all(|grant| grant.ended_at.is_some()) {
                self.hand_back(app, flow.organization, &tokens).await;
            }
            return Ok(there.installation.id);
        }
        let new = NewTokens { tokens, missing: held.missing };
        let secrets = held.secrets.into_iter().map(|(name, text)| (name, Secret::new(text))).collect();
        let settings = flow.settings.as_object().cloned().unwrap_or_default();
        let owner = self.asker(asker).await?;
        let filled = Filled { settings, secrets };
        let found = self.look(app, there.connection.id, filled, &owner, Some(new)).await?;
        self.mend_connection(asker, there, found, &owner).await
    }

    async fn held_switch(
        &self,
        asker: &Member,
        session: Id<Session>,
        id: Id<Flow>,
    ) -> Result<(Flow, Held), ConnectError> {
        let found = self.db.read().await?.oauth().held(self.outside.keys(), id, session).await?;
        let (flow, secret) = found.filter(|(flow, _)| flow.user == asker.user).ok_or(Unfinished::Over)?;
        let held = serde_json::from_str(secret.expose_secret()).map_err(|_| Unfinished::Over)?;
        Ok((flow, held))
    }

    /// Keeps the ids, the settings and the cursors of a connection under fresh tokens.
    async fn mend_connection(
        &self,
        asker: &Member,
        mut there: Installed,
        found: crate::connect::install::Found,
        owner: &kalends_domain::people::User,
    ) -> Result<Id<Installation>, ConnectError> {
        if let (Value::Object(settings), new) = (&mut there.installation.settings, &found.filled.settings) {
            settings.extend(new.clone());
        }
        there.connection.account.clone_from(&found.probe.identity);
        let id = there.installation.id;
        self.save(asker, there, found, owner, false).await?;
        Ok(id)
    }

    async fn exchange_refused(&self, app: &App, flow: &Flow, refusal: Refusal) -> Unfinished {
        let said = refusal.error.provider_said().map(str::to_owned);
        let refused = Answer { error: Some("invalid_grant".into()), description: said, ..Answer::default() };
        if refusal.class != Class::Later && wants_approval(app, &refused) {
            return Unfinished::Approval;
        }
        if refusal.class != Class::Client {
            return Unfinished::Refused(refusal.error);
        }
        let (organization, app, cause) = (flow.organization, flow.app.clone(), refusal.error.to_string());
        let noted = self.db.write(move |tx| {
            let (app, cause) = (app.clone(), cause.clone());
            Box::pin(async move {
                if tx.oauth().set_trouble(organization, &app, &cause).await? {
                    letters::tell_refused(tx, organization, &app).await?;
                }
                Ok::<_, kalends_store::Error>(())
            })
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a refused registration could not be written down");
        }
        Unfinished::Registration
    }

    /// What led to nothing is in the log, too.
    async fn sign_in_unfinished(&self, flow: &Flow, error: &ConnectError) {
        tracing::info!(app = flow.app, %error, "a sign-in at a provider came to nothing");
        let why = match error {
            ConnectError::Unfinished(why) => why.code(),
            other => other.code(),
        };
        let subject = format!("{} {why}", flow.app);
        // In place of what was sealed for the answer, which is of no more use.
        let Ok(unmade) = sealed(&Unmade { why: in_full(error) }) else { return };
        let expires_at = self.now().checked_add(THINK).unwrap_or(Timestamp::MAX);
        let (flow, outside) = (Flow { expires_at, ..flow.clone() }, std::sync::Arc::clone(&self.outside));
        let noted = self.db.write(move |tx| {
            let (flow, subject, unmade) = (flow.clone(), subject.clone(), unmade.clone());
            let outside = std::sync::Arc::clone(&outside);
            Box::pin(async move {
                tx.oauth().hold(outside.keys(), &flow, &unmade).await?;
                let entry = audit::Entry::by_server(flow.organization, "sign_in_unfinished", &subject);
                audit::write(tx, &entry).await
            })
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, "it could not be written down");
        }
    }

    /// Why nothing came of this browser's latest sign-in for an app, in full, and what was typed before it; none once that is ten
    /// minutes ago.
    pub async fn why_unfinished(
        &self,
        asker: &Member,
        session: Id<Session>,
        slug: &str,
    ) -> Result<Option<CameToNothing>, ConnectError> {
        let held = self.db.read().await?.oauth().latest_held(self.outside.keys(), slug, session).await?;
        let unmade = held.filter(|(flow, _)| flow.user == asker.user).and_then(|(flow, secret)| {
            let unmade: Unmade = serde_json::from_str(secret.expose_secret()).ok()?;
            Some(CameToNothing { why: unmade.why, typed: flow.settings })
        });
        Ok(unmade.filter(|unmade| !unmade.why.is_empty()))
    }
}

/// What the page cannot know by a word alone.
fn in_full(error: &ConnectError) -> String {
    match error {
        ConnectError::Unfinished(Unfinished::Scopes(missing)) => missing.join(", "),
        ConnectError::Unfinished(Unfinished::Refused(error)) | ConnectError::Probe(error) => {
            error.to_string()
        }
        _ => String::new(),
    }
}

/// Whether the provider's own reason says that an administrator there must allow it first (MSG-03): the app knows its words.
fn wants_approval(app: &App, answer: &Answer) -> bool {
    let Some(code) = &answer.error else { return false };
    let said = serde_json::json!({ "error": code, "error_description": answer.description });
    let manifest = app.manifest();
    let authorize = manifest.auth.oauth().and_then(|oauth| manifest.endpoints.get(&oauth.authorize));
    let Some(url) = authorize.cloned() else { return false };
    let as_told = kalends_app::Response {
        status: http::StatusCode::BAD_REQUEST,
        headers: http::HeaderMap::new(),
        body: said.to_string().into(),
        url,
    };
    (app.judge)(&as_told).is_some_and(|error| error.kind == Kind::PolicyDenied)
}
