//! One delivery: composed, sent, and written down as sent.
//!
//! A mail goes out once. Two things can go wrong between "sent" and "written down", and each has its rule:
//! - The mail server had the whole mail and its answer was lost: it is *not* sent again by itself. The delivery is shown as
//!   given up, with a button to send it again. Where its sender tells what became of it, that settles it (EML-04).
//! - This process died while it was sending: it is sent again, under the same Message-ID, so that a mail program shows one.

use kalends_app::{Error, Kind, Retry, kind::messenger::Message};
use kalends_domain::{
    Id,
    people::{Hours, User},
};
use kalends_store::{
    Tx, at_once,
    repo::{Delivery, Sent},
};

use super::{
    Reading, Topic, compose, hours_of,
    plan::{Content, MAIL, To, side_of},
    post::{self, NotSent},
    returned,
    words::{About, Reader, Side},
};
use crate::{
    Engine,
    connect::Apps,
    flights::{self, About as For, Step},
    job::{Deliver, Failed, Job as _, When},
};

/// A mail server that refuses our sign-in is tried again this late: its owner needs time.
const REFUSED: std::time::Duration = std::time::Duration::from_mins(15);
/// What a delivery says that could not even be tried.
const NO_SERVER: &str =
    "No mail server is set up, so this mail was not sent. Connect one, then send it again.";

/// Sends one delivery.
#[tracing::instrument(name = "job.deliver", skip_all, fields(delivery = %job.delivery))]
pub(crate) async fn run(engine: &Engine, job: &Deliver, tries: u32) -> Result<(), Failed> {
    let Some(delivery) = engine.db.read().await?.deliveries().get(job.delivery).await? else { return Ok(()) };
    if delivery.sent.is_over() {
        return Ok(());
    }
    let whom = For::of(job.organization)
        .booking(delivery.what.booking)
        .step(Step::Delivery(job.delivery))
        .after(tries, Deliver::TRIES);
    flights::about(whom, send(engine, delivery, tries)).await
}

async fn send(engine: &Engine, delivery: Delivery, tries: u32) -> Result<(), Failed> {
    let Some(message) = composed(engine, &delivery).await? else {
        return give_up(engine, &delivery, "It is about somebody who is not here any more.").await;
    };
    let (begun, name) = (delivery.clone(), message.message_id.clone());
    let begun = engine
        .db
        .write(move |tx| {
            let (begun, name) = (begun.clone(), name.clone());
            Box::pin(async move { tx.deliveries().trying(&begun, &name).await })
        })
        .await?;
    if !begun {
        return Ok(());
    }
    let error = match post::send(engine, delivery.what.organization, &message).await {
        Ok(receipt) => match receipt.refused.into_iter().next() {
            None => return done(engine, &delivery, receipt.id).await,
            Some((_, error)) if error.retry == Retry::Never && !error.kind.needs_owner() => {
                return refused(engine, &delivery, &error).await;
            }
            Some((_, error)) => error,
        },
        Err(NotSent::NoServer) => return give_up(engine, &delivery, NO_SERVER).await,
        Err(NotSent::Store(error)) => return Err(error.into()),
        Err(NotSent::App(error)) => error,
    };
    let doubtful = error.kind == Kind::UnknownOutcome;
    let failed = match Failed::from(error.clone()) {
        _ if doubtful => {
            Failed::never(format!("{error}. It may have arrived; send it again only if it did not."))
        }
        _ if error.kind.needs_owner() => Failed::Again { when: When::After(REFUSED), why: error.to_string() },
        failed => failed,
    };
    match failed {
        Failed::Never { why } => give_up(engine, &delivery, &why).await,
        Failed::NotYet { until } => Err(Failed::NotYet { until }),
        // The last one: a delivery that waits for nothing would be shown as waiting for ever.
        Failed::Again { why, .. } if tries + 1 >= Deliver::TRIES => {
            let why = format!("{why}. It was tried for hours; send it again when that is mended.");
            give_up(engine, &delivery, &why).await
        }
        Failed::Again { when, why } => {
            let next = when.instant(tries + 1, engine.now(), engine.ids());
            note(engine, &delivery, &why, Some(next)).await?;
            Err(Failed::Again { when: When::At(next), why })
        }
    }
}

