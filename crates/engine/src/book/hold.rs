//! Holds: a slot kept for a guest who types.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use kalends_domain::{Id, Span, Uid, event_type::EventType, people::User, span::instant};
use kalends_store::{
    Tx,
    repo::{self, Claimed, Owner},
};

use super::{
    BookError, Bounds, Held, HoldAsk, check,
    plan::{self, HostChoice},
    terms,
    verb::start_of,
};
use crate::{
    Actor, Engine, Invalid,
    index::{Offering, Purpose, source_of, source_of_owner},
    slots::Offered,
};

/// A hold about to be made.
#[derive(Clone)]
struct Wish {
    offering: Arc<Offering>,
    span: Span,
    hosts: HostChoice,
    /// The hosts of the booking in whose slot a seat is kept.
    seat_with: Option<Id<kalends_domain::booking::Booking>>,
    until: Timestamp,
    /// The hold that gives way, its uid kept.
    instead_of: Option<repo::Hold>,
    moving: Option<Id<kalends_domain::booking::Booking>>,
}

impl Engine {
    /// Keeps a slot for some minutes; whoever names the answer's uid when booking takes it over.
    #[tracing::instrument(name = "engine.hold", skip_all, fields(start = %ask.start))]
    pub async fn hold(&self, ask: &HoldAsk) -> Result<Held, BookError> {
        self.keep(ask, None).await
    }

    /// Moves a hold to another slot, or makes it last longer; its uid stays.
    pub async fn update_hold(&self, uid: &Uid, ask: &HoldAsk) -> Result<Held, BookError> {
        let old = self.db.read().await?.holds().by_uid(uid).await?.ok_or(BookError::NotFound)?;
        self.keep(ask, Some(old)).await
    }

    /// A hold that still lives.
    pub async fn held(&self, uid: &Uid) -> Result<Option<Held>, BookError> {
        let hold = self.db.read().await?.holds().by_uid(uid).await?;
        Ok(hold.as_ref().map(held))
    }

