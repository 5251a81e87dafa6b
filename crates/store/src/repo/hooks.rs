//! Where providers reach us, and what they told.

use jiff::Timestamp;
use kalends_domain::{Id, people::Organization};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use super::{Connection, RawNotice, people::found};
use crate::{
    Result, Row, Sql, Tx,
    port::broken,
    seal::{Keys, Place, Sealed},
    sha256, sql,
};

/// Hooks and inbound events.
pub struct Hooks<'t> {
    pub(super) tx: &'t mut Tx,
}

/// An address of ours at which a provider tells us things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The row.
    pub id: Id<Self>,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// The app's slug.
    pub app: String,
    /// About which account; none means all of the app's in the organization.
    pub connection: Option<Id<Connection>>,
}

/// Something a provider told us.
#[derive(Debug, Clone, PartialEq)]
pub struct InboundEvent {
    /// The row.
    pub id: Id<Self>,
    /// By which address it came.
    pub hook: Hook,
    /// Which account it is about, as far as that is known.
    pub connection: Option<Id<Connection>>,
    /// Its name over there.
    pub remote_id: String,
    /// What was told, as the app reads it.
    pub signal: Json,
    /// What became of it.
    pub status: Inbound,
    /// Tries that failed.
    pub tries: u32,
    /// Why the last one did.
    pub last_error: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
    /// The notice it came with, which is kept for a shorter time.
    pub notice: Option<Id<RawNotice>>,
}

/// Notices that were refused at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedNotices {
    /// How many.
    pub count: u64,
    /// When the last one came.
    pub last_at: Timestamp,
    /// Why it was refused.
    pub why: String,
}

/// What became of an inbound event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Inbound {
    /// It is to be applied.
    Waiting,
    /// It was applied.
    Done,
    /// It does not concern us.
    Ignored,
    /// It is about something we do not know, perhaps not yet (INB-08).
    Parked,
    /// It was given up; a person must look.
    Dead,
}

const SELECT: &str = "SELECT e.organization_id, e.id, e.hook_id, h.app, h.connection_id AS hook_connection_id, e.connection_id,
    e.remote_id, e.signal, e.status, e.tries, e.last_error, e.received_at, e.notice_id FROM inbound_events e
    JOIN hooks h ON h.organization_id = e.organization_id AND h.id = e.hook_id";

