//! Apps and connections as pages show them, and what may be changed about them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kalends_app::{App, hook, http::silence, manifest::AppKind};
use kalends_domain::{
    Id,
    event_type::Owner,
    people::{CalendarChanges, Organization, User},
};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Calendar, Connection, FailurePolicy, Health, Installation, Scope},
};

use super::{ConnectError, ForWhom, Installed, Outside, whose};
use crate::{
    Engine, Invalid, Member, audit, hooks_in,
    job::{self, Reconcile, SyncCalendar, WatchCalendar},
    sync,
};

/// An app in the shop window.
#[derive(Debug, Clone)]
pub struct AppCard {
    /// The app, with its manifest and its icon.
    pub app: &'static App,
    /// Connected by the asker, or for everybody.
    pub installed: bool,
    /// A connection of it needs somebody.
    pub broken: bool,
    /// All there is of it is switched off.
    pub off: bool,
    /// For whom the asker may set it up; nobody when only others may.
    pub may_install: Vec<ForWhom>,
}

/// A connection as its owner sees it.
#[derive(Debug, Clone)]
pub struct ConnectionView {
    /// The installation.
    pub id: Id<Installation>,
    /// The account, as the v2 API says it.
    pub number: i64,
    /// The app.
    pub app: &'static App,
    /// Which account: an address or a server.
    pub account: String,
    /// The settings, for the form; never a secret.
    pub settings: serde_json::Value,
    /// For whom it is set up.
    pub scope: Scope,
    /// The team's name, where it is a team's.
    pub team: Option<String>,
    /// The asker may change it.
    pub may_change: bool,
    /// Off keeps everything and does nothing.
    pub enabled: bool,
    /// Off since then.
    pub off_since: Option<Timestamp>,
    /// How well it works.
    pub health: Health,
    /// Since when.
    pub since: Timestamp,
    /// Why, in words; empty when it works.
    pub cause: String,
    /// Its provider asked to hear nothing of it before then.
    pub silent_until: Option<Timestamp>,
    /// What does not work because it was not granted at the provider (OAU-07).
    pub missing: Vec<String>,
    /// Its calendars, by name.
    pub calendars: Vec<Calendar>,
    /// Whether its provider tells of changes.
    pub push: Push,
    /// The calendars of which it does.
    pub live: Vec<Id<Calendar>>,
    /// The address to enter at the provider for its notices, where the account has one of its own; nobody else may know it, so
    /// it is told to those who may change the account.
    pub notices: Option<String>,
    /// Notices signed with the secret before the current one are believed too (INB-07).
    pub has_old_secret: bool,
}

/// A connection in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionName {
    /// The app's name.
    pub app: String,
    /// Which account; empty where an app has none.
    pub account: String,
    /// Its provider can tell this server of changes.
    pub tells: bool,
}

impl ConnectionName {
    /// App and account.
    pub fn name(&self) -> String {
        if self.account.is_empty() { self.app.clone() } else { format!("{}, {}", self.app, self.account) }
    }
}

/// Whether a provider tells of changes in calendars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    /// It has no such thing, or nothing here needs it.
    No,
    /// It could, but this server's address cannot be reached from outside.
    NotReachable,
    /// It does, or will as soon as channels are open.
    Yes,
}

/// How one calendar is to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarUse {
    /// Which.
    pub calendar: Id<Calendar>,
    /// Its events make its owner busy.
    pub blocks: bool,
    /// Bookings are written here.
    pub receives: bool,
    /// Events not answered yet block too (FB-04).
    pub tentative_blocks: bool,
    /// What holds while it cannot be reached.
    pub policy: FailurePolicy,
    /// What becomes of a booking whose event is changed here; none for what the owner wants elsewhere.
    pub on_change: Option<CalendarChanges>,
}

impl From<&Calendar> for CalendarUse {
    /// As it is used now.
    fn from(of: &Calendar) -> Self {
        Self {
            calendar: of.id,
            blocks: of.blocks,
            receives: of.receives,
            tentative_blocks: of.tentative_blocks,
            policy: of.policy,
            on_change: of.on_change,
        }
    }
}

