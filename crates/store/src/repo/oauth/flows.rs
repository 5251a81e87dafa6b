//! Somebody was sent to a provider and is to come back.

use jiff::Timestamp;
use kalends_domain::{
    Id,
    people::{Organization, User},
};
use secrecy::SecretString;
use serde_json::Value as Json;

use super::OAuth;
use crate::{
    Result, Row,
    repo::{Installation, Scope, Session},
    seal::{Keys, Place, Sealed},
    sha256, sql,
};

/// Somebody was sent to a provider and is to come back.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// The row.
    pub id: Id<Self>,
    /// Where they belong.
    pub organization: Id<Organization>,
    /// To be connected.
    pub app: String,
    /// Who.
    pub user: Id<User>,
    /// In which browser.
    pub session: Id<Session>,
    /// For whom.
    pub scope: Scope,
    /// The connection to be mended; none for a new one.
    pub installation: Option<Id<Installation>>,
    /// As the setup form says.
    pub settings: Json,
    /// Until then.
    pub expires_at: Timestamp,
}

const SELECT: &str =
    "organization_id, id, app, user_id, session_id, owner_user_id, owner_team_id, installation_id, settings, key_id, sealed,
    expires_at";

impl OAuth<'_> {
    /// Stores a question under its state, with what must stay here until the answer.
    pub async fn begin(&mut self, keys: &Keys, state: &str, new: &Flow, secret: &SecretString) -> Result<()> {
        let now = self.tx.now();
        let row = row_of(new);
        let sealed = keys.seal(self.tx.ids(), place(&row), secret)?;
        let (user, team) = new.scope.owners();
        let query = sql("INSERT INTO oauth_flows (organization_id, id, state_hash, app, user_id, session_id, owner_user_id,
                owner_team_id, installation_id, settings, key_id, sealed, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)");
        let query =
            query.bind(new.organization).bind(new.id).bind(sha256(state)).bind(&new.app).bind(new.user);
        let query = query.bind(new.session).bind(user).bind(team).bind(new.installation).bind(&new.settings);
        let query = query.bind(&sealed.key).bind(&sealed.text).bind(now).bind(new.expires_at);
        self.tx.run(query).await.map(drop)
    }

    /// Uses a state up: what was asked under it. None when it is over, used, another app's or another browser's, and then
    /// nothing changes; of two at once one gets it.
    pub async fn answer(
        &mut self,
        keys: &Keys,
        state: &str,
        app: &str,
        session: Id<Session>,
    ) -> Result<Option<(Flow, SecretString)>> {
        let now = self.tx.now();
        let query = crate::Sql::built(format!(
            "UPDATE oauth_flows SET used_at = $4 WHERE state_hash = $1 AND app = $2 AND session_id = $3
                AND used_at IS NULL AND expires_at > $4 RETURNING {SELECT}"
        ));
        let row = self.tx.row(query.bind(sha256(state)).bind(app).bind(session).bind(now)).await?;
        row.map(|row| opened(keys, &row)).transpose()
    }

    /// Keeps what was granted until it is confirmed, in place of what was sealed before.
    pub async fn hold(&mut self, keys: &Keys, of: &Flow, granted: &SecretString) -> Result<()> {
        let row = row_of(of);
        let sealed = keys.seal(self.tx.ids(), place(&row), granted)?;
        let query = sql("UPDATE oauth_flows SET key_id = $3, sealed = $4, expires_at = $5
             WHERE organization_id = $1 AND id = $2");
        let query =
            query.bind(of.organization).bind(of.id).bind(&sealed.key).bind(&sealed.text).bind(of.expires_at);
        self.tx.run(query).await.map(drop)
    }

    /// What is held for this browser's yes or no; none when that is over.
    pub async fn held(
        &mut self,
        keys: &Keys,
        id: Id<Flow>,
        session: Id<Session>,
    ) -> Result<Option<(Flow, SecretString)>> {
        let now = self.tx.now();
        let query = crate::Sql::built(format!(
            "SELECT {SELECT} FROM oauth_flows WHERE id = $1 AND session_id = $2 AND used_at IS NOT NULL AND expires_at > $3"
        ));
        let row = self.tx.row(query.bind(id).bind(session).bind(now)).await?;
        row.map(|row| opened(keys, &row)).transpose()
    }

    /// What is held of this browser's latest sign-in for an app; none when that is over.
    pub async fn latest_held(
        &mut self,
        keys: &Keys,
        app: &str,
        session: Id<Session>,
    ) -> Result<Option<(Flow, SecretString)>> {
        let now = self.tx.now();
        let query = crate::Sql::built(format!(
            "SELECT {SELECT} FROM oauth_flows WHERE app = $1 AND session_id = $2 AND used_at IS NOT NULL AND expires_at > $3
             ORDER BY used_at DESC, id DESC LIMIT 1"
        ));
        let row = self.tx.row(query.bind(app).bind(session).bind(now)).await?;
        row.map(|row| opened(keys, &row)).transpose()
    }

    /// Deletes a question; false when it was gone.
    pub async fn end(&mut self, of: &Flow) -> Result<bool> {
        let query = sql("DELETE FROM oauth_flows WHERE organization_id = $1 AND id = $2");
        Ok(self.tx.run(query.bind(of.organization).bind(of.id)).await? > 0)
    }

    /// Deletes questions that were over before.
    pub async fn sweep(&mut self, before: Timestamp) -> Result<u64> {
        self.tx.run(sql("DELETE FROM oauth_flows WHERE expires_at < $1").bind(before)).await
    }
}

fn opened(keys: &Keys, row: &Row) -> Result<(Flow, SecretString)> {
    let flow = Flow {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        app: row.get("app")?,
        user: row.get("user_id")?,
        session: row.get("session_id")?,
        scope: Scope::of_owners(row.get("owner_user_id")?, row.get("owner_team_id")?),
        installation: row.get("installation_id")?,
        settings: row.json("settings")?,
        expires_at: row.get("expires_at")?,
    };
    let sealed = Sealed { key: row.get("key_id")?, text: row.get("sealed")? };
    let secret = keys.open(place(&row_of(&flow)), &sealed)?;
    Ok((flow, secret))
}

fn row_of(flow: &Flow) -> String {
    format!("{}/{}", flow.organization, flow.id)
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "oauth_flows", row, column: "sealed" }
}
