//! Apps and connections as pages show them, and what may be changed about them.

use jiff::Timestamp;
use kalends_app::App;
use kalends_domain::{
    Id,
    event_type::Location,
    people::{Organization, User},
};
use kalends_store::{
    Result as StoreResult, Tx,
    repo::{Calendar, FailurePolicy, Health, Installation, Scope},
};

use super::{ConnectError, Installed, Outside, install};
use crate::{
    Engine, Invalid, Member, audit,
    job::{self, Reconcile, SyncCalendar},
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
    /// The asker may set it up.
    pub may_install: bool,
}

/// A connection as its owner sees it.
#[derive(Debug, Clone)]
pub struct ConnectionView {
    /// The installation.
    pub id: Id<Installation>,
    /// The app.
    pub app: &'static App,
    /// Which account: an address or a server.
    pub account: String,
    /// The settings, for the form; never a secret.
    pub settings: serde_json::Value,
    /// Everybody's, not one user's.
    pub for_everybody: bool,
    /// How well it works.
    pub health: Health,
    /// Since when.
    pub since: Timestamp,
    /// Why, in words; empty when it works.
    pub cause: String,
    /// Its calendars, by name.
    pub calendars: Vec<Calendar>,
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
}

/// What is lost when a connection is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consequences {
    /// Bookings still to come that stand in this account and will not be moved or removed there any more.
    pub bookings: u64,
    /// Bookings will not be written to this calendar any more.
    pub receives: Option<String>,
    /// These calendars will not block times any more.
    pub blocks: Vec<String>,
    /// Event types that offer this app as their place.
    pub event_types: Vec<String>,
    /// Nobody gets mails any more.
    pub mails: bool,
}

impl Engine {
    /// Every app, with what the asker has of it.
    pub async fn apps(&self, asker: &Member) -> Result<Vec<AppCard>, ConnectError> {
        let mut tx = self.db.read().await?;
        let there = Installed::usable_by(&mut tx, &self.outside, asker.organization, &[asker.user]).await?;
        let cards = self.outside.apps().iter().map(|app| {
            let mut of_app = there.iter().filter(|one| one.app.slug == app.slug).peekable();
            AppCard {
                app,
                installed: of_app.peek().is_some(),
                broken: of_app.any(|one| !one.is_usable()),
                may_install: may_install(app, asker),
            }
        });
        Ok(cards.collect())
    }

    /// One app, if it is in this build.
    pub async fn app(&self, asker: &Member, slug: &str) -> Result<AppCard, ConnectError> {
        let cards = self.apps(asker).await?;
        cards.into_iter().find(|card| card.app.slug == slug).ok_or(ConnectError::NoSuchApp)
    }

    /// What the asker has connected, and what is connected for everybody; what needs somebody first.
    pub async fn connections(&self, asker: &Member) -> Result<Vec<ConnectionView>, ConnectError> {
        let mut tx = self.db.read().await?;
        let there = Installed::usable_by(&mut tx, &self.outside, asker.organization, &[asker.user]).await?;
        let mut views = Vec::with_capacity(there.len());
        for one in there {
            views.push(view(&mut tx, one).await?);
        }
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
        Ok(view(&mut self.db.read().await?, there).await?)
    }

