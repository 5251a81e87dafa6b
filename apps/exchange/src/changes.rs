//! What changed in a calendar since we looked (EWS-05, EWS-06).

use std::collections::BTreeMap;

use kalends_app::kind::calendar::{Changes, RemoteEvent};
use kalends_app::{Error, Kind, RemoteId};
use kalends_domain::{Span, availability::merge};
use vendor_xml::{Element, escaped};

use crate::items::{self, Item, SHAPE};
use crate::session::Session;
use crate::soap::{self, MESSAGES, TYPES};

/// Changes in one answer; no server gives more.
const PAGE: usize = 512;
/// Answers of one reading: two hundred thousand events.
const PAGES: usize = 400;
/// Before the server's own word of where we left off.
const CURSOR: &str = "sync:";

/// The difference since the cursor; without one, all there is.
pub(crate) async fn since(
    session: &Session<'_>,
    folder: &str,
    cursor: Option<&str>,
    within: Span,
) -> Result<Changes, Error> {
    let state = cursor.map(state).transpose()?;
    let full = state.is_none();
    let (fates, state) = walk(session, folder, state).await?;
    let mut removed = Vec::new();
    let mut found = Vec::new();
    for (id, fate) in fates {
        match fate {
            Some(item) if full && !item.series && item.span.end <= within.start => {}
            Some(item) => found.push(item),
            None if full => {}
            None => removed.push(RemoteId::new(id)),
        }
    }
    // Of a series the difference tells only that it is another: when it takes place, the calendar itself says.
    let occurrences = if found.iter().any(|item| item.series) {
        by_series(items::in_time(session, folder, within).await?)
    } else {
        BTreeMap::new()
    };
    let upserts = found.iter().map(|item| event(item, &occurrences, within)).collect();
    Ok(Changes { upserts, removed, cursor: Some(format!("{CURSOR}{state}")), full, quiet_until: None })
}

fn state(cursor: &str) -> Result<String, Error> {
    let state = cursor.strip_prefix(CURSOR).filter(|state| !state.is_empty());
    state
        .map(ToOwned::to_owned)
        .ok_or_else(|| Error::new(Kind::CursorExpired, "where we left off cannot be read"))
}

/// What became of each thing, later words over earlier ones: an event, or that it is gone; and where that ends.
type Fates = BTreeMap<String, Option<Item>>;

async fn walk(
    session: &Session<'_>,
    folder: &str,
    mut state: Option<String>,
) -> Result<(Fates, String), Error> {
    let mut fates = Fates::new();
    for _ in 0..PAGES {
        let answer = session.ask("SyncFolderItems", &sync(folder, state.as_deref())).await?;
        let message = soap::message(&answer)?;
        let next = message.child(MESSAGES, "SyncState").and_then(Element::words);
        let next = next.ok_or_else(|| soap::lacking("where its changes end"))?.to_owned();
        let changes =
            message.child(MESSAGES, "Changes").map(|list| list.children.as_slice()).unwrap_or_default();
        for change in changes {
            sort(session, change, &mut fates)?;
        }
        let last =
            message.child(MESSAGES, "IncludesLastItemInRange").and_then(Element::words) != Some("false");
        // The same place twice would be walked for ever (ALL-11).
        if last || state.as_deref() == Some(next.as_str()) {
            return Ok((fates, next));
        }
        state = Some(next);
    }
    Err(Error::new(Kind::CursorExpired, "the server tells changes without end"))
}

fn sort(session: &Session<'_>, change: &Element, fates: &mut Fates) -> Result<(), Error> {
    match change.name.as_str() {
        "Create" | "Update" => {
            // Something else than an event can lie in a calendar; it blocks nothing.
            if let Some(item) = change.child(TYPES, "CalendarItem") {
                let item = Item::read(item, &items::owner(session))?;
                fates.insert(item.id.clone(), Some(item));
            }
        }
        "Delete" => {
            let id = change.child(TYPES, "ItemId").and_then(|id| id.attribute("Id"));
            fates.insert(id.ok_or_else(|| soap::lacking("which event is gone"))?.to_owned(), None);
        }
        _ => {} // read or unread
    }
    Ok(())
}

fn sync(folder: &str, state: Option<&str>) -> String {
    let state =
        state.map(|state| format!("<m:SyncState>{}</m:SyncState>", escaped(state))).unwrap_or_default();
    format!(
        "<m:SyncFolderItems>{SHAPE}<m:SyncFolderId>{}</m:SyncFolderId>{state}<m:MaxChangesReturned>{PAGE}</m:MaxChangesReturned></m:SyncFolderItems>",
        items::folder_id(folder)
    )
}

/// Occurrences by the uid of their series.
fn by_series(items: Vec<Item>) -> BTreeMap<String, Vec<Item>> {
    let mut all: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in items {
        if let Some(uid) = item.uid.clone() {
            all.entry(uid).or_default().push(item);
        }
    }
    all
}

fn event(item: &Item, occurrences: &BTreeMap<String, Vec<Item>>, within: Span) -> RemoteEvent {
    let own = std::slice::from_ref(item);
    let takes = match &item.uid {
        _ if !item.series => own,
        Some(uid) => occurrences.get(uid).map(Vec::as_slice).unwrap_or_default(),
        None => &[],
    };
    let blocking: Vec<&Item> =
        takes.iter().filter(|one| one.blocks().is_some_and(|span| span.overlaps(within))).collect();
    // A series that nothing ties to its occurrences blocks all there is until someone looks.
    let unexpanded = item.series && item.uid.is_none();
    let busy = if unexpanded { vec![within] } else { merged(&blocking) };
    RemoteEvent {
        id: RemoteId::new(&item.id),
        uid: item.name().to_owned(),
        etag: item.change_key.clone(),
        sequence: item.revision,
        busy,
        span: Some(item.span).filter(|_| !item.series),
        cancelled: item.cancelled,
        declined: item.declined,
        tentative: !blocking.is_empty() && blocking.iter().all(|one| one.tentative),
        unexpanded,
    }
}

fn merged(of: &[&Item]) -> Vec<Span> {
    let mut spans = of.iter().filter_map(|item| item.blocks()).collect();
    merge(&mut spans);
    spans
}
