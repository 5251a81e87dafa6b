//! Periodic work: enqueued when it is due, by every node, merged by its key.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kalends_store::{Result, Tx};
use tokio::sync::watch;

use super::{ExpireHolds, Housekeeping, RenewSignIns, SyncCalendar, add};
use crate::{Engine, sync::channels_due};

/// How often the schedule is looked at.
const TICK: Duration = Duration::from_secs(10);
/// What was called outside is written down this often.
const RECORD: Duration = Duration::from_secs(2);
/// Holds are swept this often; an expired one blocks nobody before either.
const HOLDS: SignedDuration = SignedDuration::from_secs(60);
/// Old rows are swept this often.
const CLEANUP: SignedDuration = SignedDuration::from_hours(1);
/// Calendars enqueued in one tick, at most: the rest is due in the next.
const CALENDARS: u32 = 200;

/// When each kind of periodic work was last enqueued, here.
#[derive(Debug, Clone, Copy, Default)]
pub struct Last {
    holds: Option<Timestamp>,
    cleanup: Option<Timestamp>,
}

pub(super) async fn run(engine: Engine, mut stopped: watch::Receiver<bool>) {
    let mut last = Last::default();
    while !*stopped.borrow() {
        match tick(&engine, last).await {
            Ok(then) => last = then,
            Err(error) => tracing::warn!(%error, "periodic work could not be enqueued"),
        }
        tokio::select! {
            _ = stopped.changed() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Writes down what was called outside, soon after it was.
pub(super) async fn record(engine: Engine, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        write(&engine).await;
        tokio::select! {
            _ = stopped.changed() => {}
            () = tokio::time::sleep(RECORD) => {}
        }
    }
}

pub(super) async fn write(engine: &Engine) {
    if let Err(error) = engine.write_flights().await {
        tracing::warn!(%error, "calls to the outside could not be written down");
    }
}

/// Enqueues what is due at this instant.
pub async fn tick(engine: &Engine, last: Last) -> Result<Last> {
    let now = engine.now();
    let due = |at: Option<Timestamp>, every| at.is_none_or(|at| now.duration_since(at) >= every);
    let (holds, cleanup) = (due(last.holds, HOLDS), due(last.cleanup, CLEANUP));
    let mut tx = engine.db.read().await?;
    let calendars = tx.calendars().due(CALENDARS).await?;
    let channels = channels_due(&mut tx, CALENDARS).await?;
    drop(tx);
    if !holds && !cleanup && calendars.is_empty() && channels.is_empty() {
        return Ok(last);
    }
    engine
        .db
        .write(move |tx| {
            let (calendars, channels) = (calendars.clone(), channels.clone());
            Box::pin(async move {
                for one in channels {
                    add(tx, &one).await?;
                }
                for one in calendars {
                    add(tx, &SyncCalendar::new(one.organization, one.id)).await?;
                }
                periodic(tx, holds, cleanup).await
            })
        })
        .await?;
    Ok(Last {
        holds: if holds { Some(now) } else { last.holds },
        cleanup: if cleanup { Some(now) } else { last.cleanup },
    })
}

async fn periodic(tx: &mut Tx, holds: bool, cleanup: bool) -> Result<()> {
    if holds {
        add(tx, &ExpireHolds {}).await?;
    }
    if cleanup {
        add(tx, &Housekeeping {}).await?;
        add(tx, &RenewSignIns {}).await?;
    }
    Ok(())
}
