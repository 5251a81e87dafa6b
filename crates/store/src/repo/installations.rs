//! Apps that are enabled, and the health of the accounts behind them.

use jiff::Timestamp;
use kalends_domain::{
    Id,
    people::{Organization, Team, User},
};
use serde_json::Value as Json;

use super::people::found;
use crate::{Change, Result, Row, Sql, Tx, port::broken, sql};

/// Installations and their connections.
pub struct Installations<'t> {
    pub(super) tx: &'t mut Tx,
}

/// For whom an app is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One person.
    User(Id<User>),
    /// A team.
    Team(Id<Team>),
    /// Everybody in the organization.
    Organization,
}

impl Scope {
    /// As it is stored: a user, a team, or neither.
    pub(super) const fn owners(self) -> (Option<Id<User>>, Option<Id<Team>>) {
        match self {
            Self::User(id) => (Some(id), None),
            Self::Team(id) => (None, Some(id)),
            Self::Organization => (None, None),
        }
    }

    /// From what is stored.
    pub(super) fn of_owners(user: Option<Id<User>>, team: Option<Id<Team>>) -> Self {
        match (user, team) {
            (Some(user), _) => Self::User(user),
            (None, Some(team)) => Self::Team(team),
            (None, None) => Self::Organization,
        }
    }
}

/// An app enabled for somebody, with its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Installation {
    /// The row.
    pub id: Id<Self>,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// The app's slug.
    pub app: String,
    /// For whom.
    pub scope: Scope,
    /// As its setup form says.
    pub settings: Json,
    /// Off keeps everything and does nothing.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How well an account works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Health {
    /// It works.
    Connected,
    /// It fails now and then; it mends itself, or does not.
    Degraded,
    /// A person must sign in again.
    NeedsReconnect,
    /// The other side took our access away.
    Revoked,
}

/// The account behind an installation, and its health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The row.
    pub id: Id<Self>,
    /// The same, as the v2 API says it.
    pub number: i64,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Of which installation.
    pub installation: Id<Installation>,
    /// The account's name for people, such as its email.
    pub account: String,
    /// How well it works.
    pub health: Health,
    /// Since when it does.
    pub since: Timestamp,
    /// Why, in words for its owner; empty when it works.
    pub cause: String,
    /// When it was last used or probed.
    pub checked_at: Option<Timestamp>,
    /// Its provider asked to hear nothing of it before then.
    pub silent_until: Option<Timestamp>,
}

pub(super) const SELECT: &str =
    "SELECT organization_id, id, app, owner_user_id, owner_team_id, settings, enabled, created_at
    FROM installations";
const CONNECTION: &str =
    "SELECT organization_id, id, number, installation_id, account, state, since_at, cause, checked_at,
    silent_until_at FROM connections";

