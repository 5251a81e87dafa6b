//! Allowances of a day at a provider, counted before they are used up.

use jiff::Timestamp;
use kalends_domain::{Id, people::User};

use super::Connection;
use crate::{Result, Tx, sql};

/// Allowances of a day.
pub struct Allowances<'t> {
    pub(super) tx: &'t mut Tx,
}

const DAY: i64 = 86_400;

impl Allowances<'_> {
    /// Takes one of this many of today, by UTC; when none is left, the instant at which there are more.
    pub async fn take(
        &mut self,
        of: &Connection,
        host: Id<User>,
        most: u32,
    ) -> Result<std::result::Result<(), Timestamp>> {
        let day = self.tx.now().as_second().div_euclid(DAY);
        let query = sql("INSERT INTO daily_writes (organization_id, connection_id, host_id, day, used) VALUES ($1, $2, $3, $4, 1)
             ON CONFLICT (organization_id, connection_id, host_id, day)
             DO UPDATE SET used = daily_writes.used + 1 WHERE daily_writes.used < $5");
        let query = query.bind(of.organization).bind(of.id).bind(host).bind(day).bind(most);
        if most > 0 && self.tx.run(query).await? > 0 {
            return Ok(Ok(()));
        }
        Ok(Err(Timestamp::from_second((day + 1) * DAY).unwrap_or(Timestamp::MAX)))
    }

    /// Gives one of today's back that was not used after all.
    pub async fn give_back(&mut self, of: &Connection, host: Id<User>) -> Result<()> {
        let day = self.tx.now().as_second().div_euclid(DAY);
        let query = sql("UPDATE daily_writes SET used = used - 1
             WHERE organization_id = $1 AND connection_id = $2 AND host_id = $3 AND day = $4 AND used > 0");
        let query = query.bind(of.organization).bind(of.id).bind(host).bind(day);
        self.tx.run(query).await.map(drop)
    }

    /// Forgets days that are over.
    pub async fn sweep(&mut self) -> Result<u64> {
        let today = self.tx.now().as_second().div_euclid(DAY);
        self.tx.run(sql("DELETE FROM daily_writes WHERE day < $1").bind(today)).await
    }
}
