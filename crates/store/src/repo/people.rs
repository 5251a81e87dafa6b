//! Organizations, users, their passwords, teams.

use jiff::Timestamp;
use kalends_domain::{
    Id,
    people::{Membership, Organization, Profile, Role, Slug, Team, User},
};

use super::json;
use crate::{Change, Error, Result, Row, Sql, Tx, Value, port::broken, sql};

/// People and where they belong.
pub struct People<'t> {
    pub(super) tx: &'t mut Tx,
}

const USER: &str =
    "SELECT organization_id, id, number, email, email_verified_at, name, username, role, profile,
    default_schedule_id, disabled_at, created_at FROM users";

impl People<'_> {
    /// Stores a fresh organization.
    pub async fn add_organization(&mut self, new: &Organization) -> Result<()> {
        let now = self.tx.now();
        self.tx
            .run(
                sql("INSERT INTO organizations (id, slug, name, created_at) VALUES ($1, $2, $3, $4)")
                    .bind(new.id)
                    .bind(&new.slug)
                    .bind(&new.name)
                    .bind(now),
            )
            .await
            .map(drop)
    }

    /// The organization with this id.
    pub async fn organization(&mut self, id: Id<Organization>) -> Result<Option<Organization>> {
        let row = self.tx.row(sql("SELECT id, slug, name FROM organizations WHERE id = $1").bind(id)).await?;
        row.as_ref().map(organization).transpose()
    }

    /// The organization with this slug.
    pub async fn organization_by_slug(&mut self, slug: &Slug) -> Result<Option<Organization>> {
        let row =
            self.tx.row(sql("SELECT id, slug, name FROM organizations WHERE slug = $1").bind(slug)).await?;
        row.as_ref().map(organization).transpose()
    }

    /// All organizations, oldest first.
    pub async fn organizations(&mut self) -> Result<Vec<Organization>> {
        let rows =
            self.tx.rows(sql("SELECT id, slug, name FROM organizations ORDER BY created_at, id")).await?;
        rows.iter().map(organization).collect()
    }

    /// Stores a fresh user. A taken address or username is [`Error::Unique`].
    pub async fn add(&mut self, new: &User) -> Result<()> {
        self.tx
            .run(
                sql("INSERT INTO users (organization_id, id, number, email, email_verified_at, name, username, role, profile,
                        default_schedule_id, disabled_at, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
                .bind(new.organization)
                .bind(new.id)
                .bind(new.number)
                .bind(new.email.to_lowercase())
                .bind(new.email_verified_at)
                .bind(&new.name)
                .bind(&new.username)
                .bind(new.role.as_str())
                .bind(json(&new.profile)?)
                .bind(new.default_schedule)
                .bind(new.disabled_at)
                .bind(new.created_at),
            )
            .await?;
        self.tx.add_guard(new.id.to_string()).await?;
        self.tx.notify(Change::User(new.id));
        Ok(())
    }

    /// Writes a changed user over the one with its id.
    pub async fn save(&mut self, changed: &User) -> Result<()> {
        let saved = self
            .tx
            .run(
                sql("UPDATE users SET email = $3, email_verified_at = $4, name = $5, username = $6, role = $7, profile = $8,
                            default_schedule_id = $9, disabled_at = $10
                     WHERE organization_id = $1 AND id = $2")
                .bind(changed.organization)
                .bind(changed.id)
                .bind(changed.email.to_lowercase())
                .bind(changed.email_verified_at)
                .bind(&changed.name)
                .bind(&changed.username)
                .bind(changed.role.as_str())
                .bind(json(&changed.profile)?)
                .bind(changed.default_schedule)
                .bind(changed.disabled_at),
            )
            .await?;
        self.tx.notify(Change::User(changed.id));
        found(saved, "user")
    }

    /// The user with this id.
    pub async fn get(&mut self, id: Id<User>) -> Result<Option<User>> {
        self.one("WHERE id = $1", id).await
    }

    /// The users with these ids, by name; those that are not there are left out.
    pub async fn many(&mut self, ids: &[Id<User>]) -> Result<Vec<User>> {
        let query = Sql::built(format!("{USER} WHERE id IN ($*) ORDER BY name, id"));
        let rows = self.tx.rows(query.bind_list(ids.iter().copied())).await?;
        rows.iter().map(user).collect()
    }

    /// The user with this number.
    pub async fn by_number(&mut self, number: i64) -> Result<Option<User>> {
        self.one("WHERE number = $1", number).await
    }

    /// The user who signs in with this address, in any case of letters.
    pub async fn by_email(&mut self, email: &str) -> Result<Option<User>> {
        self.one("WHERE email = $1", email.to_lowercase()).await
    }

    /// The user whose page has this address.
    pub async fn by_username(
        &mut self,
        organization: Id<Organization>,
        username: &Slug,
    ) -> Result<Option<User>> {
        let query = Sql::built(format!("{USER} WHERE organization_id = $1 AND username = $2"));
        let row = self.tx.row(query.bind(organization).bind(username)).await?;
        row.as_ref().map(user).transpose()
    }

    /// All users of an organization, by name.
    pub async fn list(&mut self, organization: Id<Organization>) -> Result<Vec<User>> {
        let query = Sql::built(format!("{USER} WHERE organization_id = $1 ORDER BY name, id"));
        let rows = self.tx.rows(query.bind(organization)).await?;
        rows.iter().map(user).collect()
    }

    async fn one(&mut self, condition: &'static str, value: impl Into<Value>) -> Result<Option<User>> {
        let row = self.tx.row(Sql::built(format!("{USER} {condition}")).bind(value)).await?;
        row.as_ref().map(user).transpose()
    }

    /// The hash of a user's password, if they have one.
    pub async fn password(&mut self, of: &User) -> Result<Option<String>> {
        let row = self
            .tx
            .row(
                sql("SELECT hash FROM passwords WHERE organization_id = $1 AND user_id = $2")
                    .bind(of.organization)
                    .bind(of.id),
            )
            .await?;
        row.map(|row| row.get("hash")).transpose()
    }

    /// Sets the hash of a user's password.
    pub async fn set_password(&mut self, of: &User, hash: &str) -> Result<()> {
        let now = self.tx.now();
        self.tx
            .run(
                sql("INSERT INTO passwords (organization_id, user_id, hash, changed_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (organization_id, user_id)
                     DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at")
                .bind(of.organization)
                .bind(of.id)
                .bind(hash)
                .bind(now),
            )
            .await
            .map(drop)
    }

    /// Stores a fresh team.
    pub async fn add_team(&mut self, new: &Team) -> Result<()> {
        let now = self.tx.now();
        self.tx.notify(Change::Organization(new.organization));
        self.tx
            .run(
                sql("INSERT INTO teams (organization_id, id, slug, name, created_at) VALUES ($1, $2, $3, $4, $5)")
                    .bind(new.organization)
                    .bind(new.id)
                    .bind(&new.slug)
                    .bind(&new.name)
                    .bind(now),
            )
            .await
            .map(drop)
    }

    /// The team with this address.
    pub async fn team_by_slug(
        &mut self,
        organization: Id<Organization>,
        slug: &Slug,
    ) -> Result<Option<Team>> {
        let query =
            sql("SELECT organization_id, id, slug, name FROM teams WHERE organization_id = $1 AND slug = $2");
        let row = self.tx.row(query.bind(organization).bind(slug)).await?;
        row.as_ref().map(team).transpose()
    }

    /// The team with this id.
    pub async fn team(&mut self, organization: Id<Organization>, id: Id<Team>) -> Result<Option<Team>> {
        let query =
            sql("SELECT organization_id, id, slug, name FROM teams WHERE organization_id = $1 AND id = $2");
        let row = self.tx.row(query.bind(organization).bind(id)).await?;
        row.as_ref().map(team).transpose()
    }

    /// All teams of an organization, by name.
    pub async fn teams(&mut self, organization: Id<Organization>) -> Result<Vec<Team>> {
        let query = sql(
            "SELECT organization_id, id, slug, name FROM teams WHERE organization_id = $1 ORDER BY name, id",
        );
        self.tx.rows(query.bind(organization)).await?.iter().map(team).collect()
    }

    /// The teams a user is in, with what they may do there.
    pub async fn teams_of(&mut self, of: &User) -> Result<Vec<(Team, Role)>> {
        let rows = self
            .tx
            .rows(
                sql("SELECT t.organization_id, t.id, t.slug, t.name, m.role FROM memberships m
                     JOIN teams t ON t.organization_id = m.organization_id AND t.id = m.team_id
                     WHERE m.organization_id = $1 AND m.user_id = $2 ORDER BY t.name, t.id")
                .bind(of.organization)
                .bind(of.id),
            )
            .await?;
        rows.iter().map(|row| Ok((team(row)?, role(row)?))).collect()
    }

    /// The members of a team.
    pub async fn members(&mut self, of: &Team) -> Result<Vec<Membership>> {
        let rows = self
            .tx
            .rows(
                sql("SELECT team_id, user_id, role FROM memberships
                     WHERE organization_id = $1 AND team_id = $2 ORDER BY created_at, user_id")
                .bind(of.organization)
                .bind(of.id),
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Membership { team: row.get("team_id")?, user: row.get("user_id")?, role: role(row)? })
            })
            .collect()
    }

    /// Puts a user into a team, or changes what they may do there.
    pub async fn set_member(&mut self, of: &Team, user: Id<User>, role: Role) -> Result<()> {
        let now = self.tx.now();
        self.tx.notify(Change::Organization(of.organization));
        self.tx
            .run(
                sql("INSERT INTO memberships (organization_id, team_id, user_id, role, created_at)
                     VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (organization_id, team_id, user_id) DO UPDATE SET role = excluded.role")
                .bind(of.organization)
                .bind(of.id)
                .bind(user)
                .bind(role.as_str())
                .bind(now),
            )
            .await
            .map(drop)
    }

    /// Takes a user out of a team; one who is not in it is fine.
    pub async fn remove_member(&mut self, of: &Team, user: Id<User>) -> Result<()> {
        self.tx.notify(Change::Organization(of.organization));
        let query =
            sql("DELETE FROM memberships WHERE organization_id = $1 AND team_id = $2 AND user_id = $3");
        self.tx.run(query.bind(of.organization).bind(of.id).bind(user)).await.map(drop)
    }
}

/// Nothing was there to change.
pub(super) const fn found(rows: u64, what: &'static str) -> Result<()> {
    if rows == 0 { Err(Error::Missing(what)) } else { Ok(()) }
}

fn organization(row: &Row) -> Result<Organization> {
    Ok(Organization { id: row.get("id")?, slug: row.get("slug")?, name: row.get("name")? })
}

fn team(row: &Row) -> Result<Team> {
    Ok(Team {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        slug: row.get("slug")?,
        name: row.get("name")?,
    })
}

fn role(row: &Row) -> Result<Role> {
    let word: String = row.get("role")?;
    Role::parse(&word).ok_or_else(|| broken("role", &format!("`{word}` is no role")))
}

pub(super) fn user(row: &Row) -> Result<User> {
    Ok(User {
        id: row.get("id")?,
        number: row.get("number")?,
        organization: row.get("organization_id")?,
        email: row.get("email")?,
        email_verified_at: row.get::<Option<Timestamp>>("email_verified_at")?,
        name: row.get("name")?,
        username: row.get("username")?,
        role: role(row)?,
        profile: row.json::<Profile>("profile")?,
        default_schedule: row.get("default_schedule_id")?,
        disabled_at: row.get("disabled_at")?,
        created_at: row.get("created_at")?,
    })
}
