//! New bookings, in one transaction.

use futures::future::BoxFuture;
use kalends_domain::{
    Id, Span, Uid,
    booking::{Booking, Effect, Marks, Message, State},
    event_type::LinkRefused,
    people::User,
};
use kalends_store::{
    Tx,
    repo::{Claimed, Owner},
};
use serde_json::json;

use super::{
    BookError, Booked,
    after::{self, Changed},
    join, limits,
    plan::{self, Plan},
    repeat, terms,
};
use crate::index::Offering;

/// Makes what is planned, all of it, or nothing and why.
pub(crate) fn make<'t>(tx: &'t mut Tx, plan: &Plan) -> BoxFuture<'t, Result<Booked, BookError>> {
    let plan = plan.clone();
    Box::pin(async move { made(tx, &plan).await })
}

async fn made(tx: &mut Tx, plan: &Plan) -> Result<Booked, BookError> {
    let event_type = plan.event_type();
    if let Some(repeat) = &plan.repeat
        && let Some(booked) = repeat::begin(tx, event_type.organization, repeat).await?
    {
        return Ok(booked);
    }
    if let Some(link) = &plan.link
        && !tx.event_types().use_link(link).await?
    {
        return Err(BookError::Link(LinkRefused::UsedUp));
    }
    if plan.needs_guard() {
        plan::guard(tx, event_type).await?;
    }
    if let Some(hold) = &plan.hold {
        tx.claims().release(Owner::Hold(hold.id)).await?;
        tx.holds().delete(hold).await?;
    }
    let spans = plan.spans();
    let booked = match join::target(tx, plan, &spans).await? {
        Some(booking) => join::join(tx, plan, booking).await?,
        None => fresh(tx, plan, &spans).await?,
    };
    if let Some(repeat) = &plan.repeat {
        repeat::answer(tx, event_type.organization, repeat, &booked).await?;
    }
    Ok(booked)
}

/// Claims the time and stores the bookings.
async fn fresh(tx: &mut Tx, plan: &Plan, spans: &[Span]) -> Result<Booked, BookError> {
    let event_type = plan.event_type();
    if plan.limited {
        limits::keep(tx, &plan.offering, spans, plan.checked.minutes, None).await?;
    }
    let ids: Vec<Id<Booking>> = spans.iter().map(|_| tx.ids().id()).collect();
    let hosts = claim(tx, plan, spans, &ids).await?;
    let seat = event_type.settings.seats.map(|_| tx.ids().uid());
    let series = (spans.len() > 1).then(|| tx.ids().uid());
    let mut bookings = Vec::with_capacity(spans.len());
    for (index, (span, id)) in spans.iter().zip(ids).enumerate() {
        let booking =
            Booking { series: series.clone(), ..booking(tx, plan, id, *span, &hosts, seat.clone()) };
        tx.bookings().add(&booking).await?;
        let waits = matches!(booking.state, State::AwaitingConfirmation { .. });
        let mut effects = Vec::new();
        if !waits {
            effects.push(Effect::Reconcile);
        }
        // Each confirmed date needs its own invitation; a host is asked once for all.
        if index == 0 || !waits {
            let message = if waits { Message::Requested } else { Message::Confirmed };
            effects.push(Effect::Tell(message));
        }
        let told = Changed {
            what: if waits { "requested" } else { "booked" },
            detail: json!({ "start": span.start, "end": span.end, "hosts": hosts }),
            ..Changed::default()
        };
        after::follow(tx, &booking, &effects, &plan.actor, &told).await?;
        bookings.push(booking);
    }
    if let Some(chosen) = plan.hosts.chosen(&hosts) {
        for _ in spans {
            tx.event_types().took_turn(event_type, &[chosen]).await?;
        }
    }
    Ok(Booked { bookings, seat, repeated: false })
}

/// Takes the hosts' time, under round robin of the first in turn who has it; the hosts, the organizer first.
async fn claim(
    tx: &mut Tx,
    plan: &Plan,
    spans: &[Span],
    ids: &[Id<Booking>],
) -> Result<Vec<Id<User>>, BookError> {
    let event_type = plan.event_type();
    for hosts in plan.hosts.ways(tx, event_type, spans, None).await? {
        let asks: Vec<_> =
            spans.iter().zip(ids).map(|(span, id)| plan::wish(event_type, *id, &hosts, *span)).collect();
        if tx.claims().take_all(&asks).await? == Claimed::Made {
            return Ok(hosts);
        }
    }
    Err(BookError::Taken)
}

fn booking(
    tx: &Tx,
    plan: &Plan,
    id: Id<Booking>,
    span: Span,
    hosts: &[Id<User>],
    seat: Option<Uid>,
) -> Booking {
    let (event_type, checked, now) = (plan.event_type(), &plan.checked, tx.now());
    let mut attendees = checked.attendees.clone();
    if let Some(booker) = attendees.first_mut() {
        booker.seat = seat;
    }
    let host = hosts.first().copied().unwrap_or_else(|| Id::new(event_type.id.uuid()));
    let booker = &checked.attendees[0];
    let waits = event_type.settings.confirmation.needed(plan::minutes_ahead(span.start, now))
        && plan.actor.member().is_none_or(|member| !plan.offering.may_manage(member));
    Booking {
        id,
        number: tx.ids().number(),
        uid: tx.ids().uid(),
        organization: event_type.organization,
        event_type: event_type.id,
        title: terms::title(event_type, name_of(&plan.offering, host), booker, &checked.location),
        span,
        zone: plan.offering.zone.name().to_owned(),
        wall: plan.offering.zone.wall(span.start),
        state: if waits {
            State::AwaitingConfirmation { since: now, paid: false }
        } else {
            State::Confirmed { since: now, paid: false }
        },
        revision: 0,
        host,
        hosts: hosts.to_vec(),
        attendees,
        location: checked.location.clone(),
        answers: checked.answers.clone(),
        notes: checked.notes.clone(),
        metadata: checked.metadata.clone(),
        series: None,
        marks: Marks::default(),
        created_at: now,
        updated_at: now,
    }
}

/// A host's name, as guests see it.
pub(crate) fn name_of(offering: &Offering, user: Id<User>) -> &str {
    offering.hosts.iter().find(|host| host.host.user == user).map_or("", |host| host.person.name.as_str())
}