impl Engine {
    /// The app of this slug, whoever asks.
    pub fn app_called(&self, slug: &str) -> Option<&'static App> {
        self.outside.app(slug)
    }

    /// Every app, with what the asker has of it.
    pub async fn apps(&self, asker: &Member) -> Result<Vec<AppCard>, ConnectError> {
        let mut tx = self.db.read().await?;
        let there = Installed::there_for(&mut tx, &self.outside, asker.organization, &[asker.user]).await?;
        let teams = whose::run_by(&mut tx, asker).await?;
        drop(tx);
        let mut cards = Vec::with_capacity(self.outside.apps().len());
        for app in self.outside.apps().iter().copied() {
            let of_app = || there.iter().filter(|one| one.app.slug == app.slug);
            cards.push(AppCard {
                app,
                installed: of_app().next().is_some(),
                broken: of_app().any(|one| one.installation.enabled && !one.is_usable()),
                off: of_app().next().is_some() && of_app().all(|one| !one.installation.enabled),
                may_install: whose::choices(app, asker, &teams),
            });
        }
        Ok(cards)
    }

    /// Slugs of the apps that can make rooms now for what this owner offers: for a team, through the asker's accounts.
    pub async fn conferences_of(
        &self,
        asker: &Member,
        owner: Owner,
    ) -> Result<Vec<&'static str>, ConnectError> {
        let user = match owner {
            Owner::User(user) => user,
            Owner::Team(_) => asker.user,
        };
        let mut tx = self.db.read().await?;
        let usable = Installed::usable_by(&mut tx, &self.outside, asker.organization, &[user]).await?;
        let can =
            |one: &&Installed| one.app.conference().is_some() && one.is_usable() && one.serves(Some(owner));
        Ok(usable.iter().filter(can).map(|one| one.app.slug).collect())
    }

    /// The app that clients of the API know by this name, or by its slug, where it is of this kind.
    pub fn app_known_as(&self, name: &str, kind: AppKind) -> Option<&'static App> {
        let fits = |app: &&&'static App| {
            app.manifest().kinds.contains(&kind) && (app.manifest().api_name() == name || app.slug == name)
        };
        self.outside.apps().iter().find(fits).copied()
    }

    /// One app, if it is in this build.
    pub async fn app(&self, asker: &Member, slug: &str) -> Result<AppCard, ConnectError> {
        let cards = self.apps(asker).await?;
        cards.into_iter().find(|card| card.app.slug == slug).ok_or(ConnectError::NoSuchApp)
    }

    /// What the asker has connected, and what is connected for everybody; what needs somebody first.
    pub async fn connections(&self, asker: &Member) -> Result<Vec<ConnectionView>, ConnectError> {
        let mut tx = self.db.read().await?;
        let there = Installed::there_for(&mut tx, &self.outside, asker.organization, &[asker.user]).await?;
        let mut views = views(self, &mut tx, asker, there).await?;
        views.sort_by_key(|view| view.health == Health::Connected);
        Ok(views)
    }

    /// One connection.
    pub async fn connection(
        &self,
        asker: &Member,
        id: Id<Installation>,
    ) -> Result<ConnectionView, ConnectError> {
        let there = self.own(asker, id).await?;
        let view = views(self, &mut self.db.read().await?, asker, vec![there]).await?.pop();
        view.ok_or(ConnectError::NotFound)
    }

    /// Says how an account's calendars are used. At most one of all the owner's calendars receives bookings.
    pub async fn use_calendars(
        &self,
        asker: &Member,
        id: Id<Installation>,
        uses: &[CalendarUse],
    ) -> Result<(), ConnectError> {
        let there = self.own(asker, id).await?;
        let owner = self.asker(asker).await?;
        let mut tx = self.db.read().await?;
        let known = tx.calendars().of_connection(&there.connection).await?;
        drop(tx);
        check_uses(uses, &known)?;
        let (asker, uses) = (*asker, uses.to_vec());
        self.db
            .write(move |tx| {
                let (known, uses, owner) = (known.clone(), uses.clone(), owner.clone());
                let subject = format!("{} {}", there.app.slug, there.connection.account);
                Box::pin(async move {
                    apply_uses(tx, &known, &uses, &owner).await?;
                    audit::write(tx, &audit::Entry::by_member(&asker, "calendars_chosen", &subject)).await
                })
            })
            .await?;
        Ok(())
    }

    /// Reads the account's calendars now instead of when they are due.
    pub async fn sync_now(&self, asker: &Member, id: Id<Installation>) -> Result<(), ConnectError> {
        let there = self.own(asker, id).await?;
        self.take_up(&there).await?;
        Ok(())
    }

    /// The installation, if it is the asker's to change.
    pub(crate) async fn own(&self, asker: &Member, id: Id<Installation>) -> Result<Installed, ConnectError> {
        let mut tx = self.db.read().await?;
        let there = Installed::get(&mut tx, &self.outside, id).await?;
        let one = there.ok_or(ConnectError::NotFound)?;
        whose::may_change(&mut tx, asker, &one.installation).await?;
        Ok(one)
    }

    /// What a connection is called: for whoever may change it, and those who manage.
    pub async fn connection_named(
        &self,
        asker: &Member,
        id: Id<Installation>,
    ) -> Result<ConnectionName, ConnectError> {
        let of = self.looked_into(asker, id).await?;
        let (app, account) = (of.app.manifest().name.clone(), named(&of));
        Ok(ConnectionName { app, account, tells: of.app.hook().is_some() })
    }

    /// The installation, if it is the asker's to look into: theirs to change, or anybody's for those who manage.
    pub(crate) async fn looked_into(
        &self,
        asker: &Member,
        id: Id<Installation>,
    ) -> Result<Installed, ConnectError> {
        let mut tx = self.db.read().await?;
        let there = Installed::get(&mut tx, &self.outside, id).await?;
        let one = there.filter(|one| one.installation.organization == asker.organization);
        let one = one.ok_or(ConnectError::NotFound)?;
        if !asker.role.manages() {
            whose::may_change(&mut tx, asker, &one.installation).await?;
        }
        Ok(one)
    }

    pub(super) async fn asker(&self, asker: &Member) -> Result<User, ConnectError> {
        let mut tx = self.db.read().await?;
        crate::sign_in::user_of(&mut tx, asker).await.map_err(|_| ConnectError::NotFound)
    }

    /// Takes up what waited for an account: bookings that are not outside yet, calendars not read.
    pub(super) async fn take_up(&self, of: &Installed) -> StoreResult<()> {
        let of = of.clone();
        self.db
            .write(move |tx| {
                let of = of.clone();
                Box::pin(async move {
                    for booking in tx.references().unsettled(&of.installation).await? {
                        job::add(tx, &Reconcile::new(of.installation.organization, booking)).await?;
                    }
                    let now = tx.now();
                    for calendar in tx.calendars().of_connection(&of.connection).await? {
                        if calendar.blocks {
                            tx.calendars().plan(&calendar, Some(now)).await?;
                            let organization: Id<Organization> = calendar.organization;
                            job::add(tx, &SyncCalendar::new(organization, calendar.id)).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await
    }
}

impl Installed {
    /// What is connected for exactly this scope.
    pub(super) async fn of_scope(
        tx: &mut Tx,
        outside: &Outside,
        organization: Id<Organization>,
        scope: Scope,
    ) -> StoreResult<Vec<Self>> {
        let found = tx.installations().of_scope(organization, scope).await?;
        Self::with_connections(tx, outside, found).await
    }
}

/// What there is to say of these: so many queries, however many they are.
async fn views(
    engine: &Engine,
    tx: &mut Tx,
    asker: &Member,
    all: Vec<Installed>,
) -> StoreResult<Vec<ConnectionView>> {
    if all.is_empty() {
        return Ok(vec![]);
    }
    let installations: Vec<Id<Installation>> = all.iter().map(|one| one.installation.id).collect();
    let connections: Vec<Id<Connection>> = all.iter().map(|one| one.connection.id).collect();
    let mut calendars = tx.calendars().of_connections(asker.organization, &connections).await?;
    let standing = tx.installations().lives(&installations).await?;
    let grants = tx.oauth().grants(&connections).await?;
    let (teams, run) = if all.iter().any(|one| matches!(one.installation.scope, Scope::Team(_))) {
        (tx.people().teams(asker.organization).await?, whose::run_by(tx, asker).await?)
    } else {
        (vec![], vec![])
    };
    let changing = tx.credentials().having(asker.organization, &connections, hook::SECRET_BEFORE).await?;
    let public = engine.outside.links().are_public();
    let push = |of: &Installed| match of.app.watch() {
        None => Push::No,
        Some(_) if public => Push::Yes,
        Some(_) => Push::NotReachable,
    };
    let heard = |calendar: &&Calendar| {
        all.iter().any(|one| one.connection.id == calendar.connection && push(one) == Push::Yes)
    };
    let heard: Vec<Id<Calendar>> = calendars.iter().filter(heard).map(|calendar| calendar.id).collect();
    let live = if heard.is_empty() { vec![] } else { sync::live(tx, &heard, engine.now()).await? };
    let mut apart = BTreeMap::new();
    for of in all.iter().filter(|of| whose::changeable(asker, &run, &of.installation).is_ok()) {
        if let Some(place) = hooks_in::place_apart(tx, &engine.outside, of).await? {
            apart.insert(of.connection.id, place);
        }
    }
    let view = |of: Installed| {
        let own: Vec<Calendar> =
            calendars.extract_if(.., |calendar| calendar.connection == of.connection.id).collect();
        let team = teams.iter().find(|team| of.installation.scope == Scope::Team(team.id));
        let stands = standing.iter().find(|one| one.installation == of.installation.id);
        let grant = grants.iter().find(|grant| grant.connection == of.connection.id);
        ConnectionView {
            id: of.installation.id,
            number: of.connection.number,
            app: of.app,
            account: named(&of),
            scope: of.installation.scope,
            team: team.map(|team| team.name.clone()),
            may_change: whose::changeable(asker, &run, &of.installation).is_ok(),
            enabled: of.installation.enabled,
            off_since: stands.and_then(|one| one.off_at),
            missing: grant.map(|grant| grant.missing.clone()).unwrap_or_default(),
            live: own.iter().map(|calendar| calendar.id).filter(|id| live.contains(id)).collect(),
            calendars: own,
            push: push(&of),
            has_old_secret: (push(&of) == Push::Yes || hooks_in::is_told_apart(&of))
                && changing.contains(&of.connection.id),
            notices: apart.get(&of.connection.id).cloned(),
            settings: of.installation.settings,
            health: of.connection.health,
            since: of.connection.since,
            cause: of.connection.cause,
            silent_until: of.connection.silent_until.and_then(|at| silence::ends(at, engine.now())),
        }
    };
    Ok(all.iter().cloned().map(view).collect())
}

/// The account, or what stands for one where an app has settings and no account.
fn named(of: &Installed) -> String {
    if !of.app.manifest().is_data() {
        return of.connection.account.clone();
    }
    let mut fields = of.app.manifest().setup.iter();
    let first = fields.find_map(|field| of.installation.settings.get(&field.name));
    first.map_or_else(String::new, |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn check_uses(uses: &[CalendarUse], known: &[Calendar]) -> Result<(), ConnectError> {
    let mut invalid = Invalid::default();
    for one in uses {
        let Some(calendar) = known.iter().find(|calendar| calendar.id == one.calendar) else {
            return Err(ConnectError::NotFound);
        };
        if one.receives && !calendar.writable {
            invalid.say(
                "receives",
                format!("“{}” can only be read. Choose another one for bookings.", calendar.name),
            );
        }
        if !(1..=24 * 14).contains(&one.policy.trust_hours) {
            invalid.say("trust_hours", "Write a number of hours between 1 and 336.");
        }
    }
    if uses.iter().filter(|one| one.receives).count() > 1 {
        invalid.say("receives", "Choose one calendar for bookings.");
    }
    Ok(invalid.check()?)
}

async fn apply_uses(tx: &mut Tx, known: &[Calendar], uses: &[CalendarUse], owner: &User) -> StoreResult<()> {
    let now = tx.now();
    for one in uses {
        let Some(calendar) = known.iter().find(|calendar| calendar.id == one.calendar) else { continue };
        tx.calendars().set_use(calendar, one.blocks, one.tentative_blocks, one.policy).await?;
        tx.calendars().set_on_change(calendar, one.on_change).await?;
        // What was left out of the copy so far must be read again; what no longer blocks need not be read at all.
        let anew = one.tentative_blocks != calendar.tentative_blocks;
        if anew {
            tx.calendars().restart(calendar).await?;
        }
        if one.blocks && (anew || !calendar.blocks) {
            tx.calendars().plan(calendar, Some(now)).await?;
            job::add(tx, &SyncCalendar::new(calendar.organization, calendar.id)).await?;
        } else if !one.blocks {
            tx.calendars().plan(calendar, None).await?;
            job::add(tx, &WatchCalendar::new(calendar.organization, calendar.id)).await?;
        }
    }
    if let Some(receiving) = uses.iter().find(|one| one.receives) {
        tx.calendars().set_receiving(owner, Some(receiving.calendar)).await?;
    } else if known.iter().any(|calendar| calendar.receives) {
        tx.calendars().set_receiving(owner, None).await?;
    }
    Ok(())
}
