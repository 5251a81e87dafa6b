//! What changed in a calendar (GCAL-21): everything first, then by Google's own record of changes.

use std::collections::{BTreeMap, BTreeSet};

use kalends_app::{
    Cx, Error, Kind, RemoteId,
    kind::calendar::{Changes, RemoteEvent},
};
use kalends_domain::Span;
use serde::Deserialize;
use url::Url;
use vendor_google::{Event, Pages, call, event::FIELDS, when};

use crate::{
    busy::{self, Hold, Owner, hold},
    series::{self, Blocked},
};

/// Days begin elsewhere elsewhere; two are more than any zone.
const MARGIN: i64 = 2 * 86_400;
/// More series changed at once are read with everything else.
const SERIES: usize = 40;
/// Before the cursor: how the calendar was read for it. Read otherwise, it would not fit.
const MARK: &str = "v1 ";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    kind: String,
    #[serde(default)]
    items: Vec<Event>,
    time_zone: Option<String>,
    next_page_token: Option<String>,
    next_sync_token: Option<String>,
}

/// All pages of a listing.
struct Listing {
    items: Vec<Event>,
    owner: Owner,
    sync: Option<String>,
}

/// Everything from the window on, or what changed since the cursor.
pub(crate) async fn read(cx: &Cx, of: &str, since: Option<&str>, within: Span) -> Result<Changes, Error> {
    let url = call::events(cx, of, [])?;
    // What is answered is the same kind of thing each time: series as they are, never their occurrences.
    let url = call::with(url, &[("singleEvents", "false"), ("maxResults", "2500")]);
    match since {
        None => {
            let from = when::utc(within.start.saturating_sub(MARGIN));
            match list(cx, "list_events", call::with(url, &[("timeMin", &from)])).await {
                Ok(listing) => Ok(whole(listing, within)),
                // Some calendars say when they are busy and no more (GCAL-04); so do accounts that granted no more.
                Err(error) if says_no(&error) => only_busy(cx, of, within).await.map_err(|_| error),
                Err(error) => Err(error),
            }
        }
        Some(cursor) => {
            let token = cursor.strip_prefix(MARK).filter(|token| !token.is_empty()).ok_or_else(forgotten)?;
            match list(cx, "list_changes", call::with(url, &[("syncToken", token)])).await {
                Ok(listing) => since_then(cx, of, listing, within).await,
                Err(error) if error.kind == Kind::Gone => Err(error.as_kind(Kind::CursorExpired)),
                Err(error) => Err(error),
            }
        }
    }
}

fn says_no(error: &Error) -> bool {
    matches!(error.kind, Kind::PolicyDenied | Kind::ScopeMissing { .. })
}

fn forgotten() -> Error {
    Error::new(Kind::CursorExpired, "where we left off cannot be read")
}

async fn list(cx: &Cx, op: &'static str, url: Url) -> Result<Listing, Error> {
    let fields = format!("kind,timeZone,nextPageToken,nextSyncToken,items({FIELDS})");
    // With more attendees than that only the owner's own answer comes along, which is all that counts.
    let url = call::with(url, &[("maxAttendees", "1"), ("fields", &fields)]);
    let (mut pages, mut items, mut at) = (Pages::default(), Vec::new(), url.clone());
    loop {
        let page: Page = call::read(cx, op, at).await?;
        if page.kind != "calendar#events" {
            return Err(Error::new(Kind::Malformed, "Google answers with something else than events"));
        }
        items.extend(page.items);
        let Some(token) = pages.next(page.next_page_token)? else {
            let owner = Owner::of(cx, page.time_zone.as_deref());
            return Ok(Listing { items, owner, sync: page.next_sync_token });
        };
        at = call::with(url.clone(), &[("pageToken", &token)]);
    }
}

/// Everything there is, each series with its exceptions as one event.
fn whole(listing: Listing, within: Span) -> Changes {
    let Listing { items, owner, sync } = listing;
    let series: BTreeSet<&str> =
        items.iter().filter(|event| event.is_series()).map(|event| event.id.as_str()).collect();
    let mut exceptions: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    let mut upserts = Vec::new();
    for event in &items {
        match event.recurring_event_id.as_deref() {
            Some(of) if series.contains(of) => exceptions.entry(of).or_default().push(event),
            // An exception alone: the owner is invited to this occurrence only.
            _ if event.is_series() || event.is_cancelled() => {}
            _ => upserts.push(once(event, &owner, within)),
        }
    }
    for event in items.iter().filter(|event| event.is_series() && !event.is_cancelled()) {
        let of_it = exceptions.remove(event.id.as_str()).unwrap_or_default();
        upserts.push(repeated(event, series::expand(event, &of_it, &owner, within)));
    }
    let cursor = sync.map(|token| format!("{MARK}{token}"));
    Changes { upserts, removed: vec![], cursor, full: true, quiet_until: None }
}

