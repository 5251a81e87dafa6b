//! Who is told what: one delivery for each recipient, made when the time is ripe.

use jiff::SignedDuration;
use kalends_domain::{
    Id,
    booking::{Attendee, Booking, Message},
    event_type::BookedLocation,
    people::User,
};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Delivery, NewDelivery},
};
use serde::{Deserialize, Serialize};

use super::{Topic, words::Side};
use crate::{
    Engine,
    job::{self, Deliver, Failed, Job, Notify, Reconcile, Told},
};

/// The channel of everything here.
pub(super) const MAIL: &str = "mail";
/// So long a mail waits for the room and the event; then it goes, and says that the link follows.
const WAIT: SignedDuration = SignedDuration::from_secs(8);
/// How often it looks meanwhile.
const LOOK: SignedDuration = SignedDuration::from_millis(300);

/// What composing a delivery needs, kept with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Content {
    /// The booking as it was.
    pub told: Told,
    /// To which side of the table.
    pub to: To,
    /// The link, where an app had made one by then.
    pub link: Option<String>,
    /// What is typed at the room's door.
    #[serde(default)]
    pub password: Option<String>,
    /// How many links this recipient was told of, this one with them.
    #[serde(default = "once")]
    pub turn: u32,
}

const fn once() -> u32 {
    1
}

/// To which side of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum To {
    /// An attendee, found by their address.
    Guest,
    /// A host.
    Host(Id<User>),
}

/// Makes the deliveries of one message, once the room and the events are there or their time is up.
pub(crate) async fn run(engine: &Engine, job: &Notify) -> Result<(), Failed> {
    let now = engine.now();
    let carries_link = matches!(job.message, Message::Confirmed | Message::Moved);
    if carries_link && now.duration_since(job.at) < WAIT {
        let reconcile = Reconcile::new(job.told.organization, job.told.booking);
        if engine.db.read().await?.jobs().is_open(Reconcile::NAME, &reconcile.key()).await? {
            return Err(Failed::NotYet { until: now.checked_add(LOOK).unwrap_or(now) });
        }
    }
    let job = job.clone();
    engine
        .db
        .write(move |tx| {
            let job = job.clone();
            Box::pin(async move {
                // Locked, so that a link made meanwhile is either seen here or sees these deliveries.
                let booking = tx.bookings().lock(&job.told.uid).await?;
                let link = booking.as_ref().and_then(|now| link_of(&job.told.location, &now.location));
                let password = link.as_ref().and(booking.as_ref()).and_then(|now| now.location.password());
                let password = password.map(str::to_owned);
                let mut told = job.told.clone();
                if let (Some(_), Some(now)) = (&link, &booking) {
                    // Perhaps another app's room than was meant at first.
                    told.location.clone_from(&now.location);
                }
                let topic = Topic::from(job.message);
                for (to, email) in recipients(tx, topic, &job.told, &job.only).await? {
                    let (link, password) = (link.clone(), password.clone());
                    let content = Content { told: told.clone(), to, link, password, turn: 1 };
                    deliver(tx, topic, &content, &email).await?;
                }
                Ok(())
            })
        })
        .await
}

/// The link has come, or another in its place: whoever was told of this booking without it gets it.
pub(crate) async fn link_ready(tx: &mut Tx, booking: &Booking, link: &str) -> StoreResult<()> {
    // What each was told last, oldest first.
    let mut told: Vec<(String, Content)> = Vec::new();
    for earlier in tx.deliveries().of_booking(booking).await? {
        let promised = earlier.what.revision == booking.revision
            && matches!(
                Topic::parse(&earlier.what.message),
                Some(Topic::Confirmed | Topic::Moved | Topic::LinkReady)
            );
        let Ok(content) = serde_json::from_value::<Content>(earlier.what.detail.clone()) else { continue };
        if promised {
            told.retain(|(whom, other)| *whom != earlier.what.recipient || other.to != content.to);
            told.push((earlier.what.recipient, content));
        }
    }
    for (whom, before) in told.into_iter().filter(|(_, before)| before.link.as_deref() != Some(link)) {
        let turn = before.turn + u32::from(before.link.is_some());
        let password = booking.location.password().map(str::to_owned);
        let told = Told { location: booking.location.clone(), ..before.told };
        let content = Content { told, to: before.to, link: Some(link.to_owned()), password, turn };
        deliver(tx, Topic::LinkReady, &content, &whom).await?;
    }
    Ok(())
}

