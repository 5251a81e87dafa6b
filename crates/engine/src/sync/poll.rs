//! How often a calendar is looked at: soon after something happened or while somebody looks, rarely when it is quiet.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use kalends_app::{Error, Kind, Retry, kind::calendar::Changes};
use kalends_domain::{Id, people::User};
use kalends_store::repo::Calendar;

use crate::{
    Engine,
    job::{self, SyncCalendar},
};

const SHORTEST: SignedDuration = SignedDuration::from_mins(1);
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// Where the provider tells of changes, a notice that was lost is made good this late.
const TOLD: SignedDuration = SignedDuration::from_hours(1);
/// What refuses our sign-in is asked again this late: its owner, who was told, takes it up sooner.
const REFUSED: SignedDuration = SignedDuration::from_hours(1);
/// While a host's times are looked at, their calendars are read this often.
const WATCHED: SignedDuration = SignedDuration::from_mins(1);
/// Hosts remembered as looked at.
const MOST: usize = 20_000;

/// The next look after one that worked: soon when something changed, else twice as late as last time; and only for
/// safety's sake where its provider tells of changes.
pub(super) fn after(calendar: &Calendar, changes: &Changes, now: Timestamp, told: bool) -> Timestamp {
    if told {
        return later(now, TOLD);
    }
    let quiet = changes.upserts.is_empty() && changes.removed.is_empty();
    let last = calendar.freshness.synced_at.map_or(SHORTEST, |last| now.duration_since(last));
    let wait = if quiet { last.saturating_mul(2) } else { SHORTEST.saturating_mul(2) };
    let next = later(now, wait.clamp(SHORTEST, LONGEST));
    changes.quiet_until.map_or(next, |quiet| next.max(quiet))
}

/// The next look after one that failed: half as late as it has been failing, unless the provider names a time.
pub(super) fn after_failure(calendar: &Calendar, error: &Error, now: Timestamp) -> Timestamp {
    if error.kind.needs_owner() {
        return when_refused(now);
    }
    let named = match (&error.kind, error.retry) {
        (Kind::RateLimited { until: Some(at) } | Kind::QuotaExhausted { resets: Some(at) }, _) => Some(*at),
        (_, Retry::After(wait)) => SignedDuration::try_from(wait).ok().map(|wait| later(now, wait)),
        _ => None,
    };
    let failing = calendar.freshness.failing_since.map_or(SHORTEST, |since| now.duration_since(since) / 2);
    let at = later(now, failing.clamp(SHORTEST, LONGEST));
    named.map_or(at, |named| named.max(at))
}

/// The next look at an account that needs its owner first.
pub(super) fn when_refused(now: Timestamp) -> Timestamp {
    later(now, REFUSED)
}

fn later(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// When each host's times were last looked at, here.
#[derive(Debug, Default)]
pub(crate) struct Looks(Mutex<HashMap<Id<User>, Timestamp>>);

impl Looks {
    /// Those of these hosts whose calendars should be read because somebody looks.
    fn fresh(&self, hosts: &[Id<User>], now: Timestamp) -> Vec<Id<User>> {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() > MOST {
            looks.retain(|_, last| now.duration_since(*last) < WATCHED);
        }
        let due = |host: &Id<User>| looks.get(host).is_none_or(|last| now.duration_since(*last) >= WATCHED);
        let fresh: Vec<Id<User>> = hosts.iter().copied().filter(due).collect();
        looks.extend(fresh.iter().map(|host| (*host, now)));
        fresh
    }
}

impl Engine {
    /// Somebody looks at these hosts' times: their calendars are read soon. Returns at once, and mostly does nothing.
    pub(crate) fn looked_at(&self, hosts: &[Id<User>]) {
        let fresh = self.looks.fresh(hosts, self.now());
        if fresh.is_empty() {
            return;
        }
        let engine = self.clone();
        tokio::spawn(async move {
            if let Err(error) = engine.read_soon(&fresh).await {
                tracing::warn!(%error, "calendars could not be put forward");
            }
        });
    }

    async fn read_soon(&self, hosts: &[Id<User>]) -> kalends_store::Result<()> {
        let now = self.now();
        let mut tx = self.db.read().await?;
        let calendars = tx.calendars().of_users(hosts).await?;
        let ids: Vec<Id<Calendar>> = calendars.iter().map(|one| one.id).collect();
        let told = super::live(&mut tx, &ids, now).await?;
        drop(tx);
        let old = |one: &Calendar| {
            one.blocks
                && !told.contains(&one.id)
                && one.freshness.failing_since.is_none()
                && one.freshness.synced_at.is_some_and(|last| now.duration_since(last) >= WATCHED)
        };
        let old: Vec<Calendar> = calendars.into_iter().filter(old).collect();
        if old.is_empty() {
            return Ok(());
        }
        self.db
            .write(move |tx| {
                let old = old.clone();
                Box::pin(async move {
                    for one in old {
                        job::add(tx, &SyncCalendar::new(one.organization, one.id)).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
