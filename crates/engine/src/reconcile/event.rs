//! The event in a host's calendar.

use jiff::Timestamp;
use kalends_app::{
    RemoteId,
    gateway::Patience,
    kind::calendar::{Draft, Written},
};
use kalends_store::repo::Applied;
use serde_json::{Value, json};

use super::{
    Trouble,
    calendar::{self, Known},
    draft,
    scene::{Scene, Tie},
};
use crate::Engine;

/// Brings one event to what is wanted.
pub(super) async fn follow(engine: &Engine, scene: &Scene, tie: &Tie) -> Result<(), Trouble> {
    let booking = &scene.booking;
    let known = known(tie);
    if !tie.row.desired_present && !tie.row.applied_present && !known.attempted {
        return if tie.row.following == kalends_store::repo::Following::Done {
            Ok(())
        } else {
            save(engine, tie, gone(booking.revision)).await
        };
    }
    let draft = draft::event(booking, &scene.hosts, &scene.rules, &engine.outside);
    let print = print(&draft);
    if tie.row.desired_present
        && tie.row.is_settled()
        && tie.kept("print").and_then(Value::as_str) == Some(&print)
    {
        return Ok(());
    }
    let Some(installed) = &tie.installed else {
        return Err(Trouble::Parked("The calendar's account is not connected any more.".into()));
    };
    let Some(part) = installed.app.calendar() else {
        return Err(Trouble::Parked("This app is not a calendar any more.".into()));
    };
    if !installed.is_usable() {
        return Err(Trouble::Parked(installed.why_unusable()));
    }
    let cx = engine.cx(installed, Patience::Job).await?;
    let place = tie.place();
    if !tie.row.desired_present {
        let answer = calendar::take_away(part.as_ref(), &cx, &place, &known, booking.uid.as_str()).await;
        engine.heard(installed, &answer).await;
        answer?;
        return save(engine, tie, gone(booking.revision)).await;
    }
    let answer = calendar::put(part.as_ref(), &cx, &place, &known, &draft).await;
    engine.heard(installed, &answer).await;
    let written = answer?;
    let applied = Applied {
        revision: booking.revision,
        present: true,
        external_id: Some(written.id.to_string()),
        external_url: None,
        etag: written.etag,
        detail: json!({ "print": print }),
    };
    save(engine, tie, applied).await
}

/// What was last seen of it. An id without anything applied is the mark of a write that was begun.
fn known(tie: &Tie) -> Known {
    match (&tie.row.external_id, tie.row.applied_revision) {
        (Some(id), Some(_)) => {
            let written = Written { id: RemoteId::new(id), etag: tie.row.etag.clone() };
            Known { written: Some(written), attempted: true }
        }
        (Some(_), None) => Known { written: None, attempted: true },
        (None, _) => Known::default(),
    }
}

fn gone(revision: u32) -> Applied {
    Applied { revision, present: false, external_id: None, external_url: None, etag: None, detail: json!({}) }
}

async fn save(engine: &Engine, tie: &Tie, applied: Applied) -> Result<(), Trouble> {
    let row = tie.row.clone();
    engine
        .db
        .write(move |tx| {
            let (row, applied) = (row.clone(), applied.clone());
            Box::pin(async move { tx.references().applied(&row, &applied).await.map(drop) })
        })
        .await
        .map_err(Trouble::Store)
}

/// The content alone: when it was written down says nothing new.
fn print(draft: &Draft) -> String {
    draft::fingerprint(&Draft { stamp: Timestamp::UNIX_EPOCH, ..draft.clone() })
}
