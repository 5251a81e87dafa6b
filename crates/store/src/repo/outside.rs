//! What was done in calendars to events of ours, and what lies over bookings.

use kalends_domain::{
    Id, Span,
    booking::{AskWhy, Booking, Seen},
    people::{Organization, User},
};

use super::{Calendar, Reference, json};
use crate::{Result, Row, Sql, Tx, Value, sql};

/// Changes made outside.
pub struct OutsideChanges<'t> {
    pub(super) tx: &'t mut Tx,
}

/// An event of ours that stands in a calendar otherwise than it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct OutsideChange {
    /// The row.
    pub id: Id<Self>,
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// The tie to the event.
    pub reference: Id<Reference>,
    /// Whose event it is.
    pub booking: Id<Booking>,
    /// In which calendar.
    pub calendar: Id<Calendar>,
    /// Whose calendar.
    pub host: Id<User>,
    /// The booking's revision that had been written there.
    pub revision: u32,
    /// How it stands there.
    pub seen: Seen,
    /// The version it was seen in.
    pub etag: Option<String>,
    /// Why its host is asked; none while it is only seen.
    pub why: Option<AskWhy>,
}

/// Something foreign that lies over a booking.
#[derive(Debug, Clone, PartialEq)]
pub struct LaidOver {
    /// In which calendar.
    pub calendar: Id<Calendar>,
    /// As its owner calls it.
    pub calendar_name: String,
    /// The event there.
    pub remote_id: String,
    /// When it blocks.
    pub span: Span,
}

/// What a host said about something laid over a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConflictAnswer {
    /// Both stay.
    Kept,
    /// The guest was asked to choose another time.
    Asked,
}

/// One such answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// About which booking.
    pub booking: Id<Booking>,
    /// As it was then.
    pub revision: u32,
    /// About what.
    pub over: (Id<Calendar>, String, Span),
    /// What was said.
    pub answer: ConflictAnswer,
}

const SELECT: &str =
    "SELECT organization_id, id, reference_id, booking_id, calendar_id, host_id, revision, seen, etag, why
    FROM outside_changes";

