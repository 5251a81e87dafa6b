//! Moving a booking: the same booking, at another time, one revision later.

use std::sync::Arc;

use futures::future::BoxFuture;
use kalends_domain::{
    Id, Span,
    booking::{Booking, Event},
    event_type::Assignment,
    people::User,
};
use kalends_store::{
    Tx,
    repo::{self, Claimed, Owner},
};
use serde_json::json;

use super::{
    BookError, Bounds, ChangeError, RescheduleAsk,
    after::Changed,
    change::{Subject, Wants, subject},
    check, limits, make, move_seat,
    plan::{self, HostChoice},
    terms,
    verb::start_of,
};
use crate::{
    Actor, Engine, Invalid, Trouble,
    index::{Offering, Purpose, source_of, source_of_owner},
    slots::Offered,
};

/// So often a lost race is looked at again.
const ATTEMPTS: usize = 4;

/// A move about to be made.
#[derive(Clone)]
pub(crate) struct Move {
    /// What was asked, its texts checked.
    pub ask: RescheduleAsk,
    /// The event type.
    pub offering: Arc<Offering>,
    /// The new time.
    pub span: Span,
    /// Who can take part then.
    pub hosts: HostChoice,
    /// Guests share this booking's slot.
    pub seat_in: Option<Owner>,
    /// The guest's own hold on the new slot.
    pub hold: Option<repo::Hold>,
}

impl Engine {
    /// Moves a booking: by a guest within the event type's policy and to a slot that is offered, by a host to any such
    /// slot or, when asked, any free time. Under round robin it stays with its host if they are free then, else the
    /// next takes over. Whoever has a seat moves that seat alone.
    #[tracing::instrument(name = "engine.reschedule", skip_all, fields(booking = %ask.booking))]
    pub async fn reschedule(&self, ask: &RescheduleAsk) -> Result<Booking, ChangeError> {
        let mut invalid = Invalid::default();
        let reason = check::text(&ask.reason, "reschedulingReason", &mut invalid);
        invalid.check()?;
        let ask = RescheduleAsk { reason, ..ask.clone() };
        if ask.bounds == Bounds::AnyFreeTime && !matches!(ask.actor, Actor::Member(_) | Actor::Calendar) {
            return Err(ChangeError::Forbidden);
        }
        let booking = self.found(&ask).await?;
        let offering =
            self.memory.offering(booking.event_type).await?.ok_or(ChangeError::Time(BookError::NotFound))?;
        let minutes = minutes(&ask, &booking, &offering)?;
        let start = ask.start.as_second();
        let span = Span::new(start, start + i64::from(minutes) * 60);
        self.move_to(ask, &booking, &offering, span).await
    }

    /// Moves a booking to where its event was moved in a calendar, whatever its length there.
    pub(crate) async fn move_along(
        &self,
        booking: &Booking,
        to: Span,
        actor: Actor,
    ) -> Result<Booking, ChangeError> {
        let offering =
            self.memory.offering(booking.event_type).await?.ok_or(ChangeError::Time(BookError::NotFound))?;
        let bounds = Bounds::AnyFreeTime;
        let ask = RescheduleAsk { bounds, ..RescheduleAsk::new(booking.uid.clone(), to.starts(), actor) };
        self.move_to(ask, booking, &offering, to).await
    }

    /// True when the hosts of a booking work throughout this time.
    pub(crate) async fn works(&self, booking: &Booking, span: Span) -> Result<bool, Trouble> {
        let Some(offering) = self.memory.offering(booking.event_type).await? else { return Ok(false) };
        let view = self.view(offering, span, vec![], Purpose::Booking).await?;
        Ok(view.works(&booking.hosts, span))
    }

