//! A feed's events as the mirror keeps them.

use std::collections::BTreeMap;

use kalends_app::RemoteId;
use kalends_app::kind::calendar::{Busy, RemoteEvent};
use kalends_domain::{Span, availability::merge};
use kalends_ical::{BusyTime, Feed, Owner};

/// Stands for all events without a uid together: nothing tells them apart from one reading to the next.
const NAMELESS: &str = "events-without-uid";
/// A longer uid is nobody's.
const LONGEST_UID: usize = 500;

/// What blocks within the window.
pub(crate) fn busy(feed: &Feed, owner: &Owner, within: Span) -> Vec<Busy> {
    let busy = feed.busy(owner, within);
    report(&busy);
    let named = |uid: String| Some(uid).filter(|uid| !uid.is_empty());
    busy.times
        .into_iter()
        .map(|time| Busy { span: time.span, uid: named(time.uid), tentative: time.tentative })
        .collect()
}

/// Every event that is not over before the window, one row for each uid.
pub(crate) fn all(feed: &Feed, owner: &Owner, within: Span) -> Vec<RemoteEvent> {
    let busy = feed.busy(owner, within);
    report(&busy);
    let mut times: BTreeMap<&str, Vec<&BusyTime>> = BTreeMap::new();
    for time in &busy.times {
        times.entry(name(&time.uid)).or_default().push(time);
    }
    let mut unexpanded: Vec<&str> =
        busy.problems.iter().filter(|problem| problem.blocks()).map(|problem| name(&problem.uid)).collect();
    unexpanded.sort_unstable();
    let mut rows: BTreeMap<&str, RemoteEvent> = BTreeMap::new();
    // Busy times that no event has, as in a VFREEBUSY, stand under the name of what has none.
    for uid in feed.uids().chain(times.keys().copied()) {
        let name = name(uid);
        let found = feed.find(uid, owner.zone());
        let spans = times.get(name).map(Vec::as_slice).unwrap_or_default();
        let over = found.as_ref().is_none_or(|found| found.once && found.span.end <= within.start);
        if spans.is_empty() && over {
            continue;
        }
        rows.entry(name).or_insert_with(|| RemoteEvent {
            id: RemoteId::new(name),
            uid: name.to_owned(),
            etag: None,
            sequence: found.as_ref().map_or(0, |found| found.sequence),
            busy: merged(spans),
            span: found.as_ref().filter(|found| found.once && name != NAMELESS).map(|found| found.span),
            cancelled: name != NAMELESS && found.is_some_and(|found| found.cancelled),
            declined: false,
            tentative: !spans.is_empty() && spans.iter().all(|time| time.tentative),
            unexpanded: unexpanded.binary_search(&name).is_ok(),
        });
    }
    rows.into_values().collect()
}

fn name(uid: &str) -> &str {
    if uid.is_empty() || uid.len() > LONGEST_UID { NAMELESS } else { uid }
}

fn merged(times: &[&BusyTime]) -> Vec<Span> {
    let mut spans = times.iter().map(|time| time.span).collect();
    merge(&mut spans);
    spans
}

/// Counts what was not understood; titles are not among it (FB-08).
fn report(busy: &kalends_ical::Busy) {
    for (problem, times) in busy.counted() {
        tracing::warn!(times, "{problem}");
    }
}
