//! Taking an app away, bringing it back in time, and letting it go for good.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kalends_app::App;
use kalends_domain::Id;
use kalends_store::repo::{Connection, Installation, Removed};

use super::{ConnectError, Installed, kept, kept::Kept, switch, whose};
use crate::{Engine, Member, audit, sync};

/// Let go in one round.
const BATCH: u32 = 50;
/// So long a provider that cannot be reached is waited for, so that our access is given back there.
const WAIT: SignedDuration = SignedDuration::from_hours(3 * 24);
/// It is asked this often.
const AGAIN: SignedDuration = SignedDuration::from_mins(55);

/// So often access is given back, where a renewal that was under way brings other tokens meanwhile.
const GIVEN_BACK: usize = 3;

/// What is lost when a connection is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consequences {
    /// Bookings still to come that stand in this account and will not be moved or removed there any more.
    pub bookings: u64,
    /// Bookings will not be written to this calendar any more.
    pub receives: Option<String>,
    /// These calendars will not block times any more.
    pub blocks: Vec<String>,
    /// Event types that offer this app as their place.
    pub event_types: Vec<String>,
    /// Those of them that are left without any place.
    pub placeless: Vec<String>,
    /// Nobody gets mails any more.
    pub mails: bool,
    /// Public pages load it no more.
    pub pages: bool,
    /// The provider's notices are not heard any more.
    pub notices: bool,
    /// Apps that need it; while there is one, it stays.
    pub needed_by: Vec<String>,
    /// For so many days it can be brought back.
    pub days: i64,
}

/// An app that was taken away and can come back.
#[derive(Debug, Clone)]
pub struct RemovedView {
    /// The installation.
    pub id: Id<Installation>,
    /// The app.
    pub app: &'static App,
    /// Which account.
    pub account: String,
    /// When it was taken away.
    pub at: Timestamp,
    /// Until when it can come back.
    pub until: Timestamp,
}

impl Engine {
    /// What is lost when this connection is taken away.
    pub async fn disconnecting(
        &self,
        asker: &Member,
        id: Id<Installation>,
    ) -> Result<Consequences, ConnectError> {
        let there = self.own(asker, id).await?;
        let mut tx = self.db.read().await?;
        let calendars = tx.calendars().of_connection(&there.connection).await?;
        let event_types = kept::offering(&mut tx, &there.installation).await?;
        let placeless = event_types.iter().filter(|one| one.settings.locations.len() == 1);
        Ok(Consequences {
            bookings: tx.references().upcoming(&there.installation).await?,
            receives: calendars.iter().find(|one| one.receives).map(|one| one.name.clone()),
            blocks: calendars.iter().filter(|one| one.blocks).map(|one| one.name.clone()).collect(),
            placeless: placeless.map(|one| one.title.clone()).collect(),
            event_types: event_types.into_iter().map(|one| one.title).collect(),
            mails: there.app.messenger().is_some(),
            pages: there.app.manifest().tag.is_some(),
            notices: there.app.hook().is_some(),
            needed_by: super::needs::needed_by(&mut tx, &self.outside, &there.installation).await?,
            days: self.outside.undo().as_hours() / 24,
        })
    }

    /// Takes an app away: nothing of it works any more, and for some days all of it can be brought back.
    ///
    /// What stands in the account stays there. Its calendars block nothing from now on: that was said before.
    #[tracing::instrument(name = "engine.uninstall", skip_all, fields(installation = %id))]
    pub async fn disconnect(&self, asker: &Member, id: Id<Installation>) -> Result<(), ConnectError> {
        let there = self.own(asker, id).await?;
        self.outside.gateway().mended(there.app, &there.connection.id.to_string());
        let purge_at = later(self.now(), self.outside.undo());
        let (asker, outside, closing) = (*asker, Arc::clone(&self.outside), there.clone());
        self.db
            .write(move |tx| {
                let (there, outside) = (there.clone(), Arc::clone(&outside));
                Box::pin(async move {
                    switch::refuse_while_needed(tx, &outside, &there).await?;
                    let standing = tx.installations().lives(&[there.installation.id]).await?;
                    let mut kept = standing.first().map(|one| Kept::read(&one.kept)).unwrap_or_default();
                    let calendars = tx.calendars().of_connection(&there.connection).await?;
                    kept.calendars = kept::stop(tx, &calendars).await?;
                    for event_type in kept::offering(tx, &there.installation).await? {
                        kept.places.extend(kept::withdraw(tx, event_type, there.app.slug).await?);
                    }
                    tx.installations().take_away(&there.installation, purge_at, &kept.json()).await?;
                    switch::note(tx, &asker, "app_uninstalled", &there).await
                })
            })
            .await?;
        Ok(sync::close_all(self, &closing).await?)
    }