    async fn move_to(
        &self,
        ask: RescheduleAsk,
        booking: &Booking,
        offering: &Arc<Offering>,
        span: Span,
    ) -> Result<Booking, ChangeError> {
        if span == booking.span && !matches!(ask.actor, Actor::Seat(_)) {
            return Err(Invalid::one("start", "It is at that time already; choose another one.").into());
        }
        let hold = self.hold_on(ask.hold.as_ref(), &offering.event_type, span.start).await?;
        let mut refused = BookError::Taken;
        for attempt in 0..ATTEMPTS {
            let (hosts, seat_in) = self.choose_for_move(&ask, booking, offering, span, hold.as_ref()).await?;
            let has_choice = hosts.one_of.len() > 1 || offering.event_type.settings.seats.is_some();
            let wish = Move {
                ask: ask.clone(),
                offering: Arc::clone(offering),
                span,
                hosts,
                seat_in,
                hold: hold.clone(),
            };
            match self.db.write(move |tx| moved(tx, wish.clone())).await {
                Err(ChangeError::Time(error @ (BookError::Taken | BookError::Full))) if has_choice => {
                    refused = error;
                }
                Err(ChangeError::Trouble(trouble)) if trouble.is_number_taken() => {
                    self.skip_numbers(attempt);
                    refused = trouble.into();
                }
                other => return other,
            }
        }
        Err(refused.into())
    }

    async fn found(&self, ask: &RescheduleAsk) -> Result<Booking, ChangeError> {
        let mut tx = self.db.read().await?;
        match &ask.actor {
            Actor::Seat(seat) => tx.bookings().by_seat(seat).await?.ok_or(ChangeError::NoSeat),
            _ => tx.bookings().by_uid(&ask.booking).await?.ok_or(ChangeError::NotFound),
        }
    }

    async fn choose_for_move(
        &self,
        ask: &RescheduleAsk,
        booking: &Booking,
        offering: &Arc<Offering>,
        span: Span,
        hold: Option<&repo::Hold>,
    ) -> Result<(HostChoice, Option<Owner>), ChangeError> {
        let mut ignoring: Vec<_> = hold.iter().map(|hold| source_of_owner(Owner::Hold(hold.id))).collect();
        // A seat leaves others behind: the booking it leaves stays where it is.
        if !matches!(ask.actor, Actor::Seat(_)) {
            ignoring.push(source_of(booking.id));
        }
        let view = self.view(Arc::clone(offering), span, ignoring, Purpose::Booking).await?;
        let zone = booking.booker().map_or("UTC", |booker| booker.zone.as_str());
        let zone = crate::slots::zone_or_utc(zone);
        let minutes = u32::try_from(span.len() / 60).unwrap_or(u32::MAX);
        match start_of(&view, span.start, &zone, minutes, ask.bounds, hold.is_some())? {
            Offered::New(places) => {
                let mut choice = HostChoice::of(offering, &places, |place| view.needed(place));
                // The host who has it keeps it if they can.
                if let Some(host) = choice.one_of.iter().find(|host| booking.hosts.contains(&host.user)) {
                    choice.one_of = vec![*host];
                }
                Ok((choice, None))
            }
            Offered::Seat(source) => Ok((HostChoice::default(), view.booking(source))),
        }
    }
}

/// The length after the move: as it was, or another one the event type offers.
fn minutes(ask: &RescheduleAsk, booking: &Booking, offering: &Offering) -> Result<u32, ChangeError> {
    let now = u32::try_from(booking.span.len() / 60).unwrap_or(u32::MAX);
    let Some(asked) = ask.minutes.filter(|asked| *asked != now) else { return Ok(now) };
    let mut invalid = Invalid::default();
    let minutes = check::length(&offering.event_type.settings, Some(asked), &mut invalid);
    invalid.check()?;
    Ok(minutes)
}

fn moved(tx: &mut Tx, wish: Move) -> BoxFuture<'_, Result<Booking, ChangeError>> {
    Box::pin(async move {
        if wish.offering.counts() || wish.hosts.one_of.len() > 1 {
            plan::guard(tx, &wish.offering.event_type).await?;
        }
        let mut subject = subject(tx, &wish.ask.booking, &wish.ask.actor).await?;
        subject.allows(Wants::Move, &wish.ask.actor, &wish.ask.reason, tx.now())?;
        if wish.ask.actor.is_guest()
            && wish.offering.event_type.settings.seats.is_some()
            && !matches!(wish.ask.actor, Actor::Seat(_))
        {
            return Err(ChangeError::Forbidden);
        }
        if let Some(hold) = &wish.hold {
            tx.claims().release(Owner::Hold(hold.id)).await?;
            tx.holds().delete(hold).await?;
        }
        if let Actor::Seat(seat) = &wish.ask.actor {
            return move_seat::move_seat(tx, &wish, subject, seat).await;
        }
        whole(tx, &wish, &mut subject).await?;
        Ok(subject.booking)
    })
}

