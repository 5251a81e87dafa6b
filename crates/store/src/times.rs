//! What the database knows of the time, for whoever doubts a clock.

use jiff::Timestamp;

use crate::{Db, Result, sql};

impl Db {
    /// The instant of the youngest booking, session or user.
    pub async fn last_written(&self) -> Result<Option<Timestamp>> {
        let last = sql("SELECT MAX(at) AS at FROM (SELECT MAX(created_at) AS at FROM bookings \
             UNION ALL SELECT MAX(created_at) FROM sessions UNION ALL SELECT MAX(created_at) FROM users) AS youngest");
        let mut tx = self.read().await?;
        tx.row(last).await?.map_or(Ok(None), |row| row.get("at"))
    }

    /// The database's own clock; none on SQLite, which has ours.
    pub async fn clock(&self) -> Result<Option<Timestamp>> {
        if !self.is_postgres() {
            return Ok(None);
        }
        let now = sql("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS at");
        let mut tx = self.read().await?;
        tx.row(now).await?.map_or(Ok(None), |row| row.get("at"))
    }
}