/// The difference. A series of which anything changed is asked for again in its occurrences, for one occurrence says
/// nothing of the others.
async fn since_then(cx: &Cx, of: &str, listing: Listing, within: Span) -> Result<Changes, Error> {
    let Listing { items, owner, sync } = listing;
    let cursor = sync.map(|token| format!("{MARK}{token}"));
    let mut changes = Changes { cursor, ..Changes::default() };
    let mut again: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    // Later words over earlier ones.
    let latest: BTreeMap<&str, &Event> = items.iter().map(|event| (event.id.as_str(), event)).collect();
    for event in latest.values().copied() {
        match &event.recurring_event_id {
            Some(series) => again.entry(series).or_default().push(event),
            None if event.is_cancelled() => {
                gone.insert(&event.id);
            }
            None if event.is_series() => {
                again.entry(&event.id).or_default();
            }
            None => changes.upserts.push(once(event, &owner, within)),
        }
    }
    again.retain(|series, _| !gone.contains(series));
    if again.len() > SERIES {
        return Err(Error::new(Kind::CursorExpired, "too many series changed to follow each"));
    }
    for (id, exceptions) in &again {
        let series = latest.get(id).copied();
        match occurrences(cx, of, id, within).await {
            Ok(found) => changes.upserts.push(rebuilt(id, series, &found, &owner, within)),
            Err(error) if error.is_missing() => {
                gone.insert(id);
                for event in exceptions {
                    if event.is_cancelled() {
                        gone.insert(&event.id);
                    } else {
                        changes.upserts.push(once(event, &owner, within));
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
    changes.removed = gone.into_iter().map(RemoteId::new).collect();
    Ok(changes)
}

/// A series' occurrences as Google works them out.
async fn occurrences(cx: &Cx, of: &str, series: &str, within: Span) -> Result<Vec<Event>, Error> {
    let (from, until) = (when::utc(within.start), when::utc(within.end));
    let url = call::events(cx, of, [series, "instances"])?;
    let url = call::with(url, &[("timeMin", &from), ("timeMax", &until), ("maxResults", "2500")]);
    Ok(list(cx, "list_occurrences", url).await?.items)
}

fn rebuilt(id: &str, series: Option<&Event>, found: &[Event], owner: &Owner, within: Span) -> RemoteEvent {
    let holds: Vec<_> = found.iter().map(|event| blocked(event, owner, within)).collect();
    let taken: Vec<&Blocked> = holds.iter().filter(|hold| !hold.busy.is_empty()).collect();
    let mut busy: Vec<Span> = taken.iter().flat_map(|hold| hold.busy.iter().copied()).collect();
    busy.sort_unstable();
    busy.dedup();
    let like = series.or_else(|| found.first());
    RemoteEvent {
        id: RemoteId::new(id),
        uid: like.map_or(id, Event::uid).to_owned(),
        etag: series.and_then(|series| series.etag.clone()),
        sequence: like.map_or(0, Event::revision),
        busy,
        span: None,
        cancelled: false,
        declined: false,
        tentative: !taken.is_empty() && taken.iter().all(|hold| hold.tentative),
        unexpanded: holds.iter().any(|hold| hold.unexpanded),
    }
}

fn repeated(event: &Event, blocked: Blocked) -> RemoteEvent {
    RemoteEvent {
        id: RemoteId::new(&event.id),
        uid: event.uid().to_owned(),
        etag: event.etag.clone(),
        sequence: event.revision(),
        span: None,
        cancelled: false,
        declined: event.own_answer() == Some("declined"),
        tentative: blocked.tentative,
        unexpanded: blocked.unexpanded,
        busy: blocked.busy,
    }
}

fn once(event: &Event, owner: &Owner, within: Span) -> RemoteEvent {
    RemoteEvent { span: event.span(&owner.home), ..repeated(event, blocked(event, owner, within)) }
}

/// What one occurrence blocks. A time that cannot be read blocks them all.
fn blocked(event: &Event, owner: &Owner, within: Span) -> Blocked {
    let hold = hold(event, owner);
    if hold == Hold::Free {
        return Blocked::default();
    }
    let tentative = hold == Hold::Tentative;
    match event.span(&owner.home) {
        None => {
            tracing::warn!("an event at Google has a time that cannot be read; all its days count as busy");
            Blocked { busy: vec![within], tentative, unexpanded: true }
        }
        Some(span) if !span.is_empty() && span.overlaps(within) => {
            Blocked { busy: vec![span], tentative, unexpanded: false }
        }
        Some(_) => Blocked::default(),
    }
}

/// Where events are hidden: when the calendar is busy, without names, whole each time.
async fn only_busy(cx: &Cx, of: &str, within: Span) -> Result<Changes, Error> {
    let busy = busy::ask(cx, &[RemoteId::new(of)], within).await?;
    let upserts = busy.into_iter().map(|busy| {
        let id = format!("busy-{}-{}", busy.span.start, busy.span.end);
        RemoteEvent {
            uid: id.clone(),
            id: RemoteId::new(id),
            etag: None,
            sequence: 0,
            span: Some(busy.span),
            busy: vec![busy.span],
            cancelled: false,
            declined: false,
            tentative: false,
            unexpanded: false,
        }
    });
    Ok(Changes { upserts: upserts.collect(), removed: vec![], cursor: None, full: true, quiet_until: None })
}
