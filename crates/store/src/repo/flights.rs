//! Flight records: what was said to whom outside, redacted.

use jiff::Timestamp;
use kalends_domain::{Id, booking::Booking, people::Organization};

use super::Connection;
use crate::{Result, Row, Sql, Tx, Value, sql};

/// Flight records.
pub struct Flights<'t> {
    pub(super) tx: &'t mut Tx,
}

/// One call to the outside. Secrets were taken out before it came here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// When it began.
    pub at: Timestamp,
    /// The app's slug.
    pub app: String,
    /// What was to be done, in one word.
    pub operation: String,
    /// Through which account.
    pub connection: Option<Id<Connection>>,
    /// For which booking.
    pub booking: Option<Id<Booking>>,
    /// The method, or the protocol's verb.
    pub method: String,
    /// The address, redacted.
    pub url: String,
    /// The status, if there was an answer.
    pub status: Option<u32>,
    /// How long it took.
    pub millis: u32,
    /// How it ended, in one word: `ok`, or an error's kind.
    pub outcome: String,
    /// Heads and bodies, shortened and redacted.
    pub detail: String,
}

impl Flights<'_> {
    /// Stores records, many at a time: they are written outside the transactions they tell of.
    pub async fn add(&mut self, flights: &[Flight]) -> Result<()> {
        if flights.is_empty() {
            return Ok(());
        }
        let ids = self.tx.ids().clone();
        let rows = flights.iter().map(|one| {
            vec![
                Value::from(one.organization),
                ids.id::<Flight>().into(),
                one.at.into(),
                (&one.app).into(),
                (&one.operation).into(),
                one.connection.into(),
                one.booking.into(),
                (&one.method).into(),
                (&one.url).into(),
                one.status.into(),
                one.millis.into(),
                (&one.outcome).into(),
                (&one.detail).into(),
            ]
        });
        let insert = sql("INSERT INTO flight_records (organization_id, id, at, app, operation, connection_id, booking_id, method,
                url, status, millis, outcome, detail) VALUES $*");
        self.tx.run(insert.bind_rows(rows)).await.map(drop)
    }

    /// The last calls through an account, newest first.
    pub async fn of_connection(&mut self, of: &Connection, most: u32) -> Result<Vec<Flight>> {
        self.list("connection_id", of.organization, of.id.into(), most).await
    }

    /// The last calls for a booking, newest first.
    pub async fn of_booking(&mut self, of: &Booking, most: u32) -> Result<Vec<Flight>> {
        self.list("booking_id", of.organization, of.id.into(), most).await
    }

    async fn list(
        &mut self,
        column: &str,
        organization: Id<Organization>,
        id: Value,
        most: u32,
    ) -> Result<Vec<Flight>> {
        let query = Sql::built(format!(
            "SELECT organization_id, at, app, operation, connection_id, booking_id, method, url, status, millis, outcome, detail
             FROM flight_records WHERE organization_id = $1 AND {column} = $2 ORDER BY at DESC, id DESC LIMIT $3"
        ));
        self.tx.rows(query.bind(organization).bind(id).bind(most)).await?.iter().map(flight).collect()
    }

    /// Deletes what is older.
    pub async fn sweep(&mut self, before: Timestamp) -> Result<u64> {
        self.tx.run(sql("DELETE FROM flight_records WHERE at < $1").bind(before)).await
    }
}

fn flight(row: &Row) -> Result<Flight> {
    Ok(Flight {
        organization: row.get("organization_id")?,
        at: row.get("at")?,
        app: row.get("app")?,
        operation: row.get("operation")?,
        connection: row.get("connection_id")?,
        booking: row.get("booking_id")?,
        method: row.get("method")?,
        url: row.get("url")?,
        status: row.get("status")?,
        millis: row.get("millis")?,
        outcome: row.get("outcome")?,
        detail: row.get("detail")?,
    })
}
