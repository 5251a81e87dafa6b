//! Bookings to come beside what was agreed: compared in portions when the rules of local time change.

use jiff::civil::DateTime;
use kalends_domain::{
    Id,
    booking::{Booking, Status},
    people::Organization,
};

use super::{Bookings, Filter, rows::wall};
use crate::{Result, sql};

/// A start to come, as it was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// Which booking.
    pub booking: Id<Booking>,
    /// When it is booked.
    pub start: i64,
    /// The organizer's zone then.
    pub zone: String,
    /// What clocks there showed.
    pub wall: DateTime,
    /// When they show it, as far as it was compared before.
    pub promised: Option<i64>,
}

/// When clocks show what was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What it was read as.
    pub of: Agreed,
    /// By the rules in force.
    pub promised: i64,
}

impl Bookings<'_> {
    /// The next live bookings after this start and id, of all organizations, earliest first.
    pub async fn agreed(&mut self, after: (i64, Option<Id<Booking>>), most: u32) -> Result<Vec<Agreed>> {
        let query =
            sql("SELECT b.organization_id, b.id, b.starts, b.zone, b.wall, b.wall_starts FROM bookings b
             WHERE (b.starts, b.id) > ($1, $2) AND b.starts >= $1 AND b.status NOT IN ('cancelled', 'rejected')
             ORDER BY b.starts, b.id LIMIT $3");
        let id = after.1.map(|id| id.to_string()).unwrap_or_default();
        let rows = self.tx.rows(query.bind(after.0).bind(id).bind(most)).await?;
        let agreed = rows.iter().map(|row| {
            let (zone, start): (String, i64) = (row.get("zone")?, row.get("starts")?);
            Ok(Agreed {
                organization: row.get("organization_id")?,
                booking: row.get("id")?,
                start,
                wall: wall(row, &zone, start)?,
                zone,
                promised: row.get("wall_starts")?,
            })
        });
        agreed.collect()
    }

    /// Notes what was compared, in one statement; a booking that was agreed anew meanwhile is left as it is.
    pub async fn compared(&mut self, all: &[Compared]) -> Result<u64> {
        if all.is_empty() {
            return Ok(0);
        }
        let update = sql("UPDATE bookings SET wall = seen.column4, wall_starts = seen.column5
             FROM (VALUES $*) AS seen
             WHERE bookings.organization_id = seen.column1 AND bookings.id = seen.column2
               AND bookings.starts = seen.column3 AND (bookings.wall IS NULL OR bookings.wall = seen.column4)");
        let rows = all.iter().map(|one| {
            let of = &one.of;
            vec![
                of.organization.into(),
                of.booking.into(),
                of.start.into(),
                of.wall.to_string().into(),
                one.promised.into(),
            ]
        });
        self.tx.run(update.bind_rows(rows)).await
    }

    /// How many bookings to come are shifted, in all organizations.
    pub async fn shifted(&mut self) -> Result<u64> {
        let query = sql("SELECT CAST(COUNT(*) AS BIGINT) AS total FROM bookings b
             WHERE b.wall_starts <> b.starts AND b.starts >= $1 AND b.status IN ('confirmed', 'awaiting_confirmation')");
        let now = self.tx.now().as_second();
        let row = self.tx.row(query.bind(now)).await?;
        row.map_or(Ok(0), |row| row.get::<i64>("total")).map(|total| u64::try_from(total).unwrap_or(0))
    }
}

impl Filter {
    /// Bookings to come that are shifted: not those that nobody can move any more.
    #[must_use]
    pub fn shifted(self, now: i64) -> Self {
        Self {
            shifted: true,
            statuses: vec![Status::Confirmed, Status::AwaitingConfirmation],
            starts_from: Some(now),
            ..self
        }
    }
}
