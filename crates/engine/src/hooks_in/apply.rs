//! Applying what was told: never what it says, always what the provider says when asked.

use kalends_app::{RemoteId, hook::What};
use kalends_domain::Id;
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{CalendarChannel, ChannelState, Connection, Happened, Health, Inbound, InboundEvent},
};
use serde_json::json;

use super::mail;
use crate::{
    Engine, audit,
    flights::{self, About, Step},
    job::{self, ApplyInbound, Failed, Job, Reconcile, SyncCalendar, WatchCalendar},
    reconcile,
};

/// What came of one event.
pub(super) enum Came {
    /// It was applied.
    Done,
    /// It tells nothing that concerns us.
    Nothing,
    /// It is about something we do not know, perhaps not yet: our own commit may be on its way (INB-08).
    Unknown(&'static str),
}

/// Applies one event.
#[tracing::instrument(name = "job.apply_inbound", skip_all, fields(event = %job.event))]
pub(crate) async fn run(engine: &Engine, job: &ApplyInbound, tries: u32) -> Result<(), Failed> {
    let event = engine.db.read().await?.hooks().event(job.organization, job.event).await?;
    let Some(event) = event.filter(|event| matches!(event.status, Inbound::Waiting | Inbound::Parked)) else {
        return Ok(());
    };
    let last = tries + 1 >= ApplyInbound::TRIES;
    let what: What = match serde_json::from_value(event.signal.clone()) {
        Ok(what) => what,
        Err(error) => {
            settle(engine, &event, Inbound::Dead, Some(&error.to_string())).await?;
            return Err(Failed::never(error.to_string()));
        }
    };
    let about = About::of(job.organization).notice(Some(event.id)).step(Step::Notice(event.id));
    match flights::about(about.after(tries, ApplyInbound::TRIES), apply(engine, &event, what)).await {
        Ok(Came::Done) => Ok(settle(engine, &event, Inbound::Done, None).await?),
        Ok(Came::Nothing) => Ok(settle(engine, &event, Inbound::Ignored, None).await?),
        Ok(Came::Unknown(why)) if last => Ok(settle(engine, &event, Inbound::Ignored, Some(why)).await?),
        Ok(Came::Unknown(why)) => {
            settle(engine, &event, Inbound::Parked, Some(why)).await?;
            Err(Failed::again(why))
        }
        Err(error) => {
            let status = if last { Inbound::Dead } else { Inbound::Waiting };
            settle(engine, &event, status, Some(&error.to_string())).await?;
            Err(error.into())
        }
    }
}

async fn apply(engine: &Engine, event: &InboundEvent, what: What) -> StoreResult<Came> {
    if let What::Deauthorized { account } = &what
        && engine.taken_back(&event.hook.app, account).await? > 0
    {
        return Ok(Came::Done);
    }
    let event = event.clone();
    engine
        .db
        .write(move |tx| {
            let (event, what) = (event.clone(), what.clone());
            Box::pin(async move { applied(tx, &event, &what).await })
        })
        .await
}

async fn applied(tx: &mut Tx, event: &InboundEvent, what: &What) -> StoreResult<Came> {
    match what {
        What::CalendarChanged { channel } => with_channel(tx, event, channel, |_| {}).await,
        What::ChannelEnded { channel } => {
            with_channel(tx, event, channel, |channel| {
                channel.state = ChannelState::Ended;
                channel.expires_at = None;
            })
            .await
        }
        What::Reauthorize { channel } => {
            with_channel(tx, event, channel, |channel| channel.renew_at = Some(jiff::Timestamp::MIN)).await
        }
        What::Deauthorized { account } => deauthorized(tx, event, account).await,
        What::MeetingEnded { room } => with_room(tx, event, room, Room::Over).await,
        What::MeetingChanged { room } | What::MeetingGone { room } => {
            with_room(tx, event, room, Room::Changed).await
        }
        What::MailDelivered { mail } => mail::delivered(tx, event, mail).await,
        What::MailReturned { mail, back, why } => mail::returned(tx, event, mail, *back, why).await,
        What::Other { .. } => Ok(Came::Nothing),
    }
}

/// Whatever a channel tells, its calendar is read; what it tells about itself is written down, and mended by a job.
async fn with_channel(
    tx: &mut Tx,
    event: &InboundEvent,
    named: &RemoteId,
    change: impl FnOnce(&mut CalendarChannel) + Send,
) -> StoreResult<Came> {
    let mut found = None;
    for connection in accounts(tx, event).await? {
        found = tx.channels().named(&connection, named.as_str()).await?;
        if found.is_some() {
            break;
        }
    }
    let Some(channel) = found else { return Ok(Came::Unknown("a channel nobody knows yet")) };
    let before = channel.clone();
    let mut channel = channel;
    change(&mut channel);
    let (organization, calendar) = (channel.organization, channel.calendar);
    tx.hooks().is_about(event, channel.connection).await?;
    let because = Some(event.id);
    if channel != before {
        channel.renew_at = Some(tx.now());
        tx.channels().put(&channel).await?;
        job::add(tx, &WatchCalendar { organization, calendar, because }).await?;
    }
    job::add(tx, &SyncCalendar { organization, calendar, because }).await?;
    Ok(Came::Done)
}

/// The accounts an address is about.
async fn accounts(tx: &mut Tx, event: &InboundEvent) -> StoreResult<Vec<Connection>> {
    let hook = &event.hook;
    if let Some(id) = hook.connection {
        return Ok(tx.installations().connection(id).await?.into_iter().collect());
    }
    let all = tx.installations().list(hook.organization).await?;
    let of_app: Vec<Id<_>> = all.into_iter().filter(|one| one.app == hook.app).map(|one| one.id).collect();
    tx.installations().connections(&of_app).await
}

/// Their owner took our access back over there: nothing is tried any more until they sign in again.
async fn deauthorized(tx: &mut Tx, event: &InboundEvent, account: &str) -> StoreResult<Came> {
    let mut known = false;
    let grants = tx.oauth().grants_of(&event.hook.app, account).await?;
    for connection in accounts(tx, event).await? {
        let granted = grants.iter().any(|grant| grant.connection == connection.id);
        // What is granted and over already needs no second word.
        known |= granted;
        if connection.account == account || event.hook.connection == Some(connection.id) {
            known = true;
            tx.hooks().is_about(event, connection.id).await?;
            if connection.health != Health::Revoked && !granted {
                let cause = "Access was taken back there. Connect it again to go on.";
                tx.installations().set_health(&connection, Health::Revoked, cause).await?;
                let subject = format!("{} {}: revoked", event.hook.app, connection.account);
                let entry = audit::Entry::by_server(connection.organization, "connection_health", &subject);
                audit::write(tx, &entry).await?;
            }
        }
    }
    Ok(if known { Came::Done } else { Came::Unknown("an account nobody has connected") })
}

/// What is said of a room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    /// The meeting is over.
    Over,
    /// It was changed or taken away, by others or by us.
    Changed,
}