    /// Asks the account again which calendars it has.
    pub async fn refresh_calendars(&self, asker: &Member, id: Id<Installation>) -> Result<(), ConnectError> {
        let there = self.own(asker, id).await?;
        let Some(calendar) = there.app.calendar() else { return Ok(()) };
        let cx = self.cx(&there, kalends_app::gateway::Patience::Form).await.map_err(ConnectError::Probe)?;
        let answer = calendar.calendars(&cx).await;
        self.heard(&there, &answer).await;
        let found = answer.map_err(ConnectError::Probe)?;
        let owner = self.asker(asker).await?;
        self.db
            .write(move |tx| {
                let (there, found, owner) = (there.clone(), found.clone(), owner.clone());
                Box::pin(async move { install::calendars(tx, &there, &found, &owner).await })
            })
            .await?;
        Ok(())
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

    /// What is lost when this connection is taken away.
    pub async fn disconnecting(
        &self,
        asker: &Member,
        id: Id<Installation>,
    ) -> Result<Consequences, ConnectError> {
        let there = self.own(asker, id).await?;
        let owner = self.asker(asker).await?;
        let mut tx = self.db.read().await?;
        let calendars = tx.calendars().of_connection(&there.connection).await?;
        let offered = |place: &Location| matches!(place, Location::App { app, fallbacks } if app == there.app.slug || fallbacks.iter().any(|next| next == there.app.slug));
        let event_types = tx.event_types().hosted_by(&owner).await?;
        Ok(Consequences {
            bookings: tx.references().upcoming(&there.installation).await?,
            receives: calendars.iter().find(|one| one.receives).map(|one| one.name.clone()),
            blocks: calendars.iter().filter(|one| one.blocks).map(|one| one.name.clone()).collect(),
            event_types: event_types
                .into_iter()
                .filter(|one| one.settings.locations.iter().any(offered))
                .map(|one| one.title)
                .collect(),
            mails: there.app.messenger().is_some(),
        })
    }

    /// Takes a connection away: its secrets and mirrors are deleted, what stands outside stays there.
    pub async fn disconnect(&self, asker: &Member, id: Id<Installation>) -> Result<(), ConnectError> {
        let there = self.own(asker, id).await?;
        self.outside.gateway().forget(there.app, &there.connection.id.to_string());
        let asker = *asker;
        self.db
            .write(move |tx| {
                let there = there.clone();
                Box::pin(async move {
                    tx.installations().delete(&there.installation).await?;
                    let subject = format!("{} {}", there.app.slug, there.connection.account);
                    audit::write(tx, &audit::Entry::by_member(&asker, "app_disconnected", &subject)).await
                })
            })
            .await?;
        Ok(())
    }

    /// The installation, if it is the asker's to change.
    pub(super) async fn own(&self, asker: &Member, id: Id<Installation>) -> Result<Installed, ConnectError> {
        let mut tx = self.db.read().await?;
        let there = Installed::get(&mut tx, &self.outside, id).await?;
        let there = there.filter(|one| one.installation.organization == asker.organization);
        match there {
            None => Err(ConnectError::NotFound),
            Some(one) => match one.installation.scope {
                Scope::User(user) if user == asker.user => Ok(one),
                Scope::User(_) => Err(ConnectError::NotFound),
                Scope::Team(_) | Scope::Organization if asker.role.manages() => Ok(one),
                Scope::Team(_) | Scope::Organization => Err(ConnectError::Forbidden),
            },
        }
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
                        job::add(tx, &Reconcile { organization: of.installation.organization, booking })
                            .await?;
                    }
                    let now = tx.now();
                    for calendar in tx.calendars().of_connection(&of.connection).await? {
                        if calendar.blocks {
                            tx.calendars().plan(&calendar, Some(now)).await?;
                            let organization: Id<Organization> = calendar.organization;
                            job::add(tx, &SyncCalendar { organization, calendar: calendar.id }).await?;
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

fn may_install(app: &App, asker: &Member) -> bool {
    app.manifest().scopes.contains(&kalends_app::manifest::Scope::User) || asker.role.manages()
}

async fn view(tx: &mut Tx, of: Installed) -> StoreResult<ConnectionView> {
    let calendars = tx.calendars().of_connection(&of.connection).await?;
    Ok(ConnectionView {
        id: of.installation.id,
        app: of.app,
        account: of.connection.account.clone(),
        for_everybody: of.owner().is_none(),
        settings: of.installation.settings,
        health: of.connection.health,
        since: of.connection.since,
        cause: of.connection.cause,
        calendars,
    })
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
        // What was left out of the copy so far must be read again; what no longer blocks need not be read at all.
        let anew = one.tentative_blocks != calendar.tentative_blocks;
        if anew {
            tx.calendars().restart(calendar).await?;
        }
        if one.blocks && (anew || !calendar.blocks) {
            tx.calendars().plan(calendar, Some(now)).await?;
            job::add(tx, &SyncCalendar { organization: calendar.organization, calendar: calendar.id })
                .await?;
        } else if !one.blocks {
            tx.calendars().plan(calendar, None).await?;
        }
    }
    if let Some(receiving) = uses.iter().find(|one| one.receives) {
        tx.calendars().set_receiving(owner, Some(receiving.calendar)).await?;
    } else if known.iter().any(|calendar| calendar.receives) {
        tx.calendars().set_receiving(owner, None).await?;
    }
    Ok(())
}
