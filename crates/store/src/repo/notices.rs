//! Notices as they came, sealed and for a short time.

use jiff::Timestamp;
use kalends_domain::{Id, people::Organization};
use secrecy::SecretString;

use super::Hook;
use crate::{
    Result, Sql, Tx,
    seal::{Keys, Place, Sealed},
    sql,
};

/// Notices as they came.
pub struct Notices<'t> {
    pub(super) tx: &'t mut Tx,
}

/// A notice as it came: only a name for its row, whose text is read by [`Notices::open`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawNotice;

impl Notices<'_> {
    /// Seals and keeps a notice.
    pub async fn keep(
        &mut self,
        keys: &Keys,
        by: &Hook,
        id: Id<RawNotice>,
        text: &SecretString,
    ) -> Result<()> {
        let now = self.tx.now();
        let row = row_of(by.organization, id);
        let sealed = keys.seal(self.tx.ids(), place(&row), text)?;
        let query =
            sql("INSERT INTO inbound_notices (organization_id, id, hook_id, key_id, sealed, received_at)
             VALUES ($1, $2, $3, $4, $5, $6)");
        let query = query.bind(by.organization).bind(id).bind(by.id).bind(&sealed.key).bind(&sealed.text);
        self.tx.run(query.bind(now)).await.map(drop)
    }

    /// The notice's text; none when it is not kept any more.
    pub async fn open(
        &mut self,
        keys: &Keys,
        organization: Id<Organization>,
        id: Id<RawNotice>,
    ) -> Result<Option<SecretString>> {
        let query = sql("SELECT key_id, sealed FROM inbound_notices WHERE organization_id = $1 AND id = $2");
        let Some(row) = self.tx.row(query.bind(organization).bind(id)).await? else { return Ok(None) };
        let sealed = Sealed { key: row.get("key_id")?, text: row.get("sealed")? };
        Ok(Some(keys.open(place(&row_of(organization, id)), &sealed)?))
    }

    /// Throws away what came before then, and of each address all but the latest so many; how many there were.
    pub async fn sweep(&mut self, before: Timestamp, most: u32) -> Result<u64> {
        let old = sql("DELETE FROM inbound_notices WHERE received_at < $1");
        let old = self.tx.run(old.bind(before)).await?;
        let many = sql("DELETE FROM inbound_notices WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER
                (PARTITION BY organization_id, hook_id ORDER BY received_at DESC, id DESC) AS place FROM inbound_notices) n
             WHERE place > $1)");
        Ok(old + self.tx.run(many.bind(most)).await?)
    }

    /// Seals up to so many notices anew that are under another key than the current one; how many there were.
    pub async fn rotate(&mut self, keys: &Keys, batch: u32) -> Result<u64> {
        let query = Sql::built(format!(
            "SELECT organization_id, id, key_id, sealed FROM inbound_notices WHERE key_id <> $1
             ORDER BY organization_id, id LIMIT $2 {}",
            self.tx.for_update()
        ));
        let rows = self.tx.rows(query.bind(keys.current()).bind(batch)).await?;
        for row in &rows {
            let (organization, id) = (row.get("organization_id")?, row.get("id")?);
            let name = row_of(organization, id);
            let sealed = Sealed { key: row.get("key_id")?, text: row.get("sealed")? };
            let text = keys.open(place(&name), &sealed)?;
            let anew = keys.seal(self.tx.ids(), place(&name), &text)?;
            let query = sql("UPDATE inbound_notices SET key_id = $3, sealed = $4
                 WHERE organization_id = $1 AND id = $2");
            self.tx.run(query.bind(organization).bind(id).bind(&anew.key).bind(&anew.text)).await?;
        }
        Ok(rows.len() as u64)
    }

    /// How many notices are under each sealing key.
    pub async fn keys_used(&mut self) -> Result<Vec<(String, i64)>> {
        let query = sql("SELECT key_id, CAST(COUNT(*) AS BIGINT) AS many FROM inbound_notices
             GROUP BY key_id ORDER BY key_id");
        let rows = self.tx.rows(query).await?;
        rows.iter().map(|row| Ok((row.get("key_id")?, row.get("many")?))).collect()
    }
}

fn row_of(organization: Id<Organization>, id: Id<RawNotice>) -> String {
    format!("{organization}/{id}")
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "inbound_notices", row, column: "sealed" }
}
