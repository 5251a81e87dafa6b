//! The mail that tells a host that a guest's mail did not arrive.

use kalends_domain::{
    Id,
    booking::Booking,
    people::{Organization, User},
};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Delivery, Happened, Sent},
};
use serde_json::json;

use super::{
    Letter, Reading, Topic, compose,
    plan::{Content, To},
    post,
};
use crate::{
    Engine,
    job::{self, Failed, Letters},
};

/// What the history of a booking calls it; the guest it was for stands beside it.
const RETURNED: &str = "mail_returned";

/// Writes down that a mail came back, or was not even taken for its recipient, and has the hosts told. What was known, or is
/// worse, stays.
pub(crate) async fn note(
    tx: &mut Tx,
    delivery: &Delivery,
    sent: Sent,
    why: &str,
    actor: &str,
) -> StoreResult<()> {
    if tx.deliveries().returned(delivery, sent, why).await? {
        tell_hosts(tx, delivery, actor).await
    } else {
        Ok(())
    }
}

/// Once for each booking and guest. A host whose own mail came back is not written to: it stands with the booking.
async fn tell_hosts(tx: &mut Tx, delivery: &Delivery, actor: &str) -> StoreResult<()> {
    let Some(booking) = delivery.what.booking.filter(|_| is_to_guest(delivery)) else { return Ok(()) };
    let Some(booking) = tx.bookings().get(booking).await? else { return Ok(()) };
    // Locked, so that of two notices one tells.
    let Some(booking) = tx.bookings().lock(&booking.uid).await? else { return Ok(()) };
    let whom = delivery.what.recipient.as_str();
    let told = tx.bookings().history(&booking).await?;
    if told.iter().any(|one| one.kind == RETURNED && one.detail["recipient"] == whom) {
        return Ok(());
    }
    let detail = json!({ "recipient": whom });
    tx.bookings().happened(&booking, &Happened { kind: RETURNED, actor, detail }).await?;
    for host in booking.hosts {
        let (organization, delivery) = (booking.organization, delivery.id);
        job::add(tx, &Letters::MailReturned { organization, delivery, host }).await?;
    }
    Ok(())
}

/// True for a mail to a guest; nobody is told by mail that mails to them do not arrive.
fn is_to_guest(delivery: &Delivery) -> bool {
    let content = serde_json::from_value::<Content>(delivery.what.detail.clone());
    content.is_ok_and(|content| content.to == To::Guest)
}

/// What a mail about a booking is called.
pub(crate) const fn subject(topic: Option<Topic>) -> &'static str {
    match topic {
        Some(Topic::Confirmed) => "Confirmation",
        Some(Topic::Requested) => "Request",
        Some(Topic::Moved) => "New time",
        Some(Topic::Cancelled) => "Cancellation",
        Some(Topic::Rejected) => "Refusal",
        Some(Topic::LinkReady) => "Link",
        Some(Topic::ChooseAgain) => "Request for another time",
        None => "Mail",
    }
}

/// Tells one host. What was sent again meanwhile is not worth a mail.
pub(crate) async fn tell(
    engine: &Engine,
    organization: Id<Organization>,
    delivery: Id<Delivery>,
    host: Id<User>,
) -> Result<(), Failed> {
    let mut tx = engine.db.read().await?;
    let Some(delivery) = tx.deliveries().get(delivery).await? else { return Ok(()) };
    let (Some(booking), Some(host)) = (delivery.what.booking, tx.people().get(host).await?) else {
        return Ok(());
    };
    let Some(booking) = tx.bookings().get(booking).await? else { return Ok(()) };
    let event_type = tx.event_types().get(booking.event_type).await?;
    drop(tx);
    if host.disabled_at.is_some() || delivery.returned_at.is_none() {
        return Ok(());
    }
    let links = engine.outside.links();
    let mut letter = letter(&booking, &delivery);
    letter.fact("What", event_type.map_or_else(|| booking.title.clone(), |one| one.title));
    letter.fact("When", Reading::new(&host.profile.zone, host.profile.hours).whole(booking.span));
    letter.fact("Address", &delivery.what.recipient);
    letter.fact("Why", delivery.last_error.as_deref().unwrap_or_default());
    letter.action("Look at the booking", links.host_booking(&booking.uid));
    letter.footer = format!("You get this mail because you host this booking at {}.", links.host());
    let id = format!("mail-returned.{}.{}@{}", delivery.id, host.id, links.host());
    let message = compose::mail(&letter, &host.name, &host.email, id);
    let message = message.map_err(|error| Failed::never(error.to_string()))?;
    post::post(engine, organization, &message).await
}

fn letter(booking: &Booking, delivery: &Delivery) -> Letter {
    let whom = booking.attendees.iter().find(|one| one.email == delivery.what.recipient);
    let name = whom.map_or(delivery.what.recipient.as_str(), |one| one.name.as_str());
    let what = subject(Topic::parse(&delivery.what.message)).to_lowercase();
    let (heading, advice) = match delivery.sent {
        Sent::Complained => (
            format!("{name} called a mail about a booking spam"),
            "Mails to this address may not arrive any more. Reach them in another way if the booking changes.",
        ),
        Sent::Refused => (
            format!("A mail to {name} did not arrive"),
            "The address takes no mails, so it is not tried again. Ask them for another one if you can reach them in another way.",
        ),
        _ => (
            format!("A mail to {name} did not arrive"),
            "It is not tried again by itself. You can send it again from the booking, or reach them in another way.",
        ),
    };
    let lead = vec![
        format!("It was the mail “{what}” of the booking below. The booking stands as it is."),
        advice.to_owned(),
    ];
    Letter { subject: heading.clone(), heading, lead, ..Letter::default() }
}
