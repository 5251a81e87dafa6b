//! Sending somebody to a provider: what they will bring back can be used once, here, by them.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use kalends_app::{
    Secret, Secrets,
    gateway::Patience,
    oauth::{Ask, Grant as How},
};
use kalends_domain::Id;
use kalends_store::repo::{Flow, Installation, Scope, Session};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::Unfinished;
use crate::{Engine, Member, audit, connect::ConnectError};

/// A question is good this long (OAU-02).
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// What stays here until the answer.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    /// The PKCE verifier.
    pub verifier: String,
    /// Secrets typed into the setup form.
    pub secrets: BTreeMap<String, String>,
}

/// What a sign-in is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// A new connection for whom the asker usually sets this app up.
    Usual,
    /// A new connection for one of those they may set it up for.
    For(Scope),
    /// A connection to be mended or changed.
    Again(Id<Installation>),
}

impl Engine {
    /// Where a person says yes to an app's provider, for a new connection or to mend one. The answer comes back to
    /// [`Engine::finish_sign_in`] in the same browser session, within ten minutes.
    #[tracing::instrument(name = "engine.begin_sign_in", skip_all, fields(app = slug))]
    pub async fn begin_sign_in(
        &self,
        asker: &Member,
        session: Id<Session>,
        slug: &str,
        typed: &BTreeMap<String, String>,
        what: Begin,
    ) -> Result<Url, ConnectError> {
        let app = self.outside.app(slug).ok_or(ConnectError::NoSuchApp)?;
        let oauth = app.manifest().auth.oauth().ok_or(ConnectError::NoSuchApp)?;
        let there = match what {
            Begin::Again(id) => Some(self.own(asker, id).await?),
            Begin::Usual | Begin::For(_) => None,
        };
        if there.as_ref().is_some_and(|one| one.app.slug != slug) {
            return Err(ConnectError::NotFound);
        }
        let scope = match (&there, what) {
            (Some(one), _) => one.installation.scope,
            (None, Begin::For(scope)) => scope,
            (None, _) => self.usual_scope(asker, app).await?,
        };
        if there.is_none() {
            self.check_scope(asker, app, scope).await?;
            self.check_needs(asker, app, scope).await?;
        }
        let kept = match &there {
            Some(one) => one.secrets(&mut self.db.read().await?, &self.outside).await?,
            None => Secrets::none(),
        };
        let filled = app.manifest().check(typed, &kept)?;
        let settings = Value::Object(filled.settings);
        if oauth.grant(&settings) != How::AuthorizationCode {
            return Err(ConnectError::NoSuchApp);
        }
        let registered = self.registration(asker.organization, app).await?;
        let registered = registered.ok_or(ConnectError::Unfinished(Unfinished::Unregistered))?;
        let desk =
            self.outside.gateway().desk(app, "sign-in", Patience::Form).map_err(ConnectError::Probe)?;
        let desk = desk.ok_or(ConnectError::NoSuchApp)?;
        let verifier = random(self);
        let state = random(self);
        let redirect = self.outside.links().sign_in_answer(slug);
        let hint =
            there.as_ref().map(|one| one.connection.account.as_str()).filter(|name| name.contains('@'));
        let secret = Secret::new(verifier.clone());
        let ask =
            Ask { client: &registered.client, redirect: &redirect, state: &state, verifier: &secret, hint };
        let url = desk.authorize(&ask).map_err(ConnectError::Probe)?;
        let secrets =
            filled.secrets.iter().map(|(name, secret)| (name.to_owned(), secret.expose().to_owned()));
        let question = sealed(&Asked { verifier, secrets: secrets.collect() })?;
        let flow = Flow {
            id: self.ids().id(),
            organization: asker.organization,
            app: slug.to_owned(),
            user: asker.user,
            session,
            scope,
            installation: there.as_ref().map(|one| one.installation.id),
            settings,
            expires_at: self.now().checked_add(LIFE).unwrap_or(jiff::Timestamp::MAX),
        };
        let (asker, outside) = (*asker, std::sync::Arc::clone(&self.outside));
        self.db
            .write(move |tx| {
                let (flow, state, question) = (flow.clone(), state.clone(), question.clone());
                let outside = std::sync::Arc::clone(&outside);
                Box::pin(async move {
                    tx.oauth().begin(outside.keys(), &state, &flow, &question).await?;
                    audit::write(tx, &audit::Entry::by_member(&asker, "sign_in_begun", &flow.app)).await
                })
            })
            .await?;
        Ok(url)
    }
}

/// 256 bits that fit an address.
fn random(engine: &Engine) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(engine.ids().bytes::<32>())
}

pub(super) fn sealed<T: Serialize>(value: &T) -> Result<SecretString, ConnectError> {
    serde_json::to_string(value)
        .map(SecretString::from)
        .map_err(|error| ConnectError::Store(kalends_store::Error::Unfit(error.to_string())))
}
