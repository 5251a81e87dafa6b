//! Rooms without a booking are found and closed.
//!
//! Two things can leave one behind. A tie of ours that nothing follows any more (its job was given up, or lost with a backup)
//! is taken up again. A room at the provider that no tie knows (made twice by a lost answer) is found by its tag.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    AnyConference, App, Cx, Error,
    gateway::Patience,
    kind::{
        calendar::Person,
        conference::{Room, Rooms, Tagged, tag},
    },
};
use kalends_store::repo::Reference;

use super::draft;
use crate::{
    Engine,
    connect::Installed,
    flights::{self, About, Step},
    job::{self, Failed, Reconcile, SweepRooms},
};

/// What was touched since is left in peace: somebody is at it.
const PEACE: SignedDuration = SignedDuration::from_mins(10);
/// Rooms are looked at until so long after their booking.
const AFTER: SignedDuration = SignedDuration::from_hours(24);
/// What is taken up in one go.
const BATCH: u32 = 500;

/// Enqueues everything the sweep has to look at: what nothing follows, and each account that can have rooms nobody knows.
pub(crate) async fn enqueue(engine: &Engine) -> kalends_store::Result<()> {
    let makes_rooms = |app: &&&App| app.conference().is_some_and(|part| part.can().rooms == Rooms::Kept);
    let apps: Vec<&'static str> =
        engine.outside.apps().iter().filter(makes_rooms).map(|app| app.slug).collect();
    engine
        .db
        .write(move |tx| {
            let apps = apps.clone();
            Box::pin(async move {
                let before = tx.now().checked_sub(PEACE).unwrap_or(Timestamp::MIN);
                for row in tx.references().left_over(before, BATCH).await? {
                    job::add(tx, &Reconcile::new(row.organization, row.booking)).await?;
                }
                for one in tx.installations().of_apps(&apps).await? {
                    let sweep = SweepRooms { organization: one.organization, installation: one.id };
                    job::add(tx, &sweep).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Closes the rooms of one account that carry the tag of a booking of ours which does not want them.
#[tracing::instrument(name = "job.sweep_rooms", skip_all, fields(installation = %job.installation))]
pub(crate) async fn run(engine: &Engine, job: &SweepRooms) -> Result<(), Failed> {
    let about = About::of(job.organization).step(Step::Rooms(job.installation));
    flights::about(about, sweep(engine, job)).await
}

async fn sweep(engine: &Engine, job: &SweepRooms) -> Result<(), Failed> {
    let (installed, known, hosts) = {
        let mut tx = engine.db.read().await?;
        let Some(installed) = Installed::get(&mut tx, &engine.outside, job.installation).await? else {
            return Ok(());
        };
        let after = engine.now().checked_sub(AFTER).unwrap_or(Timestamp::MIN);
        let rooms = tx.references().rooms_of(&installed.installation, after).await?;
        let known: HashMap<String, Reference> =
            rooms.into_iter().map(|(uid, row)| (tag(uid.as_str()), row)).collect();
        let hosts: Vec<_> = known.values().map(|row| row.wanted.host).collect();
        let hosts = tx.people().many(&hosts).await?.iter().map(draft::person).collect::<Vec<Person>>();
        (installed, known, hosts)
    };
    let Some(part) = installed.app.conference() else { return Ok(()) };
    if known.is_empty() || !installed.is_usable() {
        return Ok(());
    }
    let answer = close(engine, part.as_ref(), &installed, &known, &hosts).await;
    engine.heard(&installed, &answer).await;
    answer.map(drop).map_err(Failed::from)
}

async fn close(
    engine: &Engine,
    part: &dyn AnyConference,
    installed: &Installed,
    known: &HashMap<String, Reference>,
    hosts: &[Person],
) -> Result<(), Error> {
    let cx: Cx = engine.cx(installed, Patience::Job).await?;
    let listed = part.tagged(&cx, hosts).await?;
    for stray in listed.iter().filter(|one| is_stray(one, known)) {
        tracing::warn!(app = installed.app.slug, room = %stray.room.id, "a room without a booking is closed");
        match part.close(&cx, &stray.room).await {
            Err(error) if !error.is_missing() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A room of a booking of ours that should have none there, or has another. One whose tag we do not know may be another
/// server's, and one whose booking is being followed right now may be about to be known.
fn is_stray(one: &Tagged, known: &HashMap<String, Reference>) -> bool {
    let Some(row) = known.get(&one.tag) else { return false };
    let room = row.detail.get("room").and_then(|room| serde_json::from_value::<Room>(room.clone()).ok());
    match room {
        _ if !row.desired_present => true,
        Some(room) => row.is_settled() && room.id != one.room.id,
        None => false,
    }
}