    /// Gives a kept slot back; one that is over already is fine.
    pub async fn release_hold(&self, uid: &Uid) -> Result<(), BookError> {
        let uid = uid.clone();
        self.db
            .write(move |tx| {
                let uid = uid.clone();
                Box::pin(async move {
                    if let Some(hold) = tx.holds().by_uid(&uid).await? {
                        tx.claims().release(Owner::Hold(hold.id)).await?;
                        tx.holds().delete(&hold).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    async fn keep(&self, ask: &HoldAsk, old: Option<repo::Hold>) -> Result<Held, BookError> {
        let found = self.find(&ask.event_type).await?;
        let offering = found.offering;
        match (&ask.actor, ask.bounds) {
            (_, Bounds::Offered) => {}
            (Actor::Member(member), Bounds::AnyFreeTime) if offering.may_manage(*member) => {}
            (_, Bounds::AnyFreeTime) => return Err(BookError::Forbidden),
        }
        let settings = &offering.event_type.settings;
        let mut invalid = Invalid::default();
        let minutes = check::length(settings, ask.minutes, &mut invalid);
        invalid.need(
            ask.keep.is_none_or(|keep| (1..=60).contains(&keep)),
            "reservationDuration",
            "a slot is kept for 1 to 60 minutes",
        );
        invalid.check()?;
        let keep = ask.keep.unwrap_or(settings.hold.max(1));
        let until = self.now() + SignedDuration::from_mins(i64::from(keep));

        let moving = match &ask.rescheduling {
            Some(uid) => self.db.read().await?.bookings().by_uid(uid).await?.map(|booking| booking.id),
            None => None,
        };
        let ignoring = moving
            .map(source_of)
            .into_iter()
            .chain(old.iter().map(|hold| source_of_owner(Owner::Hold(hold.id))))
            .collect();
        let start = ask.start.as_second();
        let span = Span::new(start, start + i64::from(minutes) * 60);
        let view = self.view(Arc::clone(&offering), span, ignoring, Purpose::Booking).await?;
        let zone = offering.zone.clone();
        let (hosts, seat_with) = match start_of(&view, start, &zone, minutes, ask.bounds, false)? {
            Offered::New(places) => (HostChoice::of(&offering, &places, |place| view.needed(place)), None),
            Offered::Seat(source) => match view.booking(source) {
                Some(Owner::Booking(id)) => (HostChoice::default(), Some(id)),
                _ => return Err(BookError::Taken),
            },
        };
        let wish = Wish { offering, span, hosts, seat_with, until, instead_of: old, moving };
        self.db.write(move |tx| kept(tx, &wish)).await
    }
}

fn kept<'t>(tx: &'t mut Tx, wish: &Wish) -> BoxFuture<'t, Result<Held, BookError>> {
    let wish = wish.clone();
    Box::pin(async move {
        let event_type = &wish.offering.event_type;
        if wish.offering.counts() || wish.hosts.one_of.len() > 1 {
            plan::guard(tx, event_type).await?;
        }
        let uid = match &wish.instead_of {
            Some(old) => {
                tx.claims().release(Owner::Hold(old.id)).await?;
                tx.holds().delete(old).await?;
                old.uid.clone()
            }
            None => tx.ids().uid(),
        };
        let hold = repo::Hold {
            id: tx.ids().id(),
            uid,
            organization: event_type.organization,
            event_type: event_type.id,
            span: wish.span,
            seats: 1,
            expires_at: wish.until,
        };
        let ways = match wish.seat_with {
            Some(id) => tx.bookings().get(id).await?.map(|booking| booking.hosts).into_iter().collect(),
            None => wish.hosts.ways(tx, event_type, &[wish.span], wish.moving).await?,
        };
        for hosts in ways {
            if take(tx, &wish, event_type, &hold, &hosts).await? {
                tx.holds().add(&hold).await?;
                return Ok(held(&hold));
            }
        }
        Err(if wish.seat_with.is_some() { BookError::Full } else { BookError::Taken })
    })
}

async fn take(
    tx: &mut Tx,
    wish: &Wish,
    event_type: &EventType,
    hold: &repo::Hold,
    hosts: &[Id<User>],
) -> Result<bool, BookError> {
    let wide = terms::claimed(wish.span, event_type);
    let mut ask = repo::Ask::hold(event_type.organization, hold.id, hosts, wide, wish.until);
    if let Some(seats) = event_type.settings.seats {
        ask = ask.seat(plan::seat(event_type, wish.span, 1, seats.count));
    }
    if let Some(booking) = wish.moving {
        // The booking keeps its own time until it really moves: only what it lacks is kept besides.
        let own = match tx.bookings().get(booking).await? {
            Some(booking) if booking.hosts.iter().any(|host| hosts.contains(host)) => {
                terms::claimed(booking.span, event_type)
            }
            _ => Span::new(0, 0),
        };
        match beyond(ask.span, own) {
            Some(rest) if rest.is_empty() => return Ok(true),
            Some(rest) => ask.span = rest,
            None => return Ok(false),
        }
    }
    Ok(tx.claims().take(&ask).await? == Claimed::Made)
}

/// The part of a wish that is not owned already; none when it lies on both sides.
fn beyond(wish: Span, own: Span) -> Option<Span> {
    if !wish.overlaps(own) {
        return Some(wish);
    }
    match (wish.start < own.start, wish.end > own.end) {
        (false, false) => Some(Span::new(wish.start, wish.start)),
        (true, false) => Some(Span::new(wish.start, own.start)),
        (false, true) => Some(Span::new(own.end, wish.end)),
        (true, true) => None,
    }
}

fn held(hold: &repo::Hold) -> Held {
    Held {
        uid: hold.uid.clone(),
        event_type: hold.event_type,
        start: instant(hold.span.start),
        end: instant(hold.span.end),
        until: hold.expires_at,
    }
}