/// The mail of a delivery; none when whom or what it is about is gone.
async fn composed(engine: &Engine, delivery: &Delivery) -> Result<Option<Message>, Failed> {
    let content: Content = serde_json::from_value(delivery.what.detail.clone())
        .map_err(|error| Failed::never(format!("what was to be told cannot be read: {error}")))?;
    let Some(topic) = Topic::parse(&delivery.what.message) else {
        return Err(Failed::never(format!("nothing is known of a message {:?}", delivery.what.message)));
    };
    let mut tx = engine.db.read().await?;
    let about = about(&mut tx, engine.outside.known(), &content).await?;
    let Some(reader) = reader(&content, &about, &delivery.what.recipient) else { return Ok(None) };
    // A link that came later is news of its own time.
    let stamp = if topic == Topic::LinkReady { delivery.created_at } else { content.told.stamp };
    let links = engine.outside.links();
    compose::booking_mail(topic, &content.told, &about, &reader, links, stamp)
        .map(Some)
        .map_err(|error| Failed::never(error.to_string()))
}

async fn about(tx: &mut Tx, apps: &Apps, content: &Content) -> kalends_store::Result<About> {
    let told = &content.told;
    let mut hosts = tx.people().many(&told.hosts).await?;
    hosts.sort_by_key(|host| told.hosts.iter().position(|id| *id == host.id));
    let event_type = tx.event_types().get(told.event_type).await?;
    let (event, settings) = event_type.map_or_else(
        || (told.title.clone(), kalends_domain::event_type::Settings::default()),
        |one| (one.title, one.settings),
    );
    let guests_see_guests = settings.guests_see_guests();
    Ok(About {
        event,
        hosts,
        questions: settings.questions,
        app: apps.of_booking(&told.location),
        link: content.link.clone(),
        password: content.password.clone(),
        turn: content.turn,
        guests_see_guests,
    })
}

fn reader(content: &Content, about: &About, email: &str) -> Option<Reader> {
    match content.to {
        To::Guest => {
            let (guest, side) = side_of(&content.told.attendees, email)?;
            let reading = Reading::new(&guest.zone, hours_of(&guest.locale));
            Some(Reader { name: guest.name, email: email.to_owned(), reading, side })
        }
        To::Host(id) => about.hosts.iter().find(|host| host.id == id).map(|host| host_reader(host, email)),
    }
}

fn host_reader(host: &User, email: &str) -> Reader {
    let hours: Hours = host.profile.hours;
    let reading = Reading::new(&host.profile.zone, hours);
    Reader { name: host.name.clone(), email: email.to_owned(), reading, side: Side::Host }
}

/// Written down before anything else: should this process die now, the mail would be handed over once more.
async fn done(engine: &Engine, delivery: &Delivery, remote: String) -> Result<(), Failed> {
    let delivery = delivery.clone();
    let noted = engine.db.write(move |tx| {
        let (delivery, remote) = (delivery.clone(), remote.clone());
        Box::pin(async move { tx.deliveries().done(&delivery, Some(&remote)).await })
    });
    at_once(noted).await.map_err(Failed::from)
}

/// The mail was taken, and not for this recipient: the same as one that came back, known at once.
async fn refused(engine: &Engine, delivery: &Delivery, error: &Error) -> Result<(), Failed> {
    let sent = if error.kind == Kind::Gone { Sent::Refused } else { Sent::Bounced };
    let (delivery, why) = (delivery.clone(), error.to_string());
    let noted = engine.db.write(move |tx| {
        let (delivery, why) = (delivery.clone(), why.clone());
        Box::pin(async move { returned::note(tx, &delivery, sent, &why, MAIL).await })
    });
    noted.await.map_err(|error: kalends_store::Error| error.into())
}

/// No more tries: a person sees why, and can send it again.
async fn give_up(engine: &Engine, delivery: &Delivery, why: &str) -> Result<(), Failed> {
    tracing::warn!(why, "a mail was not sent");
    note(engine, delivery, why, None).await
}

async fn note(
    engine: &Engine,
    delivery: &Delivery,
    why: &str,
    next: Option<jiff::Timestamp>,
) -> Result<(), Failed> {
    let (delivery, why): (Delivery, String) = (delivery.clone(), why.to_owned());
    let id: Id<Delivery> = delivery.id;
    tracing::debug!(%id, why, "a try of a delivery failed");
    engine
        .db
        .write(move |tx| {
            let (delivery, why) = (delivery.clone(), why.clone());
            Box::pin(async move { tx.deliveries().failed(&delivery, &why, next).await })
        })
        .await
        .map_err(Failed::from)
}
