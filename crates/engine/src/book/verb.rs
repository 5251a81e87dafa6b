//! The verb that books.

use std::sync::Arc;

use jiff::Timestamp;
use kalends_domain::{Span, Uid, event_type::EventType, zone::Zone};
use kalends_store::repo;

use super::{
    BookAsk, BookError, Booked, Bounds,
    check::{self, Checked},
    make,
    plan::{HostChoice, Plan, Repeat},
    repeat, terms,
};
use crate::{
    Actor, Engine,
    index::{Offering, Purpose, source_of_owner},
    lookup::Found,
    slots::{Offered, View},
};

/// So often a lost race is looked at again: another host or seat may be left.
const ATTEMPTS: usize = 6;

impl Engine {
    /// Books: claims the time, stores the booking, writes down what must follow; all of it, or nothing and why.
    ///
    /// Nothing outside is waited for. Under round robin a host who was just taken makes way for the next. The same
    /// idempotency key gives the first answer again.
    #[tracing::instrument(name = "engine.book", skip_all, fields(start = %ask.start))]
    pub async fn book(&self, ask: &BookAsk) -> Result<Booked, BookError> {
        let found = self.find(&ask.event_type).await?;
        let event_type = &found.offering.event_type;
        may_book(ask, &found.offering)?;
        let checked = check::check(ask, event_type, self.outside.known())?;
        if event_type.settings.price.is_some_and(|price| price.minor > 0) {
            return Err(BookError::PaymentNotReady);
        }
        let repeat = repeat::of(ask, event_type, &checked);
        let organization = event_type.organization;
        match self.try_to_book(ask, &found, checked, repeat.clone()).await {
            // Memory sees the first attempt's own booking in the way of the second.
            Err(refused) if let Some(repeat) = repeat => {
                let earlier = self
                    .db
                    .write(move |tx| {
                        let repeat = repeat.clone();
                        Box::pin(async move {
                            repeat::begin(tx, organization, &repeat).await?.ok_or(BookError::Taken)
                        })
                    })
                    .await;
                match earlier {
                    Err(BookError::Taken) => Err(refused),
                    other => other,
                }
            }
            other => other,
        }
    }

    async fn try_to_book(
        &self,
        ask: &BookAsk,
        found: &Found,
        checked: Checked,
        repeat: Option<Repeat>,
    ) -> Result<Booked, BookError> {
        let event_type = &found.offering.event_type;
        let starts = match event_type.settings.recurrence {
            Some(series) => {
                terms::occurrences(series, checked.times, ask.start.as_second(), &found.offering.zone)
            }
            None => vec![ask.start.as_second()],
        };
        let hold = self.hold_on(ask.hold.as_ref(), event_type, ask.start.as_second()).await?;
        let mut plan = Plan {
            offering: Arc::clone(&found.offering),
            checked,
            starts,
            hosts: HostChoice::default(),
            seat_in: None,
            link: found.link.as_ref().map(|link| link.uid.clone()),
            hold,
            repeat,
            actor: ask.actor.clone(),
            limited: ask.bounds == Bounds::Offered,
        };
        let mut refused = BookError::Taken;
        for attempt in 0..ATTEMPTS {
            self.choose(&mut plan, ask.bounds, attempt == 0).await?;
            let planned = plan.clone();
            let result = self.db.write(move |tx| make::make(tx, &planned)).await;
            match result {
                Err(error @ (BookError::Taken | BookError::Full)) if plan.has_choice() => refused = error,
                Err(BookError::Trouble(trouble)) if trouble.is_number_taken() => {
                    self.skip_numbers(attempt);
                    refused = trouble.into();
                }
                Err(BookError::Taken) if plan.starts.len() > 1 => {
                    // The claim takes all or none. Which one it was is said, or the guest tries the same start again.
                    self.choose(&mut plan, ask.bounds, false).await?;
                    return Err(BookError::Taken);
                }
                other => return other,
            }
        }
        Err(refused)
    }

    /// Another node gave out the same number in the same millisecond: leaves ever more of them out.
    pub(crate) fn skip_numbers(&self, attempt: usize) {
        for _ in 0..(8_u32 << attempt.min(12)) {
            self.ids().number();
        }
    }

