//! Requests that may come again: the first answer is kept and given again.

use jiff::Timestamp;
use kalends_domain::{Id, people::Organization};

use crate::{Result, Tx, sql};

/// Answers to requests that may come again.
pub struct Idempotency<'t> {
    pub(super) tx: &'t mut Tx,
}

/// Whether a request was seen before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Never: do it, and keep the answer in the same transaction.
    Never,
    /// The same, answered then so.
    Answered {
        /// The status.
        status: u32,
        /// The body.
        answer: String,
    },
    /// The key was used for another request.
    Otherwise,
}

impl Idempotency<'_> {
    /// Looks whether this principal used this key before, and marks it as used.
    ///
    /// Of two at once one waits for the other's transaction and then gets its answer.
    pub async fn begin(
        &mut self,
        organization: Id<Organization>,
        principal: &str,
        key: &str,
        request_hash: &str,
        expires_at: Timestamp,
    ) -> Result<Seen> {
        let now = self.tx.now();
        let fresh = self
            .tx
            .run(
                sql("INSERT INTO idempotency_keys (organization_id, principal, key, request_hash, created_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (organization_id, principal, key) DO UPDATE SET request_hash = excluded.request_hash,
                        status = NULL, answer = NULL, created_at = excluded.created_at, expires_at = excluded.expires_at
                     WHERE idempotency_keys.expires_at <= excluded.created_at")
                .bind(organization)
                .bind(principal)
                .bind(key)
                .bind(request_hash)
                .bind(now)
                .bind(expires_at),
            )
            .await?;
        if fresh > 0 {
            return Ok(Seen::Never);
        }
        let query = sql("SELECT request_hash, status, answer FROM idempotency_keys
             WHERE organization_id = $1 AND principal = $2 AND key = $3");
        let Some(row) = self.tx.row(query.bind(organization).bind(principal).bind(key)).await? else {
            return Ok(Seen::Never);
        };
        let hash: String = row.get("request_hash")?;
        if hash != request_hash {
            return Ok(Seen::Otherwise);
        }
        match (row.get::<Option<u32>>("status")?, row.get::<Option<String>>("answer")?) {
            (Some(status), Some(answer)) => Ok(Seen::Answered { status, answer }),
            // Marked without an answer: its transaction kept none, so nothing was done under this key.
            _ => Ok(Seen::Never),
        }
    }

    /// Keeps the answer, in the transaction that does what was asked.
    pub async fn answered(
        &mut self,
        organization: Id<Organization>,
        principal: &str,
        key: &str,
        status: u32,
        answer: &str,
    ) -> Result<()> {
        let query = sql("UPDATE idempotency_keys SET status = $4, answer = $5
             WHERE organization_id = $1 AND principal = $2 AND key = $3");
        let query = query.bind(organization).bind(principal).bind(key).bind(status).bind(answer);
        self.tx.soon(query).await
    }

    /// The answer kept under this key, whatever was asked; none where nothing was done under it.
    pub async fn kept(
        &mut self,
        organization: Id<Organization>,
        principal: &str,
        key: &str,
    ) -> Result<Option<String>> {
        let query = sql("SELECT answer FROM idempotency_keys
             WHERE organization_id = $1 AND principal = $2 AND key = $3 AND expires_at > $4");
        let now = self.tx.now();
        let query = query.bind(organization).bind(principal).bind(key).bind(now);
        self.tx.row(query).await?.map_or(Ok(None), |row| row.get("answer"))
    }

    /// Deletes what has ended.
    pub async fn sweep(&mut self) -> Result<u64> {
        let now = self.tx.now();
        self.tx.run(sql("DELETE FROM idempotency_keys WHERE expires_at <= $1").bind(now)).await
    }
}
