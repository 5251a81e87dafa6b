//! From the database into memory: a fixed number of queries, however many hosts.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::{Timestamp, civil::Date};
use kalends_domain::{
    Id, Span,
    availability::{Block, Blocks, Schedule, Weekday},
    event_type::{EventType, Owner},
    people::{Profile, ScheduleRow, User},
    zone::Zone,
};
use kalends_store::{Db, repo};

use super::{
    Address, Bookable, CalendarTrust, Counted, Habits, HostTime, Offering, Taker, Tally, source_of,
    source_of_owner,
};
use crate::{PageOwner, Trouble, book::Person};

/// What takes these hosts' time within a span, besides their habits.
pub(super) async fn hosts(
    db: &Db,
    hosts: &[(Id<User>, Arc<Habits>)],
    covers: Span,
) -> Result<Vec<(Id<User>, HostTime)>, Trouble> {
    let mut tx = db.read().await?;
    let ids: Vec<Id<User>> = hosts.iter().map(|(host, _)| *host).collect();
    let mut claims = tx.claims().of_hosts(&ids, covers).await?;
    let mut outside = if hosts.iter().all(|(_, habits)| habits.calendars.is_empty()) {
        BTreeMap::new()
    } else {
        tx.calendars().busy_of(&ids, covers).await?
    };
    Ok(hosts
        .iter()
        .map(|(host, habits)| {
            let claimed = claims.remove(host).unwrap_or_default();
            let ends = claimed.iter().filter_map(|claim| claim.until).min();
            let mut takers = HashMap::with_capacity(claimed.len());
            let mut rows = Vec::with_capacity(claimed.len());
            for claim in claimed {
                let source = source_of_owner(claim.owner);
                takers.insert(source, Taker::Claim(claim.owner));
                rows.push(Block::new(claim.span, source));
            }
            for (place, calendar) in habits.calendars.iter().enumerate() {
                takers.insert(calendar.source, Taker::Calendar(place));
            }
            rows.extend(habits.beyond(covers));
            let busy = outside.remove(host).unwrap_or_default();
            rows.extend(busy.into_iter().map(|one| Block::new(one.span, source_of(one.calendar))));
            let time = HostTime {
                covers,
                blocks: Blocks::new(rows),
                habits: Arc::clone(habits),
                takers,
                good_until: ends.map_or(i64::MAX, Timestamp::as_second),
            };
            (*host, time)
        })
        .collect())
}

/// The same without a look at anything: as if nothing were booked. The claim looks once more, and decides.
pub(super) fn unread(hosts: Vec<(Id<User>, Arc<Habits>)>, covers: Span) -> Vec<(Id<User>, HostTime)> {
    let time = |habits: Arc<Habits>| HostTime {
        covers,
        blocks: Blocks::new(habits.beyond(covers).collect()),
        habits,
        takers: HashMap::new(),
        good_until: i64::MAX,
    };
    hosts.into_iter().map(|(host, habits)| (host, time(habits))).collect()
}

/// What is known of these hosts beside what takes their time.
pub(super) async fn habits(db: &Db, hosts: &[Id<User>]) -> Result<Vec<(Id<User>, Habits)>, Trouble> {
    let mut tx = db.read().await?;
    let mut calendars = grouped(tx.calendars().of_users(hosts).await?, |row| row.user, |row| row);
    let mut away = grouped(tx.schedules().away(hosts, Date::ZERO).await?, |row| row.user, |row| row.dates);
    let mut travel = grouped(tx.schedules().stays(hosts).await?, |row| row.user, |row| row.dates);
    Ok(hosts
        .iter()
        .map(|host| {
            let calendars = calendars.remove(host).unwrap_or_default().into_iter();
            let habits = Habits {
                away: away.remove(host).unwrap_or_default(),
                travel: travel.remove(host).unwrap_or_default(),
                calendars: calendars.filter(|calendar| calendar.blocks).map(trust).collect(),
            };
            (*host, habits)
        })
        .collect())
}

fn trust(calendar: repo::Calendar) -> CalendarTrust {
    CalendarTrust {
        source: source_of(calendar.id),
        name: calendar.name,
        copied_until: calendar.window.end,
        synced_at: calendar.freshness.synced_at,
        failing_since: calendar.freshness.failing_since,
        trust_for: i64::from(calendar.policy.trust_hours) * 3600,
        then_blocks: calendar.policy.then_blocks,
    }
}

fn grouped<R, T>(
    rows: Vec<R>,
    user: impl Fn(&R) -> Id<User>,
    value: impl Fn(R) -> T,
) -> BTreeMap<Id<User>, Vec<T>> {
    let mut groups: BTreeMap<_, Vec<T>> = BTreeMap::new();
    for row in rows {
        groups.entry(user(&row)).or_default().push(value(row));
    }
    groups
}

