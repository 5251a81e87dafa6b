//! Smaller changes: who was absent, who comes along, where it takes place, which host.

use futures::future::BoxFuture;
use kalends_domain::{
    Id, Uid,
    booking::{Booking, Effect, Message},
    event_type::{Assignment, BookedLocation},
    people::User,
};
use kalends_store::{
    Tx,
    repo::{Claimed, Owner},
};
use serde_json::json;

use super::{
    Absences, BookError, ChangeError, LocationChoice, ReassignAsk,
    after::{self, Changed},
    change::{self, subject},
    check, make, plan, terms,
};
use crate::{Actor, Engine, Invalid, Member, connect::Apps, index::Purpose};

impl Engine {
    /// Notes who did not come, once the booking has begun.
    pub async fn mark_absent(
        &self,
        member: &Member,
        uid: &Uid,
        absences: &Absences,
    ) -> Result<Booking, ChangeError> {
        let (actor, uid, absences) = (Actor::Member(*member), uid.clone(), absences.clone());
        self.db.write(move |tx| absent(tx, uid.clone(), actor.clone(), absences.clone())).await
    }

    /// Adds guests by email; those who come already are left as they are.
    pub async fn add_guests(
        &self,
        actor: &Actor,
        uid: &Uid,
        emails: &[String],
    ) -> Result<Booking, ChangeError> {
        let (actor, uid, emails) = (actor.clone(), uid.clone(), emails.to_vec());
        self.db.write(move |tx| guests_added(tx, uid.clone(), actor.clone(), emails.clone())).await
    }

    /// Chooses another of the event type's places, for a host.
    pub async fn change_location(
        &self,
        member: &Member,
        uid: &Uid,
        choice: &LocationChoice,
    ) -> Result<Booking, ChangeError> {
        let (actor, uid, choice) = (Actor::Member(*member), uid.clone(), choice.clone());
        let apps = self.outside.known().clone();
        self.db.write(move |tx| relocated(tx, uid.clone(), actor.clone(), choice.clone(), apps.clone())).await
    }

    /// Gives a round-robin booking to another host who is free then.
    pub async fn reassign(&self, ask: &ReassignAsk) -> Result<Booking, ChangeError> {
        let booking = self.db.read().await?.bookings().by_uid(&ask.booking).await?;
        let booking = booking.ok_or(ChangeError::NotFound)?;
        let offering =
            self.memory.offering(booking.event_type).await?.ok_or(ChangeError::Time(BookError::NotFound))?;
        if offering.event_type.assignment != Assignment::RoundRobin {
            return Err(Invalid::one("hosts", "only bookings of round-robin event types change hosts").into());
        }
        let view = self.view(offering.clone(), booking.span, Vec::new(), Purpose::Booking).await?;
        let now_hosts: Vec<Id<User>> = booking.hosts.clone();
        let minutes = u32::try_from(booking.span.len() / 60).unwrap_or(u32::MAX);
        let candidates: Vec<_> = view
            .free_in_turn(booking.span.start, minutes)
            .into_iter()
            .map(|place| offering.hosts[place].host)
            .filter(|host| !now_hosts.contains(&host.user))
            .filter(|host| ask.to.is_none_or(|to| to == host.user))
            .collect();
        if candidates.is_empty() {
            return Err(BookError::Taken.into());
        }
        let fixed =
            |user: &Id<User>| offering.event_type.hosts.iter().any(|host| host.user == *user && host.fixed);
        let choice =
            plan::HostChoice { needed: now_hosts.into_iter().filter(fixed).collect(), one_of: candidates };
        let actor = ask.actor.clone();
        let uid = ask.booking.clone();
        self.db
            .write(move |tx| {
                let (uid, actor, choice, offering) =
                    (uid.clone(), actor.clone(), choice.clone(), offering.clone());
                Box::pin(async move { reassigned(tx, &uid, &actor, &choice, &offering).await })
            })
            .await
    }
}

fn absent(
    tx: &mut Tx,
    uid: Uid,
    actor: Actor,
    absences: Absences,
) -> BoxFuture<'_, Result<Booking, ChangeError>> {
    Box::pin(async move {
        let mut subject = subject(tx, &uid, &actor).await?;
        let mut invalid = Invalid::default();
        let begun = subject.booking.span.start <= tx.now().as_second();
        invalid.need(begun, "booking", "it has not begun; mark absences from its start on");
        if let Some(host) = absences.host {
            subject.booking.marks.host_absent = host;
        }
        for (index, (email, absent)) in absences.attendees.iter().enumerate() {
            let email = email.trim().to_lowercase();
            let mut found = false;
            for one in subject.booking.attendees.iter_mut().filter(|one| one.email == email) {
                one.absent = *absent;
                found = true;
            }
            invalid.need(found, &format!("attendees[{index}].email"), "nobody with this address comes");
        }
        invalid.check()?;
        // Nobody outside hears of it, so it is no new revision.
        let seen = subject.booking.revision;
        subject.booking.updated_at = tx.now();
        change::save(tx, &subject.booking, seen).await?;
        let told = Changed {
            what: "absence",
            detail: json!({ "host": absences.host, "attendees": absences.attendees }),
            ..Changed::default()
        };
        after::follow(tx, &subject.booking, &[], &actor, &told).await?;
        Ok(subject.booking)
    })
}

