//! Renewing tokens: one node at a time, written down before the provider is asked, and nothing that came is lost.
//!
//! A turn is a lease in the database with a number that only grows. Whoever has it asks the provider; everybody else waits
//! for what comes. Tokens are stored by the number of the turn they came from and over the version they replace, so a
//! node that slept through the end of its turn cannot put old tokens over new ones. See docs/adr.

use jiff::{SignedDuration, Timestamp};
use kalends_app::{
    Error, Kind, Retry,
    gateway::Patience,
    http::silence,
    oauth::{Class, Grant as How, Refusal, Tokens},
};
use kalends_store::repo::Grant;
use std::time::Duration;

use super::{Kept, own::Own};
use crate::{
    Engine, audit,
    connect::{Installed, letters},
    flights::{self, About},
};

/// A turn lasts this long. Far longer than any request: a node that is only slow never loses it.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// With less than this left of a turn nothing is sent any more.
const SEND: SignedDuration = SignedDuration::from_secs(40);
/// Between looks at somebody else's turn.
const LOOK: Duration = Duration::from_millis(250);
/// So many looks, then the call fails and is made again later.
const LOOKS: u32 = 40;
/// After that.
const AGAIN: Duration = Duration::from_secs(30);
/// After a refusal, before it is believed (OAU-10).
const DOUBT: Duration = Duration::from_secs(2);
/// After the first failure; doubled with each next one (OAU-13).
const COOLDOWN: SignedDuration = SignedDuration::from_secs(30);
/// No wait of ours is longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// So often what came is stored, while the database is away.
const STORES: u32 = 8;

/// Whose turn it is.
enum Turn {
    /// Ours.
    Ours(Box<Lease>),
    /// Somebody was faster: these came.
    Renewed(Kept),
    /// Somebody else's.
    Busy,
    /// Nobody's: it is over, or not to be tried yet.
    No(Error),
}

/// Our turn.
#[derive(Clone)]
struct Lease {
    fence: i64,
    until: Timestamp,
    kept: Kept,
    /// An earlier turn at the same tokens ended without a word.
    cut_off: Option<Timestamp>,
}

impl Engine {
    /// Tokens to sign with, renewed when it is time. While they are good, a renewal that fails fails nobody.
    pub(crate) async fn tokens(&self, of: &Installed) -> Result<Kept, Error> {
        let kept = async {
            let mut tx = self.db.read().await?;
            Kept::read(&mut tx, self.outside.keys(), &of.connection).await
        };
        let kept = kept.await.map_err(|error| trouble(&error))?.ok_or_else(nobody)?;
        let now = self.now();
        // What cannot be renewed is used to its end.
        let renewable = kept.refresh.is_some() || by_itself(of);
        if !kept.is_stale(now) || (!renewable && !kept.is_over(now)) {
            return Ok(kept);
        }
        match self.renewed(of, kept.version).await {
            Err(error) if error.kind != Kind::AuthRevoked && !kept.is_over(now) => {
                tracing::debug!(app = of.app.slug, %error, "tokens are used a little longer");
                Ok(kept)
            }
            other => other,
        }
    }

    /// Tokens after this version: renewed here, or by whoever has the turn.
    pub(crate) async fn renewed(&self, of: &Installed, version: i64) -> Result<Kept, Error> {
        // Whoever asked may go away; what the provider sends meanwhile must be kept all the same.
        let renewal = Renewal { engine: self.clone(), of: of.clone() };
        let whom = flights::whom().unwrap_or(About::of(of.installation.organization));
        let renewal = tokio::spawn(flights::about(whom, async move { renewal.run(version).await }));
        renewal.await.unwrap_or_else(|_| Err(Error::new(Kind::Down, "the sign-in could not be renewed")))
    }
}

/// One renewal of one account's tokens.
struct Renewal {
    engine: Engine,
    of: Installed,
}