impl Hooks<'_> {
    /// Makes an address with this key; one that is there for the same already stays.
    pub async fn add(&mut self, keys: &Keys, new: &Hook, key: &SecretString) -> Result<()> {
        let now = self.tx.now();
        let row = row_of(new);
        let sealed = keys.seal(self.tx.ids(), place(&row), key)?;
        let query = sql("INSERT INTO hooks (organization_id, id, app, connection_id, key_hash, key_id, sealed, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING");
        let query = query
            .bind(new.organization)
            .bind(new.id)
            .bind(&new.app)
            .bind(new.connection)
            .bind(sha256(key.expose_secret()))
            .bind(&sealed.key)
            .bind(&sealed.text)
            .bind(now);
        self.tx.run(query).await.map(drop)
    }

    /// The address with this key.
    pub async fn by_key(&mut self, key: &str) -> Result<Option<Hook>> {
        let query = sql("SELECT organization_id, id, app, connection_id FROM hooks WHERE key_hash = $1");
        self.tx.row(query.bind(sha256(key))).await?.as_ref().map(hook).transpose()
    }

    /// The address of one account, with its key.
    pub async fn of_connection(
        &mut self,
        keys: &Keys,
        of: &Connection,
    ) -> Result<Option<(Hook, SecretString)>> {
        let query = sql("SELECT organization_id, id, app, connection_id, key_id, sealed FROM hooks
             WHERE organization_id = $1 AND connection_id = $2");
        self.opened(keys, query.bind(of.organization).bind(of.id)).await
    }

    /// The address of all of an app's accounts in an organization, with its key.
    pub async fn of_app(
        &mut self,
        keys: &Keys,
        organization: Id<Organization>,
        app: &str,
    ) -> Result<Option<(Hook, SecretString)>> {
        let query = sql("SELECT organization_id, id, app, connection_id, key_id, sealed FROM hooks
             WHERE organization_id = $1 AND app = $2 AND connection_id IS NULL");
        self.opened(keys, query.bind(organization).bind(app)).await
    }

    async fn opened(&mut self, keys: &Keys, query: Sql) -> Result<Option<(Hook, SecretString)>> {
        let Some(row) = self.tx.row(query).await? else { return Ok(None) };
        let found = hook(&row)?;
        let sealed = Sealed { key: row.get("key_id")?, text: row.get("sealed")? };
        let key = keys.open(place(&row_of(&found)), &sealed)?;
        Ok(Some((found, key)))
    }

    /// Seals up to so many addresses' keys anew that are under another key than the current one; how many were left.
    pub async fn rotate(&mut self, keys: &Keys, batch: u32) -> Result<u64> {
        let query = Sql::built(format!(
            "SELECT organization_id, id, app, connection_id, key_id, sealed FROM hooks WHERE key_id <> $1
             ORDER BY organization_id, id LIMIT $2 {}",
            self.tx.for_update()
        ));
        let rows = self.tx.rows(query.bind(keys.current()).bind(batch)).await?;
        for row in &rows {
            let found = hook(row)?;
            let name = row_of(&found);
            let sealed = Sealed { key: row.get("key_id")?, text: row.get("sealed")? };
            let key = keys.open(place(&name), &sealed)?;
            let anew = keys.seal(self.tx.ids(), place(&name), &key)?;
            let query =
                sql("UPDATE hooks SET key_id = $3, sealed = $4 WHERE organization_id = $1 AND id = $2");
            let query = query.bind(found.organization).bind(found.id).bind(&anew.key).bind(&anew.text);
            self.tx.run(query).await?;
        }
        Ok(rows.len() as u64)
    }

    /// How many keys are under each sealing key.
    pub async fn keys_used(&mut self) -> Result<Vec<(String, i64)>> {
        let query =
            sql("SELECT key_id, CAST(COUNT(*) AS BIGINT) AS many FROM hooks GROUP BY key_id ORDER BY key_id");
        let rows = self.tx.rows(query).await?;
        rows.iter().map(|row| Ok((row.get("key_id")?, row.get("many")?))).collect()
    }

    /// Stores what was told; none when the same was told before (INB-05).
    pub async fn receive(
        &mut self,
        by: &Hook,
        remote_id: &str,
        signal: &Json,
        status: Inbound,
        notice: Option<Id<RawNotice>>,
    ) -> Result<Option<Id<InboundEvent>>> {
        let (id, now) = (self.tx.ids().id::<InboundEvent>(), self.tx.now());
        let query = sql("INSERT INTO inbound_events (organization_id, id, hook_id, remote_id, signal, status, tries, received_at,
                notice_id, connection_id)
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9) ON CONFLICT (organization_id, hook_id, remote_id) DO NOTHING");
        let query = query.bind(by.organization).bind(id).bind(by.id).bind(remote_id).bind(signal);
        let query = query.bind(status.as_str()).bind(now).bind(notice).bind(by.connection);
        Ok((self.tx.run(query).await? > 0).then_some(id))
    }

    /// The event with this id.
    pub async fn event(
        &mut self,
        organization: Id<Organization>,
        id: Id<InboundEvent>,
    ) -> Result<Option<InboundEvent>> {
        let query = Sql::built(format!("{SELECT} WHERE e.organization_id = $1 AND e.id = $2"));
        self.tx.row(query.bind(organization).bind(id)).await?.as_ref().map(event).transpose()
    }

    /// Notes what became of an event.
    pub async fn settle(&mut self, of: &InboundEvent, status: Inbound, error: Option<&str>) -> Result<()> {
        let now = self.tx.now();
        let ended = matches!(status, Inbound::Done | Inbound::Ignored | Inbound::Dead).then_some(now);
        let failed = i64::from(error.is_some());
        let query =
            sql("UPDATE inbound_events SET status = $3, tries = tries + $4, last_error = $5, ended_at = $6
             WHERE organization_id = $1 AND id = $2");
        let query = query.bind(of.hook.organization).bind(of.id).bind(status.as_str()).bind(failed);
        found(self.tx.run(query.bind(error).bind(ended)).await?, "inbound event")
    }

    /// Notes which account an event turned out to be about.
    pub async fn is_about(&mut self, of: &InboundEvent, connection: Id<Connection>) -> Result<()> {
        let query =
            sql("UPDATE inbound_events SET connection_id = $3 WHERE organization_id = $1 AND id = $2");
        self.tx.run(query.bind(of.hook.organization).bind(of.id).bind(connection)).await.map(drop)
    }

    /// Counts notices that were refused at an address.
    pub async fn refused(&mut self, at: &Hook, more: &RefusedNotices) -> Result<()> {
        let query = sql("UPDATE hooks SET refused = refused + $3, refused_at = $4, refused_why = $5
             WHERE organization_id = $1 AND id = $2");
        let count = i64::try_from(more.count).unwrap_or(i64::MAX);
        let query = query.bind(at.organization).bind(at.id).bind(count).bind(more.last_at).bind(&more.why);
        self.tx.run(query).await.map(drop)
    }

    /// What was refused at an account's own address; none when nothing was.
    pub async fn refused_of(&mut self, of: &Connection) -> Result<Option<RefusedNotices>> {
        let query = sql("SELECT refused, refused_at, refused_why FROM hooks
             WHERE organization_id = $1 AND connection_id = $2 AND refused_at IS NOT NULL");
        let Some(row) = self.tx.row(query.bind(of.organization).bind(of.id)).await? else { return Ok(None) };
        let count: i64 = row.get("refused")?;
        let why: Option<String> = row.get("refused_why")?;
        Ok(Some(RefusedNotices {
            count: u64::try_from(count).unwrap_or(0),
            last_at: row.get("refused_at")?,
            why: why.unwrap_or_default(),
        }))
    }

    /// A page of what was told about an account, latest first: what came before this event.
    pub async fn of_account(
        &mut self,
        of: &Connection,
        before: Option<(Timestamp, Id<InboundEvent>)>,
        most: u32,
    ) -> Result<Vec<InboundEvent>> {
        let earlier = if before.is_some() { "AND (e.received_at, e.id) < ($3, $4)" } else { "" };
        let query = Sql::built(format!(
            "{SELECT} WHERE e.organization_id = $1 AND e.connection_id = $2 {earlier}
             ORDER BY e.received_at DESC, e.id DESC LIMIT ?"
        ));
        let query = query.bind(of.organization).bind(of.id);
        let query = before.iter().fold(query, |query, (at, id)| query.bind(*at).bind(*id));
        self.tx.rows(query.place(most)).await?.iter().map(event).collect()
    }

    /// Takes up an event again that has ended, as it is read now; false when it is under way.
    pub async fn replay(&mut self, of: &InboundEvent, signal: &Json) -> Result<bool> {
        let query =
            sql("UPDATE inbound_events SET status = 'waiting', signal = $3, tries = 0, ended_at = NULL
             WHERE organization_id = $1 AND id = $2 AND status IN ('dead', 'ignored', 'done')");
        Ok(self.tx.run(query.bind(of.hook.organization).bind(of.id).bind(signal)).await? > 0)
    }

    /// What came, latest first.
    pub async fn events(&mut self, organization: Id<Organization>, most: u32) -> Result<Vec<InboundEvent>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE e.organization_id = $1 ORDER BY e.received_at DESC, e.id DESC LIMIT $2"
        ));
        self.tx.rows(query.bind(organization).bind(most)).await?.iter().map(event).collect()
    }

    /// Events that were given up, latest first.
    pub async fn dead(&mut self, organization: Id<Organization>, most: u32) -> Result<Vec<InboundEvent>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE e.organization_id = $1 AND e.status = 'dead' ORDER BY e.received_at DESC LIMIT $2"
        ));
        self.tx.rows(query.bind(organization).bind(most)).await?.iter().map(event).collect()
    }

    /// Throws away what came before then; how many there were.
    pub async fn sweep(&mut self, before: Timestamp) -> Result<u64> {
        let query = sql("DELETE FROM inbound_events WHERE received_at < $1");
        self.tx.run(query.bind(before)).await
    }
}

