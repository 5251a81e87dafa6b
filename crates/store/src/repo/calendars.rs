//! Calendar mirrors: what is copied, how fresh it is, and the busy times in it.

mod mirror;

use jiff::Timestamp;
use kalends_domain::{
    Id, Span,
    people::{CalendarChanges, Organization, User},
};

pub(super) use self::mirror::BUSY;
pub use self::mirror::{MirrorBusy, MirrorEvent};
use super::{Connection, people::found};
use crate::{Change, Result, Row, Sql, Tx, sql};

/// Calendar mirrors.
pub struct Calendars<'t> {
    pub(super) tx: &'t mut Tx,
}

/// One external calendar, as it is mirrored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "switches that are free of each other")]
pub struct Calendar {
    /// The row.
    pub id: Id<Self>,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// The account it is in.
    pub connection: Id<Connection>,
    /// Whose time it is.
    pub user: Id<User>,
    /// Its name over there.
    pub remote_id: String,
    /// Its name for people.
    pub name: String,
    /// Its zone, where it says one.
    pub zone: Option<String>,
    /// Its colour, `#rrggbb`.
    pub colour: Option<String>,
    /// We may write to it.
    pub writable: bool,
    /// The account's main one.
    pub main: bool,
    /// Its events make the user busy.
    pub blocks: bool,
    /// Bookings are written here.
    pub receives: bool,
    /// Events nobody has answered yet make the user busy too (FB-04).
    pub tentative_blocks: bool,
    /// Where the next incremental sync begins; none means from the start.
    pub cursor: Option<String>,
    /// The copy covers this time.
    pub window: Span,
    /// How fresh it is.
    pub freshness: Freshness,
    /// What holds while it cannot be reached.
    pub policy: FailurePolicy,
    /// What becomes of a booking whose event is changed here; none for what its owner wants elsewhere.
    pub on_change: Option<CalendarChanges>,
    /// The next sync; none means none is planned.
    pub next_sync_at: Option<Timestamp>,
}

/// How fresh a copy is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Freshness {
    /// The last sync that worked; never means nothing is known.
    pub synced_at: Option<Timestamp>,
    /// Since then every sync has failed.
    pub failing_since: Option<Timestamp>,
    /// Why the last one failed.
    pub last_error: Option<String>,
}

/// What holds while a calendar cannot be reached: the copy is believed for some hours, then this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailurePolicy {
    /// For so long.
    pub trust_hours: u32,
    /// Then everything is busy; else the calendar is ignored.
    pub then_blocks: bool,
}

const SELECT: &str = "SELECT organization_id, id, connection_id, user_id, remote_id, name, zone, colour, writable, blocks,
    receives, tentative_blocks, cursor, starts, ends, synced_at, failing_since_at, last_error, trust_hours, then_blocks,
    next_sync_at, main, on_change FROM calendars";

