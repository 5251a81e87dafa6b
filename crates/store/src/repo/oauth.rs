//! Sign-ins at providers: our registrations, questions under way, and what was granted.

mod flows;
mod grants;

use jiff::Timestamp;
use kalends_domain::{Id, people::Organization};
use secrecy::SecretString;

pub use self::{flows::Flow, grants::Grant};
use crate::{
    Result, Tx,
    seal::{Keys, Place, Sealed},
    sql,
};

/// Sign-ins at providers.
pub struct OAuth<'t> {
    pub(super) tx: &'t mut Tx,
}

/// Our registration at a provider, as an administrator entered it.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Public.
    pub client_id: String,
    /// Its secrets together, as their owner writes them down.
    pub secrets: SecretString,
}

impl OAuth<'_> {
    /// The organization's registration for an app.
    pub async fn client(
        &mut self,
        keys: &Keys,
        organization: Id<Organization>,
        app: &str,
    ) -> Result<Option<Registration>> {
        let query = sql(
            "SELECT client_id, key_id, sealed FROM oauth_clients WHERE organization_id = $1 AND app = $2",
        );
        let Some(row) = self.tx.row(query.bind(organization).bind(app)).await? else { return Ok(None) };
        let sealed = Sealed { key: row.get("key_id")?, text: row.get("sealed")? };
        let name = client_row(&organization.to_string(), app);
        let secrets = keys.open(client_place(&name), &sealed)?;
        Ok(Some(Registration { client_id: row.get("client_id")?, secrets }))
    }

    /// Seals and stores a registration, over what was there.
    pub async fn set_client(
        &mut self,
        keys: &Keys,
        organization: Id<Organization>,
        app: &str,
        new: &Registration,
    ) -> Result<()> {
        let now = self.tx.now();
        let name = client_row(&organization.to_string(), app);
        let sealed = keys.seal(self.tx.ids(), client_place(&name), &new.secrets)?;
        let query = sql("INSERT INTO oauth_clients (organization_id, app, client_id, key_id, sealed, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (organization_id, app) DO UPDATE SET client_id = excluded.client_id, key_id = excluded.key_id,
                sealed = excluded.sealed, updated_at = excluded.updated_at");
        let query =
            query.bind(organization).bind(app).bind(&new.client_id).bind(&sealed.key).bind(&sealed.text);
        self.tx.run(query.bind(now)).await.map(drop)
    }

    /// Deletes a registration; none there is fine.
    pub async fn delete_client(&mut self, organization: Id<Organization>, app: &str) -> Result<()> {
        let query = sql("DELETE FROM oauth_clients WHERE organization_id = $1 AND app = $2");
        self.tx.run(query.bind(organization).bind(app)).await.map(drop)
    }

    /// Why a provider does not take our registration, and since when; none while it does.
    pub async fn trouble(
        &mut self,
        organization: Id<Organization>,
        app: &str,
    ) -> Result<Option<(String, Timestamp)>> {
        let query = sql("SELECT cause, since_at FROM oauth_troubles WHERE organization_id = $1 AND app = $2");
        let row = self.tx.row(query.bind(organization).bind(app)).await?;
        row.map(|row| Ok((row.get("cause")?, row.get("since_at")?))).transpose()
    }

    /// Notes that our registration is not taken; false when that is known.
    pub async fn set_trouble(
        &mut self,
        organization: Id<Organization>,
        app: &str,
        cause: &str,
    ) -> Result<bool> {
        let now = self.tx.now();
        let query =
            sql("INSERT INTO oauth_troubles (organization_id, app, cause, since_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (organization_id, app) DO NOTHING");
        Ok(self.tx.run(query.bind(organization).bind(app).bind(cause).bind(now)).await? > 0)
    }

    /// Notes that our registration is taken (again).
    pub async fn clear_trouble(&mut self, organization: Id<Organization>, app: &str) -> Result<()> {
        let query = sql("DELETE FROM oauth_troubles WHERE organization_id = $1 AND app = $2");
        self.tx.run(query.bind(organization).bind(app)).await.map(drop)
    }

    /// Seals up to so many registrations anew that are under another key than the current one; how many were left.
    pub async fn rotate(&mut self, keys: &Keys, batch: u32) -> Result<u64> {
        let query = crate::Sql::built(format!(
            "SELECT organization_id, app, key_id, sealed FROM oauth_clients WHERE key_id <> $1
             ORDER BY organization_id, app LIMIT $2 {}",
            self.tx.for_update()
        ));
        let rows = self.tx.rows(query.bind(keys.current()).bind(batch)).await?;
        for row in &rows {
            let (organization, app): (String, String) = (row.get("organization_id")?, row.get("app")?);
            let name = client_row(&organization, &app);
            let sealed = Sealed { key: row.get("key_id")?, text: row.get("sealed")? };
            let secrets = keys.open(client_place(&name), &sealed)?;
            let anew = keys.seal(self.tx.ids(), client_place(&name), &secrets)?;
            let query = sql(
                "UPDATE oauth_clients SET key_id = $3, sealed = $4 WHERE organization_id = $1 AND app = $2",
            );
            self.tx.run(query.bind(organization).bind(app).bind(&anew.key).bind(&anew.text)).await?;
        }
        Ok(rows.len() as u64)
    }

    /// How many registrations are under each key.
    pub async fn keys_used(&mut self) -> Result<Vec<(String, i64)>> {
        let query = sql(
            "SELECT key_id, CAST(COUNT(*) AS BIGINT) AS many FROM oauth_clients GROUP BY key_id ORDER BY key_id",
        );
        let rows = self.tx.rows(query).await?;
        rows.iter().map(|row| Ok((row.get("key_id")?, row.get("many")?))).collect()
    }
}

fn client_row(organization: &str, app: &str) -> String {
    format!("{organization}/{app}")
}

const fn client_place(row: &str) -> Place<'_> {
    Place { table: "oauth_clients", row, column: "sealed" }
}
