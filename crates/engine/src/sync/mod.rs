//! Calendar mirrors: our copy of the busy times of external calendars.
//!
//! A copy is brought up to date by what changed since a cursor. It is never empty while it is read anew, so that no time is
//! free only because we are looking; and while its calendar cannot be reached, its age and its owner's policy say what holds.

mod channels;
mod poll;
mod read;

use jiff::Timestamp;
use kalends_app::{Error, gateway::Patience, kind::calendar::Changes};
use kalends_domain::Span;
use kalends_store::repo::{Calendar, CalendarChannel};

pub(crate) use self::{
    channels::{close_all, due as channels_due, live, run as watch},
    poll::Looks,
};
use crate::{
    Engine,
    connect::Installed,
    flights::{self, About, Step},
    job::{self, Failed, SyncCalendar, WatchCalendar},
};

const DAY: i64 = 86_400;
/// A copy that reaches less far ahead than this is read anew.
const LEAST_AHEAD: i64 = 390 * DAY;

/// A day back, thirteen months ahead: what guests can ask for, and a little more.
pub(crate) fn window(now: Timestamp) -> Span {
    let today = now.as_second() - now.as_second().rem_euclid(DAY);
    Span::new(today - DAY, today + 401 * DAY)
}

/// Brings one copy up to date.
#[tracing::instrument(name = "job.sync_calendar", skip_all, fields(calendar = %job.calendar))]
pub(crate) async fn run(engine: &Engine, job: &SyncCalendar) -> Result<(), Failed> {
    let mut tx = engine.db.read().await?;
    let Some(calendar) = tx.calendars().get(job.calendar).await? else { return Ok(()) };
    let installed = Installed::of_connection(&mut tx, &engine.outside, calendar.connection).await?;
    let channel = tx.channels().of(&calendar).await?;
    drop(tx);
    let Some(installed) = installed.filter(|_| calendar.blocks) else {
        return Ok(plan(engine, &calendar, None).await?);
    };
    let about = About::of(job.organization).notice(job.because).step(Step::Calendar(calendar.id));
    flights::about(about, sync(engine, &calendar, &installed, channel.as_ref())).await?;
    if channels::is_missing(engine, &installed, channel.as_ref()) && installed.is_usable() {
        let wish = WatchCalendar::new(job.organization, calendar.id);
        engine.db.write(move |tx| Box::pin(async move { job::add(tx, &wish).await })).await?;
    }
    Ok(())
}

async fn sync(
    engine: &Engine,
    calendar: &Calendar,
    from: &Installed,
    channel: Option<&CalendarChannel>,
) -> kalends_store::Result<()> {
    if !from.installation.enabled {
        return plan(engine, calendar, None).await;
    }
    if !from.is_usable() {
        let next = poll::when_refused(engine.now());
        return read::failed(engine, calendar, &from.connection.cause, next).await;
    }
    let now = engine.now();
    let fresh = window(now);
    let reaches = calendar.window.end >= now.as_second() + LEAST_AHEAD;
    let since = calendar.cursor.as_deref().filter(|_| reaches);
    // What is read since a cursor is worked out for the same time as what is there already.
    let covers = if since.is_some() { calendar.window } else { fresh };
    let answer = match changes(engine, calendar, from, since, covers).await {
        Err(error) if error.kind == kalends_app::Kind::CursorExpired => {
            changes(engine, calendar, from, None, fresh).await.map(|changes| (changes, fresh))
        }
        answer => answer.map(|changes| (changes, covers)),
    };
    engine.heard(from, &answer).await;
    match answer {
        Ok((changes, covers)) => {
            let told = channel.is_some_and(|channel| channel.lives(now));
            let next = poll::after(calendar, &changes, now, told);
            read::keep(engine, calendar, changes, covers, next).await
        }
        Err(error) => {
            // An account's other calendars were told the same instant.
            let next = job::apart(poll::after_failure(calendar, &error, now), now, engine.ids());
            read::failed(engine, calendar, &error.to_string(), next).await
        }
    }
}

async fn changes(
    engine: &Engine,
    calendar: &Calendar,
    from: &Installed,
    since: Option<&str>,
    covers: Span,
) -> Result<Changes, Error> {
    let Some(part) = from.app.calendar() else {
        return Err(Error::new(kalends_app::Kind::Invalid, "this app is not a calendar any more"));
    };
    let cx = engine.cx(from, Patience::Job).await?;
    let of = kalends_app::RemoteId::new(&calendar.remote_id);
    let mut changes = part.changes(&cx, &of, since, covers).await?;
    // Without a cursor the answer is all there is, whatever it says of itself.
    changes.full |= since.is_none();
    Ok(changes)
}

async fn plan(engine: &Engine, calendar: &Calendar, next: Option<Timestamp>) -> kalends_store::Result<()> {
    let calendar = calendar.clone();
    engine
        .db
        .write(move |tx| {
            let calendar = calendar.clone();
            Box::pin(async move { tx.calendars().plan(&calendar, next).await })
        })
        .await
}
