//! The mail that asks a host what becomes of a booking whose event was changed in a calendar: one for each change.

use kalends_domain::{
    Id, Uid,
    booking::{Booking, Seen},
    people::{Organization, User},
};
use kalends_store::repo::{Calendar, OutsideChange};

use crate::{
    Engine,
    job::Failed,
    notify::{self, Letter, Reading},
};

/// Asks. What was answered, seen otherwise or overtaken by its booking meanwhile is not worth a mail.
pub(crate) async fn tell(
    engine: &Engine,
    organization: Id<Organization>,
    change: Id<OutsideChange>,
    question: &Uid,
) -> Result<(), Failed> {
    let mut tx = engine.db.read().await?;
    let Some(change) = tx.outside_changes().get(organization, change).await? else { return Ok(()) };
    let Some(why) = change.why else { return Ok(()) };
    let (Some(booking), Some(calendar), Some(host)) = (
        tx.bookings().get(change.booking).await?,
        tx.calendars().get(change.calendar).await?,
        tx.people().get(change.host).await?,
    ) else {
        return Ok(());
    };
    let Some(event_type) = tx.event_types().get(booking.event_type).await? else { return Ok(()) };
    drop(tx);
    if booking.revision != change.revision || host.disabled_at.is_some() {
        return Ok(());
    }
    let mut letter = letter(&booking, &calendar, &host, change.seen, why.words());
    letter.fact("What", event_type.title);
    letter.fact("When", reading(&host).whole(booking.span));
    letter.fact("Who", who(&booking));
    let links = engine.outside.links();
    letter.action("Answer", links.host_booking(&booking.uid));
    letter.footer = format!(
        "You get this mail because you host this booking at {}. Whether you are asked is set in your profile and with each calendar.",
        links.host()
    );
    let id = format!("calendar-change.{question}@{}", links.host());
    let message = notify::mail(&letter, &host.name, &host.email, id);
    let message = message.map_err(|error| Failed::never(error.to_string()))?;
    notify::post(engine, organization, &message).await
}

fn letter(booking: &Booking, calendar: &Calendar, host: &User, seen: Seen, why: &str) -> Letter {
    let (name, reading) = (&calendar.name, reading(host));
    let (did, done, answers) = match seen {
        Seen::At { span } => (
            "moved",
            format!("In your calendar “{name}” it now stands on {}.", reading.whole(span)),
            "Move the booking there too, or put the event back.",
        ),
        Seen::Gone => (
            "deleted",
            format!("It was deleted in your calendar “{name}”."),
            "Cancel the booking, or have the event written again.",
        ),
        Seen::Declined => (
            "declined",
            format!("You declined it in your calendar “{name}”."),
            "Cancel the booking, or keep it.",
        ),
    };
    let first = booking.attendees.first().map_or("nobody", |one| one.name.as_str());
    let heading = format!("A booking with {first} was {did} in your calendar");
    let lead =
        vec![format!("{done} {why}"), format!("Until you answer, the booking stands as it was. {answers}")];
    Letter { subject: heading.clone(), heading, lead, ..Letter::default() }
}

fn reading(host: &User) -> Reading {
    Reading::new(&host.profile.zone, host.profile.hours)
}

fn who(booking: &Booking) -> String {
    let names: Vec<&str> = booking.attendees.iter().map(|one| one.name.as_str()).collect();
    names.join(", ")
}