/// A room that is said to be changed or gone is looked at by a job, and mended where it is not as its booking wants it. That a
/// meeting is over stands in its booking's history.
async fn with_room(tx: &mut Tx, event: &InboundEvent, room: &RemoteId, is: Room) -> StoreResult<Came> {
    for connection in accounts(tx, event).await? {
        let found = tx
            .references()
            .by_external(connection.organization, connection.installation, room.as_str())
            .await?;
        let Some(row) = found else { continue };
        tx.hooks().is_about(event, connection.id).await?;
        // One that is to be gone is nobody's concern any more: so ends every notice of what we took away ourselves.
        let Some(booking) = tx.bookings().get(row.booking).await?.filter(|_| row.desired_present) else {
            return Ok(Came::Done);
        };
        match is {
            Room::Over => {
                let happened = Happened { kind: "meeting_ended", actor: &row.wanted.app, detail: json!({}) };
                tx.bookings().happened(&booking, &happened).await?;
            }
            Room::Changed => {
                tx.references().look_again(&row, &reconcile::told(&row)).await?;
                let because = Some(event.id);
                job::add(tx, &Reconcile { because, ..Reconcile::of(&booking) }).await?;
            }
        }
        return Ok(Came::Done);
    }
    Ok(Came::Unknown("a room nobody knows yet"))
}

async fn settle(
    engine: &Engine,
    event: &InboundEvent,
    status: Inbound,
    error: Option<&str>,
) -> StoreResult<()> {
    let (event, error) = (event.clone(), error.map(str::to_owned));
    engine
        .db
        .write(move |tx| {
            let (event, error) = (event.clone(), error.clone());
            Box::pin(async move { tx.hooks().settle(&event, status, error.as_deref()).await })
        })
        .await
}
