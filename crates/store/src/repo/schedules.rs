//! Schedules, days away, stays in other zones.

use jiff::civil::Date;
use kalends_domain::{
    Id,
    availability::{OutOfOffice, Schedule, Travel},
    people::{Organization, ScheduleRow, User},
};

use super::{json, people::found};
use crate::{Change, Result, Row, Sql, Tx, Value, port::broken, sql};

/// Schedules.
pub struct Schedules<'t> {
    pub(super) tx: &'t mut Tx,
}

/// A schedule as it is stored, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSchedule {
    /// The row.
    pub id: Id<ScheduleRow>,
    /// The same, as the v2 API says it.
    pub number: i64,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Whose.
    pub user: Id<User>,
    /// As its owner calls it.
    pub name: String,
    /// Zone, weekly hours, overrides.
    pub hours: Schedule,
}

/// Days on which a host is away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// The row.
    pub id: Id<Self>,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Who.
    pub user: Id<User>,
    /// From when to when.
    pub dates: OutOfOffice,
}

/// Days on which a host is in another zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The row.
    pub id: Id<Self>,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Who.
    pub user: Id<User>,
    /// From when to when, and where.
    pub dates: Travel,
}

const SELECT: &str = "SELECT organization_id, id, number, user_id, name, rules FROM schedules";

