//! What is in a mirrored calendar.

use std::collections::BTreeMap;

use kalends_domain::{Id, Span, people::User};

use super::{Calendar, Calendars};
use crate::{Change, Result, Row, Sql, Value, sql};

/// Rows in one statement: SQLite takes 32,766 values.
const CHUNK: usize = 1000;

/// One object of a calendar: an event with its exceptions, and when it makes the user busy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorEvent {
    /// Its name over there.
    pub remote_id: String,
    /// The iCalendar UID.
    pub uid: String,
    /// Its version over there.
    pub etag: String,
    /// Its text, when its times must be worked out again as the window moves on.
    pub source: Option<String>,
    /// When it blocks, within the calendar's window.
    pub busy: Vec<Span>,
}

/// One busy time of a host, out of a calendar that blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorBusy {
    /// When.
    pub span: Span,
    /// From where.
    pub calendar: Id<Calendar>,
    /// Which event there.
    pub uid: String,
}

/// Busy times `s` of hosts, out of calendars `c` that block; a statement adds whose and when.
///
/// Copies of bookings they host themselves are left out: the claim says when those block, and it follows a move or
/// a cancellation at once (FB-07). An invitation to somebody else's booking is an event like any other.
pub(in crate::repo) const BUSY: &str = "FROM mirror_spans s
    JOIN calendars c ON c.organization_id = s.organization_id AND c.id = s.calendar_id AND c.blocks = TRUE
    WHERE NOT EXISTS (SELECT 1 FROM bookings b JOIN booking_hosts h
        ON h.organization_id = b.organization_id AND h.booking_id = b.id
        WHERE b.uid = s.uid AND h.user_id = s.user_id)";

impl Calendars<'_> {
    /// Busy times of all these hosts in a window, out of calendars that block, in one query, by start.
    pub async fn busy_of(
        &mut self,
        hosts: &[Id<User>],
        window: Span,
    ) -> Result<BTreeMap<Id<User>, Vec<MirrorBusy>>> {
        let query = Sql::built(format!(
            "SELECT s.user_id, s.calendar_id, s.starts, s.ends, s.uid {BUSY}
             AND s.ends > $1 AND s.starts < $2 AND s.user_id IN ($*) ORDER BY s.user_id, s.starts"
        ));
        let query = query.bind(window.start).bind(window.end).bind_list(hosts.iter().copied());
        let rows = self.tx.rows(query).await?;
        let mut busy: BTreeMap<_, Vec<MirrorBusy>> = BTreeMap::new();
        for row in &rows {
            busy.entry(row.get("user_id")?).or_default().push(MirrorBusy {
                span: row.span()?,
                calendar: row.get("calendar_id")?,
                uid: row.get("uid")?,
            });
        }
        Ok(busy)
    }

    /// Names and versions of everything in a copy: what a comparison with the server needs.
    pub async fn versions(&mut self, of: &Calendar) -> Result<BTreeMap<String, String>> {
        let query =
            sql("SELECT remote_id, etag FROM mirror_events WHERE organization_id = $1 AND calendar_id = $2");
        let rows = self.tx.rows(query.bind(of.organization).bind(of.id)).await?;
        rows.iter().map(|row| Ok((row.get("remote_id")?, row.get("etag")?))).collect()
    }

    /// Everything in a copy with its text, without the busy times: to work them out anew.
    pub async fn sources(&mut self, of: &Calendar) -> Result<Vec<MirrorEvent>> {
        let query = sql("SELECT remote_id, uid, etag, source FROM mirror_events
             WHERE organization_id = $1 AND calendar_id = $2 ORDER BY remote_id");
        self.tx.rows(query.bind(of.organization).bind(of.id)).await?.iter().map(event).collect()
    }

    /// Stores objects that are new or changed, over what was there.
    ///
    /// On SQLite every booking waits for this transaction: of a large calendar, store some hundreds at a time.
    pub async fn store(&mut self, of: &Calendar, events: &[MirrorEvent]) -> Result<()> {
        // Two of one name cannot go into one statement; the later one counts.
        let events: BTreeMap<&str, &MirrorEvent> =
            events.iter().map(|event| (event.remote_id.as_str(), event)).collect();
        let names: Vec<&str> = events.keys().copied().collect();
        self.forget_spans(of, &names).await?;
        let events: Vec<&MirrorEvent> = events.into_values().collect();
        for chunk in events.chunks(CHUNK) {
            let rows = chunk.iter().map(|event| {
                vec![
                    Value::from(of.organization),
                    of.id.into(),
                    (&event.remote_id).into(),
                    (&event.uid).into(),
                    (&event.etag).into(),
                    event.source.as_ref().into(),
                ]
            });
            let insert = sql("INSERT INTO mirror_events (organization_id, calendar_id, remote_id, uid, etag, source) VALUES $*
                 ON CONFLICT (organization_id, calendar_id, remote_id)
                 DO UPDATE SET uid = excluded.uid, etag = excluded.etag, source = excluded.source");
            self.tx.run(insert.bind_rows(rows)).await?;
        }
        let spans: Vec<(&MirrorEvent, &Span)> = events
            .iter()
            .flat_map(|event| event.busy.iter().map(move |span| (*event, span)))
            .filter(|(_, span)| !span.is_empty())
            .collect();
        for chunk in spans.chunks(CHUNK) {
            let rows = chunk.iter().map(|(event, span)| {
                vec![
                    Value::from(of.organization),
                    of.id.into(),
                    (&event.remote_id).into(),
                    (&event.uid).into(),
                    of.user.into(),
                    span.start.into(),
                    span.end.into(),
                ]
            });
            // An event may have the same time twice, by an exception moved onto another occurrence.
            let insert = sql("INSERT INTO mirror_spans (organization_id, calendar_id, remote_id, uid, user_id, starts, ends) VALUES $*
                 ON CONFLICT DO NOTHING");
            self.tx.run(insert.bind_rows(rows)).await?;
        }
        self.tx.notify(Change::HostTimes(of.user));
        Ok(())
    }

    /// Deletes objects that are gone over there; names that are not in the copy are fine.
    pub async fn forget(&mut self, of: &Calendar, remote_ids: &[&str]) -> Result<()> {
        self.forget_spans(of, remote_ids).await?;
        for chunk in remote_ids.chunks(CHUNK) {
            let query = sql(
                "DELETE FROM mirror_events WHERE organization_id = $1 AND calendar_id = $2 AND remote_id IN ($*)",
            );
            self.tx.run(query.bind(of.organization).bind(of.id).bind_list(chunk.iter().copied())).await?;
        }
        self.tx.notify(Change::HostTimes(of.user));
        Ok(())
    }

    async fn forget_spans(&mut self, of: &Calendar, remote_ids: &[&str]) -> Result<()> {
        for chunk in remote_ids.chunks(CHUNK) {
            let query = sql(
                "DELETE FROM mirror_spans WHERE organization_id = $1 AND calendar_id = $2 AND remote_id IN ($*)",
            );
            self.tx.run(query.bind(of.organization).bind(of.id).bind_list(chunk.iter().copied())).await?;
        }
        Ok(())
    }
}

fn event(row: &Row) -> Result<MirrorEvent> {
    Ok(MirrorEvent {
        remote_id: row.get("remote_id")?,
        uid: row.get("uid")?,
        etag: row.get("etag")?,
        source: row.get("source")?,
        busy: Vec::new(),
    })
}