    /// What the asker took away and can bring back, latest first.
    pub async fn removed(&self, asker: &Member) -> Result<Vec<RemovedView>, ConnectError> {
        let mut tx = self.db.read().await?;
        let mut views = Vec::new();
        for one in tx.installations().removed(asker.organization).await? {
            if whose::may_change(&mut tx, asker, &one.installation).await.is_err() {
                continue;
            }
            let (Some(app), Some(connection)) =
                (self.outside.app(&one.installation.app), account(&mut tx, &one).await?)
            else {
                continue;
            };
            let (at, until) = (one.at, one.purge_at);
            if until <= self.now() {
                continue;
            }
            views.push(RemovedView { id: one.installation.id, app, account: connection.account, at, until });
        }
        Ok(views)
    }

    /// Brings back what was taken away: the account, how its calendars were used, where its rooms were offered.
    #[tracing::instrument(name = "engine.undo_uninstall", skip_all, fields(installation = %id))]
    pub async fn bring_back(&self, asker: &Member, id: Id<Installation>) -> Result<(), ConnectError> {
        let mut tx = self.db.read().await?;
        let removed = tx.installations().removed(asker.organization).await?;
        let one = removed.into_iter().find(|one| one.installation.id == id).ok_or(ConnectError::NotFound)?;
        whose::may_change(&mut tx, asker, &one.installation).await?;
        let app = self.outside.app(&one.installation.app).ok_or(ConnectError::NoSuchApp)?;
        let connection = account(&mut tx, &one).await?.ok_or(ConnectError::NotFound)?;
        let scope = one.installation.scope;
        let there = Installed::of_scope(&mut tx, &self.outside, asker.organization, scope).await?;
        drop(tx);
        if there
            .iter()
            .any(|other| other.app.slug == app.slug && other.connection.account == connection.account)
        {
            return Err(ConnectError::ThereAgain { app: app.manifest().name.clone() });
        }
        self.check_needs(asker, app, scope).await?;
        let back = Installed { app, installation: one.installation.clone(), connection };
        let (asker, of) = (*asker, back.clone());
        self.db
            .write(move |tx| {
                let (one, back) = (one.clone(), of.clone());
                Box::pin(async move {
                    let kept = Kept::read(&one.kept);
                    let off = Kept { off: kept.off, ..Kept::default() };
                    tx.installations().bring_back(&one.installation, &off.json()).await?;
                    kept::resume(tx, &kept.calendars).await?;
                    kept::offer(tx, &kept.places).await?;
                    switch::note(tx, &asker, "app_restored", &back).await
                })
            })
            .await?;
        if back.installation.enabled {
            self.take_up(&back).await?;
        }
        Ok(())
    }

    /// Lets go for good what was taken away long enough ago.
    pub(crate) async fn purge_removed(&self) -> kalends_store::Result<()> {
        let due = self.db.read().await?.installations().to_purge(BATCH).await?;
        for one in due {
            self.purge(&one, None).await?;
        }
        Ok(())
    }

