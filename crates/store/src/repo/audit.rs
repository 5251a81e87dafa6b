//! The audit log: who did what.

use jiff::Timestamp;
use kalends_domain::{
    Id,
    people::{Organization, User},
};
use serde_json::Value as Json;

use crate::{Result, Row, Tx, sql};

/// The audit log.
pub struct Audit<'t> {
    pub(super) tx: &'t mut Tx,
}

/// Something somebody did.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// Where.
    pub organization: Id<Organization>,
    /// Who; none is the server itself, or somebody unknown.
    pub actor: Option<Id<User>>,
    /// What, in one stable word: `session.opened`, `api_key.made`.
    pub action: String,
    /// To what: an id or an address.
    pub subject: String,
    /// More; never a secret.
    pub detail: Json,
    /// From where; empty when it came from inside.
    pub ip: String,
}

impl Audit<'_> {
    /// Notes a deed, in the transaction that does it.
    pub async fn note(&mut self, deed: &Deed) -> Result<()> {
        let (id, now) = (self.tx.ids().id::<Deed>(), self.tx.now());
        self.tx
            .run(
                sql("INSERT INTO audit_log (organization_id, id, at, actor, action, subject, detail, ip)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind(deed.organization)
                .bind(id)
                .bind(now)
                .bind(deed.actor)
                .bind(&deed.action)
                .bind(&deed.subject)
                .bind(&deed.detail)
                .bind(&deed.ip),
            )
            .await
            .map(drop)
    }

    /// The last deeds in an organization, newest first.
    pub async fn list(
        &mut self,
        organization: Id<Organization>,
        most: u32,
    ) -> Result<Vec<(Timestamp, Deed)>> {
        let query = sql("SELECT organization_id, at, actor, action, subject, detail, ip FROM audit_log
             WHERE organization_id = $1 ORDER BY at DESC, id DESC LIMIT $2");
        self.tx.rows(query.bind(organization).bind(most)).await?.iter().map(deed).collect()
    }

    /// Deletes what is older.
    pub async fn sweep(&mut self, before: Timestamp) -> Result<u64> {
        self.tx.run(sql("DELETE FROM audit_log WHERE at < $1").bind(before)).await
    }
}

fn deed(row: &Row) -> Result<(Timestamp, Deed)> {
    let deed = Deed {
        organization: row.get("organization_id")?,
        actor: row.get("actor")?,
        action: row.get("action")?,
        subject: row.get("subject")?,
        detail: row.json("detail")?,
        ip: row.get("ip")?,
    };
    Ok((row.get("at")?, deed))
}