impl Calendars<'_> {
    /// Stores a calendar that was found in an account.
    pub async fn add(&mut self, new: &Calendar) -> Result<()> {
        let now = self.tx.now();
        self.tx.notify(Change::HostTimes(new.user));
        self.tx
            .run(
                sql("INSERT INTO calendars (organization_id, id, connection_id, user_id, remote_id, name, zone, colour, writable,
                        blocks, receives, cursor, starts, ends, synced_at, failing_since_at, last_error, trust_hours, then_blocks,
                        next_sync_at, created_at, tentative_blocks, main, on_change)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                        $23, $24)")
                .bind(new.organization)
                .bind(new.id)
                .bind(new.connection)
                .bind(new.user)
                .bind(&new.remote_id)
                .bind(&new.name)
                .bind(new.zone.as_ref())
                .bind(new.colour.as_ref())
                .bind(new.writable)
                .bind(new.blocks)
                .bind(new.receives)
                .bind(new.cursor.as_ref())
                .bind(new.window.start)
                .bind(new.window.end)
                .bind(new.freshness.synced_at)
                .bind(new.freshness.failing_since)
                .bind(new.freshness.last_error.as_ref())
                .bind(new.policy.trust_hours)
                .bind(new.policy.then_blocks)
                .bind(new.next_sync_at)
                .bind(now)
                .bind(new.tentative_blocks)
                .bind(new.main)
                .bind(new.on_change.map(CalendarChanges::as_str)),
            )
            .await
            .map(drop)
    }

    /// Writes what the account says of a calendar: its name, zone, colour, whether we may write, whether it is the main one.
    pub async fn describe(&mut self, changed: &Calendar) -> Result<()> {
        let query = sql("UPDATE calendars SET name = $3, zone = $4, colour = $5, writable = $6, main = $7
             WHERE organization_id = $1 AND id = $2");
        let query = query
            .bind(changed.organization)
            .bind(changed.id)
            .bind(&changed.name)
            .bind(changed.zone.as_ref())
            .bind(changed.colour.as_ref())
            .bind(changed.writable)
            .bind(changed.main);
        found(self.tx.run(query).await?, "calendar")
    }

    /// Sets whether a calendar blocks and how much of it, and what holds while it cannot be reached.
    pub async fn set_use(
        &mut self,
        of: &Calendar,
        blocks: bool,
        tentative_blocks: bool,
        policy: FailurePolicy,
    ) -> Result<()> {
        self.tx.notify(Change::HostTimes(of.user));
        let query =
            sql("UPDATE calendars SET blocks = $3, trust_hours = $4, then_blocks = $5, tentative_blocks = $6
             WHERE organization_id = $1 AND id = $2");
        let query = query
            .bind(of.organization)
            .bind(of.id)
            .bind(blocks)
            .bind(policy.trust_hours)
            .bind(policy.then_blocks)
            .bind(tentative_blocks);
        found(self.tx.run(query).await?, "calendar")
    }

    /// Sets what becomes of a booking whose event is changed in a calendar; none for what its owner wants elsewhere.
    pub async fn set_on_change(&mut self, of: &Calendar, wish: Option<CalendarChanges>) -> Result<()> {
        let query = sql("UPDATE calendars SET on_change = $3 WHERE organization_id = $1 AND id = $2");
        let wish = wish.map(CalendarChanges::as_str);
        found(self.tx.run(query.bind(of.organization).bind(of.id).bind(wish)).await?, "calendar")
    }

    /// Makes the next sync read everything again. The copy stays believed until then.
    pub async fn restart(&mut self, of: &Calendar) -> Result<()> {
        let query = sql("UPDATE calendars SET cursor = NULL WHERE organization_id = $1 AND id = $2");
        found(self.tx.run(query.bind(of.organization).bind(of.id)).await?, "calendar")
    }

    /// Makes one of a user's calendars, or none, the one that receives bookings.
    pub async fn set_receiving(&mut self, of: &User, calendar: Option<Id<Calendar>>) -> Result<()> {
        let query =
            sql("UPDATE calendars SET receives = (id = $3) WHERE organization_id = $1 AND user_id = $2");
        let id = calendar.map(|id| id.to_string()).unwrap_or_default();
        self.tx.notify(Change::User(of.id));
        self.tx.run(query.bind(of.organization).bind(of.id).bind(id)).await.map(drop)
    }

    /// Deletes a calendar and its copy.
    pub async fn delete(&mut self, of: &Calendar) -> Result<()> {
        self.tx.notify(Change::HostTimes(of.user));
        let query = sql("DELETE FROM calendars WHERE organization_id = $1 AND id = $2");
        found(self.tx.run(query.bind(of.organization).bind(of.id)).await?, "calendar")
    }

    /// The calendar with this id.
    pub async fn get(&mut self, id: Id<Calendar>) -> Result<Option<Calendar>> {
        let row = self.tx.row(Sql::built(format!("{SELECT} WHERE id = $1")).bind(id)).await?;
        row.as_ref().map(calendar).transpose()
    }

    /// All calendars of these users, in one query, by user and name.
    pub async fn of_users(&mut self, users: &[Id<User>]) -> Result<Vec<Calendar>> {
        let query = Sql::built(format!("{SELECT} WHERE user_id IN ($*) ORDER BY user_id, name, id"));
        let rows = self.tx.rows(query.bind_list(users.iter().copied())).await?;
        rows.iter().map(calendar).collect()
    }

    /// All calendars of an account.
    pub async fn of_connection(&mut self, of: &Connection) -> Result<Vec<Calendar>> {
        self.of_connections(of.organization, &[of.id]).await
    }

    /// All calendars of these accounts, in one query, by name.
    pub async fn of_connections(
        &mut self,
        organization: Id<Organization>,
        of: &[Id<Connection>],
    ) -> Result<Vec<Calendar>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND connection_id IN ($*) ORDER BY name, id"
        ));
        let rows = self.tx.rows(query.bind(organization).bind_list(of.iter().copied())).await?;
        rows.iter().map(calendar).collect()
    }

    /// Calendars whose sync is due, longest due first.
    pub async fn due(&mut self, most: u32) -> Result<Vec<Calendar>> {
        let now = self.tx.now();
        let query = Sql::built(format!("{SELECT} WHERE next_sync_at <= $1 ORDER BY next_sync_at LIMIT $2"));
        self.tx.rows(query.bind(now).bind(most)).await?.iter().map(calendar).collect()
    }

    /// Plans the next sync.
    pub async fn plan(&mut self, of: &Calendar, next_sync_at: Option<Timestamp>) -> Result<()> {
        let query = sql("UPDATE calendars SET next_sync_at = $3 WHERE organization_id = $1 AND id = $2");
        self.tx.run(query.bind(of.organization).bind(of.id).bind(next_sync_at)).await.map(drop)
    }

    /// A sync worked: where the next begins, and what the copy covers now.
    pub async fn synced(
        &mut self,
        of: &Calendar,
        cursor: Option<&str>,
        window: Span,
        next_sync_at: Option<Timestamp>,
    ) -> Result<()> {
        let now = self.tx.now();
        // Slots withheld while it failed may be offered again.
        self.tx.notify(Change::HostTimes(of.user));
        let query = sql("UPDATE calendars SET cursor = $3, starts = $4, ends = $5, synced_at = $6, failing_since_at = NULL,
                last_error = NULL, next_sync_at = $7
             WHERE organization_id = $1 AND id = $2");
        let query = query
            .bind(of.organization)
            .bind(of.id)
            .bind(cursor)
            .bind(window.start)
            .bind(window.end)
            .bind(now)
            .bind(next_sync_at);
        found(self.tx.run(query).await?, "calendar")
    }

    /// A sync failed: since the first failure in a row the copy grows old.
    pub async fn sync_failed(
        &mut self,
        of: &Calendar,
        error: &str,
        next_sync_at: Option<Timestamp>,
    ) -> Result<()> {
        let now = self.tx.now();
        self.tx.notify(Change::HostTimes(of.user));
        let query = sql("UPDATE calendars SET failing_since_at = COALESCE(failing_since_at, $3), last_error = $4, next_sync_at = $5
             WHERE organization_id = $1 AND id = $2");
        let query = query.bind(of.organization).bind(of.id).bind(now).bind(error).bind(next_sync_at);
        found(self.tx.run(query).await?, "calendar")
    }
}

fn calendar(row: &Row) -> Result<Calendar> {
    let on_change: Option<String> = row.get("on_change")?;
    Ok(Calendar {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        connection: row.get("connection_id")?,
        user: row.get("user_id")?,
        remote_id: row.get("remote_id")?,
        name: row.get("name")?,
        zone: row.get("zone")?,
        colour: row.get("colour")?,
        writable: row.get("writable")?,
        main: row.get("main")?,
        blocks: row.get("blocks")?,
        receives: row.get("receives")?,
        tentative_blocks: row.get("tentative_blocks")?,
        cursor: row.get("cursor")?,
        window: row.span()?,
        freshness: Freshness {
            synced_at: row.get("synced_at")?,
            failing_since: row.get("failing_since_at")?,
            last_error: row.get("last_error")?,
        },
        policy: FailurePolicy { trust_hours: row.get("trust_hours")?, then_blocks: row.get("then_blocks")? },
        on_change: on_change.as_deref().map(CalendarChanges::parse),
        next_sync_at: row.get("next_sync_at")?,
    })
}
