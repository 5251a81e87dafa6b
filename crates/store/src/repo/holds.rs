//! Holds: slots kept while a guest types. Their time is in claims.

use jiff::Timestamp;
use kalends_domain::{
    Id, Span, Uid,
    event_type::EventType,
    people::{Organization, User},
};

use super::Owner;
use crate::{Result, Row, Sql, Tx, Value, sql};

/// Holds.
pub struct Holds<'t> {
    pub(super) tx: &'t mut Tx,
}

/// A slot kept for a guest until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The row.
    pub id: Id<Self>,
    /// Known to the guest alone.
    pub uid: Uid,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// What is to be booked.
    pub event_type: Id<EventType>,
    /// The slot, without buffers.
    pub span: Span,
    /// Seats kept.
    pub seats: u32,
    /// It ends then.
    pub expires_at: Timestamp,
}

const COLUMNS: &str = "organization_id, id, uid, event_type_id, starts, ends, seats, expires_at";

impl Holds<'_> {
    /// Stores a fresh hold, in the transaction that claims its time.
    pub async fn add(&mut self, new: &Hold) -> Result<()> {
        let now = self.tx.now();
        self.tx
            .run(
                sql("INSERT INTO holds (organization_id, id, uid, event_type_id, starts, ends, seats, created_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
                .bind(new.organization)
                .bind(new.id)
                .bind(&new.uid)
                .bind(new.event_type)
                .bind(new.span.start)
                .bind(new.span.end)
                .bind(new.seats)
                .bind(now)
                .bind(new.expires_at),
            )
            .await
            .map(drop)
    }

    /// The hold of this uid; one that has ended is not there.
    pub async fn by_uid(&mut self, uid: &Uid) -> Result<Option<Hold>> {
        let now = self.tx.now();
        let query = Sql::built(format!("SELECT {COLUMNS} FROM holds WHERE uid = $1 AND expires_at > $2"));
        self.tx.row(query.bind(uid).bind(now)).await?.as_ref().map(hold).transpose()
    }

    /// The hosts whose time a hold keeps.
    pub async fn hosts(&mut self, of: &Hold) -> Result<Vec<Id<User>>> {
        let query = sql("SELECT host_id FROM claims WHERE owner_id = $1 ORDER BY host_id");
        let rows = self.tx.rows(query.bind(Value::from(Owner::Hold(of.id)))).await?;
        rows.iter().map(|row| row.get("host_id")).collect()
    }

    /// Moves a hold's end, and that of its claims.
    pub async fn extend(&mut self, of: &Hold, until: Timestamp) -> Result<()> {
        let query = sql("UPDATE holds SET expires_at = $3 WHERE organization_id = $1 AND id = $2");
        self.tx.run(query.bind(of.organization).bind(of.id).bind(until)).await?;
        let query = sql("UPDATE claims SET expires_at = $2 WHERE owner_id = $1");
        self.tx.run(query.bind(Value::from(Owner::Hold(of.id))).bind(until)).await.map(drop)
    }

    /// Deletes a hold. Its claims are released apart, or were taken over.
    pub async fn delete(&mut self, of: &Hold) -> Result<()> {
        let query = sql("DELETE FROM holds WHERE organization_id = $1 AND id = $2");
        self.tx.run(query.bind(of.organization).bind(of.id)).await.map(drop)
    }
}

fn hold(row: &Row) -> Result<Hold> {
    Ok(Hold {
        id: row.get("id")?,
        uid: row.get("uid")?,
        organization: row.get("organization_id")?,
        event_type: row.get("event_type_id")?,
        span: row.span()?,
        seats: row.get("seats")?,
        expires_at: row.get("expires_at")?,
    })
}
