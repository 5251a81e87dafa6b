//! Lists of bookings: filtered, in order, a page at a time.

use jiff::Timestamp;
use kalends_domain::{
    Id, Uid,
    booking::{Booking, Status},
    event_type::EventType,
    people::{Organization, Team, User},
};

use super::{Bookings, COLUMNS, booking, with_people};
use crate::{Result, Sql, Value};

/// Which bookings. Empty parts do not narrow.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this tenant; never left out.
    pub organization: Option<Id<Organization>>,
    /// With one of these hosts.
    pub hosts: Vec<Id<User>>,
    /// Of one of these event types.
    pub event_types: Vec<Id<EventType>>,
    /// Of an event type of this team.
    pub team: Option<Id<Team>>,
    /// In one of these states; `completed` and `confirmed` look at the clock.
    pub statuses: Vec<Status>,
    /// With an attendee of this address, in lower case.
    pub attendee_email: Option<String>,
    /// With an attendee whose name contains this.
    pub attendee_name: Option<String>,
    /// With this part in its title, or an attendee's name or address.
    pub search: Option<String>,
    /// Of this series.
    pub series: Option<Uid>,
    /// Of some series.
    pub in_series: bool,
    /// At another time than the rules of its zone make of what was agreed.
    pub shifted: bool,
    /// Starting at this second or later.
    pub starts_from: Option<i64>,
    /// Starting before this second.
    pub starts_before: Option<i64>,
    /// Ending after this second.
    pub ends_after: Option<i64>,
    /// Ending at this second or before.
    pub ends_until: Option<i64>,
    /// Made then or later.
    pub created_from: Option<Timestamp>,
    /// Made before.
    pub created_before: Option<Timestamp>,
    /// Changed then or later.
    pub updated_from: Option<Timestamp>,
    /// Changed before.
    pub updated_before: Option<Timestamp>,
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Earliest start first.
    #[default]
    Start,
    /// Latest start first.
    StartDown,
    /// Earliest end first.
    End,
    /// Latest end first.
    EndDown,
    /// Oldest first.
    Created,
    /// Newest first.
    CreatedDown,
    /// Longest unchanged first.
    Updated,
    /// Last changed first.
    UpdatedDown,
}

impl Order {
    const fn sql(self) -> &'static str {
        match self {
            Self::Start => "b.starts, b.id",
            Self::StartDown => "b.starts DESC, b.id DESC",
            Self::End => "b.ends, b.id",
            Self::EndDown => "b.ends DESC, b.id DESC",
            Self::Created => "b.created_at, b.id",
            Self::CreatedDown => "b.created_at DESC, b.id DESC",
            Self::Updated => "b.updated_at, b.id",
            Self::UpdatedDown => "b.updated_at DESC, b.id DESC",
        }
    }
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Leave out so many.
    pub skip: u32,
    /// Then so many at most.
    pub take: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { skip: 0, take: 50 }
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// With hosts and attendees.
    pub bookings: Vec<Booking>,
    /// How many the whole list has.
    pub total: i64,
}

impl Bookings<'_> {
    /// A page of the bookings that fit: four queries, whatever their number.
    pub async fn list(&mut self, filter: &Filter, order: Order, page: Page) -> Result<Listed> {
        let now = self.tx.now();
        let total = match self.tx.row(filter.query("CAST(COUNT(*) AS BIGINT) AS total", now)).await? {
            Some(row) => row.get("total")?,
            None => 0,
        };
        let query = filter.query(COLUMNS, now).then("ORDER BY").then(order.sql());
        let query = query.then("LIMIT ?").place(page.take).then("OFFSET ?").place(page.skip);
        let rows = self.tx.rows(query).await?;
        let bookings = rows.iter().map(booking).collect::<Result<_>>()?;
        Ok(Listed { bookings: with_people(self.tx, bookings).await?, total })
    }

    /// How many bookings fit.
    pub async fn count(&mut self, filter: &Filter) -> Result<i64> {
        let now = self.tx.now();
        let row = self.tx.row(filter.query("CAST(COUNT(*) AS BIGINT) AS total", now)).await?;
        row.map_or(Ok(0), |row| row.get("total"))
    }
}