impl Installations<'_> {
    /// Stores a fresh installation.
    pub async fn add(&mut self, new: &Installation) -> Result<()> {
        let (user, team) = new.scope.owners();
        self.tell(new);
        self.tx
            .run(
                sql("INSERT INTO installations (organization_id, id, app, owner_user_id, owner_team_id, settings, enabled,
                        created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)")
                .bind(new.organization)
                .bind(new.id)
                .bind(&new.app)
                .bind(user)
                .bind(team)
                .bind(&new.settings)
                .bind(new.enabled)
                .bind(new.created_at),
            )
            .await
            .map(drop)
    }

    /// Writes an installation's settings and whether it is on; missing once it is taken away.
    pub async fn save(&mut self, changed: &Installation) -> Result<()> {
        let now = self.tx.now();
        self.tell(changed);
        let query = sql("UPDATE installations SET settings = $3, enabled = $4, updated_at = $5
             WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL");
        let query = query
            .bind(changed.organization)
            .bind(changed.id)
            .bind(&changed.settings)
            .bind(changed.enabled)
            .bind(now);
        found(self.tx.run(query).await?, "installation")
    }

    /// Deletes what was taken away, with its connections, credentials and mirrors; missing when it was brought back.
    pub async fn delete(&mut self, of: &Installation) -> Result<()> {
        self.tell(of);
        let query = sql(
            "DELETE FROM installations WHERE organization_id = $1 AND id = $2 AND removed_at IS NOT NULL",
        );
        found(self.tx.run(query.bind(of.organization).bind(of.id)).await?, "installation")
    }

    pub(super) fn tell(&mut self, of: &Installation) {
        let change = match of.scope {
            Scope::User(id) => Change::User(id),
            Scope::Team(_) | Scope::Organization => Change::Organization(of.organization),
        };
        self.tx.notify(change);
        // Its mirrors came or went.
        if let Scope::User(id) = of.scope {
            self.tx.notify(Change::HostTimes(id));
        }
    }

    /// The installation with this id, unless it is taken away.
    pub async fn get(&mut self, id: Id<Installation>) -> Result<Option<Installation>> {
        let query = Sql::built(format!("{SELECT} WHERE id = $1 AND removed_at IS NULL"));
        let row = self.tx.row(query.bind(id)).await?;
        row.as_ref().map(installation).transpose()
    }

    /// Everything enabled in an organization for this scope, by app.
    pub async fn of_scope(
        &mut self,
        organization: Id<Organization>,
        scope: Scope,
    ) -> Result<Vec<Installation>> {
        let query = match scope {
            Scope::User(id) => {
                Sql::built(format!("{SELECT} WHERE organization_id = $1 AND owner_user_id = $2 AND removed_at IS NULL ORDER BY app, id"))
                    .bind(organization)
                    .bind(id)
            }
            Scope::Team(id) => {
                Sql::built(format!("{SELECT} WHERE organization_id = $1 AND owner_team_id = $2 AND removed_at IS NULL ORDER BY app, id"))
                    .bind(organization)
                    .bind(id)
            }
            Scope::Organization => Sql::built(format!(
                "{SELECT} WHERE organization_id = $1 AND owner_user_id IS NULL AND owner_team_id IS NULL
                    AND removed_at IS NULL ORDER BY app, id"
            ))
            .bind(organization),
        };
        self.tx.rows(query).await?.iter().map(installation).collect()
    }

    /// What these users may use: their own, their teams' and the whole organization's, in one query.
    pub async fn usable_by(
        &mut self,
        organization: Id<Organization>,
        users: &[Id<User>],
    ) -> Result<Vec<Installation>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND removed_at IS NULL AND (owner_user_id IN ($*)
                OR owner_team_id IN (SELECT team_id FROM memberships WHERE organization_id = $1 AND user_id IN ($*))
                OR (owner_user_id IS NULL AND owner_team_id IS NULL)) ORDER BY app, id"
        ));
        let query =
            query.bind(organization).bind_list(users.iter().copied()).bind_list(users.iter().copied());
        self.tx.rows(query).await?.iter().map(installation).collect()
    }

    /// Everything enabled of these apps, everywhere.
    pub async fn of_apps(&mut self, apps: &[&str]) -> Result<Vec<Installation>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE enabled = TRUE AND removed_at IS NULL AND app IN ($*) ORDER BY organization_id, id"
        ));
        let query = query.bind_list(apps.iter().map(|app| (*app).to_owned()));
        self.tx.rows(query).await?.iter().map(installation).collect()
    }

    /// All installations of an organization that are not taken away.
    pub async fn list(&mut self, organization: Id<Organization>) -> Result<Vec<Installation>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND removed_at IS NULL ORDER BY app, id"
        ));
        self.tx.rows(query.bind(organization)).await?.iter().map(installation).collect()
    }

    /// Stores a fresh connection.
    pub async fn connect(&mut self, new: &Connection) -> Result<()> {
        let now = self.tx.now();
        self.tx
            .run(
                sql("INSERT INTO connections (organization_id, id, installation_id, account, state, since_at, cause, checked_at,
                        created_at, number) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
                .bind(new.organization)
                .bind(new.id)
                .bind(new.installation)
                .bind(&new.account)
                .bind(new.health.as_str())
                .bind(new.since)
                .bind(&new.cause)
                .bind(new.checked_at)
                .bind(now)
                .bind(new.number),
            )
            .await
            .map(drop)
    }

    /// Notes how well an account works; the time of a change is kept, a repeated finding only noted as checked.
    pub async fn set_health(&mut self, of: &Connection, health: Health, cause: &str) -> Result<()> {
        let now = self.tx.now();
        let query = sql("UPDATE connections SET checked_at = $3, cause = $5,
                since_at = CASE WHEN state = $4 THEN since_at ELSE $3 END, state = $4
             WHERE organization_id = $1 AND id = $2");
        let query = query.bind(of.organization).bind(of.id).bind(now).bind(health.as_str()).bind(cause);
        found(self.tx.run(query).await?, "connection")
    }

    /// Notes that a provider asked to hear nothing of an account before then; every connection of the same grant there is
    /// meant. One that is there already stays where it ends later, unless it ends after `most`: no clock was right then.
    pub async fn silence(&mut self, of: Id<Connection>, until: Timestamp, most: Timestamp) -> Result<()> {
        let query = sql("UPDATE connections SET silent_until_at = $2
             WHERE (silent_until_at IS NULL OR silent_until_at < $2 OR silent_until_at > $3)
                AND (id = $1 OR id IN (SELECT other.connection_id FROM oauth_grants own JOIN oauth_grants other
                    ON other.organization_id = own.organization_id AND other.app = own.app AND other.subject = own.subject
                    WHERE own.connection_id = $1))");
        self.tx.run(query.bind(of).bind(until).bind(most)).await.map(drop)
    }

    /// Writes what an account is called.
    pub async fn rename(&mut self, of: &Connection) -> Result<()> {
        let query = sql("UPDATE connections SET account = $3 WHERE organization_id = $1 AND id = $2");
        found(self.tx.run(query.bind(of.organization).bind(of.id).bind(&of.account)).await?, "connection")
    }

    /// Deletes a connection with its credentials and mirrors.
    pub async fn disconnect(&mut self, of: &Connection) -> Result<()> {
        self.tx.notify(Change::Everything);
        let query = sql("DELETE FROM connections WHERE organization_id = $1 AND id = $2");
        found(self.tx.run(query.bind(of.organization).bind(of.id)).await?, "connection")
    }

    /// The connection with this id.
    pub async fn connection(&mut self, id: Id<Connection>) -> Result<Option<Connection>> {
        let row = self.tx.row(Sql::built(format!("{CONNECTION} WHERE id = $1")).bind(id)).await?;
        row.as_ref().map(connection).transpose()
    }

    /// The connections of these installations, in one query.
    pub async fn connections(&mut self, of: &[Id<Installation>]) -> Result<Vec<Connection>> {
        let query = Sql::built(format!("{CONNECTION} WHERE installation_id IN ($*) ORDER BY account, id"));
        self.tx.rows(query.bind_list(of.iter().copied())).await?.iter().map(connection).collect()
    }
}

impl Health {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Degraded => "degraded",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Revoked => "revoked",
        }
    }

    /// The health of this name, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Connected, Self::Degraded, Self::NeedsReconnect, Self::Revoked]
            .into_iter()
            .find(|one| one.as_str() == text)
    }
}

pub(super) fn installation(row: &Row) -> Result<Installation> {
    let scope = Scope::of_owners(row.get("owner_user_id")?, row.get("owner_team_id")?);
    Ok(Installation {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        app: row.get("app")?,
        scope,
        settings: row.json("settings")?,
        enabled: row.get("enabled")?,
        created_at: row.get("created_at")?,
    })
}

fn connection(row: &Row) -> Result<Connection> {
    let state: String = row.get("state")?;
    Ok(Connection {
        id: row.get("id")?,
        number: row.get("number")?,
        organization: row.get("organization_id")?,
        installation: row.get("installation_id")?,
        account: row.get("account")?,
        health: Health::parse(&state).ok_or_else(|| broken("state", &format!("`{state}` is no health")))?,
        since: row.get("since_at")?,
        cause: row.get("cause")?,
        checked_at: row.get("checked_at")?,
        silent_until: row.get("silent_until_at")?,
    })
}
