//! Event types, their hosts, whose turn it is, private links.

mod links;
mod turns;

use std::collections::HashMap;

use kalends_domain::{
    Id,
    event_type::{Assignment, EventType, Host, Owner},
    people::{Organization, Slug, User},
};

pub use self::turns::Turn;
use super::{json, people::found};
use crate::{Change, Result, Row, Sql, Tx, Value, port::broken, sql};

/// Event types.
pub struct EventTypes<'t> {
    pub(super) tx: &'t mut Tx,
}

const SELECT: &str =
    "SELECT organization_id, id, number, owner_user_id, owner_team_id, slug, title, description, hidden,
    position, schedule_id, assignment, settings FROM event_types";

impl EventTypes<'_> {
    /// Stores a fresh event type with its hosts. A slug its owner has already is [`crate::Error::Unique`].
    pub async fn add(&mut self, new: &EventType) -> Result<()> {
        let now = self.tx.now();
        let (user, team) = owner_columns(new.owner);
        self.tx
            .run(
                sql("INSERT INTO event_types (organization_id, id, number, owner_user_id, owner_team_id, slug, title, description,
                        hidden, position, schedule_id, assignment, settings, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)")
                .bind(new.organization)
                .bind(new.id)
                .bind(new.number)
                .bind(user)
                .bind(team)
                .bind(&new.slug)
                .bind(&new.title)
                .bind(&new.description)
                .bind(new.hidden)
                .bind(new.position)
                .bind(new.schedule)
                .bind(new.assignment.as_str())
                .bind(json(&new.settings)?)
                .bind(now),
            )
            .await?;
        self.tx.add_guard(new.id.to_string()).await?;
        self.add_hosts(new).await
    }

    /// Writes a changed event type over the one with its id, its hosts too.
    pub async fn save(&mut self, changed: &EventType) -> Result<()> {
        let now = self.tx.now();
        let saved = self
            .tx
            .run(
                sql("UPDATE event_types SET slug = $3, title = $4, description = $5, hidden = $6, position = $7,
                            schedule_id = $8, assignment = $9, settings = $10, updated_at = $11
                     WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL")
                .bind(changed.organization)
                .bind(changed.id)
                .bind(&changed.slug)
                .bind(&changed.title)
                .bind(&changed.description)
                .bind(changed.hidden)
                .bind(changed.position)
                .bind(changed.schedule)
                .bind(changed.assignment.as_str())
                .bind(json(&changed.settings)?)
                .bind(now),
            )
            .await?;
        found(saved, "event type")?;
        self.tx
            .run(
                sql("DELETE FROM event_type_hosts WHERE organization_id = $1 AND event_type_id = $2")
                    .bind(changed.organization)
                    .bind(changed.id),
            )
            .await?;
        self.add_hosts(changed).await
    }

    async fn add_hosts(&mut self, of: &EventType) -> Result<()> {
        self.tx.notify(Change::EventType(of.id));
        if of.hosts.is_empty() {
            return Ok(());
        }
        let rows = (0_i64..).zip(&of.hosts).map(|(position, host)| {
            vec![
                of.organization.into(),
                of.id.into(),
                host.user.into(),
                position.into(),
                host.fixed.into(),
                host.priority.into(),
                host.weight.into(),
                host.schedule.into(),
            ]
        });
        let insert = sql("INSERT INTO event_type_hosts
                (organization_id, event_type_id, user_id, position, fixed, priority, weight, schedule_id) VALUES $*");
        self.tx.run(insert.bind_rows(rows)).await.map(drop)
    }

    /// Takes an event type off every page; its bookings stay.
    pub async fn delete(&mut self, of: &EventType) -> Result<()> {
        let now = self.tx.now();
        self.tx.notify(Change::EventType(of.id));
        let query = sql("UPDATE event_types SET deleted_at = $3
             WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL");
        let deleted = self.tx.run(query.bind(of.organization).bind(of.id).bind(now)).await?;
        found(deleted, "event type")
    }

    /// The event type with this id, deleted ones included: its bookings still speak of it.
    pub async fn get(&mut self, id: Id<EventType>) -> Result<Option<EventType>> {
        self.one("WHERE id = $1", id).await
    }

    /// The event type with this number, unless it was deleted.
    pub async fn by_number(&mut self, number: i64) -> Result<Option<EventType>> {
        self.one("WHERE number = $1 AND deleted_at IS NULL", number).await
    }

    /// True unless it was deleted.
    pub async fn is_open(&mut self, id: Id<EventType>) -> Result<bool> {
        let query = sql("SELECT id FROM event_types WHERE id = $1 AND deleted_at IS NULL");
        Ok(self.tx.row(query.bind(id)).await?.is_some())
    }

    /// Several by id, deleted ones included, in one go.
    pub async fn many(&mut self, ids: &[Id<EventType>]) -> Result<Vec<EventType>> {
        let query = Sql::built(format!("{SELECT} WHERE id IN ($*)")).bind_list(ids.iter().copied());
        self.all(query).await
    }

    /// The event type of an owner with this slug.
    pub async fn by_slug(
        &mut self,
        organization: Id<Organization>,
        owner: Owner,
        slug: &Slug,
    ) -> Result<Option<EventType>> {
        let (column, id) = owner_column(owner);
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND {column} = $2 AND slug = $3 AND deleted_at IS NULL"
        ));
        let query = query.bind(organization).bind(id).bind(slug);
        Ok(self.all(query).await?.into_iter().next())
    }

    /// An owner's event types in their order, hidden ones included.
    pub async fn of_owner(&mut self, organization: Id<Organization>, owner: Owner) -> Result<Vec<EventType>> {
        let (column, id) = owner_column(owner);
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND {column} = $2 AND deleted_at IS NULL ORDER BY position, title, id"
        ));
        self.all(query.bind(organization).bind(id)).await
    }

    /// The event types a user hosts, their own and teams', in their order.
    pub async fn hosted_by(&mut self, of: &User) -> Result<Vec<EventType>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND deleted_at IS NULL AND id IN (
                SELECT event_type_id FROM event_type_hosts WHERE organization_id = $1 AND user_id = $2)
             ORDER BY position, title, id"
        ));
        self.all(query.bind(of.organization).bind(of.id)).await
    }

    /// Event types of an organization whose settings name this app somewhere; the settings themselves say where.
    pub async fn naming(&mut self, organization: Id<Organization>, app: &str) -> Result<Vec<EventType>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND deleted_at IS NULL AND settings LIKE $2 ORDER BY title, id"
        ));
        self.all(query.bind(organization).bind(format!("%\"{app}\"%"))).await
    }

    async fn one(&mut self, condition: &'static str, value: impl Into<Value>) -> Result<Option<EventType>> {
        let query = Sql::built(format!("{SELECT} {condition}")).bind(value);
        Ok(self.all(query).await?.into_iter().next())
    }

    /// Two queries, however many event types.
    async fn all(&mut self, query: Sql) -> Result<Vec<EventType>> {
        let rows = self.tx.rows(query).await?;
        let mut found: Vec<EventType> = rows.iter().map(event_type).collect::<Result<_>>()?;
        if found.is_empty() {
            return Ok(found);
        }
        let at: HashMap<Id<EventType>, usize> =
            found.iter().enumerate().map(|(index, one)| (one.id, index)).collect();
        let organizations: std::collections::BTreeSet<_> = found.iter().map(|one| one.organization).collect();
        let hosts =
            sql("SELECT event_type_id, user_id, fixed, priority, weight, schedule_id FROM event_type_hosts
             WHERE organization_id IN ($*)")
            .bind_list(organizations)
            .then("AND event_type_id IN ($*) ORDER BY event_type_id, position")
            .bind_list(found.iter().map(|one| one.id));
        for row in self.tx.rows(hosts).await? {
            if let Some(index) = at.get(&row.get("event_type_id")?) {
                found[*index].hosts.push(host(&row)?);
            }
        }
        Ok(found)
    }
}