impl Renewal {
    async fn run(&self, version: i64) -> Result<Kept, Error> {
        let time = self.engine.outside.gateway().time();
        for look in 0..LOOKS {
            if look > 0 && self.is_taken().await.map_err(|error| trouble(&error))? {
                time.sleep(LOOK).await;
                continue;
            }
            match self.turn(version).await.map_err(|error| trouble(&error))? {
                Turn::Renewed(kept) => return Ok(kept),
                Turn::No(error) => return Err(error),
                Turn::Ours(lease) => return self.take(&lease).await,
                Turn::Busy => time.sleep(LOOK).await,
            }
        }
        let error = Error::new(Kind::Down, "the sign-in is being renewed just now");
        Err(error.retry(Retry::After(AGAIN)))
    }

    /// Somebody has the turn: a look that locks nothing.
    async fn is_taken(&self) -> kalends_store::Result<bool> {
        let mut tx = self.engine.db.read().await?;
        let grant = tx.oauth().grant(&self.of.connection).await?;
        Ok(grant.is_some_and(|grant| left(grant.lease_until, tx.now()).is_some()))
    }

    /// Takes the turn, if it is free: the attempt is written down before anything is sent (OAU-08, OAU-10).
    async fn turn(&self, version: i64) -> kalends_store::Result<Turn> {
        let (of, outside) = (self.of.clone(), std::sync::Arc::clone(&self.engine.outside));
        self.engine
            .db
            .write(move |tx| {
                let (of, outside) = (of.clone(), std::sync::Arc::clone(&outside));
                Box::pin(async move {
                    let Some(mut grant) = tx.oauth().grant_for_update(&of.connection).await? else {
                        return Ok(Turn::No(nobody()));
                    };
                    // Read after the lock: what another node stored meanwhile is seen.
                    let Some(kept) = Kept::read(tx, outside.keys(), &of.connection).await? else {
                        return Ok(Turn::No(nobody()));
                    };
                    if kept.version != version {
                        return Ok(Turn::Renewed(kept));
                    }
                    let now = tx.now();
                    if grant.ended_at.is_some() {
                        return Ok(Turn::No(Error::new(Kind::AuthRevoked, &grant.cause)));
                    }
                    // A time that no provider can have asked for is of a clock that was wrong.
                    let next = grant.next_try_at.and_then(|at| silence::ends(at, now));
                    if let Some(wait) = left(next, now) {
                        let error = Error::new(Kind::Down, &grant.cause).retry(Retry::After(wait));
                        return Ok(Turn::No(error));
                    }
                    if left(grant.lease_until, now).is_some() {
                        return Ok(Turn::Busy);
                    }
                    let cut_off = grant.attempt.filter(|(of, _)| *of == kept.version).map(|(_, at)| at);
                    let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
                    grant.fence += 1;
                    grant.lease_until = Some(until);
                    grant.attempt = Some((kept.version, now));
                    tx.oauth().set_grant(&grant).await?;
                    Ok(Turn::Ours(Box::new(Lease { fence: grant.fence, until, kept, cut_off })))
                })
            })
            .await
    }

    /// Our turn: asks, and keeps what comes.
    async fn take(&self, lease: &Lease) -> Result<Kept, Error> {
        let time = self.engine.outside.gateway().time();
        let mut answer = self.ask(lease).await;
        if matches!(&answer, Err(refusal) if refusal.class == Class::Grant) {
            // A refusal may only mean that another node was faster; and one is not believed at the first word.
            time.sleep(DOUBT).await;
            if let Some(kept) = self.newer(lease).await? {
                return Ok(kept);
            }
            answer = self.ask(lease).await;
        }
        match answer {
            Ok(tokens) => self.keep(lease, &tokens).await,
            Err(refusal) if refusal.class == Class::Grant => self.end(lease, refusal).await,
            Err(refusal) => self.put_off(lease, refusal).await,
        }
    }

