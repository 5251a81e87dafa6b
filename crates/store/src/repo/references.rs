//! References: the tie between a booking and one thing outside, as wanted and as it is.

mod rooms;

use jiff::Timestamp;
use kalends_domain::{
    Id, Span,
    booking::Booking,
    people::{Organization, User},
};
use serde_json::Value as Json;

use super::{Calendar, Installation, people::found};
use crate::{Result, Row, Sql, Tx, Value, port::broken, sql};

/// References.
pub struct References<'t> {
    pub(super) tx: &'t mut Tx,
}

/// What is wanted of one thing outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The kind of app: `calendar`, `conferencing`.
    pub kind: String,
    /// The app's slug.
    pub app: String,
    /// Through which installation.
    pub installation: Id<Installation>,
    /// Where in the account: a calendar's remote id; empty where there is but one place.
    pub target: String,
    /// On whose behalf.
    pub host: Id<User>,
}

/// How far the outside follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Following {
    /// Something is to be done.
    Waiting,
    /// It is as wanted.
    Done,
    /// The last try failed; another follows.
    Failing,
    /// It was given up; a person must look.
    GivenUp,
}

/// The tie between a booking and one thing outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The row.
    pub id: Id<Self>,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Of which booking.
    pub booking: Id<Booking>,
    /// What is to be there, and where.
    pub wanted: Wanted,
    /// The booking's revision it should show.
    pub desired_revision: u32,
    /// Whether it should be there at all.
    pub desired_present: bool,
    /// The revision it shows; none means never written.
    pub applied_revision: Option<u32>,
    /// Whether it is there, as far as we know.
    pub applied_present: bool,
    /// Its name over there.
    pub external_id: Option<String>,
    /// Its link for people.
    pub external_url: Option<String>,
    /// Its version over there.
    pub etag: Option<String>,
    /// What else the app wants to know again.
    pub detail: Json,
    /// How far it is.
    pub following: Following,
    /// Tries that failed since it was last as wanted.
    pub tries: u32,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// The next try.
    pub next_try_at: Option<Timestamp>,
}

impl Reference {
    /// True when the outside is as wanted.
    pub fn is_settled(&self) -> bool {
        if self.desired_present {
            self.applied_present && self.applied_revision == Some(self.desired_revision)
        } else {
            !self.applied_present
        }
    }
}

/// What was made of a reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The revision that was written.
    pub revision: u32,
    /// Whether it is there now.
    pub present: bool,
    /// Its name over there.
    pub external_id: Option<String>,
    /// Its link for people.
    pub external_url: Option<String>,
    /// Its version over there.
    pub etag: Option<String>,
    /// What else the app wants to know again.
    pub detail: Json,
}

/// An event that stands in a calendar as it was last wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Its booking's uid, and its own.
    pub uid: String,
    /// Its booking's time, as it was written.
    pub span: Span,
    /// The tie to it.
    pub reference: Reference,
}
const SELECT: &str = "SELECT organization_id, id, booking_id, kind, app, installation_id, target, host_id, desired_revision,
    desired_present, applied_revision, applied_present, external_id, external_url, etag, detail, status, tries, last_error,
    next_try_at FROM booking_references";

