//! Rooms by themselves: Meet spaces (GCAL-25).

use http::Method;
use kalends_app::{
    Cx, Error, Kind, RemoteId, Request,
    kind::conference::{Link, Room},
};
use serde::Deserialize;
use serde_json::json;
use url::Url;
use vendor_google::call;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Space {
    name: String,
    meeting_uri: String,
}

/// Whether the Meet API answers this account.
pub(crate) async fn probe(cx: &Cx) -> Result<(), Error> {
    let url = call::with(call::address(cx, "meet", ["v2", "conferenceRecords"])?, &[("pageSize", "1")]);
    cx.http.send(Request::get("read_meetings", url)).await.map(drop)
}

/// Makes one. Not repeatable: the interface knows no key for that.
pub(crate) async fn open(cx: &Cx) -> Result<Room, Error> {
    let body = match cx.setting("entry") {
        Some("open") => json!({ "config": { "accessType": "OPEN" } }),
        Some("trusted") => json!({ "config": { "accessType": "TRUSTED" } }),
        Some("restricted") => json!({ "config": { "accessType": "RESTRICTED" } }),
        _ => json!({}),
    };
    let url = call::address(cx, "meet", ["v2", "spaces"])?;
    room(cx.http.send(call::json("make_space", Method::POST, url, &body)).await?.json()?)
}

/// The room as it is. Its link stays whatever becomes of the booking.
pub(crate) async fn update(cx: &Cx, known: &Room) -> Result<Room, Error> {
    room(call::read(cx, "read_space", address(cx, &known.id)?).await?)
}

/// Lets nobody in any more who only has the link, and ends what is going on there.
pub(crate) async fn close(cx: &Cx, id: &RemoteId) -> Result<(), Error> {
    let url = call::with(address(cx, id)?, &[("updateMask", "config.accessType")]);
    let body = json!({ "config": { "accessType": "RESTRICTED" } });
    match cx.http.send(call::json("close_space", Method::PATCH, url, &body).repeatable()).await {
        // An administrator decides who comes in; then the link is all there is.
        Err(error) if error.kind == Kind::PolicyDenied => {
            tracing::info!(%error, "a Meet room stays as it is");
        }
        answer => drop(answer?),
    }
    let mut url = address(cx, id)?;
    url.set_path(&format!("{}:endActiveConference", url.path()));
    let ended = cx.http.send(call::json("end_meeting", Method::POST, url, &json!({})).repeatable()).await;
    if let Err(error) = ended {
        // Mostly there is no meeting to be ended.
        tracing::debug!(%error, "no meeting was ended");
    }
    Ok(())
}

fn room(space: Space) -> Result<Room, Error> {
    if !space.meeting_uri.starts_with("https://") {
        return Err(Error::new(Kind::Malformed, "Google makes a room without a link"));
    }
    Ok(Room { id: RemoteId::new(space.name), link: Link::Ready(space.meeting_uri), password: None })
}

fn address(cx: &Cx, id: &RemoteId) -> Result<Url, Error> {
    call::address(cx, "meet", ["v2"].into_iter().chain(id.as_str().split('/')))
}
