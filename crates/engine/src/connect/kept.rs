//! What an installation had when it was switched off or taken away, and putting it back in place.

use kalends_domain::{
    Id,
    event_type::{EventType, Location, Owner},
};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Calendar, Installation, Scope},
};
use serde::{Deserialize, Serialize};

/// What it had. Places are named by their event type; what changed meanwhile is left as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// Calendars that stopped counting when it was switched off.
    pub off: Vec<KeptCalendar>,
    /// Calendars that stopped counting when it was taken away.
    pub calendars: Vec<KeptCalendar>,
    /// Where its rooms were offered.
    pub places: Vec<KeptPlace>,
}

/// How a calendar was used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct KeptCalendar {
    calendar: Id<Calendar>,
    blocks: bool,
    receives: bool,
}

/// A place an event type offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct KeptPlace {
    event_type: Id<EventType>,
    at: usize,
    place: Location,
    /// What stands in its place: the first app that it fell back on.
    instead: Option<Location>,
}

impl Kept {
    /// As it was written down; nothing when it was not.
    pub fn read(json: &serde_json::Value) -> Self {
        serde_json::from_value(json.clone()).unwrap_or_default()
    }

    /// To be written down.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Makes calendars count no more, and says how they were used.
pub(super) async fn stop(tx: &mut Tx, calendars: &[Calendar]) -> StoreResult<Vec<KeptCalendar>> {
    let mut kept = Vec::new();
    for one in calendars {
        kept.push(KeptCalendar { calendar: one.id, blocks: one.blocks, receives: one.receives });
        tx.calendars().set_use(one, false, one.tentative_blocks, one.policy).await?;
        tx.calendars().plan(one, None).await?;
        if one.receives
            && let Some(owner) = tx.people().get(one.user).await?
        {
            tx.calendars().set_receiving(&owner, None).await?;
        }
    }
    Ok(kept)
}

/// Makes calendars count again as they did. One receives bookings only if no other does by now.
pub(super) async fn resume(tx: &mut Tx, kept: &[KeptCalendar]) -> StoreResult<()> {
    for was in kept {
        let Some(one) = tx.calendars().get(was.calendar).await? else { continue };
        tx.calendars().set_use(&one, was.blocks, one.tentative_blocks, one.policy).await?;
        if !was.receives {
            continue;
        }
        let others = tx.calendars().of_users(&[one.user]).await?;
        if others.iter().all(|other| !other.receives)
            && let Some(owner) = tx.people().get(one.user).await?
        {
            tx.calendars().set_receiving(&owner, Some(one.id)).await?;
        }
    }
    Ok(())
}

/// Event types that offer this installation's rooms and have no other account that could make them.
pub(super) async fn offering(tx: &mut Tx, of: &Installation) -> StoreResult<Vec<EventType>> {
    let others: Vec<Installation> = tx
        .installations()
        .list(of.organization)
        .await?
        .into_iter()
        .filter(|one| one.app == of.app && one.id != of.id)
        .collect();
    let naming = tx.event_types().naming(of.organization, &of.app).await?;
    let offers = |one: &EventType| one.settings.locations.iter().any(|place| is_of(place, &of.app));
    let found = naming.into_iter().filter(|one| {
        offers(one) && serves(of.scope, one) && !others.iter().any(|other| serves(other.scope, one))
    });
    Ok(found.collect())
}

/// True when what is set up for `scope` makes rooms for this event type.
fn serves(scope: Scope, event_type: &EventType) -> bool {
    match scope {
        Scope::Organization => true,
        Scope::Team(team) => event_type.owner == Owner::Team(team),
        Scope::User(user) => event_type.hosts.iter().any(|host| host.user == user),
    }
}

/// True when this place is a room of this app.
fn is_of(place: &Location, slug: &str) -> bool {
    match place {
        Location::App { app, .. } | Location::Link { app: Some(app), .. } | Location::GuestLink { app } => {
            app == slug
        }
        _ => false,
    }
}

/// Takes an app's rooms out of an event type, and says where they stood.
pub(super) async fn withdraw(tx: &mut Tx, from: EventType, app: &str) -> StoreResult<Vec<KeptPlace>> {
    let (mut kept, mut changed) = (Vec::new(), from);
    let mut left = Vec::new();
    for (at, place) in std::mem::take(&mut changed.settings.locations).into_iter().enumerate() {
        if !is_of(&place, app) {
            left.push(place);
            continue;
        }
        let instead = next_of(&place).filter(|next| !left.contains(next));
        left.extend(instead.clone());
        kept.push(KeptPlace { event_type: changed.id, at, place, instead });
    }
    changed.settings.locations = left;
    tx.event_types().save(&changed).await?;
    Ok(kept)
}

/// The place that an app's own fallbacks make without it.
fn next_of(place: &Location) -> Option<Location> {
    let Location::App { fallbacks, .. } = place else { return None };
    let (first, rest) = fallbacks.split_first()?;
    Some(Location::App { app: first.clone(), fallbacks: rest.to_vec() })
}

/// Offers places again where they stood.
pub(super) async fn offer(tx: &mut Tx, kept: &[KeptPlace]) -> StoreResult<()> {
    for one in kept {
        if !tx.event_types().is_open(one.event_type).await? {
            continue;
        }
        let Some(mut event_type) = tx.event_types().get(one.event_type).await? else { continue };
        let places = &mut event_type.settings.locations;
        if places.contains(&one.place) {
            continue;
        }
        match places.iter().position(|place| Some(place) == one.instead.as_ref()) {
            Some(there) => places[there] = one.place.clone(),
            None => places.insert(one.at.min(places.len()), one.place.clone()),
        }
        tx.event_types().save(&event_type).await?;
    }
    Ok(())
}