impl Inbound {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Parked => "parked",
            Self::Dead => "dead",
        }
    }

    /// The word read back, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Done, Self::Ignored, Self::Parked, Self::Dead]
            .into_iter()
            .find(|one| one.as_str() == text)
    }
}

fn row_of(hook: &Hook) -> String {
    format!("{}/{}", hook.organization, hook.id)
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "hooks", row, column: "sealed" }
}

fn hook(row: &Row) -> Result<Hook> {
    Ok(Hook {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        app: row.get("app")?,
        connection: row.get("connection_id")?,
    })
}

fn event(row: &Row) -> Result<InboundEvent> {
    let status: String = row.get("status")?;
    Ok(InboundEvent {
        id: row.get("id")?,
        hook: Hook {
            id: row.get("hook_id")?,
            organization: row.get("organization_id")?,
            app: row.get("app")?,
            connection: row.get("hook_connection_id")?,
        },
        connection: row.get("connection_id")?,
        remote_id: row.get("remote_id")?,
        signal: row.json("signal")?,
        status: Inbound::parse(&status)
            .ok_or_else(|| broken("status", &format!("`{status}` is no status")))?,
        tries: row.get("tries")?,
        last_error: row.get("last_error")?,
        received_at: row.get("received_at")?,
        notice: row.get("notice_id")?,
    })
}
