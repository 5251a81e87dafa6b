//! What is over is thrown away, and what was lost is taken up again.

use jiff::{SignedDuration, Timestamp};
use kalends_store::Result;

use super::{Deliver, Reconcile, add};
use crate::{Engine, hooks_in};

/// Sessions and tokens that are over are kept this long, for whoever asks what happened.
const SESSIONS: SignedDuration = SignedDuration::from_hours(24 * 30);
/// The audit log is kept this long.
const AUDIT: SignedDuration = SignedDuration::from_hours(24 * 730);
/// What providers told is kept this long: longer than any of them tells it again (INB-05).
const NOTICES: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Flight records thrown away in one transaction.
const PORTION: u32 = 1_000;
/// Transactions in one pass, at most; the next pass takes the rest.
const PORTIONS: u32 = 1_000;
/// What is taken up in one go.
const BATCH: u32 = 500;

/// Gives back holds, and unpaid bookings' time, that have expired.
pub(super) async fn expire(engine: &Engine) -> Result<()> {
    engine
        .db
        .write(|tx| Box::pin(async move { tx.claims().sweep().await }))
        .await
        .map(|freed: usize| tracing::debug!(freed, "expired claims are gone"))
}

/// Throws away what is over.
pub(super) async fn sweep(engine: &Engine) -> Result<()> {
    engine
        .db
        .write(|tx| {
            Box::pin(async move {
                let now = tx.now();
                let before = |kept: SignedDuration| now.checked_sub(kept).unwrap_or(Timestamp::MIN);
                tx.sessions().sweep(before(SESSIONS)).await?;
                tx.idempotency().sweep().await?;
                tx.allowances().sweep().await?;
                tx.audit().sweep(before(AUDIT)).await?;
                tx.outside_changes().sweep().await?;
                tx.hooks().sweep(before(NOTICES)).await?;
                tx.notices().sweep(before(hooks_in::KEPT), hooks_in::MOST).await?;
                Ok::<_, kalends_store::Error>(())
            })
        })
        .await?;
    sweep_flights(engine).await?;
    engine.purge_removed().await
}

/// Throws away old flight records, a portion at a time: whoever books meanwhile waits for one portion at most.
async fn sweep_flights(engine: &Engine) -> Result<()> {
    let before = engine.now().checked_sub(engine.outside.keeps_flights()).unwrap_or(Timestamp::MIN);
    for _ in 0..PORTIONS {
        let swept =
            engine.db.write(move |tx| Box::pin(async move { tx.flights().sweep(before, PORTION).await }));
        if swept.await? < u64::from(PORTION) {
            break;
        }
    }
    Ok(())
}

/// Work whose job is gone although it is due (a job given up and never replayed, a row mended by hand) gets a new one.
pub(super) async fn repair(engine: &Engine) -> Result<()> {
    engine
        .db
        .write(|tx| {
            Box::pin(async move {
                for row in tx.references().due(BATCH).await? {
                    add(tx, &Reconcile::new(row.organization, row.booking)).await?;
                }
                for row in tx.deliveries().due(BATCH).await? {
                    add(tx, &Deliver { organization: row.what.organization, delivery: row.id }).await?;
                }
                Ok(())
            })
        })
        .await
}