    /// Settles who takes part, from memory, or says why the start will not do.
    ///
    /// At first without a look at what takes the hosts' time: the claim looks, and most starts are free.
    async fn choose(&self, plan: &mut Plan, bounds: Bounds, at_first: bool) -> Result<(), BookError> {
        let ignoring: Vec<_> =
            plan.hold.iter().map(|hold| source_of_owner(repo::Owner::Hold(hold.id))).collect();
        let spans = plan.spans();
        let around = Span::new(
            spans.iter().map(|span| span.start).min().unwrap_or(0),
            spans.iter().map(|span| span.end).max().unwrap_or(0),
        );
        let look = |purpose| self.view(Arc::clone(&plan.offering), around, ignoring.clone(), purpose);
        let choice = match at_first.then_some(look(Purpose::Start)) {
            Some(view) => chosen(plan, &view.await?, bounds).ok(),
            None => None,
        };
        // What little was known may have said no too early, and cannot say why.
        (plan.seat_in, plan.hosts) = match choice {
            Some(choice) => choice,
            None => chosen(plan, &look(Purpose::Booking).await?, bounds)?,
        };
        Ok(())
    }

    /// The guest's own hold on this very slot, if it still lives.
    pub(crate) async fn hold_on(
        &self,
        uid: Option<&Uid>,
        event_type: &EventType,
        start: i64,
    ) -> Result<Option<repo::Hold>, BookError> {
        let Some(uid) = uid else { return Ok(None) };
        let hold = self.db.read().await?.holds().by_uid(uid).await?;
        Ok(hold.filter(|hold| hold.event_type == event_type.id && hold.span.start == start))
    }
}

/// The booking to sit down in, and who takes part.
fn chosen(plan: &Plan, view: &View, bounds: Bounds) -> Result<(Option<repo::Owner>, HostChoice), BookError> {
    let zone = plan.checked.attendees.first().map_or("UTC", |one| one.zone.as_str());
    let zone = crate::slots::zone_or_utc(zone);
    let minutes = plan.checked.minutes;
    let (mut seat_in, mut choice) = (None, None::<HostChoice>);
    for (index, start) in plan.starts.iter().enumerate() {
        let held = plan.hold.as_ref().filter(|_| index == 0);
        let offered = start_of(view, *start, &zone, minutes, bounds, held.is_some());
        match offered.map_err(|why| if index == 0 { why } else { of_series(*start, &zone, why) })? {
            Offered::Seat(source) => {
                seat_in = view.booking(source);
                choice = Some(HostChoice::default());
            }
            Offered::New(places) => {
                let here = HostChoice::of(&plan.offering, &places, |place| view.needed(place));
                choice = Some(match choice {
                    None => here,
                    Some(others) => others.and(&here),
                });
            }
        }
    }
    let choice = choice.ok_or(BookError::NotOffered)?;
    let in_turn = view.offering.hosts.iter().enumerate().any(|(place, _)| !view.needed(place));
    if seat_in.is_none() && in_turn && choice.one_of.is_empty() {
        return Err(BookError::Taken);
    }
    Ok((seat_in, choice))
}

/// Names the time of a series that is in the way.
fn of_series(start: i64, zone: &Zone, why: BookError) -> BookError {
    let when = Timestamp::from_second(start).unwrap_or_default().to_zoned(zone.rules().clone());
    BookError::Series { when: when.strftime("%A %-d %B at %H:%M").to_string(), why: Box::new(why) }
}

/// How one start can be booked.
pub(crate) fn start_of(
    view: &View,
    start: i64,
    zone: &Zone,
    minutes: u32,
    bounds: Bounds,
    held: bool,
) -> Result<Offered, BookError> {
    match bounds {
        // A kept slot was offered when it was kept; it only must not have begun.
        Bounds::Offered if held => view.free(start, minutes),
        Bounds::Offered => view.offered(start, zone, minutes),
        Bounds::AnyFreeTime => view.free(start, minutes),
    }
}

impl Plan {
    /// True when another look may find another way.
    fn has_choice(&self) -> bool {
        self.event_type().settings.seats.is_some() || self.offering.hosts.len() > self.hosts.needed.len()
    }
}

fn may_book(ask: &BookAsk, offering: &Offering) -> Result<(), BookError> {
    match (&ask.actor, ask.bounds) {
        (Actor::Member(member), Bounds::AnyFreeTime) if offering.may_manage(*member) => Ok(()),
        (_, Bounds::AnyFreeTime) => Err(BookError::Forbidden),
        (_, Bounds::Offered) => Ok(()),
    }
}
