//! What stands behind a connection's tokens, and whose turn it is to renew them.

use jiff::Timestamp;
use kalends_domain::{Id, people::Organization};

use super::OAuth;
use crate::{
    Result, Row, Sql,
    repo::{Connection, json},
    sql,
};

/// What stands behind a connection's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Whose tokens.
    pub connection: Id<Connection>,
    /// The app.
    pub app: String,
    /// The account's own id at the provider.
    pub subject: String,
    /// What does not work because it was not granted, in words.
    pub missing: Vec<String>,
    /// When tokens last came.
    pub refreshed_at: Timestamp,
    /// Counts turns.
    pub fence: i64,
    /// The turn whose tokens are stored.
    pub stored_fence: i64,
    /// Somebody's turn lasts until then.
    pub lease_until: Option<Timestamp>,
    /// The version of the tokens that are being renewed, since when.
    pub attempt: Option<(i64, Timestamp)>,
    /// So often it failed since it last worked.
    pub failures: u32,
    /// Nothing is tried before.
    pub next_try_at: Option<Timestamp>,
    /// The provider has ended it.
    pub ended_at: Option<Timestamp>,
    /// Why it failed last, or ended.
    pub cause: String,
}

const SELECT: &str =
    "SELECT organization_id, connection_id, app, subject, missing, refreshed_at, fence, stored_fence,
    lease_until, attempt_version, attempt_at, failures, next_try_at, ended_at, cause FROM oauth_grants";

impl OAuth<'_> {
    /// What stands behind a connection's tokens.
    pub async fn grant(&mut self, of: &Connection) -> Result<Option<Grant>> {
        self.one(of, "").await
    }

    /// The same, for a transaction that will change it: others wait.
    pub async fn grant_for_update(&mut self, of: &Connection) -> Result<Option<Grant>> {
        let lock = self.tx.for_update();
        self.one(of, lock).await
    }

    async fn one(&mut self, of: &Connection, lock: &str) -> Result<Option<Grant>> {
        let query = Sql::built(format!("{SELECT} WHERE organization_id = $1 AND connection_id = $2 {lock}"));
        self.tx.row(query.bind(of.organization).bind(of.id)).await?.as_ref().map(grant).transpose()
    }

    /// What stands behind these connections' tokens, in one query.
    pub async fn grants(&mut self, of: &[Id<Connection>]) -> Result<Vec<Grant>> {
        let query = Sql::built(format!("{SELECT} WHERE connection_id IN ($*)"));
        self.tx.rows(query.bind_list(of.iter().copied())).await?.iter().map(grant).collect()
    }

    /// The grants of this account at an app's provider, in every organization: it is the provider who speaks.
    pub async fn grants_of(&mut self, app: &str, subject: &str) -> Result<Vec<Grant>> {
        let query = Sql::built(format!("{SELECT} WHERE app = $1 AND subject = $2 ORDER BY connection_id"));
        self.tx.rows(query.bind(app).bind(subject)).await?.iter().map(grant).collect()
    }

    /// Whether any grant of this app stands in an organization.
    pub async fn stands(&mut self, organization: Id<Organization>, app: &str) -> Result<bool> {
        let query = sql(
            "SELECT 1 AS there FROM oauth_grants WHERE organization_id = $1 AND app = $2 AND ended_at IS NULL LIMIT 1",
        );
        Ok(self.tx.row(query.bind(organization).bind(app)).await?.is_some())
    }

    /// Grants that stand, whose tokens came before then, and that may be tried now; the longest waiting first.
    pub async fn due(&mut self, before: Timestamp, most: u32) -> Result<Vec<Grant>> {
        let now = self.tx.now();
        let query = Sql::built(format!(
            "{SELECT} WHERE ended_at IS NULL AND refreshed_at <= $1 AND (next_try_at IS NULL OR next_try_at <= $2)
             ORDER BY refreshed_at LIMIT $3"
        ));
        self.tx.rows(query.bind(before).bind(now).bind(most)).await?.iter().map(grant).collect()
    }

    /// Lets an app's grants be tried again at once: its registration was mended.
    pub async fn try_again(&mut self, organization: Id<Organization>, app: &str) -> Result<()> {
        let query = sql("UPDATE oauth_grants SET next_try_at = NULL WHERE organization_id = $1 AND app = $2");
        self.tx.run(query.bind(organization).bind(app)).await.map(drop)
    }

    /// Writes a grant, whole.
    pub async fn set_grant(&mut self, new: &Grant) -> Result<()> {
        let (version, since) = new.attempt.unzip();
        let query = sql("INSERT INTO oauth_grants (organization_id, connection_id, app, subject, missing, refreshed_at, fence,
                stored_fence, lease_until, attempt_version, attempt_at, failures, next_try_at, ended_at, cause)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
             ON CONFLICT (organization_id, connection_id) DO UPDATE SET app = excluded.app, subject = excluded.subject,
                missing = excluded.missing, refreshed_at = excluded.refreshed_at, fence = excluded.fence,
                stored_fence = excluded.stored_fence, lease_until = excluded.lease_until,
                attempt_version = excluded.attempt_version, attempt_at = excluded.attempt_at,
                failures = excluded.failures, next_try_at = excluded.next_try_at, ended_at = excluded.ended_at,
                cause = excluded.cause");
        let query = query.bind(new.organization).bind(new.connection).bind(&new.app).bind(&new.subject);
        let query =
            query.bind(json(&new.missing)?).bind(new.refreshed_at).bind(new.fence).bind(new.stored_fence);
        let query = query.bind(new.lease_until).bind(version).bind(since).bind(new.failures);
        let query = query.bind(new.next_try_at).bind(new.ended_at).bind(&new.cause);
        self.tx.run(query).await.map(drop)
    }
}

fn grant(row: &Row) -> Result<Grant> {
    let failures: i64 = row.get("failures")?;
    Ok(Grant {
        organization: row.get("organization_id")?,
        connection: row.get("connection_id")?,
        app: row.get("app")?,
        subject: row.get("subject")?,
        missing: row.json("missing")?,
        refreshed_at: row.get("refreshed_at")?,
        fence: row.get("fence")?,
        stored_fence: row.get("stored_fence")?,
        lease_until: row.get("lease_until")?,
        attempt: Option::zip(row.get("attempt_version")?, row.get("attempt_at")?),
        failures: u32::try_from(failures).unwrap_or(u32::MAX),
        next_try_at: row.get("next_try_at")?,
        ended_at: row.get("ended_at")?,
        cause: row.get("cause")?,
    })
}