fn guests_added(
    tx: &mut Tx,
    uid: Uid,
    actor: Actor,
    emails: Vec<String>,
) -> BoxFuture<'_, Result<Booking, ChangeError>> {
    Box::pin(async move {
        let mut subject = subject(tx, &uid, &actor).await?;
        live(&subject.booking, tx.now())?;
        let allowed = subject.event_type.settings.extra_guests || !actor.is_guest();
        let booker = match &actor {
            Actor::Seat(seat) => subject.booking.attendees.iter().find(|one| one.seat.as_ref() == Some(seat)),
            _ => subject.booking.booker(),
        };
        let booker = booker.ok_or(ChangeError::NoSeat)?.clone();
        let mut invalid = Invalid::default();
        let mut come = check::guests(&emails, &booker, allowed, "guests", &mut invalid);
        let total = subject.booking.attendees.iter().filter(|one| one.extra).count() + come.len();
        invalid.need(total <= 50, "guests", "Bring at most 50 guests.");
        invalid.check()?;
        come.retain(|one| subject.booking.attendees.iter().all(|there| there.email != one.email));
        if come.is_empty() {
            return Ok(subject.booking);
        }
        let told = Changed {
            what: "guests_added",
            detail: json!({ "guests": come.iter().map(|one| &one.email).collect::<Vec<_>>() }),
            only: come.iter().map(|one| one.email.clone()).collect(),
            ..Changed::default()
        };
        // Behind their own booker, so that a seat's guests stay together.
        let at = subject.booking.attendees.iter().position(|one| *one == booker).map_or(0, |at| at + 1);
        subject.booking.attendees.splice(at..at, come);
        subject.store(tx, &heard(&subject.booking, Message::Confirmed), &actor, &told).await?;
        Ok(subject.booking)
    })
}

fn relocated(
    tx: &mut Tx,
    uid: Uid,
    actor: Actor,
    choice: LocationChoice,
    apps: Apps,
) -> BoxFuture<'_, Result<Booking, ChangeError>> {
    Box::pin(async move {
        let mut subject = subject(tx, &uid, &actor).await?;
        live(&subject.booking, tx.now())?;
        let mut invalid = Invalid::default();
        let place: BookedLocation =
            check::place(&subject.event_type.settings.locations, Some(&choice), &apps, &mut invalid);
        invalid.check()?;
        let told = Changed {
            what: "location_changed",
            detail: json!({ "from": subject.booking.location, "to": place }),
            ..Changed::default()
        };
        subject.booking.location = place;
        subject.store(tx, &heard(&subject.booking, Message::Confirmed), &actor, &told).await?;
        Ok(subject.booking)
    })
}

async fn reassigned(
    tx: &mut Tx,
    uid: &Uid,
    actor: &Actor,
    choice: &plan::HostChoice,
    offering: &crate::index::Offering,
) -> Result<Booking, ChangeError> {
    let event_type = &offering.event_type;
    plan::guard(tx, event_type).await?;
    let mut subject = subject(tx, uid, actor).await?;
    live(&subject.booking, tx.now())?;
    let id = subject.booking.id;
    for hosts in choice.ways(tx, event_type, &[subject.booking.span], None).await? {
        let mut ask = plan::wish(event_type, id, &hosts, subject.booking.span);
        if let Some(seat) = &mut ask.seat {
            let taken = subject.booking.attendees.iter().filter(|one| one.seat.is_some()).count();
            seat.count = u32::try_from(taken.max(1)).unwrap_or(u32::MAX);
        }
        if tx.claims().take(&ask.instead_of(Owner::Booking(id))).await? != Claimed::Made {
            continue;
        }
        let before = subject.booking.hosts.clone();
        let gone: Vec<_> = before.iter().copied().filter(|host| !hosts.contains(host)).collect();
        tx.event_types().gave_turn_back(event_type, &gone).await?;
        if let Some(chosen) = choice.chosen(&hosts) {
            tx.event_types().took_turn(event_type, &[chosen]).await?;
        }
        subject.booking.host = hosts.first().copied().unwrap_or(subject.booking.host);
        subject.booking.hosts = hosts;
        if let Some(booker) = subject.booking.attendees.first() {
            let name = make::name_of(offering, subject.booking.host);
            subject.booking.title = terms::title(event_type, name, booker, &subject.booking.location);
        }
        let told = Changed {
            what: "reassigned",
            detail: json!({ "from": before, "to": subject.booking.hosts }),
            ..Changed::default()
        };
        subject.store(tx, &heard(&subject.booking, Message::Confirmed), actor, &told).await?;
        return Ok(subject.booking);
    }
    Err(BookError::Taken.into())
}

/// It takes place, and is not over.
pub(crate) fn live(booking: &Booking, now: jiff::Timestamp) -> Result<(), ChangeError> {
    if !booking.state.claims_time() || booking.span.end <= now.as_second() {
        return Err(ChangeError::Over);
    }
    Ok(())
}

/// Who is told of a change: nobody yet while it waits for its first yes.
pub(crate) fn heard(booking: &Booking, message: Message) -> Vec<Effect> {
    if booking.state.is_confirmed() { vec![Effect::Reconcile, Effect::Tell(message)] } else { Vec::new() }
}
