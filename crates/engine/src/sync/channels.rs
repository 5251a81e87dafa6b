//! Channels: a provider tells when a calendar changes, so that it need not be asked so often.
//!
//! A notice only says "look there": the calendar is read as always, and polling stays behind it as the safety net.

use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    AnyWatch, Error, Kind, RemoteId,
    gateway::Patience,
    kind::watch::{Channel, Wish},
};
use kalends_domain::{Id, Ids};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Calendar, CalendarChannel, ChannelState},
};

use crate::{
    Engine,
    connect::Installed,
    flights::{self, About, Step},
    hooks_in,
    job::{self, Failed, SyncCalendar, WatchCalendar, When},
};

/// A provider that has no channel for a calendar may have one later.
const REFUSED: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Closing all channels of an account somebody takes away takes no longer.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(10);

/// Brings one calendar's channel to what it should be: open and fresh, or closed.
#[tracing::instrument(name = "job.watch_calendar", skip_all, fields(calendar = %job.calendar))]
pub(crate) async fn run(engine: &Engine, job: &WatchCalendar) -> Result<(), Failed> {
    let mut tx = engine.db.read().await?;
    let Some(calendar) = tx.calendars().get(job.calendar).await? else { return Ok(()) };
    let there = tx.channels().of(&calendar).await?;
    let installed = Installed::of_connection(&mut tx, &engine.outside, calendar.connection).await?;
    drop(tx);
    let Some(installed) = installed else { return Ok(()) };
    let Some(part) = installed.app.watch() else { return Ok(()) };
    let about = About::of(job.organization).notice(job.because).step(Step::Channel(calendar.id));
    let case = Case { engine, calendar, installed, part, there };
    Ok(flights::about(about, Box::pin(case.settle())).await?)
}

/// True when a calendar should have a channel and nobody has tried to open one yet.
pub(super) fn is_missing(engine: &Engine, from: &Installed, there: Option<&CalendarChannel>) -> bool {
    there.is_none() && from.app.watch().is_some() && engine.outside.links().are_public()
}

struct Case<'e> {
    engine: &'e Engine,
    calendar: Calendar,
    installed: Installed,
    part: std::sync::Arc<dyn AnyWatch>,
    there: Option<CalendarChannel>,
}

impl Case<'_> {
    async fn settle(mut self) -> StoreResult<()> {
        let wanted =
            self.calendar.blocks && self.installed.is_usable() && self.engine.outside.links().are_public();
        let now = self.engine.now();
        match self.there.take() {
            None if !wanted => Ok(()),
            None => self.open(None).await,
            Some(there) if !wanted => self.close(there).await,
            Some(there) if there.lives(now) && there.renew_at.is_some_and(|at| at > now) => Ok(()),
            Some(there)
                if there.renew_at.is_some_and(|at| at > now) && there.state != ChannelState::Ended =>
            {
                Ok(())
            }
            Some(there) => self.open(Some(there)).await,
        }
    }

    /// Opens a channel, or makes the one there is live on.
    async fn open(&self, there: Option<CalendarChannel>) -> StoreResult<()> {
        let answer = self.ask(there.as_ref()).await;
        self.engine.heard(&self.installed, &answer).await;
        let now = self.engine.now();
        let mut row = there.unwrap_or_else(|| CalendarChannel {
            id: self.engine.ids().id(),
            organization: self.calendar.organization,
            calendar: self.calendar.id,
            connection: self.calendar.connection,
            remote_id: String::new(),
            resource: None,
            state: ChannelState::Failing,
            expires_at: None,
            renew_at: None,
            tries: 0,
            last_error: None,
        });
        match answer {
            Ok(channel) => {
                row.remote_id = channel.id.to_string();
                row.resource = channel.resource;
                row.state = ChannelState::Live;
                row.expires_at = Some(channel.expires_at);
                row.renew_at = Some(renewal(now, channel.expires_at, self.engine.ids()));
                row.tries = 0;
                row.last_error = None;
            }
            Err(error) => {
                row.tries += 1;
                row.last_error = Some(error.to_string());
                // One that still lives goes on while its renewal is tried again.
                if !row.lives(now) {
                    row.state = if is_final(&error) { ChannelState::Refused } else { ChannelState::Failing };
                }
                row.renew_at = Some(self.next_try(&error, row.tries, now));
            }
        }
        let (organization, calendar) = (self.calendar.organization, self.calendar.id);
        let read = row.state == ChannelState::Live;
        self.engine
            .db
            .write(move |tx: &mut Tx| {
                let row = row.clone();
                Box::pin(async move {
                    tx.channels().put(&row).await?;
                    // What changed between the last look and the opening was told to nobody.
                    if read {
                        job::add(tx, &SyncCalendar::new(organization, calendar)).await?;
                    }
                    Ok::<_, kalends_store::Error>(())
                })
            })
            .await?;
        if read { self.close_if_gone().await } else { Ok(()) }
    }

    /// An account that was taken away or switched off while its provider opened the channel wants none: whoever did that
    /// closed those that were there.
    async fn close_if_gone(&self) -> StoreResult<()> {
        let mut tx = self.engine.db.read().await?;
        let of = Installed::of_connection(&mut tx, &self.engine.outside, self.calendar.connection).await?;
        let there = tx.channels().of(&self.calendar).await?;
        drop(tx);
        match there {
            Some(there) if of.is_none_or(|of| !of.installation.enabled) => self.close(there).await,
            _ => Ok(()),
        }
    }

    async fn ask(&self, there: Option<&CalendarChannel>) -> Result<Channel, Error> {
        let now = self.engine.now();
        let cx = self.engine.cx(&self.installed, Patience::Job).await?;
        // Our side of it stands before the provider is asked: some try it out before they answer (INB-08).
        let place = hooks_in::place(self.engine, &self.installed).await?;
        let until = now.checked_add(self.part.longest()).unwrap_or(Timestamp::MAX);
        let id = self.engine.ids().uid().to_string();
        let wish = Wish { id, address: place.address, secret: place.secret, until };
        if let Some(channel) = there.filter(|there| there.lives(now)).map(channel_of) {
            match self.part.renew(&cx, &channel, &wish).await {
                Err(error) if error.is_missing() => {}
                answer => return answer,
            }
        }
        self.part.watch(&cx, &RemoteId::new(&self.calendar.remote_id), &wish).await
    }

    fn next_try(&self, error: &Error, tries: u32, now: Timestamp) -> Timestamp {
        if is_final(error) {
            return now.checked_add(REFUSED).unwrap_or(Timestamp::MAX);
        }
        match Failed::from(error.clone()) {
            Failed::Again { when, .. } => when.instant(tries, now, self.engine.ids()),
            Failed::NotYet { .. } | Failed::Never { .. } => {
                When::Backoff.instant(tries.max(9), now, self.engine.ids())
            }
        }
    }

    /// Closes a channel. One that cannot be closed now ends by itself: its notices find nobody.
    async fn close(&self, there: CalendarChannel) -> StoreResult<()> {
        if there.lives(self.engine.now()) && !there.remote_id.is_empty() {
            let answer = match self.engine.cx(&self.installed, Patience::Form).await {
                Ok(cx) => self.part.unwatch(&cx, &channel_of(&there)).await,
                Err(error) => Err(error),
            };
            if let Err(error) = answer {
                tracing::info!(%error, "a channel could not be closed; it ends by itself");
            }
        }
        let calendar = self.calendar.clone();
        self.engine
            .db
            .write(move |tx| {
                let calendar = calendar.clone();
                Box::pin(async move { tx.channels().delete(&calendar).await })
            })
            .await
    }
}

