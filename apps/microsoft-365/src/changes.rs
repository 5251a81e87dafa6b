//! What changed in a calendar (MSG-18): a first round over a view, then the difference, and what the difference leaves open.

use std::collections::{BTreeMap, HashMap, HashSet};

use kalends_app::{
    Error, Kind, RemoteId,
    kind::calendar::{Changes, RemoteEvent},
};
use kalends_domain::Span;
use serde::Deserialize;
use url::Url;
use vendor_microsoft::{Event, Graph, is_refused, parts};

use crate::{api, times};

/// Events of one page: they come with all they have.
const PAGE: &str = ", odata.maxpagesize=200";

/// All there is, and where to go on from. Our own bookings beyond the view come along: they must not look deleted.
pub async fn all(graph: &Graph<'_>, of: &RemoteId, within: Span) -> Result<Changes, Error> {
    let view = within.widened(times::MARGIN, times::MARGIN);
    let answer = match graph.pages::<Event>("read_all", api::delta(graph, of, view)?, PAGE).await {
        Err(error) if is_refused(&error) => {
            return seen_from_outside(graph, of, within).await.map_err(|_| error);
        }
        answer => answer?,
    };
    let delta = answer.delta.ok_or_else(no_end)?;
    let ours = ours(graph, of, view).await?;
    let mut events = latest(answer.value);
    events.retain(|_, event| event.removed.is_none());
    fill(graph, &mut events).await?;
    events.extend(ours.into_iter().map(|event| (event.id.clone(), event)));
    Ok(Changes {
        upserts: mirrored(graph, events.values(), within)?,
        cursor: Some(Cursor { view, delta }.text()),
        full: true,
        ..Changes::default()
    })
}

/// The difference since the cursor.
pub async fn since(graph: &Graph<'_>, of: &RemoteId, cursor: &str, within: Span) -> Result<Changes, Error> {
    let Cursor { view, delta } = Cursor::read(graph, cursor)?;
    if !view.contains(within) {
        return Err(Error::new(Kind::CursorExpired, "the changes are told for another time: start anew"));
    }
    let answer = match graph.pages::<Event>("read_changes", delta, PAGE).await {
        Err(error) if error.kind == Kind::Gone => return Err(error.as_kind(Kind::CursorExpired)),
        answer => answer?,
    };
    let delta = answer.delta.ok_or_else(no_end)?;
    let mut events = latest(answer.value);
    let rules: Vec<String> = events.values().filter(|e| e.is_rule()).map(|e| e.id.clone()).collect();
    for rule in &rules {
        // A changed rule says nothing of its occurrences: what they are now is read.
        let occurrences: Vec<Event> = match graph.all("read_series", api::instances(graph, rule, view)?).await
        {
            Err(error) if error.is_missing() => continue,
            answer => answer?,
        };
        events.extend(occurrences.into_iter().map(|event| (event.id.clone(), event)));
    }
    fill(graph, &mut events).await?;
    let removed = look(graph, of, view, &mut events).await?;
    Ok(Changes {
        upserts: mirrored(graph, events.values(), within)?,
        removed,
        cursor: Some(Cursor { view, delta }.text()),
        ..Changes::default()
    })
}

/// Reads what the difference does not tell: our revision in events of ours, and whether what left the view is gone. Graph calls
/// both "removed", and events outside of the view that changed as well. What is no more is taken out and named.
async fn look(
    graph: &Graph<'_>,
    of: &RemoteId,
    view: Span,
    events: &mut BTreeMap<String, Event>,
) -> Result<Vec<RemoteId>, Error> {
    if !events.values().any(|event| event.removed.is_some() || event.ours().is_some()) {
        return Ok(vec![]);
    }
    // Asked of the calendar: by its id alone an event is found among the deleted ones, too.
    for event in ours(graph, of, view).await? {
        if let Some(told) = events.get_mut(&event.id) {
            *told = event;
        }
    }
    let removed = events.values().filter(|event| event.removed.is_some());
    let removed = removed.map(|event| RemoteId::new(&event.id)).collect();
    events.retain(|_, event| event.removed.is_none());
    Ok(removed)
}