fn owner_column(owner: Owner) -> (&'static str, Value) {
    match owner {
        Owner::User(id) => ("owner_user_id", id.into()),
        Owner::Team(id) => ("owner_team_id", id.into()),
    }
}

fn owner_columns(owner: Owner) -> (Option<String>, Option<String>) {
    match owner {
        Owner::User(id) => (Some(id.to_string()), None),
        Owner::Team(id) => (None, Some(id.to_string())),
    }
}

fn event_type(row: &Row) -> Result<EventType> {
    let assignment: String = row.get("assignment")?;
    let owner = match row.get::<Option<Id<User>>>("owner_user_id")? {
        Some(user) => Owner::User(user),
        None => Owner::Team(row.get("owner_team_id")?),
    };
    Ok(EventType {
        id: row.get("id")?,
        number: row.get("number")?,
        organization: row.get("organization_id")?,
        owner,
        slug: row.get("slug")?,
        title: row.get("title")?,
        description: row.get("description")?,
        hidden: row.get("hidden")?,
        position: row.get("position")?,
        schedule: row.get("schedule_id")?,
        assignment: Assignment::parse(&assignment)
            .ok_or_else(|| broken("assignment", &format!("`{assignment}` is no assignment")))?,
        hosts: Vec::new(),
        settings: row.json("settings")?,
    })
}

fn host(row: &Row) -> Result<Host> {
    Ok(Host {
        user: row.get("user_id")?,
        fixed: row.get("fixed")?,
        priority: row.get("priority")?,
        weight: row.get("weight")?,
        schedule: row.get("schedule_id")?,
    })
}
