//! What was read goes into the copy.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;
use kalends_app::kind::calendar::{Changes, RemoteEvent};
use kalends_domain::{Span, Uid};
use kalends_store::{
    Result, Tx,
    repo::{Calendar, MirrorEvent},
};

use crate::{Engine, calendar_changes};

/// Events in one transaction: bookings wait for no longer than that takes.
const CHUNK: usize = 500;

/// Puts changes into the copy, and notes that it is fresh.
///
/// Old rows stay until new ones are there: while a large answer goes in, the copy may say too much, never too little.
pub(super) async fn keep(
    engine: &Engine,
    calendar: &Calendar,
    changes: Changes,
    covers: Span,
    next: Timestamp,
) -> Result<()> {
    let gone = gone(engine, calendar, &changes).await?;
    let upserts = Arc::new(changes.upserts);
    let most = upserts.len().saturating_sub(CHUNK);
    let mut from = 0;
    while from < most {
        let (part, of) = (Arc::clone(&upserts), calendar.clone());
        engine
            .db
            .write(move |tx| {
                let (part, of) = (Arc::clone(&part), of.clone());
                Box::pin(async move { put(tx, &of, &part[from..from + CHUNK], covers).await })
            })
            .await?;
        from += CHUNK;
    }
    let (of, cursor, gone, full) = (calendar.clone(), changes.cursor, Arc::new(gone), changes.full);
    engine
        .db
        .write(move |tx| {
            let (of, cursor) = (of.clone(), cursor.clone());
            let (upserts, gone) = (Arc::clone(&upserts), Arc::clone(&gone));
            Box::pin(async move {
                put(tx, &of, &upserts[from.min(upserts.len())..], covers).await?;
                let names: Vec<&str> = gone.iter().map(String::as_str).collect();
                if !names.is_empty() {
                    calendar_changes::notice_gone(tx, &of, &names).await?;
                    tx.calendars().forget(&of, &names).await?;
                }
                if full {
                    calendar_changes::notice_missing(tx, &of, &upserts, covers).await?;
                }
                tx.calendars().synced(&of, cursor.as_deref(), covers, Some(next)).await
            })
        })
        .await
}

/// Notes that it could not be read. The copy grows old; its owner's policy says what that means.
pub(super) async fn failed(engine: &Engine, calendar: &Calendar, why: &str, next: Timestamp) -> Result<()> {
    tracing::warn!(why, "a calendar cannot be read");
    let (of, why) = (calendar.clone(), why.to_owned());
    engine
        .db
        .write(move |tx| {
            let (of, why) = (of.clone(), why.clone());
            Box::pin(async move { tx.calendars().sync_failed(&of, &why, Some(next)).await })
        })
        .await
}

/// What the answer says is no more: by name, or by leaving it out where it is all there is.
async fn gone(engine: &Engine, calendar: &Calendar, changes: &Changes) -> Result<Vec<String>> {
    let mut gone: Vec<String> = changes.removed.iter().map(ToString::to_string).collect();
    if changes.full {
        let there: HashSet<&str> = changes.upserts.iter().map(|event| event.id.as_str()).collect();
        let kept = engine.db.read().await?.calendars().versions(calendar).await?;
        gone.extend(kept.into_keys().filter(|name| !there.contains(name.as_str())));
    }
    Ok(gone)
}

async fn put(tx: &mut Tx, calendar: &Calendar, events: &[RemoteEvent], covers: Span) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let ours = ours(tx, events).await?;
    let rows: Vec<MirrorEvent> = events
        .iter()
        .map(|event| MirrorEvent {
            remote_id: event.id.to_string(),
            uid: event.uid.clone(),
            etag: event.etag.clone().unwrap_or_default(),
            source: None,
            busy: busy(event, calendar, &ours, covers),
        })
        .collect();
    tx.calendars().store(calendar, &rows).await?;
    calendar_changes::notice(tx, calendar, events).await
}

/// When an event blocks. Our own bookings block by their claims alone (FB-07).
fn busy(event: &RemoteEvent, calendar: &Calendar, ours: &HashSet<String>, covers: Span) -> Vec<Span> {
    if event.cancelled
        || event.declined
        || ours.contains(&event.uid)
        || (event.tentative && !calendar.tentative_blocks)
    {
        return vec![];
    }
    if event.unexpanded && event.busy.is_empty() {
        return vec![covers];
    }
    event.busy.clone()
}

/// The uids among these that are bookings of ours.
async fn ours(tx: &mut Tx, events: &[RemoteEvent]) -> Result<HashSet<String>> {
    let likely: Vec<&str> =
        events.iter().map(|event| event.uid.as_str()).filter(|uid| uid.len() == Uid::LEN).collect();
    Ok(tx.bookings().known_uids(&likely).await?.into_iter().collect())
}