/// An event type that can be booked, with its owner and hosts.
pub(super) async fn offering(db: &Db, id: Id<EventType>) -> Result<Option<Offering>, Trouble> {
    let mut tx = db.read().await?;
    if !tx.event_types().is_open(id).await? {
        return Ok(None);
    }
    let Some(event_type) = tx.event_types().get(id).await? else { return Ok(None) };
    let ids: Vec<Id<User>> = event_type.hosts.iter().map(|host| host.user).collect();
    let users: BTreeMap<Id<User>, User> =
        tx.people().many(&ids).await?.into_iter().map(|user| (user.id, user)).collect();
    let mut schedules: Vec<repo::StoredSchedule> = tx.schedules().of_users(&ids).await?;
    if let Some(shared) = event_type.schedule {
        schedules.extend(tx.schedules().many(&[shared]).await?);
    }
    let by_id: BTreeMap<Id<ScheduleRow>, &repo::StoredSchedule> =
        schedules.iter().map(|schedule| (schedule.id, schedule)).collect();

    let mut hosts = Vec::with_capacity(event_type.hosts.len());
    for host in &event_type.hosts {
        let Some(user) = users.get(&host.user).filter(|user| user.disabled_at.is_none()) else { continue };
        let named = [host.schedule, event_type.schedule, user.default_schedule];
        let hours =
            named.iter().flatten().find_map(|id| by_id.get(id)).map(|schedule| schedule.hours.clone());
        // Somebody without any hours is never open.
        let hours = match hours {
            Some(hours) => hours,
            None => closed(&user.profile)?,
        };
        hosts.push(Bookable { host: *host, person: person(user), hours: Arc::new(hours) });
    }
    let Some(owner) = owner(&mut tx, &event_type).await? else { return Ok(None) };
    let first = hosts.first();
    let week_start =
        first.and_then(|host| users.get(&host.host.user)).map_or(1, |user| user.profile.week_start);
    let zone = match (first, &owner) {
        (Some(host), _) => host.hours.zone().clone(),
        (None, PageOwner::User { profile, .. }) => crate::slots::zone_or_utc(&profile.zone),
        (None, PageOwner::Team { .. }) => Zone::utc(),
    };
    Ok(Some(Offering {
        event_type,
        owner,
        hosts,
        zone,
        week_start: Weekday::from_number(week_start).unwrap_or(Weekday::Monday),
    }))
}

/// Hours that never open.
fn closed(profile: &Profile) -> Result<Schedule, Trouble> {
    Schedule::new(crate::slots::zone_or_utc(&profile.zone), Vec::new(), Vec::new())
        .map_err(|error| Trouble::Unreadable { what: "schedule", why: error.to_string() })
}

/// A user as others see them.
pub(crate) fn person(user: &User) -> Person {
    Person {
        id: user.id,
        number: user.number,
        name: user.name.clone(),
        email: user.email.clone(),
        username: user.username.clone(),
        zone: user.profile.zone.clone(),
    }
}

async fn owner(tx: &mut kalends_store::Tx, event_type: &EventType) -> Result<Option<PageOwner>, Trouble> {
    match event_type.owner {
        Owner::User(id) => {
            let user = tx.people().get(id).await?.filter(|user| user.disabled_at.is_none());
            Ok(user.map(PageOwner::user))
        }
        Owner::Team(id) => {
            let Some(team) = tx.people().team(event_type.organization, id).await? else { return Ok(None) };
            let members: Vec<_> = tx.people().members(&team).await?.iter().map(|one| one.user).collect();
            let members = tx.people().many(&members).await?;
            Ok(Some(PageOwner::team(team, &members)))
        }
    }
}

/// The event type with this number.
pub(super) async fn numbered(db: &Db, number: i64) -> Result<Option<Id<EventType>>, Trouble> {
    Ok(db.read().await?.event_types().by_number(number).await?.map(|event_type| event_type.id))
}

/// The event type at this address: a user's, else a team's.
pub(super) async fn addressed(db: &Db, address: &Address) -> Result<Option<Id<EventType>>, Trouble> {
    let (organization, owner, slug) = address;
    let mut tx = db.read().await?;
    if let Some(user) = tx.people().by_username(*organization, owner).await? {
        let found = tx.event_types().by_slug(*organization, Owner::User(user.id), slug).await?;
        if let Some(event_type) = found {
            return Ok(Some(event_type.id));
        }
    }
    let Some(team) = tx.people().team_by_slug(*organization, owner).await? else { return Ok(None) };
    let found = tx.event_types().by_slug(*organization, Owner::Team(team.id), slug).await?;
    Ok(found.map(|event_type| event_type.id))
}

/// What is booked of an event type, with the seats taken in each booking.
pub(super) async fn tally(db: &Db, offering: &Offering, window: Span) -> Result<Tally, Trouble> {
    let mut tx = db.read().await?;
    let rows = tx.bookings().booked(&offering.event_type, window, None).await?;
    let mut hosts = offering.users();
    hosts.extend(rows.iter().map(|row| row.host));
    hosts.sort_unstable();
    hosts.dedup();
    let mut booked: Vec<Counted> = Vec::with_capacity(rows.len());
    let mut host_of = Vec::with_capacity(rows.len());
    for row in rows {
        if booked.last().is_none_or(|last| last.booking != row.booking) {
            booked.push(Counted { booking: row.booking, span: row.span, seats: 0, holds: Vec::new() });
            host_of.push(row.host);
        }
    }
    let mut good_until = i64::MAX;
    if offering.event_type.settings.seats.is_some() {
        let claims = tx
            .claims()
            .of_hosts(&hosts, Span::new(window.start.max(db.now().as_second()), window.end))
            .await?;
        for (one, host) in booked.iter_mut().zip(host_of) {
            let claims = claims.get(&host).map_or(&[][..], Vec::as_slice);
            let own = claims.iter().find(|claim| source_of_owner(claim.owner) == source_of(one.booking));
            let Some(key) = own.and_then(|claim| claim.shared.as_ref()) else { continue };
            for claim in claims.iter().filter(|claim| claim.shared.as_ref() == Some(key)) {
                one.seats += claim.seats;
                if matches!(claim.owner, repo::Owner::Hold(_)) {
                    one.holds.push(source_of_owner(claim.owner));
                }
                good_until = good_until.min(claim.until.map_or(i64::MAX, Timestamp::as_second));
            }
        }
    }
    Ok(Tally { booked, hosts, good_until })
}