    /// Asks the provider once.
    async fn ask(&self, lease: &Lease) -> Result<Tokens, Refusal> {
        if lease.until.duration_since(self.engine.now()) < SEND {
            let message = "the server was paused in the middle of renewing the sign-in";
            return Err(Refusal { class: Class::Later, error: Error::new(Kind::Down, message) });
        }
        self.fresh_tokens(&lease.kept).await
    }

    async fn fresh_tokens(&self, kept: &Kept) -> Result<Tokens, Refusal> {
        let trouble = |error: Error| Refusal { class: Class::Later, error };
        let gateway = self.engine.outside.gateway();
        let account = self.of.connection.id.to_string();
        let desk = gateway.desk(self.of.app, &account, Patience::Job).map_err(trouble)?;
        let desk = desk.ok_or_else(|| trouble(nobody()))?;
        if by_itself(&self.of) {
            let secrets = async {
                let mut tx = self.engine.db.read().await?;
                self.of.secrets(&mut tx, &self.engine.outside).await
            };
            let secrets = secrets.await.map_err(|error| trouble(self::trouble(&error)))?;
            let own = Own::of(desk.descriptor(), &self.of.installation.settings, &secrets);
            let own = own.map_err(|wrong| Refusal {
                class: Class::Grant,
                error: Error::new(Kind::AuthRevoked, wrong.to_string()),
            })?;
            return own.ok_or_else(|| trouble(nobody()))?.tokens(&desk).await;
        }
        let registered = self.engine.registration(self.of.installation.organization, self.of.app).await;
        let Some(registered) = registered.map_err(|error| trouble(self::trouble(&error)))? else {
            let message = "this server has no client id for it: an administrator has to enter one";
            return Err(Refusal { class: Class::Client, error: Error::new(Kind::Invalid, message) });
        };
        let Some(refresh) = &kept.refresh else {
            let message = "the provider gave no way to renew the sign-in, and it has ended";
            return Err(Refusal { class: Class::Grant, error: Error::new(Kind::AuthRevoked, message) });
        };
        desk.refresh(&registered.client, refresh).await
    }

    /// What another node has stored since our turn began.
    async fn newer(&self, lease: &Lease) -> Result<Option<Kept>, Error> {
        let read = async {
            let mut tx = self.engine.db.read().await?;
            Kept::read(&mut tx, self.engine.outside.keys(), &self.of.connection).await
        };
        let kept = read.await.map_err(|error| trouble(&error))?;
        Ok(kept.filter(|kept| kept.version != lease.kept.version))
    }

    /// Stores what came, unless a later turn has stored something already; the old refresh token is gone with it (OAU-09).
    async fn keep(&self, lease: &Lease, tokens: &Tokens) -> Result<Kept, Error> {
        let fresh = Kept::fresh(tokens, Some(&lease.kept), self.engine.now(), self.engine.ids());
        let time = self.engine.outside.gateway().time();
        for attempt in 1.. {
            match self.store(lease, &fresh).await {
                Ok(Some(kept)) => return Ok(kept),
                // It went for good meanwhile, and what came may be all that still ends our access there (OAU-16).
                Ok(None) => {
                    let organization = self.of.installation.organization;
                    if !by_itself(&self.of) {
                        self.engine.hand_back(self.of.app, organization, tokens).await;
                    }
                    break;
                }
                // The provider has forgotten the old ones by now: these must not get lost.
                Err(error) if attempt < STORES => {
                    tracing::warn!(%error, app = self.of.app.slug, attempt, "renewed tokens could not be stored yet");
                    time.sleep(LOOK * attempt * attempt).await;
                }
                Err(error) => return Err(trouble(&error)),
            }
        }
        Err(nobody())
    }