/// Closes all channels of an account that is about to be taken away; what cannot be closed ends by itself.
pub(crate) async fn close_all(engine: &Engine, of: &Installed) -> StoreResult<()> {
    let Some(part) = of.app.watch() else { return Ok(()) };
    let calendars = engine.db.read().await?.calendars().of_connection(&of.connection).await?;
    let work = async {
        for calendar in calendars {
            let there = engine.db.read().await?.channels().of(&calendar).await?;
            let (installed, part) = (of.clone(), std::sync::Arc::clone(&part));
            if let Some(channel) = there {
                Case { engine, calendar, installed, part, there: None }.close(channel).await?;
            }
        }
        Ok(())
    };
    let work = flights::about(About::of(of.installation.organization), work);
    tokio::time::timeout(FAREWELL, work).await.unwrap_or(Ok(()))
}

/// Enqueues what is to be renewed or tried again.
pub(crate) async fn due(tx: &mut Tx, most: u32) -> StoreResult<Vec<WatchCalendar>> {
    let due = tx.channels().due(most).await?;
    Ok(due.iter().map(|one| WatchCalendar::new(one.organization, one.calendar)).collect())
}

/// The calendars among these whose provider tells of changes now.
pub(crate) async fn live(tx: &mut Tx, of: &[Id<Calendar>], now: Timestamp) -> StoreResult<Vec<Id<Calendar>>> {
    let all = tx.channels().of_calendars(of).await?;
    Ok(all.into_iter().filter(|one| one.lives(now)).map(|one| one.calendar).collect())
}

fn channel_of(row: &CalendarChannel) -> Channel {
    Channel {
        id: RemoteId::new(&row.remote_id),
        resource: row.resource.clone(),
        expires_at: row.expires_at.unwrap_or(Timestamp::MAX),
    }
}

/// At three quarters of its life, up to a twentieth of it sooner, so that channels opened together are not renewed together.
fn renewal(now: Timestamp, expires_at: Timestamp, ids: &Ids) -> Timestamp {
    let life = expires_at.duration_since(now).as_secs().max(0);
    let part = i64::from(u16::from_be_bytes(ids.bytes()));
    let sooner = life / 20 * part / i64::from(u16::MAX);
    let wait = SignedDuration::from_secs(life / 4 * 3 - sooner);
    now.checked_add(wait).unwrap_or(expires_at)
}

/// Asking the same again tomorrow changes nothing.
const fn is_final(error: &Error) -> bool {
    matches!(error.kind, Kind::Invalid | Kind::PolicyDenied | Kind::NotFound | Kind::Gone)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kalends_app::fake::Same;
    use kalends_testkit::Held;

    use super::*;

    #[test]
    fn a_channel_is_renewed_at_three_quarters_of_its_life_and_not_all_at_once() {
        let week = Timestamp::from_second(7 * 86_400).unwrap();
        let at = |byte| {
            let ids = Ids::new(Arc::new(Held::at(Timestamp::UNIX_EPOCH)), Arc::new(Same(byte)));
            renewal(Timestamp::UNIX_EPOCH, week, &ids).as_second()
        };
        assert_eq!(at(0), 7 * 86_400 / 4 * 3);
        assert_eq!(at(255), 7 * 86_400 / 4 * 3 - 7 * 86_400 / 20);
    }
}