impl References<'_> {
    /// Wants something outside for a booking as it is now. One that is there already is wanted at the new revision.
    pub async fn want(&mut self, booking: &Booking, wanted: &Wanted) -> Result<()> {
        let (id, now) = (self.tx.ids().id::<Reference>(), self.tx.now());
        self.tx
            .run(
                sql("INSERT INTO booking_references (organization_id, id, booking_id, kind, app, installation_id, target, host_id,
                        desired_revision, desired_present, applied_present, detail, status, tries, next_try_at, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, TRUE, FALSE, '{}', 'waiting', 0, $10, $10, $10)
                     ON CONFLICT (organization_id, booking_id, installation_id, target)
                     DO UPDATE SET desired_revision = excluded.desired_revision, desired_present = TRUE, status = 'waiting',
                        tries = 0, next_try_at = excluded.next_try_at, updated_at = excluded.updated_at")
                .bind(booking.organization)
                .bind(id)
                .bind(booking.id)
                .bind(&wanted.kind)
                .bind(&wanted.app)
                .bind(wanted.installation)
                .bind(&wanted.target)
                .bind(wanted.host)
                .bind(booking.revision)
                .bind(now),
            )
            .await
            .map(drop)
    }

    /// Wants everything a booking has outside at its present revision, there or gone.
    pub async fn want_all(&mut self, booking: &Booking, present: bool) -> Result<u64> {
        self.aim(booking, present, "", &[]).await
    }

    /// Wants everything gone that a booking has outside, but for these: it was given to another host or place.
    pub async fn want_gone_except(&mut self, booking: &Booking, keep: &[Id<Reference>]) -> Result<u64> {
        self.aim(booking, false, "AND id NOT IN ($*)", keep).await
    }

    async fn aim(
        &mut self,
        booking: &Booking,
        present: bool,
        condition: &str,
        keep: &[Id<Reference>],
    ) -> Result<u64> {
        let now = self.tx.now();
        let query = sql("UPDATE booking_references SET desired_revision = $3, desired_present = $4, status = 'waiting', tries = 0,
                next_try_at = $5, updated_at = $5
             WHERE organization_id = $1 AND booking_id = $2")
        .bind(booking.organization)
        .bind(booking.id)
        .bind(booking.revision)
        .bind(present)
        .bind(now);
        let query =
            if keep.is_empty() { query } else { query.then(condition).bind_list(keep.iter().copied()) };
        self.tx.run(query).await
    }

    /// All references of a booking, oldest first.
    pub async fn of_booking(&mut self, of: &Booking) -> Result<Vec<Reference>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND booking_id = $2 ORDER BY created_at, id"
        ));
        self.tx.rows(query.bind(of.organization).bind(of.id)).await?.iter().map(reference).collect()
    }

    /// All references of these bookings, in one query.
    pub async fn of_bookings(&mut self, of: &[Booking]) -> Result<Vec<Reference>> {
        let Some(first) = of.first() else { return Ok(Vec::new()) };
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND booking_id IN ($*) ORDER BY booking_id, created_at, id"
        ));
        let query = query.bind(first.organization).bind_list(of.iter().map(|booking| booking.id));
        self.tx.rows(query).await?.iter().map(reference).collect()
    }

    /// The reference with this id.
    pub async fn get(&mut self, id: Id<Reference>) -> Result<Option<Reference>> {
        self.one("WHERE id = $1", vec![id.into()]).await
    }

    /// The reference behind something outside: whose booking an event or a room is.
    pub async fn by_external(
        &mut self,
        organization: Id<Organization>,
        installation: Id<Installation>,
        external_id: &str,
    ) -> Result<Option<Reference>> {
        let condition = "WHERE organization_id = $1 AND installation_id = $2 AND external_id = $3";
        self.one(condition, vec![organization.into(), installation.into(), external_id.into()]).await
    }

    /// Events of these bookings, by uid, that stand in a calendar as wanted.
    pub async fn events_of(&mut self, calendar: &Calendar, uids: &[&str]) -> Result<Vec<Standing>> {
        self.standing(calendar, "AND b.uid IN ($*)", uids.iter().copied().map(Value::from).collect()).await
    }

    /// Events that stand in a calendar as wanted under these names.
    pub async fn events_named(&mut self, calendar: &Calendar, names: &[&str]) -> Result<Vec<Standing>> {
        self.standing(calendar, "AND r.external_id IN ($*)", names.iter().copied().map(Value::from).collect())
            .await
    }

    /// Events that stand in a calendar as wanted, of bookings that begin within a window.
    pub async fn events_within(&mut self, calendar: &Calendar, window: Span) -> Result<Vec<Standing>> {
        let begins = format!("AND b.starts >= {} AND b.starts < {}", window.start, window.end);
        self.standing(calendar, &begins, vec![]).await
    }

    async fn standing(
        &mut self,
        calendar: &Calendar,
        condition: &str,
        list: Vec<Value>,
    ) -> Result<Vec<Standing>> {
        if condition.contains("$*") && list.is_empty() {
            return Ok(vec![]);
        }
        let columns = SELECT.trim_start_matches("SELECT ").replace(" FROM booking_references", "");
        let columns: Vec<String> = columns.split(',').map(|one| format!("r.{}", one.trim())).collect();
        let query = Sql::built(format!(
            "SELECT b.uid AS booking_uid, b.starts, b.ends, {} FROM booking_references r
             JOIN bookings b ON b.organization_id = r.organization_id AND b.id = r.booking_id
             JOIN connections c ON c.organization_id = r.organization_id AND c.installation_id = r.installation_id
             WHERE r.organization_id = $1 AND c.id = $2 AND r.target = $3 AND r.kind = 'calendar' AND r.status = 'done'
               AND r.desired_present = TRUE AND r.applied_present = TRUE AND r.applied_revision = b.revision
               AND b.status = 'confirmed' AND b.ends > $4 {condition}",
            columns.join(", ")
        ));
        let now = self.tx.now().as_second();
        let query = query.bind(calendar.organization).bind(calendar.connection).bind(&calendar.remote_id);
        let query = query.bind(now);
        let query = if list.is_empty() { query } else { query.bind_list(list) };
        let rows = self.tx.rows(query).await?;
        let standing = |row: &Row| {
            Ok(Standing { uid: row.get("booking_uid")?, span: row.span()?, reference: reference(row)? })
        };
        rows.iter().map(standing).collect()
    }

    /// Notes the version something has over there, changed by others.
    pub async fn noticed(&mut self, of: &Reference, etag: Option<&str>) -> Result<()> {
        let query = sql("UPDATE booking_references SET etag = $3 WHERE organization_id = $1 AND id = $2");
        self.tx.run(query.bind(of.organization).bind(of.id).bind(etag)).await.map(drop)
    }

    /// Has something written once more as it is wanted, whatever was seen of it.
    pub async fn again(&mut self, of: &Reference) -> Result<()> {
        let now = self.tx.now();
        let query = sql("UPDATE booking_references SET status = 'waiting', detail = '{}', tries = 0, next_try_at = $3, updated_at = $3
             WHERE organization_id = $1 AND id = $2 AND desired_present = TRUE");
        self.tx.run(query.bind(of.organization).bind(of.id).bind(now)).await.map(drop)
    }

    /// Has something looked at that may have been changed over there; what is known of it stays, with this beside it.
    pub async fn look_again(&mut self, of: &Reference, detail: &Json) -> Result<()> {
        let now = self.tx.now();
        let query = sql("UPDATE booking_references SET status = 'waiting', detail = $3, tries = 0, next_try_at = $4, updated_at = $4
             WHERE organization_id = $1 AND id = $2 AND desired_present = TRUE");
        self.tx.run(query.bind(of.organization).bind(of.id).bind(detail).bind(now)).await.map(drop)
    }

    async fn one(&mut self, condition: &'static str, values: Vec<Value>) -> Result<Option<Reference>> {
        let query = values.into_iter().fold(Sql::built(format!("{SELECT} {condition}")), Sql::bind);
        self.tx.row(query).await?.as_ref().map(reference).transpose()
    }

    /// Notes what was made of a reference. It is done when that is still what is wanted; false when more is wanted by now.
    pub async fn applied(&mut self, of: &Reference, what: &Applied) -> Result<bool> {
        let now = self.tx.now();
        let settled =
            "((desired_present AND $4 AND desired_revision = $3) OR (NOT desired_present AND NOT $4))";
        let query = Sql::built(format!(
            "UPDATE booking_references SET applied_revision = $3, applied_present = $4, external_id = $5, external_url = $6,
                etag = $7, detail = $8, tries = 0, last_error = NULL, updated_at = $9,
                status = CASE WHEN {settled} THEN 'done' ELSE 'waiting' END,
                next_try_at = CASE WHEN {settled} THEN NULL ELSE $9 END
             WHERE organization_id = $1 AND id = $2 RETURNING status"
        ));
        let query = query
            .bind(of.organization)
            .bind(of.id)
            .bind(what.revision)
            .bind(what.present)
            .bind(what.external_id.as_ref())
            .bind(what.external_url.as_ref())
            .bind(what.etag.as_ref())
            .bind(&what.detail)
            .bind(now);
        let Some(row) = self.tx.row(query).await? else { return Err(crate::Error::Missing("reference")) };
        Ok(row.get::<String>("status")? == Following::Done.as_str())
    }

    /// Notes a name that will be used outside before it is: after a crash it can be looked for there.
    pub async fn about_to(&mut self, of: &Reference, external_id: &str) -> Result<()> {
        let query =
            sql("UPDATE booking_references SET external_id = $3 WHERE organization_id = $1 AND id = $2");
        found(self.tx.run(query.bind(of.organization).bind(of.id).bind(external_id)).await?, "reference")
    }

    /// Keeps something else with a reference for whoever looks next; how far it is stays as it was.
    pub async fn keep(&mut self, of: &Reference, detail: &Json) -> Result<()> {
        let query = sql("UPDATE booking_references SET detail = $3 WHERE organization_id = $1 AND id = $2");
        found(self.tx.run(query.bind(of.organization).bind(of.id).bind(detail)).await?, "reference")
    }

    /// Notes a failed try; without a next one it is given up.
    pub async fn failed(
        &mut self,
        of: &Reference,
        error: &str,
        next_try_at: Option<Timestamp>,
    ) -> Result<()> {
        let now = self.tx.now();
        let status = if next_try_at.is_some() { Following::Failing } else { Following::GivenUp };
        let query = sql(
            "UPDATE booking_references SET status = $3, tries = tries + 1, last_error = $4, next_try_at = $5,
                updated_at = $6
             WHERE organization_id = $1 AND id = $2",
        );
        let query = query.bind(of.organization).bind(of.id).bind(status.as_str()).bind(error);
        found(self.tx.run(query.bind(next_try_at).bind(now)).await?, "reference")
    }

    /// How many bookings still to come stand in an account.
    pub async fn upcoming(&mut self, of: &Installation) -> Result<u64> {
        let now = self.tx.now().as_second();
        let query = sql("SELECT CAST(COUNT(DISTINCT r.booking_id) AS BIGINT) AS many FROM booking_references r
             JOIN bookings b ON b.organization_id = r.organization_id AND b.id = r.booking_id
             WHERE r.organization_id = $1 AND r.installation_id = $2 AND r.applied_present = TRUE AND b.ends > $3");
        let row = self.tx.row(query.bind(of.organization).bind(of.id).bind(now)).await?;
        let many: i64 = row.map_or(Ok(0), |row| row.get("many"))?;
        Ok(u64::try_from(many).unwrap_or(0))
    }

    /// Bookings whose things in an account are not as wanted: what is taken up when the account is mended.
    pub async fn unsettled(&mut self, of: &Installation) -> Result<Vec<Id<Booking>>> {
        let query = sql("SELECT DISTINCT booking_id FROM booking_references
             WHERE organization_id = $1 AND installation_id = $2 AND status <> 'done'");
        let rows = self.tx.rows(query.bind(of.organization).bind(of.id)).await?;
        rows.iter().map(|row| row.get("booking_id")).collect()
    }

    /// References that are not as wanted and whose try is due, longest due first: for repair after anything was lost.
    pub async fn due(&mut self, most: u32) -> Result<Vec<Reference>> {
        let now = self.tx.now();
        let query = Sql::built(format!("{SELECT} WHERE next_try_at <= $1 ORDER BY next_try_at LIMIT $2"));
        self.tx.rows(query.bind(now).bind(most)).await?.iter().map(reference).collect()
    }
}

impl Following {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failing => "failing",
            Self::GivenUp => "given_up",
        }
    }

    /// The word read back, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Done, Self::Failing, Self::GivenUp].into_iter().find(|one| one.as_str() == text)
    }
}

fn reference(row: &Row) -> Result<Reference> {
    let status: String = row.get("status")?;
    Ok(Reference {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        booking: row.get("booking_id")?,
        wanted: Wanted {
            kind: row.get("kind")?,
            app: row.get("app")?,
            installation: row.get("installation_id")?,
            target: row.get("target")?,
            host: row.get("host_id")?,
        },
        desired_revision: row.get("desired_revision")?,
        desired_present: row.get("desired_present")?,
        applied_revision: row.get("applied_revision")?,
        applied_present: row.get("applied_present")?,
        external_id: row.get("external_id")?,
        external_url: row.get("external_url")?,
        etag: row.get("etag")?,
        detail: row.json("detail")?,
        following: Following::parse(&status)
            .ok_or_else(|| broken("status", &format!("`{status}` is no status")))?,
        tries: row.get("tries")?,
        last_error: row.get("last_error")?,
        next_try_at: row.get("next_try_at")?,
    })
}