/// Our own events in the view and beyond it.
async fn ours(graph: &Graph<'_>, of: &RemoteId, view: Span) -> Result<Vec<Event>, Error> {
    match graph.all("list_ours", api::ours_from(graph, of, view.start)?).await {
        // Not every mailbox searches by time and by mark together: then the past ones come along.
        Err(error) if error.kind == Kind::Invalid && error.http_status() == Some(400) => {
            graph.all("list_ours", api::all_ours(graph, of)?).await
        }
        answer => answer,
    }
}

/// Occurrences come as times alone; what else they are stands in their rule.
async fn fill(graph: &Graph<'_>, events: &mut BTreeMap<String, Event>) -> Result<(), Error> {
    let needed: HashSet<String> = events.values().filter_map(Event::bare_of).map(str::to_owned).collect();
    let mut rules: HashMap<String, Event> = events
        .values()
        .filter(|event| event.is_rule())
        .map(|event| (event.id.clone(), event.clone()))
        .collect();
    let missing: Vec<String> = needed.into_iter().filter(|id| !rules.contains_key(id)).collect();
    let urls = missing.iter().map(|id| api::whole_event(graph, id)).collect::<Result<Vec<Url>, _>>()?;
    for (id, answer) in missing.into_iter().zip(parts(graph, "read_rules", &urls).await?) {
        match answer {
            Ok(body) => {
                rules.insert(id, Event::deserialize(body).map_err(|error| unreadable(&error))?);
            }
            // An occurrence whose rule is gone blocks until it is told to be gone, too.
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error),
        }
    }
    for event in events.values_mut() {
        if let Some(rule) = event.bare_of().and_then(|id| rules.get(id)) {
            *event = std::mem::take(event).filled_from(rule);
        }
    }
    // A rule takes no time and is nobody's booking.
    events.retain(|_, event| !event.is_rule());
    Ok(())
}

/// The last word on each event: a round may tell of one more than once.
fn latest(events: Vec<Event>) -> BTreeMap<String, Event> {
    events.into_iter().map(|event| (event.id.clone(), event)).collect()
}

fn mirrored<'a>(
    graph: &Graph<'_>,
    events: impl Iterator<Item = &'a Event>,
    within: Span,
) -> Result<Vec<RemoteEvent>, Error> {
    let (zone, elsewhere) = (api::zone(graph.cx), api::elsewhere(graph.cx));
    events.map(|event| event.mirrored(&zone, within, elsewhere)).collect()
}

/// A calendar that shows only when it is busy, read whole each time.
async fn seen_from_outside(graph: &Graph<'_>, of: &RemoteId, within: Span) -> Result<Changes, Error> {
    let busy = times::schedule(graph, of, within).await?;
    let event = |busy: kalends_app::kind::calendar::Busy| {
        let name = format!("busy {} {}", busy.span.start, busy.span.end);
        RemoteEvent {
            id: RemoteId::new(&name),
            uid: name,
            etag: None,
            sequence: 0,
            busy: vec![busy.span],
            span: None,
            cancelled: false,
            declined: false,
            tentative: busy.tentative,
            unexpanded: false,
        }
    };
    Ok(Changes { upserts: busy.into_iter().map(event).collect(), full: true, ..Changes::default() })
}

fn no_end() -> Error {
    Error::new(Kind::Malformed, "Microsoft reports changes without saying where they end")
}

fn unreadable(error: &serde_json::Error) -> Error {
    Error::new(Kind::Malformed, format!("an event cannot be read: {error}"))
}

/// Where we left off: the view that is followed, and Graph's own link, used word for word.
struct Cursor {
    view: Span,
    delta: Url,
}

impl Cursor {
    fn text(&self) -> String {
        format!("{} {} {}", self.view.start, self.view.end, self.delta)
    }

    /// A link to anywhere else than Graph is none: the account's token goes with it.
    fn read(graph: &Graph<'_>, text: &str) -> Result<Self, Error> {
        let read = || {
            let (start, rest) = text.split_once(' ')?;
            let (end, delta) = rest.split_once(' ')?;
            let view = Span::new(start.parse().ok()?, end.parse().ok()?);
            Some(Self { view, delta: Url::parse(delta).ok().filter(|url| graph.is_ours(url))? })
        };
        read().ok_or_else(|| Error::new(Kind::CursorExpired, "where we left off cannot be read"))
    }
}
