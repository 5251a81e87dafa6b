//! Bookings, their hosts and attendees, and what happened to them.

mod list;
mod rows;
mod shifted;

use kalends_domain::{
    Id, Span, Uid,
    booking::{Attendee, Booking},
    event_type::EventType,
};

use self::rows::{Rest, booking, with_people};
pub use self::{
    list::{Filter, Listed, Order, Page},
    rows::{Booked, BookingEvent, Happened},
    shifted::{Agreed, Compared},
};
use super::json;
use crate::{Change, Error, Result, Sql, Tx, Value, sql};

/// Bookings.
pub struct Bookings<'t> {
    pub(super) tx: &'t mut Tx,
}

const COLUMNS: &str =
    "b.organization_id, b.id, b.number, b.uid, b.event_type_id, b.host_id, b.title, b.starts, b.ends,
    b.zone, b.wall, b.status, b.revision, b.series_uid, b.rest, b.created_at, b.updated_at";

impl Bookings<'_> {
    /// Stores a fresh booking with its hosts and attendees. Its time is claimed apart.
    pub async fn add(&mut self, new: &Booking) -> Result<()> {
        self.tx
            .soon(
                sql("INSERT INTO bookings (organization_id, id, number, uid, event_type_id, host_id, title, starts, ends, zone,
                        wall, wall_starts, status, revision, series_uid, rest, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $8, $12, $13, $14, $15, $16, $17)")
                .bind(new.organization)
                .bind(new.id)
                .bind(new.number)
                .bind(&new.uid)
                .bind(new.event_type)
                .bind(new.host)
                .bind(&new.title)
                .bind(new.span.start)
                .bind(new.span.end)
                .bind(&new.zone)
                .bind(new.wall.to_string())
                .bind(new.state.as_str())
                .bind(new.revision)
                .bind(new.series.as_ref())
                .bind(json(&Rest::of(new))?)
                .bind(new.created_at)
                .bind(new.updated_at),
            )
            .await?;
        self.add_hosts(new).await?;
        self.add_attendees(new, 0).await?;
        self.tell(new);
        Ok(())
    }

    /// Writes a changed booking over the one with its id. `seen` is the revision it was read with: when another change
    /// came between, nothing is written and the answer is false.
    pub async fn save(&mut self, changed: &Booking, seen: u32) -> Result<bool> {
        let saved = self
            .tx
            .run(
                sql("UPDATE bookings SET host_id = $3, title = $4, starts = $5, ends = $6, zone = $7, status = $8,
                            revision = $9, series_uid = $10, rest = $11, updated_at = $12, wall = $14,
                            wall_starts = CASE WHEN starts = $5 AND wall = $14 THEN wall_starts ELSE $5 END
                     WHERE organization_id = $1 AND id = $2 AND revision = $13")
                .bind(changed.organization)
                .bind(changed.id)
                .bind(changed.host)
                .bind(&changed.title)
                .bind(changed.span.start)
                .bind(changed.span.end)
                .bind(&changed.zone)
                .bind(changed.state.as_str())
                .bind(changed.revision)
                .bind(changed.series.as_ref())
                .bind(json(&Rest::of(changed))?)
                .bind(changed.updated_at)
                .bind(seen)
                .bind(changed.wall.to_string()),
            )
            .await?;
        if saved == 0 {
            return Ok(false);
        }
        for table in [
            "DELETE FROM booking_hosts WHERE organization_id = $1 AND booking_id = $2",
            "DELETE FROM attendees WHERE organization_id = $1 AND booking_id = $2",
        ] {
            self.tx.run(sql(table).bind(changed.organization).bind(changed.id)).await?;
        }
        self.add_hosts(changed).await?;
        self.add_attendees(changed, 0).await?;
        self.tell(changed);
        Ok(true)
    }

    async fn add_hosts(&mut self, of: &Booking) -> Result<()> {
        let rows = (0_i64..).zip(&of.hosts).map(|(position, host)| {
            vec![of.organization.into(), of.id.into(), (*host).into(), position.into(), of.span.start.into()]
        });
        let insert = sql(
            "INSERT INTO booking_hosts (organization_id, booking_id, user_id, position, starts) VALUES $*",
        );
        if of.hosts.is_empty() {
            return Err(Error::Refused("a booking has at least one host".into()));
        }
        self.tx.soon(insert.bind_rows(rows)).await
    }

    async fn add_attendees(&mut self, of: &Booking, first: i64) -> Result<()> {
        if of.attendees.is_empty() {
            return Ok(());
        }
        let rows = (first..).zip(&of.attendees).map(|(position, one)| attendee_row(of, position, one));
        self.tx
            .soon(
                sql("INSERT INTO attendees (organization_id, booking_id, position, seat_uid, name, email, zone, locale, phone,
                        extra, absent) VALUES $*")
                .bind_rows(rows),
            )
            .await
    }

    fn tell(&mut self, of: &Booking) {
        of.hosts.iter().for_each(|host| self.tx.notify(Change::Claims(*host)));
    }

    /// The booking with this id.
    pub async fn get(&mut self, id: Id<Booking>) -> Result<Option<Booking>> {
        self.one("WHERE b.id = $1", id).await
    }

    /// The booking with this uid.
    pub async fn by_uid(&mut self, uid: &Uid) -> Result<Option<Booking>> {
        self.one("WHERE b.uid = $1", uid).await
    }

    /// Which of these uids are bookings' own: their events in a calendar block nobody (FB-07).
    pub async fn known_uids(&mut self, uids: &[&str]) -> Result<Vec<String>> {
        let mut known = Vec::new();
        for chunk in uids.chunks(1000) {
            let query = sql("SELECT uid FROM bookings WHERE uid IN ($*)").bind_list(chunk.iter().copied());
            for row in self.tx.rows(query).await? {
                known.push(row.get("uid")?);
            }
        }
        Ok(known)
    }

    /// The booking with this number.
    pub async fn by_number(&mut self, number: i64) -> Result<Option<Booking>> {
        self.one("WHERE b.number = $1", number).await
    }

    /// The booking in which this seat is, by the seat's own uid.
    pub async fn by_seat(&mut self, seat: &Uid) -> Result<Option<Booking>> {
        self.one(
            "WHERE EXISTS (SELECT 1 FROM attendees a WHERE a.seat_uid = $1
                AND a.organization_id = b.organization_id AND a.booking_id = b.id)",
            seat,
        )
        .await
    }

    /// The booking with this uid, locked until the transaction ends: read it so before changing it.
    pub async fn lock(&mut self, uid: &Uid) -> Result<Option<Booking>> {
        let lock = self.tx.for_update();
        self.first(Sql::built(format!("SELECT {COLUMNS} FROM bookings b WHERE b.uid = $1 {lock}")).bind(uid))
            .await
    }

    /// The booking of an event type that starts then and still claims its time: where further seats go.
    pub async fn starting(&mut self, event_type: &EventType, start: i64) -> Result<Option<Booking>> {
        let query = Sql::built(format!(
            "SELECT {COLUMNS} FROM bookings b WHERE b.organization_id = $1 AND b.event_type_id = $2 AND b.starts = $3
                AND b.status NOT IN ('cancelled', 'rejected') ORDER BY b.id LIMIT 1"
        ));
        self.first(query.bind(event_type.organization).bind(event_type.id).bind(start)).await
    }

    /// All bookings of a series, by start.
    pub async fn series(&mut self, series: &Uid) -> Result<Vec<Booking>> {
        let query =
            Sql::built(format!("SELECT {COLUMNS} FROM bookings b WHERE b.series_uid = $1 ORDER BY b.starts"));
        let rows = self.tx.rows(query.bind(series)).await?;
        with_people(self.tx, rows.iter().map(booking).collect::<Result<_>>()?).await
    }

    async fn one(&mut self, condition: &'static str, value: impl Into<Value>) -> Result<Option<Booking>> {
        let query = Sql::built(format!("SELECT {COLUMNS} FROM bookings b {condition}")).bind(value);
        self.first(query).await
    }

    async fn first(&mut self, query: Sql) -> Result<Option<Booking>> {
        let Some(row) = self.tx.row(query).await? else { return Ok(None) };
        let found = with_people(self.tx, vec![booking(&row)?]).await?;
        Ok(found.into_iter().next())
    }

    /// What is booked of an event type in a window, for its limits: cancelled and rejected ones left out.
    ///
    /// One row for each booking and host; `without` leaves out the booking that is being moved.
    pub async fn booked(
        &mut self,
        event_type: &EventType,
        window: Span,
        without: Option<Id<Booking>>,
    ) -> Result<Vec<Booked>> {
        let rows = self
            .tx
            .rows(
                sql("SELECT b.id, b.starts, b.ends, h.user_id FROM bookings b
                     JOIN booking_hosts h ON h.organization_id = b.organization_id AND h.booking_id = b.id
                     WHERE b.organization_id = $1 AND b.event_type_id = $2 AND b.starts >= $3 AND b.starts < $4
                       AND b.id <> $5 AND b.status NOT IN ('cancelled', 'rejected')
                     ORDER BY b.starts, h.position")
                .bind(event_type.organization)
                .bind(event_type.id)
                .bind(window.start)
                .bind(window.end)
                .bind(without.map(|id| id.to_string()).unwrap_or_default()),
            )
            .await?;
        rows.iter()
            .map(|row| Ok(Booked { booking: row.get("id")?, host: row.get("user_id")?, span: row.span()? }))
            .collect()
    }

    /// Adds to a booking's history.
    pub async fn happened(&mut self, of: &Booking, what: &Happened<'_>) -> Result<()> {
        let (id, now) = (self.tx.ids().id::<BookingEvent>(), self.tx.now());
        self.tx
            .soon(
                sql("INSERT INTO booking_events (organization_id, booking_id, id, at, kind, actor, revision, detail)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind(of.organization)
                .bind(of.id)
                .bind(id)
                .bind(now)
                .bind(what.kind)
                .bind(what.actor)
                .bind(of.revision)
                .bind(&what.detail),
            )
            .await
    }

    /// What happened to a booking, oldest first.
    pub async fn history(&mut self, of: &Booking) -> Result<Vec<BookingEvent>> {
        let rows = self
            .tx
            .rows(
                sql("SELECT id, at, kind, actor, revision, detail FROM booking_events
                     WHERE organization_id = $1 AND booking_id = $2 ORDER BY at, id")
                .bind(of.organization)
                .bind(of.id),
            )
            .await?;
        rows.iter().map(BookingEvent::read).collect()
    }
}

fn attendee_row(of: &Booking, position: i64, one: &Attendee) -> Vec<Value> {
    vec![
        of.organization.into(),
        of.id.into(),
        position.into(),
        one.seat.as_ref().into(),
        (&one.name).into(),
        (&one.email).into(),
        (&one.zone).into(),
        (&one.locale).into(),
        one.phone.as_ref().into(),
        one.extra.into(),
        one.absent.into(),
    ]
}
