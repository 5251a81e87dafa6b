//! Our own events: made once, changed under their version, found by what stands beside them (MSG-09, ALL-07).

use http::Method;
use kalends_app::{
    Error, Kind, RemoteId, Response,
    kind::calendar::{Draft, Written},
};
use vendor_microsoft::{Event, Graph, Meant, etag, transaction, version};

use crate::api;

/// Writes a new event.
pub async fn create(graph: &Graph<'_>, into: &RemoteId, draft: &Draft) -> Result<Written, Error> {
    let meant = Meant::by(draft)?;
    match make(graph, into, &meant.new_event(into, None)).await {
        Ok(event) if meant.shows_in(&event) => Ok(written(&event)),
        // The same transaction gives what it made first, whatever became of it since.
        Ok(event) => taken(graph, &whole(graph, &event.id).await?, draft, &meant).await,
        Err(error) if error.kind == Kind::Conflict => {
            if let Some(event) = find(graph, into, &draft.uid).await? {
                return taken(graph, &event, draft, &meant).await;
            }
            // Its event is gone; the name of its making is taken for a while yet.
            let again = meant.new_event(into, Some(graph.cx.now.as_second()));
            make(graph, into, &again).await.map(|event| written(&event))
        }
        Err(error) => Err(error),
    }
}

async fn make(graph: &Graph<'_>, into: &RemoteId, body: &serde_json::Value) -> Result<Event, Error> {
    event(&graph.send("create_event", Method::POST, api::events(graph, into)?, body).await?)
}

/// What stands there under our names: an earlier try of ours, or an event begun with its room, written now.
async fn taken(graph: &Graph<'_>, there: &Event, draft: &Draft, meant: &Meant) -> Result<Written, Error> {
    if there.is_begun() {
        return update(graph, &written(there), draft).await;
    }
    compare(there, meant)
}

/// Makes an event of ours say this, unless somebody changed it since.
pub async fn update(graph: &Graph<'_>, known: &Written, draft: &Draft) -> Result<Written, Error> {
    let meant = Meant::by(draft)?;
    let url = api::event(graph, known.id.as_str())?;
    let (guard, teams) = known.etag.as_deref().map_or(("*", false), etag);
    // It is a Teams meeting: the way in stands in its text, below ours (MSG-12).
    let text = if teams {
        let there: Event = graph.read_html("read_text", url.clone()).await?;
        meant.text_beside(&there)
    } else {
        Some(meant.text())
    };
    let body = meant.changed_event(text).to_string();
    let request = graph
        .request("update_event", Method::PATCH, url)?
        .header("if-match", guard)?
        .body("application/json", body);
    match graph.cx.http.send(request).await {
        Ok(response) => event(&response).map(|event| written(&event)),
        Err(error) if error.kind == Kind::Conflict => match whole(graph, known.id.as_str()).await {
            Ok(there) => compare(&there, &meant).map_err(|_| error),
            Err(missing) if missing.is_missing() => Err(missing),
            Err(_) => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// Takes an event of ours away, whatever became of it.
pub async fn delete(graph: &Graph<'_>, known: &Written) -> Result<(), Error> {
    let url = api::event(graph, known.id.as_str())?;
    graph.cx.http.send(graph.request("delete_event", Method::DELETE, url)?).await.map(drop)
}

/// Our event for a booking. Where somebody made copies of it, the one we made goes first.
pub async fn find(graph: &Graph<'_>, into: &RemoteId, uid: &str) -> Result<Option<Event>, Error> {
    let url = api::with_uid(graph, into, uid)?;
    let mut found: Vec<Event> = graph.all("find_event", url).await?;
    let made = transaction(uid, into);
    found.sort_by_key(|event| !event.transaction_id.as_deref().is_some_and(|id| id.starts_with(&made)));
    Ok(found.into_iter().next())
}

/// What a write left.
pub fn written(event: &Event) -> Written {
    Written { id: RemoteId::new(&event.id), etag: version(event) }
}

async fn whole(graph: &Graph<'_>, id: &str) -> Result<Event, Error> {
    graph.read("compare_event", api::whole_event(graph, id)?).await
}

/// What stands there is what we meant: our own earlier try. Else it is a conflict.
fn compare(there: &Event, meant: &Meant) -> Result<Written, Error> {
    if meant.was_written_to(there) {
        return Ok(written(there));
    }
    Err(Error::new(Kind::Conflict, "the calendar has another event for this booking"))
}

fn event(response: &Response) -> Result<Event, Error> {
    response.json()
}