    async fn store(&self, lease: &Lease, fresh: &Kept) -> kalends_store::Result<Option<Kept>> {
        let (of, outside) = (self.of.clone(), std::sync::Arc::clone(&self.engine.outside));
        let (fence, fresh) = (lease.fence, fresh.clone());
        self.engine
            .db
            .write(move |tx| {
                let (of, outside, fresh) = (of.clone(), std::sync::Arc::clone(&outside), fresh.clone());
                Box::pin(async move {
                    let keys = outside.keys();
                    let Some(mut grant) = tx.oauth().grant_for_update(&of.connection).await? else {
                        return Ok(None);
                    };
                    let Some(there) = Kept::read(tx, keys, &of.connection).await? else { return Ok(None) };
                    if fence <= grant.stored_fence
                        || !fresh.replace(tx, keys, &of.connection, there.version).await?
                    {
                        return Ok(Some(there));
                    }
                    grant.stored_fence = fence;
                    grant.refreshed_at = tx.now();
                    if grant.fence == fence {
                        grant.lease_until = None;
                    }
                    grant.attempt = None;
                    rested(&mut grant);
                    tx.oauth().set_grant(&grant).await?;
                    tx.oauth().clear_trouble(grant.organization, &grant.app).await?;
                    Ok(Some(Kept { version: there.version + 1, ..fresh }))
                })
            })
            .await
    }

    /// The provider has ended it: nothing is tried until its owner has signed in again, and they are told once.
    async fn end(&self, lease: &Lease, refusal: Refusal) -> Result<Kept, Error> {
        let name = &self.of.app.manifest().name;
        let said =
            refusal.error.provider_said().map(|said| format!(" (it said: {said})")).unwrap_or_default();
        let cause = match lease.cut_off {
            Some(_) => format!(
                "{name} does not take the sign-in any more; the last renewal of it was cut off before the answer was kept. Sign in again{said}."
            ),
            None if by_itself(&self.of) => {
                format!("{name} is not connected: {}{said}", refusal.error.message())
            }
            None if lease.kept.refresh.is_none() => {
                format!("The sign-in has ended, and {name} gave no way to renew it. Sign in again.")
            }
            None => format!(
                "{name} does not take the sign-in any more: access was taken back there, the password was changed, or it was not used for too long. Sign in again{said}."
            ),
        };
        let cause = if ended_after_a_week(self.engine.now(), self.of.connection.since) {
            format!(
                "{cause} If this happens every seven days, the consent screen is still in testing there: an administrator has to publish it."
            )
        } else {
            cause
        };
        let error = Error::new(Kind::AuthRevoked, &cause);
        let (whole, lease) = (self.of.clone(), lease.clone());
        let outside = std::sync::Arc::clone(&self.engine.outside);
        let cause = error.message().to_owned();
        let ended = self
            .engine
            .db
            .write(move |tx| {
                let (of, lease, cause) = (whole.clone(), lease.clone(), cause.clone());
                let outside = std::sync::Arc::clone(&outside);
                Box::pin(async move {
                    let Some(mut grant) = tx.oauth().grant_for_update(&of.connection).await? else {
                        return Ok(None);
                    };
                    let there = Kept::read(tx, outside.keys(), &of.connection).await?;
                    if let Some(kept) = there.filter(|kept| kept.version != lease.kept.version) {
                        return Ok(Some(kept));
                    }
                    // A later turn is under way: its word counts, not ours.
                    if grant.fence == lease.fence {
                        grant.ended_at = Some(tx.now());
                        grant.lease_until = None;
                        grant.attempt = None;
                        grant.failures += 1;
                        grant.cause = cause;
                        tx.oauth().set_grant(&grant).await?;
                        letters::tell_ended(tx, &of).await?;
                    }
                    Ok::<_, kalends_store::Error>(None)
                })
            })
            .await;
        match ended.map_err(|error| trouble(&error))? {
            Some(kept) => Ok(kept),
            None => Err(error),
        }
    }