impl Filter {
    /// Everything of one tenant.
    pub fn of(organization: Id<Organization>) -> Self {
        Self { organization: Some(organization), ..Self::default() }
    }

    fn query(&self, columns: &str, now: Timestamp) -> Sql {
        let mut query = Sql::built(format!("SELECT {columns} FROM bookings b WHERE b.organization_id = $1"))
            // None finds nothing: a list without a tenant would show others' bookings.
            .bind(self.organization);
        let people = "EXISTS (SELECT 1 FROM attendees a WHERE a.organization_id = b.organization_id AND a.booking_id = b.id AND";
        if !self.hosts.is_empty() {
            query = query
                .then(
                    "AND EXISTS (SELECT 1 FROM booking_hosts h WHERE h.organization_id = b.organization_id
                        AND h.booking_id = b.id AND h.user_id IN ($*))",
                )
                .bind_list(self.hosts.iter().copied());
        }
        if !self.event_types.is_empty() {
            query = query.then("AND b.event_type_id IN ($*)").bind_list(self.event_types.iter().copied());
        }
        if let Some(team) = self.team {
            query = query
                .then(
                    "AND b.event_type_id IN (SELECT e.id FROM event_types e
                        WHERE e.organization_id = b.organization_id AND e.owner_team_id = ?)",
                )
                .place(team);
        }
        if let Some(email) = &self.attendee_email {
            query = query.then(&format!("AND {people} a.email = ?)")).place(email);
        }
        if let Some(name) = &self.attendee_name {
            query = query
                .then(&format!("AND {people} LOWER(a.name) LIKE ? ESCAPE '\\')"))
                .place(containing(name));
        }
        if let Some(text) = &self.search {
            query = query
                .then("AND (LOWER(b.title) LIKE ? ESCAPE '\\'")
                .place(containing(text))
                .then(&format!("OR {people} (LOWER(a.name) LIKE ? ESCAPE '\\'"))
                .place(containing(text))
                .then("OR a.email LIKE ? ESCAPE '\\')))")
                .place(containing(text));
        }
        if let Some(series) = &self.series {
            query = query.then("AND b.series_uid = ?").place(series);
        }
        if self.in_series {
            query = query.then("AND b.series_uid IS NOT NULL");
        }
        if self.shifted {
            query = query.then("AND b.wall_starts <> b.starts");
        }
        for (bound, condition) in [
            (self.starts_from, "AND b.starts >= ?"),
            (self.starts_before, "AND b.starts < ?"),
            (self.ends_after, "AND b.ends > ?"),
            (self.ends_until, "AND b.ends <= ?"),
            (self.created_from.map(Timestamp::as_microsecond), "AND b.created_at >= ?"),
            (self.created_before.map(Timestamp::as_microsecond), "AND b.created_at < ?"),
            (self.updated_from.map(Timestamp::as_microsecond), "AND b.updated_at >= ?"),
            (self.updated_before.map(Timestamp::as_microsecond), "AND b.updated_at < ?"),
        ] {
            if let Some(bound) = bound {
                query = query.then(condition).place(bound);
            }
        }
        self.statuses(query, now)
    }

    fn statuses(&self, query: Sql, now: Timestamp) -> Sql {
        let mut query = query;
        for (index, status) in self.statuses.iter().enumerate() {
            query = query.then(if index == 0 { "AND (" } else { "OR" });
            query = match status {
                Status::Confirmed => {
                    query.then("(b.status = 'confirmed' AND b.ends > ?)").place(now.as_second())
                }
                Status::Completed => {
                    query.then("(b.status = 'confirmed' AND b.ends <= ?)").place(now.as_second())
                }
                other => query.then("b.status = ?").place(other.as_str()),
            };
        }
        if self.statuses.is_empty() { query } else { query.then(")") }
    }
}

/// A pattern that finds the text anywhere, whatever signs it has.
fn containing(text: &str) -> Value {
    let mut pattern = String::from("%");
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern.into()
}
