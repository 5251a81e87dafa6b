//! Our events: written under ids of our own, guarded by their versions, never twice (GCAL-08, GCAL-12, ALL-07).

use http::Method;
use kalends_app::{
    Cx, Error, Kind, Request, Response,
    kind::calendar::{Draft, Written},
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;
use vendor_google::{Event, call, event::FIELDS, name};

use crate::draft;

#[derive(Deserialize)]
struct Found {
    items: Vec<Event>,
}

/// Writes a new event. A second try meets the first one's event (409) and compares it with what it meant.
pub(crate) async fn create(cx: &Cx, into: &str, draft: &Draft) -> Result<Written, Error> {
    let url = told(cx, call::events(cx, into, [])?);
    let request = call::json("create_event", Method::POST, url, &draft::insert(draft)?);
    match cx.http.send(request).await {
        Ok(answer) => written(&answer),
        Err(error) if error.kind == Kind::Conflict => taken(cx, into, draft, error).await,
        Err(error) => Err(error),
    }
}

/// Makes an event of ours say this, unless somebody changed it since.
pub(crate) async fn update(cx: &Cx, into: &str, known: &Written, draft: &Draft) -> Result<Written, Error> {
    let answer = patch(cx, into, known.id.as_str(), known.etag.as_deref(), &draft::patch(draft)?).await;
    match answer {
        Ok(written) => Ok(written),
        Err(error) if matches!(error.kind, Kind::Conflict | Kind::PolicyDenied) => {
            let there = there(cx, into, known.id.as_str(), &error).await?;
            if there.is_cancelled() {
                Err(gone())
            } else if there.is_copy() || draft::says(&there, draft) {
                Ok(there.written())
            } else {
                Err(error)
            }
        }
        Err(error) if error.kind == Kind::Invalid => {
            let there = there(cx, into, known.id.as_str(), &error).await?;
            if !there.start.is_day() {
                return Err(error);
            }
            // Somebody made it an all-day event: that form has to go first.
            patch(cx, into, &there.id, there.etag.as_deref(), &draft::patch_of_days(draft)?).await
        }
        Err(error) => Err(error),
    }
}

/// Takes an event of ours away, whatever became of it. What is gone says so (GCAL-13).
pub(crate) async fn delete(cx: &Cx, from: &str, known: &Written) -> Result<(), Error> {
    let url = call::events(cx, from, [known.id.as_str()])?;
    let url = call::with(url, &[("sendUpdates", updates(cx))]);
    cx.http.send(Request::new("delete_event", Method::DELETE, url)).await.map(drop)
}

/// Looks for our event: under its own id, then by the uid left with it (GCAL-09).
pub(crate) async fn find(cx: &Cx, into: &str, uid: &str) -> Result<Option<Written>, Error> {
    match read(cx, into, &name::event(uid)).await {
        Ok(event) if !event.is_cancelled() => return Ok(Some(event.written())),
        Err(error) if !error.is_missing() => return Err(error),
        _ => {}
    }
    let property = format!("{}={uid}", name::UID);
    let fields = format!("items({FIELDS})");
    let parameters =
        [("privateExtendedProperty", property.as_str()), ("maxResults", "10"), ("fields", &fields)];
    let found: Found =
        call::read(cx, "find_event", call::with(call::events(cx, into, [])?, &parameters)).await?;
    let ours = |event: &&Event| !event.is_cancelled() && event.ours(name::UID) == Some(uid);
    Ok(found.items.iter().find(ours).map(Event::written))
}

/// What stands under an id that is taken already.
async fn taken(cx: &Cx, into: &str, draft: &Draft, refusal: Error) -> Result<Written, Error> {
    let there = there(cx, into, &name::event(&draft.uid), &refusal).await?;
    if there.is_copy() {
        // A host who is a guest of another host's event: Google has put it here already, and keeps it as that one is.
        return Ok(there.written());
    }
    let mut body = draft::patch(draft)?;
    if there.is_cancelled() {
        // A deleted event keeps its id for ever: it comes back instead.
        body["status"] = "confirmed".into();
    } else if there.ours(name::UID) == Some(&draft.uid) && there.ours(name::PRINT).is_none() {
        // Its room was made before it, with an event that says nothing yet.
    } else if draft::says(&there, draft) {
        return Ok(there.written());
    } else {
        return Err(refusal);
    }
    patch(cx, into, &there.id, there.etag.as_deref(), &body).await
}

async fn patch(cx: &Cx, into: &str, id: &str, etag: Option<&str>, body: &Value) -> Result<Written, Error> {
    let url = told(cx, call::events(cx, into, [id])?);
    let mut request = call::json("update_event", Method::PATCH, url, body).once();
    if let Some(etag) = etag {
        request = request.header("if-match", etag)?;
    }
    written(&cx.http.send(request).await?)
}

/// The event after a refusal; when even that cannot be read, the refusal stands.
async fn there(cx: &Cx, calendar: &str, id: &str, refusal: &Error) -> Result<Event, Error> {
    match read(cx, calendar, id).await {
        Ok(event) => Ok(event),
        Err(error) if error.is_missing() => Err(error),
        Err(_) => Err(refusal.clone()),
    }
}

async fn read(cx: &Cx, calendar: &str, id: &str) -> Result<Event, Error> {
    let url = call::with(call::events(cx, calendar, [id])?, &[("fields", FIELDS)]);
    call::read(cx, "read_event", url).await
}

/// What a write left. A patch of a deleted event is answered with the deleted event.
fn written(answer: &Response) -> Result<Written, Error> {
    let event: Event = answer.json()?;
    if event.id.is_empty() {
        return Err(Error::new(Kind::Malformed, "Google does not say which event it wrote"));
    }
    if event.is_cancelled() { Err(gone()) } else { Ok(event.written()) }
}

/// A write that tells guests as its owner wants, and is answered with as little as possible.
fn told(cx: &Cx, url: Url) -> Url {
    call::with(url, &[("sendUpdates", updates(cx)), ("fields", "id,etag,status")])
}

/// Who mails the guests is chosen, never both by accident (GCAL-10).
fn updates(cx: &Cx) -> &'static str {
    if cx.setting("invitations") == Some("google") { "all" } else { "none" }
}

fn gone() -> Error {
    Error::new(Kind::Gone, "the event was deleted in Google Calendar")
}