/// Moves the booking with everybody in it.
pub(crate) async fn whole(tx: &mut Tx, wish: &Move, subject: &mut Subject) -> Result<(), ChangeError> {
    let (now, ask) = (tx.now(), &wish.ask);
    let event_type = &wish.offering.event_type;
    // Into a slot that others have, only its guests could go, one by one.
    if wish.seat_in.is_some() {
        return Err(BookError::Taken.into());
    }
    let settings = &event_type.settings;
    let needs_host =
        ask.actor.is_guest() && settings.confirmation.needed(plan::minutes_ahead(wish.span.start, now));
    let by = ask.actor.by();
    let effects = subject.step(Event::Moved { by, needs_host }, now)?;
    if ask.bounds == Bounds::Offered {
        let minutes = u32::try_from(wish.span.len() / 60).unwrap_or(u32::MAX);
        limits::keep(tx, &wish.offering, &[wish.span], minutes, Some(subject.booking.id)).await?;
    }
    let hosts = claim(tx, wish, &subject.booking).await?;
    let before = subject.booking.clone();
    change_turns(tx, wish, &before, &hosts).await?;
    let booking = &mut subject.booking;
    booking.agree(wish.span, &wish.offering.zone);
    booking.host = hosts.first().copied().unwrap_or(booking.host);
    if booking.hosts != hosts {
        if let Some(booker) = booking.attendees.first() {
            let name = make::name_of(&wish.offering, booking.host);
            booking.title = terms::title(event_type, name, booker, &booking.location);
        }
        booking.hosts = hosts;
    }
    let told = Changed {
        what: "moved",
        detail: json!({
            "from": before.span, "to": wish.span, "reason": ask.reason, "hosts": subject.booking.hosts,
        }),
        reason: ask.reason.clone(),
        moved_from: Some(before.span),
        only: Vec::new(),
    };
    subject.store(tx, &effects, &ask.actor, &told).await
}

/// Takes the new time for the booking and gives the old one back.
async fn claim(tx: &mut Tx, wish: &Move, booking: &Booking) -> Result<Vec<Id<User>>, ChangeError> {
    let event_type = &wish.offering.event_type;
    for hosts in wish.hosts.ways(tx, event_type, &[wish.span], Some(booking.id)).await? {
        let mut ask = plan::wish(event_type, booking.id, &hosts, wish.span);
        if let Some(seat) = &mut ask.seat {
            let taken = booking.attendees.iter().filter(|one| one.seat.is_some()).count();
            seat.count = u32::try_from(taken.max(1)).unwrap_or(u32::MAX);
        }
        let ask = ask.instead_of(Owner::Booking(booking.id));
        if tx.claims().take(&ask).await? == Claimed::Made {
            return Ok(hosts);
        }
    }
    Err(BookError::Taken.into())
}

/// Under round robin a new host has had a turn, and the old one has not.
async fn change_turns(
    tx: &mut Tx,
    wish: &Move,
    before: &Booking,
    hosts: &[Id<User>],
) -> Result<(), ChangeError> {
    let event_type = &wish.offering.event_type;
    if event_type.assignment != Assignment::RoundRobin {
        return Ok(());
    }
    let in_turn = |user: &Id<User>| event_type.hosts.iter().any(|host| host.user == *user && !host.fixed);
    let only = |these: &[Id<User>], not: &[Id<User>]| -> Vec<Id<User>> {
        these.iter().copied().filter(|user| in_turn(user) && !not.contains(user)).collect()
    };
    let (gone, come) = (only(&before.hosts, hosts), only(hosts, &before.hosts));
    if !gone.is_empty() {
        tx.event_types().gave_turn_back(event_type, &gone).await?;
    }
    tx.event_types().took_turn(event_type, &come).await?;
    Ok(())
}
