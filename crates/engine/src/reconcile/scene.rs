//! Everything one run needs to know, and what is wanted outside.

use kalends_app::RemoteId;
use kalends_domain::{Id, booking::Booking, event_type::Settings, people::User};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Calendar, Reference, Wanted},
};

use super::{EVENT, ROOM, turn};
use crate::{
    Engine,
    connect::{Installed, Outside},
};

/// One booking, its people, and its ties to the outside.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    /// The booking as it is.
    pub booking: Booking,
    /// Its hosts, the organizer first.
    pub hosts: Vec<User>,
    /// The rules of its event type: what was asked, for labels, and how its events are shown.
    pub rules: Settings,
    /// The accounts the hosts may use, switched on.
    pub accounts: Vec<Installed>,
    ties: Vec<Tie>,
}

/// One thing outside, and the app it is reached by.
#[derive(Debug, Clone)]
pub(super) struct Tie {
    /// What is wanted and what was last seen.
    pub row: Reference,
    /// None when the account is not connected any more.
    pub installed: Option<Installed>,
}

impl Tie {
    /// Where in the account.
    pub fn place(&self) -> RemoteId {
        RemoteId::new(&self.row.wanted.target)
    }

    /// What was kept with it under this name.
    pub fn kept(&self, name: &str) -> Option<&serde_json::Value> {
        self.row.detail.get(name)
    }
}

impl Scene {
    /// Reads the booking, writes down what is wanted for it outside, and says what is there.
    pub async fn plan(engine: &Engine, booking: Id<Booking>) -> StoreResult<Option<Self>> {
        let (seen, clean) = {
            let mut tx = engine.db.read().await?;
            let Some(scene) = Self::read(&mut tx, &engine.outside, booking).await? else { return Ok(None) };
            let clean = scene.is_planned();
            (scene.scene, clean)
        };
        if clean {
            return Ok(Some(seen));
        }
        let outside = std::sync::Arc::clone(&engine.outside);
        engine
            .db
            .write(move |tx| {
                let outside = std::sync::Arc::clone(&outside);
                Box::pin(async move {
                    match Self::read(tx, &outside, booking).await? {
                        Some(planning) => planning.write(tx, &outside).await.map(Some),
                        None => Ok(None),
                    }
                })
            })
            .await
    }

    /// Reads it and writes nothing.
    pub async fn look(engine: &Engine, booking: Id<Booking>) -> StoreResult<Option<Self>> {
        let mut tx = engine.db.read().await?;
        Ok(Self::read(&mut tx, &engine.outside, booking).await?.map(|planning| planning.scene))
    }

    async fn read(tx: &mut Tx, outside: &Outside, booking: Id<Booking>) -> StoreResult<Option<Planning>> {
        let Some(booking) = tx.bookings().get(booking).await? else { return Ok(None) };
        let mut hosts = tx.people().many(&booking.hosts).await?;
        hosts.sort_by_key(|host| booking.hosts.iter().position(|id| *id == host.id));
        let event_type = tx.event_types().get(booking.event_type).await?;
        let mut installed = Installed::there_for(tx, outside, booking.organization, &booking.hosts).await?;
        // A team's account makes rooms for the team's own event types; what is on comes first.
        installed.retain(|one| one.serves(event_type.as_ref().map(|event_type| event_type.owner)));
        installed.sort_by_key(|one| !one.installation.enabled);
        let ties = ties(tx, outside, &booking, &installed).await?;
        let wants = if booking.state.is_confirmed() {
            let calendars = tx.calendars().of_users(&booking.hosts).await?;
            wants(&booking, &calendars, &installed, &ties)
        } else {
            vec![]
        };
        let rules = event_type.map(|one| one.settings).unwrap_or_default();
        Ok(Some(Planning { wants, scene: Self { booking, hosts, rules, accounts: installed, ties } }))
    }

    /// The host's event, if it stands in a calendar of an app in whose events the room's app makes rooms.
    pub fn event_beside(&mut self, room: &Tie) -> Option<&mut Tie> {
        let beside = &room.installed.as_ref()?.app.manifest().beside;
        self.ties.iter_mut().find(|tie| {
            tie.row.wanted.kind == EVENT
                && tie.row.wanted.host == room.row.wanted.host
                && tie.row.desired_present
                && beside.contains(&tie.row.wanted.app)
        })
    }