impl OutsideChanges<'_> {
    /// Notes how an event of ours was seen. An earlier sight of it is written over; what is asked already stays asked.
    pub async fn saw(
        &mut self,
        of: &Reference,
        calendar: &Calendar,
        seen: Seen,
        etag: Option<&str>,
    ) -> Result<()> {
        let (id, now) = (self.tx.ids().id::<OutsideChange>(), self.tx.now());
        let query = sql("INSERT INTO outside_changes (organization_id, id, reference_id, booking_id, calendar_id, host_id, revision,
                seen, etag, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (organization_id, reference_id) DO UPDATE SET revision = excluded.revision, seen = excluded.seen,
                etag = excluded.etag, created_at = excluded.created_at,
                why = CASE WHEN outside_changes.seen = excluded.seen AND outside_changes.revision = excluded.revision
                    THEN outside_changes.why ELSE NULL END");
        let query = query
            .bind(of.organization)
            .bind(id)
            .bind(of.id)
            .bind(of.booking)
            .bind(calendar.id)
            .bind(of.wanted.host)
            .bind(of.desired_revision)
            .bind(json(&seen)?)
            .bind(etag)
            .bind(now);
        self.tx.run(query).await.map(drop)
    }

    /// Asks its host; false when they are asked already, or it was seen otherwise meanwhile.
    pub async fn ask(&mut self, of: &OutsideChange, why: AskWhy) -> Result<bool> {
        let query =
            sql("UPDATE outside_changes SET why = $3 WHERE organization_id = $1 AND id = $2 AND seen = $4
             AND why IS NULL");
        let query = query.bind(of.organization).bind(of.id).bind(json(&why)?).bind(json(&of.seen)?);
        Ok(self.tx.run(query).await? > 0)
    }

    /// It needs no answer any more; false when it was seen otherwise meanwhile.
    pub async fn end(&mut self, of: &OutsideChange) -> Result<bool> {
        let query = sql("DELETE FROM outside_changes WHERE organization_id = $1 AND id = $2 AND seen = $3");
        Ok(self.tx.run(query.bind(of.organization).bind(of.id).bind(json(&of.seen)?)).await? > 0)
    }

    /// Whatever was seen of this event, it stands as it was written.
    pub async fn forget(&mut self, of: &Reference) -> Result<()> {
        let query = sql("DELETE FROM outside_changes WHERE organization_id = $1 AND reference_id = $2");
        self.tx.run(query.bind(of.organization).bind(of.id)).await.map(drop)
    }

    /// What was seen of this event last.
    pub async fn of_reference(
        &mut self,
        organization: Id<Organization>,
        reference: Id<Reference>,
    ) -> Result<Option<OutsideChange>> {
        let query = Sql::built(format!("{SELECT} WHERE organization_id = $1 AND reference_id = $2"));
        self.tx.row(query.bind(organization).bind(reference)).await?.as_ref().map(change).transpose()
    }

    /// The one with this id.
    pub async fn get(
        &mut self,
        organization: Id<Organization>,
        id: Id<OutsideChange>,
    ) -> Result<Option<OutsideChange>> {
        let query = Sql::built(format!("{SELECT} WHERE organization_id = $1 AND id = $2"));
        self.tx.row(query.bind(organization).bind(id)).await?.as_ref().map(change).transpose()
    }

    /// What this host is asked, earliest booking first: about bookings that are still as they were written.
    pub async fn asked(
        &mut self,
        organization: Id<Organization>,
        host: Id<User>,
    ) -> Result<Vec<OutsideChange>> {
        let now = self.tx.now().as_second();
        let query = sql("SELECT c.organization_id, c.id, c.reference_id, c.booking_id, c.calendar_id, c.host_id, c.revision,
                c.seen, c.etag, c.why
             FROM outside_changes c
             JOIN bookings b ON b.organization_id = c.organization_id AND b.id = c.booking_id
             WHERE c.organization_id = $1 AND c.host_id = $2 AND c.why IS NOT NULL AND b.revision = c.revision
               AND b.status = 'confirmed' AND b.ends > $3
             ORDER BY b.starts, c.id");
        self.tx.rows(query.bind(organization).bind(host).bind(now)).await?.iter().map(change).collect()
    }

    /// Throws away what nobody can answer any more; how many there were.
    pub async fn sweep(&mut self) -> Result<u64> {
        let now = self.tx.now().as_second();
        let query = sql("DELETE FROM outside_changes WHERE NOT EXISTS (SELECT 1 FROM bookings b
             WHERE b.organization_id = outside_changes.organization_id AND b.id = outside_changes.booking_id
               AND b.revision = outside_changes.revision AND b.status = 'confirmed' AND b.ends > $1)");
        self.tx.run(query.bind(now)).await
    }

    /// The foreign events that block this host within a window, out of calendars that block, by start.
    ///
    /// One that could not be understood and blocks all there is says nothing about a booking, and is left out.
    pub async fn foreign(&mut self, host: Id<User>, window: Span) -> Result<Vec<LaidOver>> {
        let query = sql("SELECT s.calendar_id, c.name, s.remote_id, s.starts, s.ends FROM mirror_spans s
             JOIN calendars c ON c.organization_id = s.organization_id AND c.id = s.calendar_id
             WHERE s.user_id = $1 AND s.ends > $2 AND s.starts < $3 AND c.blocks = TRUE
               AND (s.starts > c.starts OR s.ends < c.ends)
               AND NOT EXISTS (SELECT 1 FROM bookings b JOIN booking_hosts h
                    ON h.organization_id = b.organization_id AND h.booking_id = b.id
                    WHERE b.uid = s.uid AND h.user_id = s.user_id)
             ORDER BY s.starts, s.remote_id");
        let rows = self.tx.rows(query.bind(host).bind(window.start).bind(window.end)).await?;
        let over = |row: &Row| {
            Ok(LaidOver {
                calendar: row.get("calendar_id")?,
                calendar_name: row.get("name")?,
                remote_id: row.get("remote_id")?,
                span: row.span()?,
            })
        };
        rows.iter().map(over).collect()
    }

    /// Notes what a host said about something laid over a booking; a later word counts.
    pub async fn answer(&mut self, of: &Booking, over: &LaidOver, answer: ConflictAnswer) -> Result<()> {
        let now = self.tx.now();
        let query = sql("INSERT INTO conflict_answers (organization_id, booking_id, revision, calendar_id, remote_id, starts, ends,
                answer, answered_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (organization_id, booking_id, calendar_id, remote_id, starts, ends)
             DO UPDATE SET revision = excluded.revision, answer = excluded.answer, answered_at = excluded.answered_at");
        let query = query
            .bind(of.organization)
            .bind(of.id)
            .bind(of.revision)
            .bind(over.calendar)
            .bind(&over.remote_id)
            .bind(over.span.start)
            .bind(over.span.end)
            .bind(answer.as_str())
            .bind(now);
        self.tx.run(query).await.map(drop)
    }

    /// What was said about these bookings.
    pub async fn answers(&mut self, of: &[Booking]) -> Result<Vec<Answered>> {
        let Some(first) = of.first() else { return Ok(Vec::new()) };
        let query = sql(
            "SELECT booking_id, revision, calendar_id, remote_id, starts, ends, answer FROM conflict_answers
             WHERE organization_id = $1 AND booking_id IN ($*)",
        );
        let ids = of.iter().map(|booking| Value::from(booking.id));
        let rows = self.tx.rows(query.bind(first.organization).bind_list(ids)).await?;
        rows.iter().map(answered).collect()
    }
}

impl ConflictAnswer {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Asked => "asked",
        }
    }
}

fn answered(row: &Row) -> Result<Answered> {
    let word: String = row.get("answer")?;
    Ok(Answered {
        booking: row.get("booking_id")?,
        revision: row.get("revision")?,
        over: (row.get("calendar_id")?, row.get("remote_id")?, row.span()?),
        answer: if word == "kept" { ConflictAnswer::Kept } else { ConflictAnswer::Asked },
    })
}

fn change(row: &Row) -> Result<OutsideChange> {
    let why: Option<String> = row.get("why")?;
    let why = why.map(|text| serde_json::from_str(&text).map_err(|error| crate::port::broken("why", &error)));
    Ok(OutsideChange {
        id: row.get("id")?,
        organization: row.get("organization_id")?,
        reference: row.get("reference_id")?,
        booking: row.get("booking_id")?,
        calendar: row.get("calendar_id")?,
        host: row.get("host_id")?,
        revision: row.get("revision")?,
        seen: row.json("seen")?,
        etag: row.get("etag")?,
        why: why.transpose()?,
    })
}
