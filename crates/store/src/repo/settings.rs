//! Settings of the whole server.

use serde::{Serialize, de::DeserializeOwned};

use super::json;
use crate::{Result, Tx, sql};

/// Settings of the whole server.
pub struct Settings<'t> {
    pub(super) tx: &'t mut Tx,
}

impl Settings<'_> {
    /// The value under this key.
    pub async fn get<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>> {
        let row = self.tx.row(sql("SELECT value FROM settings WHERE key = $1").bind(key)).await?;
        row.map(|row| row.json("value")).transpose()
    }

    /// Sets the value under this key.
    pub async fn set<T: Serialize>(&mut self, key: &str, value: &T) -> Result<()> {
        let now = self.tx.now();
        let query = sql("INSERT INTO settings (key, value, changed_at) VALUES ($1, $2, $3)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at");
        self.tx.run(query.bind(key).bind(json(value)?).bind(now)).await.map(drop)
    }
}
