//! The verbs that read bookings.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kalends_domain::{
    Id, Uid,
    booking::{Booking, By, Status},
    event_type::{EventType, Owner},
    people::{Slug, Team, User},
};
use kalends_store::{
    Tx,
    repo::{Filter, Page},
};

use super::{
    BookingView, BookingsAsk, BookingsPage, ChangeError, EventTypeBrief, HistoryLine, Listed, Person, Whose,
    terms,
};
use crate::{
    Engine, Invalid, Member, Trouble,
    index::{Offering, person},
};

impl Engine {
    /// The booking of this uid; that of a seat shows the seat's own guest alone, unless guests may see each other.
    pub async fn booking(&self, uid: &Uid) -> Result<BookingView, ChangeError> {
        let mut tx = self.db.read().await?;
        let booking = match tx.bookings().by_uid(uid).await? {
            Some(booking) => booking,
            None => tx.bookings().by_seat(uid).await?.ok_or(ChangeError::NotFound)?,
        };
        let by_seat = booking.uid != *uid;
        let mut view = one(views(&mut tx, vec![booking], self.now()).await?)?;
        let open = view.event_type.seats.is_some_and(|seats| seats.show_guests);
        if by_seat {
            view.seat = Some(uid.clone());
            if !open {
                let party = party(&view.booking, uid);
                view.booking.attendees = party;
            }
        }
        Ok(view)
    }

    /// The booking of this uid, for a host or one who manages.
    pub async fn hosted_booking(&self, member: &Member, uid: &Uid) -> Result<BookingView, ChangeError> {
        let mut tx = self.db.read().await?;
        let booking = tx.bookings().by_uid(uid).await?.ok_or(ChangeError::NotFound)?;
        may_see(&mut tx, &booking, *member).await?;
        one(views(&mut tx, vec![booking], self.now()).await?)
    }

    /// All bookings of a series, by start.
    pub async fn series(&self, series: &Uid) -> Result<Vec<BookingView>, ChangeError> {
        let mut tx = self.db.read().await?;
        let bookings = tx.bookings().series(series).await?;
        Ok(views(&mut tx, bookings, self.now()).await?)
    }

    /// Bookings just made or changed, with everything a page or the API says about them.
    ///
    /// From memory where it is there: what they need of event types and hosts is what booking them needed.
    pub async fn viewed(&self, bookings: Vec<Booking>) -> Result<Vec<BookingView>, Trouble> {
        let mut remembered = Vec::with_capacity(bookings.len());
        for booking in &bookings {
            let offering = self.memory.offering(booking.event_type).await?;
            remembered.extend(offering.and_then(|offering| with(booking, &offering, self.now())));
        }
        if remembered.len() == bookings.len() {
            return Ok(remembered);
        }
        let mut tx = self.db.read().await?;
        views(&mut tx, bookings, self.now()).await
    }

    /// A page of bookings.
    pub async fn bookings(&self, member: &Member, ask: &BookingsAsk) -> Result<BookingsPage, ChangeError> {
        let take = ask.take.unwrap_or(100);
        let mut invalid = Invalid::default();
        invalid.need((1..=250).contains(&take), "take", "ask for 1 to 250 bookings at a time");
        invalid.need(ask.teams.len() <= 1, "teamsIds", "ask for one team at a time");
        invalid.check()?;

        let mut tx = self.db.read().await?;
        let now = self.now();
        let mut filter = Filter::of(member.organization);
        match ask.whose {
            Whose::Own => filter.hosts = vec![member.user],
            Whose::User(user) if member.may_act_for(user) => filter.hosts = vec![user],
            Whose::Everybody if member.role.manages() => {}
            Whose::User(_) | Whose::Everybody => return Err(ChangeError::Forbidden),
        }
        if let Some(uid) = &ask.uid {
            let found = tx.bookings().by_uid(uid).await?;
            let mut items = Vec::new();
            if let Some(booking) = found
                && may_see(&mut tx, &booking, *member).await.is_ok()
            {
                items = views(&mut tx, vec![booking], now).await?;
            }
            return Ok(BookingsPage { total: items.len() as u64, items });
        }
        for number in &ask.event_types {
            let event_type = tx.event_types().by_number(*number).await?;
            // A number nobody has finds nothing, instead of everything.
            filter.event_types.push(event_type.map_or_else(|| Id::new(uuid::Uuid::nil()), |one| one.id));
        }
        filter.team = ask.teams.first().copied();
        narrow(&mut filter, ask, now);
        let page = Page { skip: ask.skip, take };
        let listed = tx.bookings().list(&filter, ask.order, page).await?;
        let total = u64::try_from(listed.total).unwrap_or(0);
        Ok(BookingsPage { items: views(&mut tx, listed.bookings, now).await?, total })
    }

