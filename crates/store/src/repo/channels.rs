//! Channels by which providers tell of changes in calendars.

use jiff::Timestamp;
use kalends_domain::{Id, people::Organization};

use super::{Calendar, Connection};
use crate::{Result, Row, Sql, Tx, port::broken, sql};

/// Channels.
pub struct Channels<'t> {
    pub(super) tx: &'t mut Tx,
}

/// A calendar's channel, there or tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarChannel {
    /// The row.
    pub id: Id<Self>,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Of which calendar.
    pub calendar: Id<Calendar>,
    /// In which account.
    pub connection: Id<Connection>,
    /// How notices name it; empty where there is none.
    pub remote_id: String,
    /// What else the provider wants to hear.
    pub resource: Option<String>,
    /// How it stands.
    pub state: ChannelState,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it is renewed, or tried again.
    pub renew_at: Option<Timestamp>,
    /// Tries that failed in a row.
    pub tries: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
}

/// How a channel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelState {
    /// The provider tells of changes.
    Live,
    /// It is over, and another is to be opened.
    Ended,
    /// It could not be opened; it is tried again.
    Failing,
    /// The provider has none for this calendar.
    Refused,
}

const SELECT: &str = "SELECT organization_id, id, calendar_id, connection_id, remote_id, resource, status, expires_at, renew_at, tries,
    last_error FROM calendar_channels";

impl Channels<'_> {
    /// Writes a calendar's channel, over what it had.
    pub async fn put(&mut self, new: &CalendarChannel) -> Result<()> {
        let now = self.tx.now();
        let query = sql("INSERT INTO calendar_channels (organization_id, id, calendar_id, connection_id, remote_id, resource, status,
                expires_at, renew_at, tries, last_error, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (organization_id, calendar_id) DO UPDATE SET connection_id = excluded.connection_id,
                remote_id = excluded.remote_id, resource = excluded.resource, status = excluded.status,
                expires_at = excluded.expires_at, renew_at = excluded.renew_at, tries = excluded.tries,
                last_error = excluded.last_error");
        let query = query
            .bind(new.organization)
            .bind(new.id)
            .bind(new.calendar)
            .bind(new.connection)
            .bind(&new.remote_id)
            .bind(new.resource.as_ref())
            .bind(new.state.as_str())
            .bind(new.expires_at)
            .bind(new.renew_at)
            .bind(new.tries)
            .bind(new.last_error.as_ref());
        self.tx.run(query.bind(now)).await.map(drop)
    }

    /// The calendar has none any more.
    pub async fn delete(&mut self, of: &Calendar) -> Result<()> {
        let query = sql("DELETE FROM calendar_channels WHERE organization_id = $1 AND calendar_id = $2");
        self.tx.run(query.bind(of.organization).bind(of.id)).await.map(drop)
    }

    /// The calendar's channel.
    pub async fn of(&mut self, of: &Calendar) -> Result<Option<CalendarChannel>> {
        let query = Sql::built(format!("{SELECT} WHERE organization_id = $1 AND calendar_id = $2"));
        self.tx.row(query.bind(of.organization).bind(of.id)).await?.as_ref().map(channel).transpose()
    }

    /// All channels of these calendars, in one query.
    pub async fn of_calendars(&mut self, of: &[Id<Calendar>]) -> Result<Vec<CalendarChannel>> {
        let query = Sql::built(format!("{SELECT} WHERE calendar_id IN ($*)"));
        self.tx.rows(query.bind_list(of.iter().copied())).await?.iter().map(channel).collect()
    }

    /// The channel of this name in an account.
    pub async fn named(&mut self, of: &Connection, remote_id: &str) -> Result<Option<CalendarChannel>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND connection_id = $2 AND remote_id = $3"
        ));
        let query = query.bind(of.organization).bind(of.id).bind(remote_id);
        self.tx.row(query).await?.as_ref().map(channel).transpose()
    }

    /// Channels to be renewed or tried again, longest due first.
    pub async fn due(&mut self, most: u32) -> Result<Vec<CalendarChannel>> {
        let now = self.tx.now();
        let query = Sql::built(format!("{SELECT} WHERE renew_at <= $1 ORDER BY renew_at LIMIT $2"));
        self.tx.rows(query.bind(now).bind(most)).await?.iter().map(channel).collect()
    }

    /// Has all channels of an account renewed now.
    pub async fn renew_all(&mut self, of: &Connection) -> Result<u64> {
        let now = self.tx.now();
        let query = sql("UPDATE calendar_channels SET renew_at = $3
             WHERE organization_id = $1 AND connection_id = $2 AND status = 'live'");
        self.tx.run(query.bind(of.organization).bind(of.id).bind(now)).await
    }
}

impl CalendarChannel {
    /// True while its provider tells of changes.
    pub fn lives(&self, now: Timestamp) -> bool {
        self.state == ChannelState::Live && self.expires_at.is_none_or(|at| at > now)
    }
}

impl ChannelState {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Ended => "ended",
            Self::Failing => "failing",
            Self::Refused => "refused",
        }
    }

    /// The word read back, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Live, Self::Ended, Self::Failing, Self::Refused].into_iter().find(|one| one.as_str() == text)
    }
}

fn channel(row: &Row) -> Result<CalendarChannel> {
    let status: String = row.get("status")?;
    Ok(CalendarChannel {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        calendar: row.get("calendar_id")?,
        connection: row.get("connection_id")?,
        remote_id: row.get("remote_id")?,
        resource: row.get("resource")?,
        state: ChannelState::parse(&status)
            .ok_or_else(|| broken("status", &format!("`{status}` is no status")))?,
        expires_at: row.get("expires_at")?,
        renew_at: row.get("renew_at")?,
        tries: row.get("tries")?,
        last_error: row.get("last_error")?,
    })
}
