//! Private links of an event type.

use kalends_domain::{
    Id,
    event_type::{EventType, PrivateLink},
};
use kalends_store::Error;

use super::PrivateLinkDraft;
use crate::{EditError, Engine, Invalid, Member};

const WHAT: &str = "private link";

impl Engine {
    /// All private links of an event type, newest first.
    pub async fn private_links(
        &self,
        member: &Member,
        event_type: Id<EventType>,
    ) -> Result<Vec<PrivateLink>, EditError> {
        let of = self.editable(member, event_type).await?;
        Ok(self.db.read().await?.event_types().links(&of).await?)
    }

    /// Makes an address that books even a hidden event type, until it ends or is used up.
    pub async fn create_private_link(
        &self,
        member: &Member,
        event_type: Id<EventType>,
        draft: PrivateLinkDraft,
    ) -> Result<PrivateLink, EditError> {
        let of = self.editable(member, event_type).await?;
        self.check_link(draft)?;
        self.db
            .write(move |tx| {
                let of = of.clone();
                Box::pin(async move {
                    let link = PrivateLink {
                        id: tx.ids().id(),
                        event_type: of.id,
                        uid: tx.ids().uid(),
                        expires_at: draft.expires_at,
                        most_uses: draft.most_uses,
                        uses: 0,
                    };
                    tx.event_types().add_link(&of, &link).await?;
                    Ok(link)
                })
            })
            .await
    }

    /// Changes when a private link ends and how often it may be used; uses made already stay counted.
    pub async fn update_private_link(
        &self,
        member: &Member,
        event_type: Id<EventType>,
        link: Id<PrivateLink>,
        draft: PrivateLinkDraft,
    ) -> Result<PrivateLink, EditError> {
        let of = self.editable(member, event_type).await?;
        self.check_link(draft)?;
        self.db
            .write(move |tx| {
                let of = of.clone();
                Box::pin(async move {
                    let links = tx.event_types().links(&of).await?;
                    let old = links.into_iter().find(|one| one.id == link);
                    let old = old.ok_or(EditError::NotFound { what: WHAT })?;
                    let new = PrivateLink { expires_at: draft.expires_at, most_uses: draft.most_uses, ..old };
                    tx.event_types().save_link(&of, &new).await?;
                    Ok(new)
                })
            })
            .await
    }

    /// Deletes a private link; bookings made through it stay.
    pub async fn delete_private_link(
        &self,
        member: &Member,
        event_type: Id<EventType>,
        link: Id<PrivateLink>,
    ) -> Result<(), EditError> {
        let of = self.editable(member, event_type).await?;
        self.db
            .write(move |tx| {
                let of = of.clone();
                Box::pin(async move {
                    tx.event_types().delete_link(&of, link).await.map_err(|error| match error {
                        Error::Missing(_) => EditError::NotFound { what: WHAT },
                        other => other.into(),
                    })
                })
            })
            .await
    }

    fn check_link(&self, draft: PrivateLinkDraft) -> Result<(), Invalid> {
        let mut invalid = Invalid::default();
        let now = self.now();
        invalid.need(draft.expires_at.is_none_or(|end| end > now), "expiresAt", "the end lies in the past");
        let uses = draft.most_uses.is_none_or(|most| (1..=100_000).contains(&most));
        invalid.need(uses, "maxUsageCount", "a link is used between 1 and 100000 times");
        invalid.check()
    }
}