    /// How many of a user's own bookings wait for somebody to confirm or pay them.
    pub async fn unconfirmed(&self, member: &Member) -> Result<u64, ChangeError> {
        let mut filter = Filter { hosts: vec![member.user], ..Filter::of(member.organization) };
        let ask = BookingsAsk { status: vec![Listed::Unconfirmed], ..BookingsAsk::default() };
        narrow(&mut filter, &ask, self.now());
        let count = self.db.read().await?.bookings().count(&filter).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// What happened to a booking, oldest first: for a host or one who manages.
    pub async fn history(&self, member: &Member, uid: &Uid) -> Result<Vec<HistoryLine>, ChangeError> {
        let mut tx = self.db.read().await?;
        let booking = tx.bookings().by_uid(uid).await?.ok_or(ChangeError::NotFound)?;
        may_see(&mut tx, &booking, *member).await?;
        let events = tx.bookings().history(&booking).await?;
        Ok(events
            .into_iter()
            .map(|event| {
                let user = event.actor.parse().ok();
                let by = match event.actor.as_str() {
                    "guest" => By::Guest,
                    "calendar" => By::Calendar,
                    _ if user.is_some() => By::Host,
                    _ => By::Timeout,
                };
                HistoryLine { at: event.at, by, user, kind: event.kind, data: event.detail }
            })
            .collect())
    }
}

/// A booking with what is remembered of its event type; none when a host of it takes no bookings any more.
fn with(booking: &Booking, offering: &Offering, now: Timestamp) -> Option<BookingView> {
    let event_type = &offering.event_type;
    let person = |user: &Id<User>| {
        offering.hosts.iter().find(|host| host.host.user == *user).map(|host| host.person.clone())
    };
    Some(BookingView {
        hosts: booking.hosts.iter().map(person).collect::<Option<_>>()?,
        may: terms::guest_may(booking, event_type.settings.policy, now),
        event_type: EventTypeBrief {
            id: event_type.id,
            number: event_type.number,
            slug: event_type.slug.clone(),
            owner: offering.owner.slug().clone(),
            title: event_type.title.clone(),
            seats: event_type.settings.seats,
        },
        seat: None,
        booking: booking.clone(),
    })
}

fn one(views: Vec<BookingView>) -> Result<BookingView, ChangeError> {
    views.into_iter().next().ok_or(ChangeError::NotFound)
}

/// The guest of a seat with those they brought: the seat's row, and the extras behind it.
pub(crate) fn party(booking: &Booking, seat: &Uid) -> Vec<kalends_domain::booking::Attendee> {
    let Some(at) = booking.attendees.iter().position(|one| one.seat.as_ref() == Some(seat)) else {
        return Vec::new();
    };
    let (first, rest) = (&booking.attendees[at], &booking.attendees[at + 1..]);
    let brought = rest.iter().take_while(|one| one.seat.is_none() && one.extra);
    std::iter::once(first).chain(brought).cloned().collect()
}

/// The booking, for those who may look behind it.
pub(crate) async fn seen(tx: &mut Tx, asker: &Member, uid: &Uid) -> Result<Booking, ChangeError> {
    let booking = tx.bookings().by_uid(uid).await?.ok_or(ChangeError::NotFound)?;
    may_see(tx, &booking, *asker).await?;
    Ok(booking)
}

/// Hosts see their bookings, those who manage see all of their organization.
pub(crate) async fn may_see(tx: &mut Tx, booking: &Booking, member: Member) -> Result<(), ChangeError> {
    if booking.organization != member.organization {
        return Err(ChangeError::NotFound);
    }
    if booking.hosts.contains(&member.user) || member.role.manages() {
        return Ok(());
    }
    let event_type = tx.event_types().get(booking.event_type).await?;
    match event_type.map(|event_type| event_type.owner) {
        Some(Owner::User(owner)) if owner == member.user => Ok(()),
        Some(Owner::Team(team)) if leads(tx, member, team).await? => Ok(()),
        _ => Err(ChangeError::NotFound),
    }
}

/// May act for a team: one of its admins or owners.
pub(crate) async fn leads(tx: &mut Tx, member: Member, team: Id<Team>) -> Result<bool, kalends_store::Error> {
    let Some(team) = tx.people().team(member.organization, team).await? else { return Ok(false) };
    let members = tx.people().members(&team).await?;
    Ok(members.iter().any(|one| one.user == member.user && one.role.manages()))
}

fn narrow(filter: &mut Filter, ask: &BookingsAsk, now: Timestamp) {
    for status in &ask.status {
        let statuses: &[Status] = match status {
            Listed::Upcoming => &[Status::Confirmed],
            Listed::Unconfirmed => &[Status::AwaitingConfirmation, Status::AwaitingPayment],
            Listed::Past => &[Status::Completed],
            Listed::Cancelled => &[Status::Cancelled, Status::Rejected],
            Listed::Recurring => {
                filter.in_series = true;
                filter.ends_after = Some(now.as_second());
                &[Status::Confirmed, Status::AwaitingConfirmation]
            }
        };
        filter.statuses.extend(statuses);
    }
    filter.attendee_email = ask.attendee_email.as_ref().map(|email| email.trim().to_lowercase());
    filter.attendee_name.clone_from(&ask.attendee_name);
    filter.starts_from = ask.after_start.map(Timestamp::as_second);
    filter.ends_until = ask.before_end.map(Timestamp::as_second);
    filter.created_from = ask.after_created;
    filter.created_before = ask.before_created;
    filter.updated_from = ask.after_updated;
    filter.updated_before = ask.before_updated;
}

/// Bookings with their hosts and event types: a fixed number of queries, but one for each team.
pub(crate) async fn views(
    tx: &mut Tx,
    bookings: Vec<Booking>,
    now: Timestamp,
) -> Result<Vec<BookingView>, Trouble> {
    let ids: BTreeSet<Id<EventType>> = bookings.iter().map(|booking| booking.event_type).collect();
    let event_types = tx.event_types().many(&ids.into_iter().collect::<Vec<_>>()).await?;
    let mut users: BTreeSet<Id<User>> =
        bookings.iter().flat_map(|booking| booking.hosts.iter().copied()).collect();
    users.extend(event_types.iter().filter_map(|one| match one.owner {
        Owner::User(user) => Some(user),
        Owner::Team(_) => None,
    }));
    let users = tx.people().many(&users.into_iter().collect::<Vec<_>>()).await?;
    let users: BTreeMap<Id<User>, Person> = users.iter().map(|user| (user.id, person(user))).collect();
    let mut briefs: BTreeMap<Id<EventType>, (EventTypeBrief, EventType)> = BTreeMap::new();
    for event_type in event_types {
        let owner: Option<Slug> = match event_type.owner {
            Owner::User(user) => users.get(&user).map(|user| user.username.clone()),
            Owner::Team(team) => tx.people().team(event_type.organization, team).await?.map(|team| team.slug),
        };
        let brief = EventTypeBrief {
            id: event_type.id,
            number: event_type.number,
            slug: event_type.slug.clone(),
            owner: owner.unwrap_or_else(|| event_type.slug.clone()),
            title: event_type.title.clone(),
            seats: event_type.settings.seats,
        };
        briefs.insert(event_type.id, (brief, event_type));
    }
    bookings
        .into_iter()
        .map(|booking| {
            let (brief, event_type) = briefs.get(&booking.event_type).ok_or(Trouble::Unreadable {
                what: "booking",
                why: format!("{}: its event type is not there", booking.uid),
            })?;
            Ok(BookingView {
                hosts: booking.hosts.iter().filter_map(|host| users.get(host).cloned()).collect(),
                may: terms::guest_may(&booking, event_type.settings.policy, now),
                event_type: brief.clone(),
                seat: None,
                booking,
            })
        })
        .collect()
}