impl Schedules<'_> {
    /// Stores a fresh schedule.
    pub async fn add(&mut self, new: &StoredSchedule) -> Result<()> {
        let now = self.tx.now();
        self.tx.notify(Change::User(new.user));
        self.tx
            .run(
                sql("INSERT INTO schedules (organization_id, id, number, user_id, name, rules, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $7)")
                .bind(new.organization)
                .bind(new.id)
                .bind(new.number)
                .bind(new.user)
                .bind(&new.name)
                .bind(json(&new.hours)?)
                .bind(now),
            )
            .await
            .map(drop)
    }

    /// Writes a changed schedule over the one with its id.
    pub async fn save(&mut self, changed: &StoredSchedule) -> Result<()> {
        let now = self.tx.now();
        self.tx.notify(Change::User(changed.user));
        let query = sql("UPDATE schedules SET name = $3, rules = $4, updated_at = $5
             WHERE organization_id = $1 AND id = $2");
        let query = query.bind(changed.organization).bind(changed.id).bind(&changed.name);
        found(self.tx.run(query.bind(json(&changed.hours)?).bind(now)).await?, "schedule")
    }

    /// Deletes a schedule. What named it falls back to the default one.
    pub async fn delete(&mut self, of: &StoredSchedule) -> Result<()> {
        self.tx.notify(Change::Everything);
        for text in [
            "UPDATE event_types SET schedule_id = NULL WHERE organization_id = $1 AND schedule_id = $2",
            "UPDATE event_type_hosts SET schedule_id = NULL WHERE organization_id = $1 AND schedule_id = $2",
            "UPDATE users SET default_schedule_id = NULL WHERE organization_id = $1 AND default_schedule_id = $2",
        ] {
            self.tx.run(sql(text).bind(of.organization).bind(of.id)).await?;
        }
        let query = sql("DELETE FROM schedules WHERE organization_id = $1 AND id = $2");
        found(self.tx.run(query.bind(of.organization).bind(of.id)).await?, "schedule")
    }

    /// The schedule with this id.
    pub async fn get(&mut self, id: Id<ScheduleRow>) -> Result<Option<StoredSchedule>> {
        self.one("WHERE id = $1", id).await
    }

    /// The schedule with this number.
    pub async fn by_number(&mut self, number: i64) -> Result<Option<StoredSchedule>> {
        self.one("WHERE number = $1", number).await
    }

    async fn one(
        &mut self,
        condition: &'static str,
        value: impl Into<Value>,
    ) -> Result<Option<StoredSchedule>> {
        let row = self.tx.row(Sql::built(format!("{SELECT} {condition}")).bind(value)).await?;
        row.as_ref().map(schedule).transpose()
    }

    /// Several by id, in one query.
    pub async fn many(&mut self, ids: &[Id<ScheduleRow>]) -> Result<Vec<StoredSchedule>> {
        let query = Sql::built(format!("{SELECT} WHERE id IN ($*)")).bind_list(ids.iter().copied());
        self.tx.rows(query).await?.iter().map(schedule).collect()
    }

    /// All schedules of these users, by name, in one query.
    pub async fn of_users(&mut self, users: &[Id<User>]) -> Result<Vec<StoredSchedule>> {
        let query = Sql::built(format!("{SELECT} WHERE user_id IN ($*) ORDER BY name, id"));
        let rows = self.tx.rows(query.bind_list(users.iter().copied())).await?;
        rows.iter().map(schedule).collect()
    }

    /// Stores days away.
    pub async fn add_away(&mut self, new: &Away) -> Result<()> {
        let now = self.tx.now();
        self.tx.notify(Change::HostTimes(new.user));
        self.tx
            .run(
                sql("INSERT INTO out_of_office (organization_id, id, user_id, from_date, until_date, note, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)")
                .bind(new.organization)
                .bind(new.id)
                .bind(new.user)
                .bind(new.dates.from.to_string())
                .bind(new.dates.until.to_string())
                .bind(new.dates.note.as_ref())
                .bind(now),
            )
            .await
            .map(drop)
    }

    /// Days away of these users that end on this date or later, in one query, by date.
    pub async fn away(&mut self, users: &[Id<User>], from: Date) -> Result<Vec<Away>> {
        let query = sql("SELECT organization_id, id, user_id, from_date, until_date, note FROM out_of_office
             WHERE until_date >= $1 AND user_id IN ($*) ORDER BY from_date, id");
        let query = query.bind(from.to_string()).bind_list(users.iter().copied());
        self.tx.rows(query).await?.iter().map(away).collect()
    }

    /// Deletes a user's days away.
    pub async fn delete_away(&mut self, of: &User, id: Id<Away>) -> Result<()> {
        self.tx.notify(Change::HostTimes(of.id));
        let query = sql("DELETE FROM out_of_office WHERE organization_id = $1 AND user_id = $2 AND id = $3");
        found(self.tx.run(query.bind(of.organization).bind(of.id).bind(id)).await?, "days away")
    }

    /// Stores a stay in another zone.
    pub async fn add_stay(&mut self, new: &Stay) -> Result<()> {
        let now = self.tx.now();
        self.tx.notify(Change::User(new.user));
        self.tx
            .run(
                sql("INSERT INTO travels (organization_id, id, user_id, from_date, until_date, zone, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7)")
                .bind(new.organization)
                .bind(new.id)
                .bind(new.user)
                .bind(new.dates.from.to_string())
                .bind(new.dates.until.map(|date| date.to_string()))
                .bind(json(&new.dates.zone)?)
                .bind(now),
            )
            .await
            .map(drop)
    }

    /// All stays of these users, in one query, by date.
    pub async fn stays(&mut self, users: &[Id<User>]) -> Result<Vec<Stay>> {
        let query = sql("SELECT organization_id, id, user_id, from_date, until_date, zone FROM travels
             WHERE user_id IN ($*) ORDER BY from_date, id");
        self.tx.rows(query.bind_list(users.iter().copied())).await?.iter().map(stay).collect()
    }

    /// Deletes a user's stay.
    pub async fn delete_stay(&mut self, of: &User, id: Id<Stay>) -> Result<()> {
        self.tx.notify(Change::User(of.id));
        let query = sql("DELETE FROM travels WHERE organization_id = $1 AND user_id = $2 AND id = $3");
        found(self.tx.run(query.bind(of.organization).bind(of.id).bind(id)).await?, "stay")
    }
}

fn schedule(row: &Row) -> Result<StoredSchedule> {
    Ok(StoredSchedule {
        id: row.get("id")?,
        number: row.get("number")?,
        organization: row.get("organization_id")?,
        user: row.get("user_id")?,
        name: row.get("name")?,
        hours: row.json("rules")?,
    })
}

fn date(row: &Row, column: &str) -> Result<Option<Date>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|error: jiff::Error| broken(column, &error))).transpose()
}

fn away(row: &Row) -> Result<Away> {
    let needed = |column| date(row, column)?.ok_or_else(|| broken(column, &"it is empty"));
    Ok(Away {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        user: row.get("user_id")?,
        dates: OutOfOffice {
            from: needed("from_date")?,
            until: needed("until_date")?,
            note: row.get("note")?,
        },
    })
}

fn stay(row: &Row) -> Result<Stay> {
    Ok(Stay {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        user: row.get("user_id")?,
        dates: Travel {
            from: date(row, "from_date")?.ok_or_else(|| broken("from_date", &"it is empty"))?,
            until: date(row, "until_date")?,
            zone: row.json("zone")?,
        },
    })
}