    /// The ties of one kind, taken out: those that are wanted first, for what is left over can wait.
    pub fn take(&mut self, kind: &str) -> Vec<Tie> {
        let (mut taken, left): (Vec<Tie>, _) =
            std::mem::take(&mut self.ties).into_iter().partition(|tie| tie.row.wanted.kind == kind);
        self.ties = left;
        taken.sort_by_key(|tie| !tie.row.desired_present);
        taken
    }
}

/// A scene, and what should be in it.
struct Planning {
    scene: Scene,
    wants: Vec<Wanted>,
}

impl Planning {
    /// True when every row already says what is wanted, and marks of beginning are set.
    fn is_planned(&self) -> bool {
        let revision = self.scene.booking.revision;
        let rows = || self.scene.ties.iter().map(|tie| &tie.row);
        let wanted = self.wants.iter().all(|want| {
            rows().any(|row| {
                same(&row.wanted, want)
                    && row.desired_present
                    && row.desired_revision == revision
                    && row.external_id.is_some()
            })
        });
        let rest = rows().filter(|row| self.wants.iter().all(|want| !same(&row.wanted, want)));
        wanted && rest.into_iter().all(|row| !row.desired_present)
    }

    /// Writes down what is wanted. The scene it gives has each row as it was before this run marked its beginning.
    async fn write(self, tx: &mut Tx, outside: &Outside) -> StoreResult<Scene> {
        let Self { mut scene, wants } = self;
        let booking = &scene.booking;
        for want in &wants {
            let there = scene.ties.iter().map(|tie| &tie.row).find(|row| same(&row.wanted, want));
            if there.is_none_or(|row| !row.desired_present || row.desired_revision != booking.revision) {
                tx.references().want(booking, want).await?;
            }
        }
        let rows = tx.references().of_booking(booking).await?;
        let keep: Vec<Id<Reference>> = rows
            .iter()
            .filter(|row| wants.iter().any(|want| same(&row.wanted, want)))
            .map(|row| row.id)
            .collect();
        if rows.iter().any(|row| row.desired_present && !keep.contains(&row.id)) {
            if keep.is_empty() {
                tx.references().want_all(booking, false).await?;
            } else {
                tx.references().want_gone_except(booking, &keep).await?;
            }
        }
        let known: Vec<Installed> = scene.ties.into_iter().filter_map(|tie| tie.installed).collect();
        scene.ties = ties(tx, outside, booking, &known).await?;
        // From here a worker may die with a write under way: whoever comes next must look before writing (ALL-07).
        for tie in scene.ties.iter().filter(|tie| tie.row.desired_present && tie.row.external_id.is_none()) {
            tx.references().about_to(&tie.row, booking.uid.as_str()).await?;
        }
        Ok(scene)
    }
}

async fn ties(
    tx: &mut Tx,
    outside: &Outside,
    booking: &Booking,
    known: &[Installed],
) -> StoreResult<Vec<Tie>> {
    let mut ties = Vec::new();
    for row in tx.references().of_booking(booking).await? {
        let id = row.wanted.installation;
        let installed = match known.iter().find(|one| one.installation.id == id) {
            Some(known) => Some(known.clone()),
            None => Installed::get(tx, outside, id).await?,
        };
        ties.push(Tie { row, installed });
    }
    Ok(ties)
}

/// The same place outside.
fn same(one: &Wanted, other: &Wanted) -> bool {
    one.installation == other.installation && one.target == other.target && one.kind == other.kind
}

/// A room by the app whose turn it is, and an event in the calendar of each host that receives bookings.
fn wants(booking: &Booking, calendars: &[Calendar], installed: &[Installed], ties: &[Tie]) -> Vec<Wanted> {
    let mut wants = Vec::new();
    let room = turn::account(booking, installed, ties);
    wants.extend(room.map(|one| wanted(ROOM, one, String::new(), booking.host)));
    for host in &booking.hosts {
        let receiving = calendars.iter().find(|one| one.user == *host && one.receives && one.writable);
        let Some(calendar) = receiving else { continue };
        let account = installed.iter().find(|one| one.connection.id == calendar.connection);
        wants.extend(account.map(|one| wanted(EVENT, one, calendar.remote_id.clone(), *host)));
    }
    wants
}

fn wanted(kind: &str, of: &Installed, target: String, host: Id<User>) -> Wanted {
    Wanted {
        kind: kind.to_owned(),
        app: of.app.slug.to_owned(),
        installation: of.installation.id,
        target,
        host,
    }
}