    /// Lets go for good now, without a way back: installed, or taken away before. Channels are closed first, then our access is
    /// given back at the provider, then everything stored about it is deleted (OAU-16).
    #[tracing::instrument(name = "engine.uninstall_for_good", skip_all, fields(installation = %id))]
    pub async fn disconnect_for_good(
        &self,
        asker: &Member,
        id: Id<Installation>,
    ) -> Result<(), ConnectError> {
        match self.disconnect(asker, id).await {
            // Taken away before.
            Ok(()) | Err(ConnectError::NotFound) => {}
            Err(error) => return Err(error),
        }
        let mut tx = self.db.read().await?;
        let removed = tx.installations().removed(asker.organization).await?;
        let one = removed.into_iter().find(|one| one.installation.id == id).ok_or(ConnectError::NotFound)?;
        whose::may_change(&mut tx, asker, &one.installation).await?;
        drop(tx);
        Ok(self.purge(&one, Some(*asker)).await?)
    }

    /// While the provider cannot be asked, the tokens are kept: nothing else ends our access there.
    async fn purge_later(&self, one: &Removed) -> kalends_store::Result<()> {
        self.purge_at(one, later(self.now(), AGAIN)).await
    }

    async fn purge_at(&self, one: &Removed, at: Timestamp) -> kalends_store::Result<()> {
        let of = one.installation.clone();
        self.db
            .write(move |tx| {
                let of = of.clone();
                Box::pin(async move { tx.installations().purge_later(&of, at).await })
            })
            .await
    }

    async fn purge(&self, one: &Removed, asker: Option<Member>) -> kalends_store::Result<()> {
        if asker.is_some() {
            // From here nobody brings it back: its access is about to end.
            self.purge_at(one, self.now()).await?;
        }
        let connection = account(&mut self.db.read().await?, one).await?;
        let there = self.outside.app(&one.installation.app).zip(connection);
        let Some((app, connection)) = there else { return self.delete(one, None, asker).await.map(drop) };
        let of = Installed { app, installation: one.installation.clone(), connection };
        for _ in 0..GIVEN_BACK {
            let (given, version) = self.give_back(&of).await;
            let last = later(one.at, self.outside.undo() + WAIT);
            if !given && asker.is_none() && self.now() < last {
                return self.purge_later(one).await;
            }
            if self.delete(one, version.map(|version| (&of.connection, version)), asker).await? {
                break;
            }
        }
        self.outside.gateway().forget(app, &of.connection.id.to_string());
        Ok(())
    }

    /// Deletes what was stored about it; false when its tokens are not those that were given back any more. Gone already,
    /// by another node, is fine.
    async fn delete(
        &self,
        one: &Removed,
        given: Option<(&Connection, i64)>,
        asker: Option<Member>,
    ) -> kalends_store::Result<bool> {
        let (one, outside) = (one.clone(), Arc::clone(&self.outside));
        let given = given.map(|(connection, version)| (connection.clone(), version));
        let deleted = self.db.write(move |tx| {
            let (one, given, outside) = (one.clone(), given.clone(), Arc::clone(&outside));
            Box::pin(async move {
                if let Some((connection, version)) = &given {
                    tx.oauth().grant_for_update(connection).await?;
                    let kept = super::oauth::Kept::read(tx, outside.keys(), connection).await?;
                    if kept.is_some_and(|kept| kept.version != *version) {
                        return Ok(false);
                    }
                }
                tx.installations().delete(&one.installation).await?;
                let (organization, app) = (one.installation.organization, &one.installation.app);
                let entry = match &asker {
                    Some(asker) => audit::Entry::by_member(asker, "app_purged", app),
                    None => audit::Entry::by_server(organization, "app_purged", app),
                };
                audit::write(tx, &entry).await?;
                Ok(true)
            })
        });
        match deleted.await {
            Err(kalends_store::Error::Missing(_)) => Ok(true),
            other => other,
        }
    }
}

/// The account of something taken away.
async fn account(tx: &mut kalends_store::Tx, of: &Removed) -> kalends_store::Result<Option<Connection>> {
    Ok(tx.installations().connections(&[of.installation.id]).await?.pop())
}

fn later(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
