//! Flight records: what was said to whom outside, redacted.

mod step;

use jiff::Timestamp;
use kalends_domain::{Id, Uid, booking::Booking, people::Organization};

pub use self::step::Step;
use super::{Connection, InboundEvent, Installation};
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
    /// Because of which notice.
    pub notice: Option<Id<InboundEvent>>,
    /// The step of ours it belongs to, which can be done again.
    pub step: Option<Step>,
    /// Which run of that step, and of how many.
    pub run: Option<(u32, u32)>,
    /// The method, or the protocol's verb.
    pub method: String,
    /// Host and path, redacted.
    pub url: String,
    /// The status, if there was an answer.
    pub status: Option<u32>,
    /// How long it took.
    pub millis: u32,
    /// Which try within the run, from 1.
    pub attempt: u32,
    /// Of so many at most.
    pub attempts: u32,
    /// The provider wanted to hear nothing before.
    pub not_before: Option<Timestamp>,
    /// How it ended, in one word: `ok`, or an error's kind.
    pub outcome: String,
    /// What went wrong, redacted.
    pub detail: String,
}

/// A call as it stands in a time line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The row.
    pub id: Id<Flight>,
    /// The call.
    pub flight: Flight,
    /// Its account's installation, unless that is gone.
    pub installation: Option<Id<Installation>>,
    /// Its booking's uid.
    pub uid: Option<Uid>,
}

impl Recorded {
    /// Its place in a time line.
    pub const fn place(&self) -> Mark {
        Mark { at: self.flight.at, id: self.id }
    }
}

/// Whose time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOf {
    /// A booking's.
    Booking(Id<Booking>),
    /// An account's.
    Connection(Id<Connection>),
    /// What followed from a notice.
    Notice(Id<InboundEvent>),
}

/// A place in a time line: what comes before it is the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When the call there began.
    pub at: Timestamp,
    /// The call there.
    pub id: Id<Flight>,
}

const SELECT: &str = "SELECT f.organization_id, f.id, f.at, f.app, f.operation, f.connection_id, f.booking_id, f.notice_id, f.step,
    f.run, f.runs, f.method, f.url, f.status, f.millis, f.attempt, f.attempts, f.not_before_at, f.outcome, f.detail,
    c.installation_id, b.uid FROM flight_records f
    LEFT JOIN connections c ON c.organization_id = f.organization_id AND c.id = f.connection_id
    LEFT JOIN bookings b ON b.organization_id = f.organization_id AND b.id = f.booking_id";

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
                one.notice.into(),
                one.step.map(|step| step.to_string()).into(),
                one.run.map(|run| run.0).into(),
                one.run.map(|run| run.1).into(),
                (&one.method).into(),
                (&one.url).into(),
                one.status.into(),
                one.millis.into(),
                one.attempt.into(),
                one.attempts.into(),
                one.not_before.into(),
                (&one.outcome).into(),
                (&one.detail).into(),
            ]
        });
        let insert = sql("INSERT INTO flight_records (organization_id, id, at, app, operation, connection_id, booking_id, notice_id,
                step, run, runs, method, url, status, millis, attempt, attempts, not_before_at, outcome, detail) VALUES $*");
        self.tx.run(insert.bind_rows(rows)).await.map(drop)
    }

    /// A page of a time line, newest first: what was called before a place in it.
    pub async fn line(
        &mut self,
        organization: Id<Organization>,
        of: LineOf,
        before: Option<Mark>,
        most: u32,
    ) -> Result<Vec<Recorded>> {
        let (column, id): (_, Value) = match of {
            LineOf::Booking(id) => ("booking_id", id.into()),
            LineOf::Connection(id) => ("connection_id", id.into()),
            LineOf::Notice(id) => ("notice_id", id.into()),
        };
        let earlier = if before.is_some() { "AND (f.at, f.id) < ($3, $4)" } else { "" };
        let query = Sql::built(format!(
            "{SELECT} WHERE f.organization_id = $1 AND f.{column} = $2 {earlier} ORDER BY f.at DESC, f.id DESC LIMIT ?"
        ));
        let query = query.bind(organization).bind(id);
        let query = before.iter().fold(query, |query, mark| query.bind(mark.at).bind(mark.id));
        self.tx.rows(query.place(most)).await?.iter().map(recorded).collect()
    }

    /// The call with this id.
    pub async fn get(&mut self, organization: Id<Organization>, id: Id<Flight>) -> Result<Option<Recorded>> {
        let query = Sql::built(format!("{SELECT} WHERE f.organization_id = $1 AND f.id = $2"));
        self.tx.row(query.bind(organization).bind(id)).await?.as_ref().map(recorded).transpose()
    }

    /// Deletes a portion of what is older, the oldest first; how many there were.
    pub async fn sweep(&mut self, before: Timestamp, most: u32) -> Result<u64> {
        let query = sql("DELETE FROM flight_records WHERE (organization_id, id) IN
                (SELECT organization_id, id FROM flight_records WHERE at < $1 ORDER BY at LIMIT $2)");
        self.tx.run(query.bind(before).bind(most)).await
    }
}

fn recorded(row: &Row) -> Result<Recorded> {
    let (run, runs): (Option<u32>, Option<u32>) = (row.get("run")?, row.get("runs")?);
    let step: Option<String> = row.get("step")?;
    let flight = Flight {
        organization: row.get("organization_id")?,
        at: row.get("at")?,
        app: row.get("app")?,
        operation: row.get("operation")?,
        connection: row.get("connection_id")?,
        booking: row.get("booking_id")?,
        notice: row.get("notice_id")?,
        // A step that a later version knows cannot be done again by this one.
        step: step.and_then(|step| step.parse().ok()),
        run: run.zip(runs),
        method: row.get("method")?,
        url: row.get("url")?,
        status: row.get("status")?,
        millis: row.get("millis")?,
        attempt: row.get("attempt")?,
        attempts: row.get("attempts")?,
        not_before: row.get("not_before_at")?,
        outcome: row.get("outcome")?,
        detail: row.get("detail")?,
    };
    Ok(Recorded {
        id: row.get("id")?,
        flight,
        installation: row.get("installation_id")?,
        uid: row.get("uid")?,
    })
}
