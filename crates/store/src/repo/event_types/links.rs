//! Private links.

use kalends_domain::{
    Id, Uid,
    event_type::{EventType, PrivateLink},
};

use super::{EventTypes, found};
use crate::{Result, Row, sql};

impl EventTypes<'_> {
    /// Stores a fresh private link.
    pub async fn add_link(&mut self, of: &EventType, new: &PrivateLink) -> Result<()> {
        let now = self.tx.now();
        self.tx
            .run(
                sql("INSERT INTO private_links (organization_id, id, event_type_id, uid, expires_at, most_uses, uses, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind(of.organization)
                .bind(new.id)
                .bind(of.id)
                .bind(&new.uid)
                .bind(new.expires_at)
                .bind(new.most_uses)
                .bind(new.uses)
                .bind(now),
            )
            .await
            .map(drop)
    }

    /// The private link of this address.
    pub async fn link(&mut self, uid: &Uid) -> Result<Option<PrivateLink>> {
        let query = sql(
            "SELECT id, event_type_id, uid, expires_at, most_uses, uses FROM private_links WHERE uid = $1",
        );
        self.tx.row(query.bind(uid)).await?.as_ref().map(link).transpose()
    }

    /// All private links of an event type, newest first.
    pub async fn links(&mut self, of: &EventType) -> Result<Vec<PrivateLink>> {
        let query = sql("SELECT id, event_type_id, uid, expires_at, most_uses, uses FROM private_links
             WHERE organization_id = $1 AND event_type_id = $2 ORDER BY created_at DESC, id");
        let rows = self.tx.rows(query.bind(of.organization).bind(of.id)).await?;
        rows.iter().map(link).collect()
    }

    /// Counts one use, in the booking's transaction; false when it is used up or over. Of two at once, one gets the last.
    pub async fn use_link(&mut self, uid: &Uid) -> Result<bool> {
        let now = self.tx.now();
        let query = sql("UPDATE private_links SET uses = uses + 1
             WHERE uid = $1 AND (most_uses IS NULL OR uses < most_uses) AND (expires_at IS NULL OR expires_at > $2)");
        Ok(self.tx.run(query.bind(uid).bind(now)).await? > 0)
    }

    /// Writes when a private link ends and how often it may be used; its uses stay as they are.
    pub async fn save_link(&mut self, of: &EventType, changed: &PrivateLink) -> Result<()> {
        let query = sql("UPDATE private_links SET expires_at = $4, most_uses = $5
             WHERE organization_id = $1 AND event_type_id = $2 AND id = $3");
        let query = query.bind(of.organization).bind(of.id).bind(changed.id);
        let saved = self.tx.run(query.bind(changed.expires_at).bind(changed.most_uses)).await?;
        found(saved, "private link")
    }

    /// Deletes a private link.
    pub async fn delete_link(&mut self, of: &EventType, id: Id<PrivateLink>) -> Result<()> {
        let query =
            sql("DELETE FROM private_links WHERE organization_id = $1 AND event_type_id = $2 AND id = $3");
        let deleted = self.tx.run(query.bind(of.organization).bind(of.id).bind(id)).await?;
        found(deleted, "private link")
    }
}

fn link(row: &Row) -> Result<PrivateLink> {
    Ok(PrivateLink {
        id: row.get("id")?,
        event_type: row.get("event_type_id")?,
        uid: row.get("uid")?,
        expires_at: row.get("expires_at")?,
        most_uses: row.get("most_uses")?,
        uses: row.get("uses")?,
    })
}
