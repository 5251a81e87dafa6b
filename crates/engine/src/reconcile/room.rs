//! The room of a conferencing app, and the link it brings.

use jiff::SignedDuration;
use kalends_app::{
    AnyConference, Cx, Error,
    gateway::Patience,
    kind::conference::{Link, Meeting, Room},
};
use kalends_domain::{booking::Booking, event_type::BookedLocation};
use kalends_store::repo::{Applied, Following};
use serde_json::{Value, json};

use super::{
    Trouble, draft,
    scene::{Scene, Tie},
};
use crate::{Engine, notify};

/// How soon a link that is still being made is asked for again; each time twice as late.
const AGAIN: SignedDuration = SignedDuration::from_secs(2);

/// Brings the room to what is wanted, and its link into the booking.
pub(super) async fn follow(engine: &Engine, scene: &mut Scene, tie: &Tie) -> Result<(), Trouble> {
    let room = tie.kept("room").and_then(|room| serde_json::from_value::<Room>(room.clone()).ok());
    let meeting = draft::meeting(&scene.booking, &scene.hosts);
    let print = draft::fingerprint(&meeting);
    if tie.row.desired_present {
        let ready = room.as_ref().is_some_and(|room| room.link != Link::Pending);
        let same = tie.kept("print").and_then(Value::as_str) == Some(&print);
        if ready && same && tie.row.is_settled() {
            return Ok(());
        }
    } else if room.is_none() {
        let settled = tie.row.following == Following::Done;
        return if settled { Ok(()) } else { save(engine, scene, tie, None, &print).await };
    }
    let Some(installed) = &tie.installed else {
        return Err(Trouble::Parked("The account that makes the rooms is not connected any more.".into()));
    };
    let Some(part) = installed.app.conference() else {
        return Err(Trouble::Parked("This app makes no rooms any more.".into()));
    };
    if !installed.is_usable() {
        return Err(Trouble::Parked(installed.connection.cause.clone()));
    }
    let cx = engine.cx(installed, Patience::Job).await?;
    if !tie.row.desired_present {
        let answer = match &room {
            Some(room) => part.close(&cx, room).await,
            None => Ok(()),
        };
        let answer = match answer {
            Err(error) if error.is_missing() => Ok(()),
            answer => answer,
        };
        engine.heard(installed, &answer).await;
        answer?;
        return save(engine, scene, tie, None, &print).await;
    }
    let answer = open(part.as_ref(), &cx, room.as_ref(), &meeting).await;
    engine.heard(installed, &answer).await;
    let room = answer?;
    let pending = room.link == Link::Pending;
    save(engine, scene, tie, Some(room), &print).await?;
    if pending {
        let later = AGAIN * (1 << tie.row.tries.min(8));
        let at = engine.now().checked_add(later).unwrap_or(jiff::Timestamp::MAX);
        return Err(Trouble::Pending(at, "The link is still being made."));
    }
    Ok(())
}

/// A room there was is kept, with its link; one that is gone over there is made anew.
async fn open(
    part: &dyn AnyConference,
    cx: &Cx,
    room: Option<&Room>,
    meeting: &Meeting,
) -> Result<Room, Error> {
    match room {
        Some(room) => match part.update(cx, room, meeting).await {
            Err(error) if error.is_missing() => part.open(cx, meeting).await,
            answer => answer,
        },
        None => part.open(cx, meeting).await,
    }
}

/// Writes down the room, and its link into the booking, in one transaction; who was promised the link is told.
async fn save(
    engine: &Engine,
    scene: &mut Scene,
    tie: &Tie,
    room: Option<Room>,
    print: &str,
) -> Result<(), Trouble> {
    let url = room.as_ref().and_then(|room| match &room.link {
        Link::Ready(url) => Some(url.clone()),
        Link::AtDoor => Some(engine.outside.links().join(&scene.booking.uid)),
        Link::Pending => None,
    });
    let applied = Applied {
        revision: scene.booking.revision,
        present: room.is_some(),
        external_id: room.as_ref().map(|room| room.id.to_string()),
        external_url: url.clone(),
        etag: None,
        detail: match &room {
            Some(room) => json!({ "room": room, "print": print }),
            None => json!({}),
        },
    };
    let (row, uid) = (tie.row.clone(), scene.booking.uid.clone());
    let there = engine
        .db
        .write(move |tx| {
            let (row, uid, url, applied) = (row.clone(), uid.clone(), url.clone(), applied.clone());
            Box::pin(async move {
                tx.references().applied(&row, &applied).await?;
                let Some(url) = url else { return Ok(None) };
                let Some(booking) = tx.bookings().lock(&uid).await? else { return Ok(None) };
                let Some(booking) = with_link(booking, &row.wanted.app, &url) else { return Ok(None) };
                tx.bookings().save(&booking, booking.revision).await?;
                notify::link_ready(tx, &booking, &url).await?;
                Ok::<_, kalends_store::Error>(Some(booking.location))
            })
        })
        .await?;
    if let Some(location) = there {
        scene.booking.location = location;
    }
    Ok(())
}

/// The booking with its link; none when it has it already, or takes place elsewhere by now.
fn with_link(mut booking: Booking, made_by: &str, link: &str) -> Option<Booking> {
    match &mut booking.location {
        BookedLocation::App { app, url, .. } if app == made_by && url.as_deref() != Some(link) => {
            *url = Some(link.to_owned());
            Some(booking)
        }
        _ => None,
    }
}