/// The booker, or whoever has a seat, is asked to choose another time; once for each revision.
pub(crate) async fn choose_again(tx: &mut Tx, booking: &Booking) -> StoreResult<()> {
    let link = booking.location.url().map(str::to_owned);
    let password = booking.location.password().map(str::to_owned);
    let content = Content { told: Told::of(booking), to: To::Guest, link, password, turn: 1 };
    for guest in booking.attendees.iter().filter(|guest| !guest.extra) {
        deliver(tx, Topic::ChooseAgain, &content, &guest.email).await?;
    }
    Ok(())
}

/// One delivery and its job; none when it was made before.
async fn deliver(tx: &mut Tx, topic: Topic, content: &Content, email: &str) -> StoreResult<()> {
    let detail =
        serde_json::to_value(content).map_err(|error| kalends_store::Error::Unfit(error.to_string()))?;
    let part = match content.to {
        To::Guest => "guest",
        To::Host(_) => "host",
    };
    let new = NewDelivery {
        organization: content.told.organization,
        booking: Some(content.told.booking),
        message: topic.as_str().to_owned(),
        revision: content.told.revision,
        channel: MAIL.to_owned(),
        recipient: email.to_owned(),
        // A link that was replaced is told once more, on purpose.
        part: if content.turn > 1 { format!("{part}-{}", content.turn) } else { part.to_owned() },
        detail,
    };
    let made: Option<Id<Delivery>> = tx.deliveries().add(&new).await?;
    if let Some(delivery) = made {
        job::add(tx, &Deliver { organization: new.organization, delivery }).await?;
    }
    Ok(())
}

async fn recipients(
    tx: &mut Tx,
    topic: Topic,
    told: &Told,
    only: &[String],
) -> StoreResult<Vec<(To, String)>> {
    let concerned = |guest: &&Attendee| only.is_empty() || only.contains(&guest.email);
    // Those brought along hear of it when it is agreed, not before.
    let agreed_once = told.revision > 0 || !matches!(topic, Topic::Requested | Topic::Rejected);
    let guests = told.attendees.iter().filter(concerned).filter(|guest| agreed_once || !guest.extra);
    let mut all: Vec<(To, String)> = guests.map(|guest| (To::Guest, guest.email.clone())).collect();
    if topic != Topic::Rejected {
        let hosts = tx.people().many(&told.hosts).await?;
        let here = hosts.into_iter().filter(|host| host.disabled_at.is_none());
        all.extend(here.map(|host| (To::Host(host.id), host.email)));
    }
    Ok(all)
}

/// The link as it is now, if it is still the same app's room.
fn link_of(then: &BookedLocation, now: &BookedLocation) -> Option<String> {
    match (then, now) {
        (BookedLocation::App { app, .. }, BookedLocation::App { app: same, url, .. }) if app == same => {
            url.clone()
        }
        _ => None,
    }
}

/// The side of the table an attendee sits on. Those brought along belong to the one before them (in a shared slot, to a seat).
pub(super) fn side_of(attendees: &[Attendee], email: &str) -> Option<(Attendee, Side)> {
    let at = attendees.iter().position(|guest| guest.email == email)?;
    let guest = attendees.get(at)?;
    let side = match &guest.seat {
        Some(seat) => Side::Seat(seat.clone()),
        None if guest.extra => {
            let seats = attendees.iter().take(at).rev();
            Side::Extra { party: seats.into_iter().find_map(|one| one.seat.clone()) }
        }
        None => Side::Booker,
    };
    Some((guest.clone(), side))
}
