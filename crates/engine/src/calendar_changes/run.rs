//! One event of ours that was changed in a calendar: looked at once more, then followed, asked about, or left alone.

use kalends_app::{RemoteId, gateway::Patience, kind::calendar::Written};
use kalends_domain::{
    Span,
    booking::{AskWhy, Booking, Heed as Wish, Seen},
};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Calendar, Following, Happened, OutsideChange, Reference},
};
use serde_json::json;

use crate::{
    Actor, Engine,
    book::{CancelAsk, CancelWhat, ChangeError},
    connect::Installed,
    flights::{self, About, Step},
    job::{self, Failed, Heed, Job as _, Letters, SyncCalendar},
};

/// So often an event that changes under our eyes is read again before the last sight of it counts.
const LOOKS: u32 = 3;

/// What one run is about.
struct Case {
    change: OutsideChange,
    row: Reference,
    booking: Booking,
    calendar: Calendar,
    installed: Option<Installed>,
    wish: kalends_domain::people::CalendarChanges,
}

/// Heeds what was seen of one event.
#[tracing::instrument(name = "job.heed", skip_all, fields(reference = %job.reference))]
pub(crate) async fn run(engine: &Engine, job: &Heed, tries: u32) -> Result<(), Failed> {
    let Some(case) = read(engine, job).await? else { return Ok(()) };
    // What is to be written once more counts as little as what is not written yet.
    let written = case.row.is_settled() && case.row.following == Following::Done;
    let void = case.booking.revision != case.change.revision || !written;
    if void || !case.row.desired_present || case.wants(engine, case.change.seen) == Wish::Nothing {
        return Ok(end(engine, &case.change).await?);
    }
    if case.change.why.is_some() {
        return Ok(());
    }
    let about = About::of(job.organization)
        .booking(Some(case.booking.id))
        .step(Step::Heed(job.reference))
        .after(tries, Heed::TRIES);
    let Some((case, etag)) = flights::about(about, Box::pin(look(engine, case, tries))).await? else {
        return Ok(());
    };
    Box::pin(heed(engine, &case, etag)).await
}

async fn read(engine: &Engine, job: &Heed) -> StoreResult<Option<Case>> {
    let mut tx = engine.db.read().await?;
    let Some(change) = tx.outside_changes().of_reference(job.organization, job.reference).await? else {
        return Ok(None);
    };
    let Some(row) = tx.references().get(job.reference).await? else { return Ok(None) };
    let Some(booking) = tx.bookings().get(change.booking).await? else { return Ok(None) };
    let Some(calendar) = tx.calendars().get(change.calendar).await? else { return Ok(None) };
    let Some(host) = tx.people().get(change.host).await? else { return Ok(None) };
    let installed = Installed::of_connection(&mut tx, &engine.outside, calendar.connection).await?;
    let wish = calendar.on_change.unwrap_or(host.profile.calendar_changes);
    Ok(Some(Case { change, row, booking, calendar, installed, wish }))
}

impl Case {
    fn wants(&self, engine: &Engine, seen: Seen) -> Wish {
        self.booking.heed(seen, self.wish, engine.now().as_second())
    }
}

/// Asks the calendar how the event stands now: what a sync read may be older than what we wrote since.
///
/// None when it stands as we wrote it, or is being read anew; else the case as it is, with the event's version.
async fn look(engine: &Engine, mut case: Case, tries: u32) -> Result<Option<(Case, Option<String>)>, Failed> {
    let Some(installed) = &case.installed else {
        end(engine, &case.change).await?;
        return Ok(None);
    };
    if !installed.is_usable() {
        return Err(Failed::again(installed.connection.cause.clone()));
    }
    let Some(part) = installed.app.calendar() else { return Ok(None) };
    let cx = engine.cx(installed, Patience::Job).await.map_err(Failed::from)?;
    let place = RemoteId::new(&case.calendar.remote_id);
    let answer = part.find(&cx, &place, case.booking.uid.as_str()).await;
    engine.heard(installed, &answer).await;
    match (answer.map_err(Failed::from)?, case.change.seen) {
        (None, Seen::Gone) => Ok(Some((case, None))),
        (None, _) => {
            // Deleted since.
            case.change = seen_gone(engine, &case).await?;
            Ok(Some((case, None)))
        }
        (Some(found), seen) => match verdict(&found, &case, seen, tries) {
            Verdict::Ours => {
                end(engine, &case.change).await?;
                Ok(None)
            }
            Verdict::Newer => {
                sync_again(engine, &case.calendar).await?;
                Err(Failed::again("the event changed again while it was read"))
            }
            Verdict::AsSeen => Ok(Some((case, found.etag))),
        },
    }
}

enum Verdict {
    /// It stands as we wrote it last.
    Ours,
    /// It changed since it was seen: it is read again.
    Newer,
    /// It stands as it was seen.
    AsSeen,
}

