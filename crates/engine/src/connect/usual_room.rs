//! The app that makes the rooms of a host's new event types, where they name no place.

use kalends_app::App;
use kalends_domain::event_type::{Location, Owner};
use kalends_store::{Result as StoreResult, Tx};

use super::{ConnectError, Installed};
use crate::{Engine, Member, event_types::EventTypeDraft};

impl Engine {
    /// Makes an app that makes rooms the asker's usual one. It must be connected.
    pub async fn set_usual_room(&self, asker: &Member, app: &App) -> Result<(), ConnectError> {
        let mut tx = self.db.read().await?;
        let all = Installed::usable_by(&mut tx, &self.outside, asker.organization, &[asker.user]).await?;
        drop(tx);
        if app.conference().is_none() || all.iter().all(|one| one.app.slug != app.slug) {
            return Err(ConnectError::NotFound);
        }
        let mut user = self.asker(asker).await?;
        user.profile.usual_room = Some(app.slug.to_owned());
        self.db
            .write(move |tx| {
                let user = user.clone();
                Box::pin(async move { tx.people().save(&user).await })
            })
            .await?;
        Ok(())
    }

    /// The asker's usual room, while its app is connected.
    pub async fn usual_room(&self, asker: &Member) -> Result<Option<&'static App>, ConnectError> {
        let Some(slug) = self.asker(asker).await?.profile.usual_room else { return Ok(None) };
        let mut tx = self.db.read().await?;
        let all = Installed::usable_by(&mut tx, &self.outside, asker.organization, &[asker.user]).await?;
        Ok(all.iter().map(|one| one.app).find(|app| app.slug == slug))
    }
}

/// The place of a new event type of somebody's own that names none.
pub(crate) async fn place(tx: &mut Tx, draft: &EventTypeDraft) -> StoreResult<Option<Location>> {
    let Owner::User(owner) = draft.owner else { return Ok(None) };
    let Some(user) = tx.people().get(owner).await? else { return Ok(None) };
    let Some(slug) = user.profile.usual_room else { return Ok(None) };
    let usable = tx.installations().usable_by(user.organization, &[owner]).await?;
    let there = usable.iter().any(|one| one.enabled && one.app == slug);
    Ok(there.then(|| Location::app(slug)))
}
