//! The daily pass: tokens that nobody uses are renewed too, so that none dies of age (OAU-11).

use jiff::{SignedDuration, Timestamp};
use kalends_store::Result as StoreResult;

use super::Kept;
use crate::{
    Engine,
    connect::Installed,
    job::{self, RenewSignIns},
};

/// No grant goes longer without being renewed.
const DAY: SignedDuration = SignedDuration::from_hours(23);
/// Renewed in one pass, at most; the next pass takes the rest.
const BATCH: u32 = 200;

impl Engine {
    /// Renews what was not renewed for a day, and throws away questions nobody answered.
    pub(crate) async fn renew_idle(&self) -> StoreResult<()> {
        let before = self.now().checked_sub(DAY).unwrap_or(Timestamp::MIN);
        let due = self.db.read().await?.oauth().due(before, BATCH).await?;
        let full = due.len() == BATCH as usize;
        for grant in due {
            let mut tx = self.db.read().await?;
            let Some(of) = Installed::of_connection(&mut tx, &self.outside, grant.connection).await? else {
                continue;
            };
            let kept = Kept::read(&mut tx, self.outside.keys(), &of.connection).await?;
            drop(tx);
            let Some(kept) = kept.filter(|kept| of.is_usable() && kept.refresh.is_some()) else {
                self.skip_renewal(&of).await?;
                continue;
            };
            let answer = self.renewed(&of, kept.version).await;
            self.heard(&of, &answer.map(drop)).await;
        }
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    tx.oauth().sweep(before).await?;
                    // The rest is not left for the next hour.
                    if full { job::add(tx, &RenewSignIns {}).await } else { Ok(()) }
                })
            })
            .await
    }

    /// What cannot be renewed, or must not now, makes room for others for a day.
    async fn skip_renewal(&self, of: &Installed) -> StoreResult<()> {
        let connection = of.connection.clone();
        self.db
            .write(move |tx| {
                let connection = connection.clone();
                Box::pin(async move {
                    let Some(mut grant) = tx.oauth().grant_for_update(&connection).await? else {
                        return Ok(());
                    };
                    grant.refreshed_at = tx.now();
                    tx.oauth().set_grant(&grant).await
                })
            })
            .await
    }
}
