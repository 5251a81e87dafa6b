//! The sealed secrets of connections.

use jiff::Timestamp;
use kalends_domain::{Id, people::Organization};
use secrecy::SecretString;

use super::Connection;
use crate::{
    Result, Row, Tx,
    seal::{Keys, Place, Sealed},
    sql,
};

/// Sealed secrets.
pub struct Credentials<'t> {
    pub(super) tx: &'t mut Tx,
}

/// An opened secret.
#[derive(Debug, Clone)]
pub struct Credential {
    /// What was sealed.
    pub secret: SecretString,
    /// When it ends by itself, if it says so.
    pub expires_at: Option<Timestamp>,
    /// Counts writes: see [`Credentials::replace`].
    pub version: i64,
    /// As its connection says, so that whoever opens a secret for a call knows whether there may be one.
    pub silent_until: Option<Timestamp>,
}

impl Credentials<'_> {
    /// Seals a secret and stores it under this name, over what was there.
    pub async fn put(
        &mut self,
        keys: &Keys,
        of: &Connection,
        name: &str,
        secret: &SecretString,
        expires_at: Option<Timestamp>,
    ) -> Result<()> {
        let now = self.tx.now();
        let row = row_of(of, name);
        let sealed = keys.seal(self.tx.ids(), place(&row), secret)?;
        self.tx
            .run(
                sql("INSERT INTO credentials (organization_id, connection_id, name, key_id, sealed, expires_at, version, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, 1, $7)
                     ON CONFLICT (organization_id, connection_id, name) DO UPDATE SET key_id = excluded.key_id,
                        sealed = excluded.sealed, expires_at = excluded.expires_at, version = credentials.version + 1,
                        updated_at = excluded.updated_at")
                .bind(of.organization)
                .bind(of.id)
                .bind(name)
                .bind(&sealed.key)
                .bind(&sealed.text)
                .bind(expires_at)
                .bind(now),
            )
            .await
            .map(drop)
    }

    /// Stores a secret over the version that was read; false when another came first: read again, do not lose theirs.
    pub async fn replace(
        &mut self,
        keys: &Keys,
        of: &Connection,
        name: &str,
        new: &Credential,
    ) -> Result<bool> {
        let now = self.tx.now();
        let row = row_of(of, name);
        let sealed = keys.seal(self.tx.ids(), place(&row), &new.secret)?;
        let replaced = self
            .tx
            .run(
                sql("UPDATE credentials SET key_id = $4, sealed = $5, expires_at = $6, version = version + 1, updated_at = $7
                     WHERE organization_id = $1 AND connection_id = $2 AND name = $3 AND version = $8")
                .bind(of.organization)
                .bind(of.id)
                .bind(name)
                .bind(&sealed.key)
                .bind(&sealed.text)
                .bind(new.expires_at)
                .bind(now)
                .bind(new.version),
            )
            .await?;
        Ok(replaced > 0)
    }

    /// The secret of this name, opened.
    pub async fn get(&mut self, keys: &Keys, of: &Connection, name: &str) -> Result<Option<Credential>> {
        let query = sql(
            "SELECT s.key_id, s.sealed, s.expires_at, s.version, c.silent_until_at FROM credentials s JOIN connections c
                ON c.organization_id = s.organization_id AND c.id = s.connection_id
             WHERE s.organization_id = $1 AND s.connection_id = $2 AND s.name = $3",
        );
        let Some(found) = self.tx.row(query.bind(of.organization).bind(of.id).bind(name)).await? else {
            return Ok(None);
        };
        let row = row_of(of, name);
        Ok(Some(Credential {
            secret: keys.open(place(&row), &sealed(&found)?)?,
            expires_at: found.get("expires_at")?,
            version: found.get("version")?,
            silent_until: found.get("silent_until_at")?,
        }))
    }

    /// Which of these connections have a secret of this name.
    pub async fn having(
        &mut self,
        organization: Id<Organization>,
        of: &[Id<Connection>],
        name: &str,
    ) -> Result<Vec<Id<Connection>>> {
        let query = sql("SELECT connection_id FROM credentials
             WHERE organization_id = $1 AND name = $2 AND connection_id IN ($*)");
        let rows = self.tx.rows(query.bind(organization).bind(name).bind_list(of.iter().copied())).await?;
        rows.iter().map(|row| row.get("connection_id")).collect()
    }

    /// Deletes the secret of this name; none there is fine.
    pub async fn delete(&mut self, of: &Connection, name: &str) -> Result<()> {
        let query =
            sql("DELETE FROM credentials WHERE organization_id = $1 AND connection_id = $2 AND name = $3");
        self.tx.run(query.bind(of.organization).bind(of.id).bind(name)).await.map(drop)
    }

    /// Seals up to so many secrets anew that are under another key than the current one; how many were left to do before.
    ///
    /// Each batch is its own transaction, so that rotation runs while serving. Versions stay: the secret is the same.
    pub async fn rotate(&mut self, keys: &Keys, batch: u32) -> Result<u64> {
        let query = crate::Sql::built(format!(
            "SELECT organization_id, connection_id, name, key_id, sealed FROM credentials WHERE key_id <> $1
             ORDER BY organization_id, connection_id, name LIMIT $2 {}",
            self.tx.for_update()
        ));
        let rows = self.tx.rows(query.bind(keys.current()).bind(batch)).await?;
        for found in &rows {
            let (organization, connection, name): (String, String, String) =
                (found.get("organization_id")?, found.get("connection_id")?, found.get("name")?);
            let row = format!("{organization}/{connection}/{name}");
            let secret = keys.open(place(&row), &sealed(found)?)?;
            let anew = keys.seal(self.tx.ids(), place(&row), &secret)?;
            let query = sql("UPDATE credentials SET key_id = $4, sealed = $5
                 WHERE organization_id = $1 AND connection_id = $2 AND name = $3");
            let query = query.bind(organization).bind(connection).bind(name).bind(&anew.key).bind(&anew.text);
            self.tx.run(query).await?;
        }
        Ok(rows.len() as u64)
    }

    /// How many secrets are under each key.
    pub async fn keys_used(&mut self) -> Result<Vec<(String, i64)>> {
        let query = sql(
            "SELECT key_id, CAST(COUNT(*) AS BIGINT) AS many FROM credentials GROUP BY key_id ORDER BY key_id",
        );
        let rows = self.tx.rows(query).await?;
        rows.iter().map(|row| Ok((row.get("key_id")?, row.get("many")?))).collect()
    }
}

fn row_of(connection: &Connection, name: &str) -> String {
    format!("{}/{}/{name}", connection.organization, connection.id)
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "credentials", row, column: "sealed" }
}

fn sealed(row: &Row) -> Result<Sealed> {
    Ok(Sealed { key: row.get("key_id")?, text: row.get("sealed")? })
}
