//! Access is given back by us, or taken back by its owner at the provider.

use kalends_app::{
    App,
    gateway::Patience,
    oauth::{Class, Grant as How, Tokens},
};
use kalends_domain::{Id, people::Organization};
use kalends_store::{
    Result as StoreResult,
    repo::{Connection, Grant, Health},
};

use super::Kept;
use crate::{
    Engine, audit,
    connect::{Installed, letters},
};

impl Engine {
    /// Gives an account's access back at the provider, if that has a call for it and no other connection lives on the same
    /// grant (OAU-16). What is refused is only logged.
    ///
    /// A key that was typed in is nothing the provider gave: there is no grant to give back, and our own registration there,
    /// if there is one, has nothing to do with it.
    ///
    /// False when the provider could not be asked just now; and which version of the tokens this was about, if of any.
    pub(crate) async fn give_back(&self, of: &Installed) -> (bool, Option<i64>) {
        let oauth = of.app.manifest().auth.oauth();
        if oauth.is_none_or(|oauth| oauth.grant(&of.installation.settings) != How::AuthorizationCode) {
            return (true, None);
        }
        let read = async {
            let mut tx = self.db.read().await?;
            let Some(grant) = tx.oauth().grant(&of.connection).await? else { return Ok((None, false)) };
            let kept = Kept::read(&mut tx, self.outside.keys(), &of.connection).await?;
            let others = tx.oauth().grants_of(&grant.app, &grant.subject).await?;
            let lives_on = |other: &Grant| other.connection != grant.connection && other.ended_at.is_none();
            Ok::<_, kalends_store::Error>((kept, others.iter().any(lives_on)))
        };
        match read.await {
            Ok((Some(kept), false)) => {
                let version = Some(kept.version);
                let tokens = Tokens {
                    access: kept.access,
                    refresh: kept.refresh,
                    expires_at: kept.expires_at,
                    scopes: None,
                    kept: std::collections::BTreeMap::new(),
                };
                (self.hand_back(of.app, of.installation.organization, &tokens).await, version)
            }
            Ok((kept, _)) => (true, kept.map(|kept| kept.version)),
            Err(error) => {
                tracing::warn!(%error, app = of.app.slug, "tokens could not be read to be given back");
                (true, None)
            }
        }
    }

    /// Gives tokens back. False when the provider could not be asked just now.
    pub(super) async fn hand_back(
        &self,
        app: &'static App,
        organization: Id<Organization>,
        tokens: &Tokens,
    ) -> bool {
        let desk = self.outside.gateway().desk(app, "sign-in", Patience::Form);
        let (Ok(Some(desk)), Ok(Some(registered))) = (desk, self.registration(organization, app).await)
        else {
            return true;
        };
        let code = desk.descriptor().grants.contains(&How::AuthorizationCode);
        if !code || desk.descriptor().revoke.is_none() {
            return true;
        }
        let token = tokens.refresh.as_ref().unwrap_or(&tokens.access);
        let Err(refusal) = desk.revoke(&registered.client, token).await else { return true };
        tracing::warn!(app = app.slug, %refusal, "access could not be given back at the provider");
        !matches!(refusal.class, Class::Later | Class::Unknown)
    }

    /// An account's owner took our access back at the provider, as its notice says (OAU-17): its connections are over until
    /// they sign in again. How many there were.
    pub async fn taken_back(&self, slug: &str, subject: &str) -> StoreResult<usize> {
        let grants = self.db.read().await?.oauth().grants_of(slug, subject).await?;
        let standing: Vec<_> = grants.into_iter().filter(|grant| grant.ended_at.is_none()).collect();
        for grant in &standing {
            self.sign_in_over(grant.connection).await?;
        }
        Ok(standing.len())
    }

    async fn sign_in_over(&self, id: Id<Connection>) -> StoreResult<()> {
        let outside = std::sync::Arc::clone(&self.outside);
        self.db
            .write(move |tx| {
                let outside = std::sync::Arc::clone(&outside);
                Box::pin(async move {
                    let Some(of) = Installed::of_connection(tx, &outside, id).await? else { return Ok(()) };
                    let Some(mut grant) = tx.oauth().grant_for_update(&of.connection).await? else {
                        return Ok(());
                    };
                    let cause =
                        format!("Access was taken back at {}. Sign in again.", of.app.manifest().name);
                    // Whoever is renewing just now comes too late.
                    grant.fence += 1;
                    grant.stored_fence = grant.fence;
                    grant.lease_until = None;
                    grant.attempt = None;
                    grant.ended_at = Some(tx.now());
                    grant.cause.clone_from(&cause);
                    tx.oauth().set_grant(&grant).await?;
                    tx.installations().set_health(&of.connection, Health::Revoked, &cause).await?;
                    letters::tell_ended(tx, &of).await?;
                    let subject = format!("{} {}: revoked", of.app.slug, of.connection.account);
                    audit::write(
                        tx,
                        &audit::Entry::by_server(grant.organization, "connection_health", &subject),
                    )
                    .await
                })
            })
            .await
    }
}
