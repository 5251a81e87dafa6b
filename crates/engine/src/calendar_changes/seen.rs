//! Events of ours among what a sync read: those that stand otherwise than they were written.

use std::collections::HashSet;

use kalends_app::kind::calendar::RemoteEvent;
use kalends_domain::{Span, Uid, booking::Seen};
use kalends_store::{
    Result, Tx,
    repo::{Calendar, Reference, Standing},
};

use crate::job::{self, Heed};

/// Notes which of these events are ours and changed. Our own writes coming back are known by their version, and by
/// saying what we wrote.
pub(crate) async fn notice(tx: &mut Tx, calendar: &Calendar, events: &[RemoteEvent]) -> Result<()> {
    let likely: Vec<&str> =
        events.iter().map(|event| event.uid.as_str()).filter(|uid| uid.len() == Uid::LEN).collect();
    for standing in tx.references().events_of(calendar, &likely).await? {
        let Some(event) = ours(events, &standing) else { continue };
        let same_version = event.etag.is_some() && event.etag == standing.reference.etag;
        match seen(event) {
            Some(seen) if !same_version && seen != (Seen::At { span: standing.span }) => {
                note(tx, calendar, &standing.reference, seen, event.etag.as_deref()).await?;
            }
            _ => tx.outside_changes().forget(&standing.reference).await?,
        }
    }
    Ok(())
}

/// Notes which of these names, gone from the calendar, were events of ours.
pub(crate) async fn notice_gone(tx: &mut Tx, calendar: &Calendar, names: &[&str]) -> Result<()> {
    for standing in tx.references().events_named(calendar, names).await? {
        note(tx, calendar, &standing.reference, Seen::Gone, None).await?;
    }
    Ok(())
}

/// The same, where an answer was all there is within a window and left ours out.
pub(crate) async fn notice_missing(
    tx: &mut Tx,
    calendar: &Calendar,
    all: &[RemoteEvent],
    within: Span,
) -> Result<()> {
    let names: HashSet<&str> = all.iter().map(|event| event.id.as_str()).collect();
    let uids: HashSet<&str> = all.iter().map(|event| event.uid.as_str()).collect();
    for standing in tx.references().events_within(calendar, within).await? {
        let there = standing.reference.external_id.as_deref().is_some_and(|name| names.contains(name))
            || uids.contains(standing.uid.as_str());
        if !there {
            note(tx, calendar, &standing.reference, Seen::Gone, None).await?;
        }
    }
    Ok(())
}

async fn note(
    tx: &mut Tx,
    calendar: &Calendar,
    of: &Reference,
    seen: Seen,
    etag: Option<&str>,
) -> Result<()> {
    tx.outside_changes().saw(of, calendar, seen, etag).await?;
    job::add(tx, &Heed { organization: of.organization, reference: of.id }).await
}

/// By its name; by its uid where the provider has given it another name.
fn ours<'e>(events: &'e [RemoteEvent], standing: &Standing) -> Option<&'e RemoteEvent> {
    let name = standing.reference.external_id.as_deref();
    let mut same = events.iter().filter(|event| event.uid == standing.uid);
    let first = same.clone().next();
    same.find(|event| Some(event.id.as_str()) == name).or(first)
}

/// How an event stands; none when that says nothing of a booking: somebody made a series of it.
fn seen(event: &RemoteEvent) -> Option<Seen> {
    if event.cancelled {
        Some(Seen::Gone)
    } else if event.declined {
        Some(Seen::Declined)
    } else {
        event.span.map(|span| Seen::At { span })
    }
}