    /// It did not work this time. The connection stays as it is (OAU-12); the next try waits, longer each time (OAU-13).
    async fn put_off(&self, lease: &Lease, refusal: Refusal) -> Result<Kept, Error> {
        let Refusal { class, error } = refusal;
        let name = &self.of.app.manifest().name;
        let message = match class {
            Class::Client => {
                format!("{name} does not take this server’s registration: an administrator has to look at it")
            }
            _ => format!("{name} did not renew the sign-in; it is tried again by itself"),
        };
        let told = Error::new(Kind::Down, message).said(error.provider_said().unwrap_or(error.message()));
        let (of, fence) = (self.of.clone(), lease.fence);
        let (cause, detail) = (told.message().to_owned(), error.to_string());
        let wait =
            if let Retry::After(wait) = error.retry { SignedDuration::try_from(wait).ok() } else { None };
        let noted = self.engine.db.write(move |tx| {
            let (of, cause, detail) = (of.clone(), cause.clone(), detail.clone());
            Box::pin(async move {
                let Some(mut grant) = tx.oauth().grant_for_update(&of.connection).await? else {
                    return Ok(());
                };
                if grant.fence != fence {
                    return Ok(());
                }
                grant.lease_until = None;
                grant.failures = grant.failures.saturating_add(1);
                let wait = wait.unwrap_or_else(|| cooldown(grant.failures));
                grant.next_try_at = tx.now().checked_add(wait).ok();
                grant.cause = cause;
                // What was sent without an answer may have been the last use of the token: the mark stays.
                if class != Class::Unknown {
                    grant.attempt = None;
                }
                tx.oauth().set_grant(&grant).await?;
                if class == Class::Client {
                    registration_refused(tx, &of, &detail).await?;
                }
                Ok::<_, kalends_store::Error>(())
            })
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a failed renewal could not be written down");
        }
        Err(told)
    }
}

/// An administrator's problem, told once: to all of them, and in the log.
async fn registration_refused(
    tx: &mut kalends_store::Tx,
    of: &Installed,
    cause: &str,
) -> kalends_store::Result<()> {
    let organization = of.installation.organization;
    if tx.oauth().set_trouble(organization, of.app.slug, cause).await? {
        audit::write(tx, &audit::Entry::by_server(organization, "registration_refused", of.app.slug)).await?;
        letters::tell_refused(tx, organization, of.app.slug).await?;
    }
    Ok(())
}

/// The account brings a client or a key of its own, which gets tokens whenever it asks.
fn by_itself(of: &Installed) -> bool {
    let oauth = of.app.manifest().auth.oauth();
    oauth.is_some_and(|oauth| oauth.grant(&of.installation.settings) != How::AuthorizationCode)
}

/// A grant that works has no past.
pub(super) fn rested(grant: &mut Grant) {
    grant.failures = 0;
    grant.next_try_at = None;
    grant.ended_at = None;
    grant.cause.clear();
}

/// Sign-ins of clients that are still in testing end after seven days at some providers (GCAL-03).
fn ended_after_a_week(now: Timestamp, since: Timestamp) -> bool {
    (156..192).contains(&now.duration_since(since).as_hours())
}

fn cooldown(failures: u32) -> SignedDuration {
    let doubled = 1_i32.checked_shl(failures.saturating_sub(1).min(16)).unwrap_or(i32::MAX);
    (COOLDOWN * doubled).min(LONGEST)
}

fn left(until: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
    Duration::try_from(until?.duration_since(now)).ok().filter(|left| !left.is_zero())
}

fn nobody() -> Error {
    Error::new(Kind::AuthRevoked, "nobody has signed in: connect the account")
}

/// Our own database is no reason to ask anybody for anything.
fn trouble(error: &kalends_store::Error) -> Error {
    match error {
        kalends_store::Error::Sealed(broken) => Error::new(Kind::AuthRevoked, broken.to_string()),
        error => Error::new(Kind::Down, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oau_13_waits_begin_at_half_a_minute_and_end_at_an_hour() {
        let waits: Vec<i64> = [1, 2, 3, 4, 30].map(|failures| cooldown(failures).as_secs()).into();
        assert_eq!(waits, [30, 60, 120, 240, 3600]);
    }
}
