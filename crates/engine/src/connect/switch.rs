//! Switching an app off for a while, and on again.

use kalends_domain::Id;
use kalends_store::repo::Installation;

use super::{ConnectError, Installed, kept, kept::Kept, needs};
use crate::{Engine, Member, audit, sync};

/// What the calendars of an app that is off mean. Unknown is never free by itself: somebody has to say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Meanwhile {
    /// Their last known times block for as long as each is trusted; then what each calendar's own rule says.
    #[default]
    Trusted,
    /// They block nothing, because their owner said so.
    Free,
}

impl Engine {
    /// Switches an app off: it reads, writes and makes nothing, and keeps everything.
    #[tracing::instrument(name = "engine.disable", skip_all, fields(installation = %id))]
    pub async fn disable(
        &self,
        asker: &Member,
        id: Id<Installation>,
        meanwhile: Meanwhile,
    ) -> Result<(), ConnectError> {
        let there = self.own(asker, id).await?;
        if !there.installation.enabled {
            return Ok(());
        }
        let name = self.asker(asker).await?.name;
        self.outside.gateway().mended(there.app, &there.connection.id.to_string());
        let (asker, outside, closing) = (*asker, std::sync::Arc::clone(&self.outside), there.clone());
        self.db
            .write(move |tx| {
                let (there, name) = (there.clone(), name.clone());
                let outside = std::sync::Arc::clone(&outside);
                Box::pin(async move {
                    refuse_while_needed(tx, &outside, &there).await?;
                    let calendars = tx.calendars().of_connection(&there.connection).await?;
                    let mut kept = Kept::default();
                    if meanwhile == Meanwhile::Free {
                        kept.off = kept::stop(tx, &calendars).await?;
                    }
                    for one in calendars.iter().filter(|one| one.blocks && meanwhile == Meanwhile::Trusted) {
                        // From here the copy grows old, as if the calendar could not be reached (FB-09).
                        let why = format!("{name} switched {} off.", there.app.manifest().name);
                        tx.calendars().sync_failed(one, &why, None).await?;
                    }
                    tx.installations().switch(&there.installation, false, &kept.json()).await?;
                    note(tx, &asker, "app_disabled", &there).await
                })
            })
            .await?;
        Ok(sync::close_all(self, &closing).await?)
    }

    /// Switches an app on again: what waited for it is taken up.
    #[tracing::instrument(name = "engine.enable", skip_all, fields(installation = %id))]
    pub async fn enable(&self, asker: &Member, id: Id<Installation>) -> Result<(), ConnectError> {
        let mut there = self.own(asker, id).await?;
        if there.installation.enabled {
            return Ok(());
        }
        let scope = there.installation.scope;
        self.check_needs(asker, there.app, scope).await?;
        let (asker, of) = (*asker, there.clone());
        self.db
            .write(move |tx| {
                let there = of.clone();
                Box::pin(async move {
                    let standing = tx.installations().lives(&[there.installation.id]).await?;
                    let kept = standing.first().map(|one| Kept::read(&one.kept)).unwrap_or_default();
                    kept::resume(tx, &kept.off).await?;
                    tx.installations().switch(&there.installation, true, &serde_json::Value::Null).await?;
                    note(tx, &asker, "app_enabled", &there).await
                })
            })
            .await?;
        there.installation.enabled = true;
        self.take_up(&there).await?;
        Ok(())
    }
}

/// What another app needs is not taken from under it.
pub(super) async fn refuse_while_needed(
    tx: &mut kalends_store::Tx,
    outside: &super::Outside,
    of: &Installed,
) -> Result<(), ConnectError> {
    let by = needs::needed_by(tx, outside, &of.installation).await?;
    if by.is_empty() {
        return Ok(());
    }
    Err(ConnectError::NeededBy { app: of.app.manifest().name.clone(), by: by.join(" and ") })
}

pub(super) async fn note(
    tx: &mut kalends_store::Tx,
    asker: &Member,
    action: &str,
    of: &Installed,
) -> Result<(), ConnectError> {
    let subject = format!("{} {}", of.app.slug, of.connection.account);
    Ok(audit::write(tx, &audit::Entry::by_member(asker, action, subject.trim())).await?)
}