fn verdict(found: &Written, case: &Case, seen: Seen, tries: u32) -> Verdict {
    let Some(etag) = &found.etag else { return Verdict::AsSeen };
    // One that a run before this has noted already, and could not follow, is still to be followed.
    if case.row.etag.as_ref() == Some(etag) && case.change.etag.as_ref() != Some(etag) {
        return Verdict::Ours;
    }
    match &case.change.etag {
        Some(then) if then == etag => Verdict::AsSeen,
        // It was gone and is there again: the sync that sees it will say how.
        None if seen == Seen::Gone => Verdict::Ours,
        _ if tries + 1 < LOOKS => Verdict::Newer,
        _ => Verdict::AsSeen,
    }
}

async fn heed(engine: &Engine, case: &Case, etag: Option<String>) -> Result<(), Failed> {
    match case.wants(engine, case.change.seen) {
        Wish::Nothing => Ok(end(engine, &case.change).await?),
        Wish::Ask(why) => ask(engine, case, why).await,
        Wish::Cancel => {
            let ask = CancelAsk {
                booking: case.booking.uid.clone(),
                what: CancelWhat::Whole,
                reason: String::new(),
                actor: Actor::Calendar,
            };
            done_or_void(engine, case, Box::pin(engine.cancel(&ask)).await.map(drop)).await
        }
        Wish::Move(to) => follow(engine, case, to, etag).await,
    }
}

async fn follow(engine: &Engine, case: &Case, to: Span, etag: Option<String>) -> Result<(), Failed> {
    let works = engine.works(&case.booking, to).await.map_err(|error| Failed::again(error.to_string()))?;
    if !works {
        return ask(engine, case, AskWhy::Hours).await;
    }
    // What stands there is known now: writing the new revision over it is no conflict.
    let row = case.row.clone();
    engine
        .db
        .write(move |tx| {
            let (row, etag) = (row.clone(), etag.clone());
            Box::pin(async move { tx.references().noticed(&row, etag.as_deref()).await })
        })
        .await?;
    match Box::pin(engine.move_along(&case.booking, to, Actor::Calendar)).await {
        Err(ChangeError::Time(crate::book::BookError::Trouble(trouble))) => {
            Err(Failed::again(trouble.to_string()))
        }
        Err(ChangeError::Time(_)) => ask(engine, case, AskWhy::Taken).await,
        done => done_or_void(engine, case, done.map(drop)).await,
    }
}

/// Done, or there is nothing left to do it to.
async fn done_or_void(engine: &Engine, case: &Case, done: Result<(), ChangeError>) -> Result<(), Failed> {
    match done {
        Err(ChangeError::Trouble(trouble)) => Err(Failed::again(trouble.to_string())),
        Ok(()) | Err(_) => Ok(end(engine, &case.change).await?),
    }
}

async fn ask(engine: &Engine, case: &Case, why: AskWhy) -> Result<(), Failed> {
    let (change, booking) = (case.change.clone(), case.booking.clone());
    engine
        .db
        .write(move |tx| {
            let (change, booking) = (change.clone(), booking.clone());
            Box::pin(async move {
                if tx.outside_changes().ask(&change, why).await? {
                    let detail = json!({ "seen": change.seen, "why": why });
                    tx.bookings()
                        .happened(&booking, &Happened { kind: "changed", actor: "calendar", detail })
                        .await?;
                    let (organization, question) = (change.organization, tx.ids().uid());
                    job::add(tx, &Letters::CalendarChange { organization, change: change.id, question })
                        .await?;
                }
                Ok(())
            })
        })
        .await
        .map_err(|error: kalends_store::Error| error.into())
}

async fn end(engine: &Engine, change: &OutsideChange) -> StoreResult<()> {
    let change = change.clone();
    engine
        .db
        .write(move |tx| {
            let change = change.clone();
            Box::pin(async move { tx.outside_changes().end(&change).await.map(drop) })
        })
        .await
}

async fn seen_gone(engine: &Engine, case: &Case) -> StoreResult<OutsideChange> {
    let (row, calendar, before) = (case.row.clone(), case.calendar.clone(), case.change.clone());
    engine
        .db
        .write(move |tx: &mut Tx| {
            let (row, calendar, before) = (row.clone(), calendar.clone(), before.clone());
            Box::pin(async move {
                tx.outside_changes().saw(&row, &calendar, Seen::Gone, None).await?;
                let now = tx.outside_changes().of_reference(row.organization, row.id).await?;
                Ok(now.unwrap_or(before))
            })
        })
        .await
}

async fn sync_again(engine: &Engine, calendar: &Calendar) -> StoreResult<()> {
    let job = SyncCalendar::new(calendar.organization, calendar.id);
    engine
        .db
        .write(move |tx| {
            let job = job.clone();
            Box::pin(async move { job::add(tx, &job).await })
        })
        .await
}
