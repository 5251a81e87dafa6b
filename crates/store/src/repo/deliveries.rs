//! Deliveries: one message to one recipient over one channel, exactly once per revision.

use jiff::Timestamp;
use kalends_domain::{Id, booking::Booking, people::Organization};
use serde_json::Value as Json;

use super::people::found;
use crate::{Result, Row, Sql, Tx, port::broken, sql};

/// Deliveries.
pub struct Deliveries<'t> {
    pub(super) tx: &'t mut Tx,
}

/// A delivery to make.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDelivery {
    /// Where it belongs.
    pub organization: Id<Organization>,
    /// About which booking; without one it is never merged with another.
    pub booking: Option<Id<Booking>>,
    /// What is told, in one word.
    pub message: String,
    /// The booking's revision it tells of.
    pub revision: u32,
    /// By what: `mail`.
    pub channel: String,
    /// To whom: an address.
    pub recipient: String,
    /// The same message again on purpose, such as `link`; usually empty.
    pub part: String,
    /// What composing it needs.
    pub detail: Json,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sent {
    /// Not yet.
    Waiting,
    /// A try is under way; after a crash nobody knows whether it arrived.
    Trying,
    /// It went out.
    Done,
    /// It was given up; a person can send it again.
    Failed,
    /// It went out and came back; a person can send it again.
    Bounced,
    /// It came back for good: the address takes no mail.
    Refused,
    /// It arrived, and its reader called it spam.
    Complained,
}

/// One message to one recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The row.
    pub id: Id<Self>,
    /// What it is.
    pub what: NewDelivery,
    /// Where it stands.
    pub sent: Sent,
    /// Tries so far.
    pub tries: u32,
    /// The next try.
    pub next_try_at: Option<Timestamp>,
    /// Its name at the provider.
    pub remote_id: Option<String>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was wanted.
    pub created_at: Timestamp,
    /// When it went out.
    pub sent_at: Option<Timestamp>,
    /// Our name of it, once a try was made.
    pub message_id: Option<String>,
    /// When its sender heard that it arrived.
    pub delivered_at: Option<Timestamp>,
    /// When its sender heard that it came back.
    pub returned_at: Option<Timestamp>,
}

const SELECT: &str = "SELECT organization_id, id, booking_id, message, revision, channel, recipient, part, detail, status, tries,
    next_try_at, remote_id, last_error, created_at, sent_at, message_id, delivered_at, returned_at FROM deliveries";

impl Deliveries<'_> {
    /// Adds a delivery; none when there is one for this booking, message, revision, channel, recipient and part already.
    pub async fn add(&mut self, new: &NewDelivery) -> Result<Option<Id<Delivery>>> {
        let (id, now) = (self.tx.ids().id::<Delivery>(), self.tx.now());
        let added = self
            .tx
            .run(
                sql("INSERT INTO deliveries (organization_id, id, booking_id, message, revision, channel, recipient, part, detail,
                        status, tries, next_try_at, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', 0, $10, $10) ON CONFLICT DO NOTHING")
                .bind(new.organization)
                .bind(id)
                .bind(new.booking)
                .bind(&new.message)
                .bind(new.revision)
                .bind(&new.channel)
                .bind(&new.recipient)
                .bind(&new.part)
                .bind(&new.detail)
                .bind(now),
            )
            .await?;
        Ok((added > 0).then_some(id))
    }

    /// The delivery with this id.
    pub async fn get(&mut self, id: Id<Delivery>) -> Result<Option<Delivery>> {
        let row = self.tx.row(Sql::built(format!("{SELECT} WHERE id = $1")).bind(id)).await?;
        row.as_ref().map(delivery).transpose()
    }

    /// All deliveries about a booking, oldest first.
    pub async fn of_booking(&mut self, of: &Booking) -> Result<Vec<Delivery>> {
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND booking_id = $2 ORDER BY created_at, id"
        ));
        self.tx.rows(query.bind(of.organization).bind(of.id)).await?.iter().map(delivery).collect()
    }

    /// Begins a try under this name; false when it went out or was given up meanwhile: send nothing.
    pub async fn trying(&mut self, of: &Delivery, message_id: &str) -> Result<bool> {
        let query = sql("UPDATE deliveries SET status = 'trying', tries = tries + 1, message_id = $3
             WHERE organization_id = $1 AND id = $2 AND status IN ('waiting', 'trying')");
        Ok(self.tx.run(query.bind(of.what.organization).bind(of.id).bind(message_id)).await? > 0)
    }

    /// It went out. What was told of it meanwhile stays.
    pub async fn done(&mut self, of: &Delivery, remote_id: Option<&str>) -> Result<()> {
        let now = self.tx.now();
        let query =
            sql("UPDATE deliveries SET status = CASE WHEN returned_at IS NULL THEN 'done' ELSE status END,
                last_error = CASE WHEN returned_at IS NULL THEN NULL ELSE last_error END,
                next_try_at = NULL, remote_id = $3, sent_at = $4
             WHERE organization_id = $1 AND id = $2");
        let query = query.bind(of.what.organization).bind(of.id).bind(remote_id).bind(now);
        found(self.tx.run(query).await?, "delivery")
    }

    /// The deliveries a sender's notice may be about: by our name of the mail, else by the sender's.
    pub async fn named(
        &mut self,
        organization: Id<Organization>,
        message_id: Option<&str>,
        remote_id: Option<&str>,
    ) -> Result<Vec<Delivery>> {
        let (column, name) = match (message_id, remote_id) {
            (Some(name), _) => ("message_id", name),
            (None, Some(name)) => ("remote_id", name),
            (None, None) => return Ok(vec![]),
        };
        let query = Sql::built(format!(
            "{SELECT} WHERE organization_id = $1 AND {column} = $2 ORDER BY created_at, id"
        ));
        self.tx.rows(query.bind(organization).bind(name)).await?.iter().map(delivery).collect()
    }

    /// Its sender heard that it arrived: so it went out, whatever we knew of that. What came back stays so.
    pub async fn delivered(&mut self, of: &Delivery) -> Result<()> {
        let now = self.tx.now();
        let query = sql("UPDATE deliveries SET status = 'done', delivered_at = $3, sent_at = COALESCE(sent_at, $3),
                last_error = NULL, next_try_at = NULL
             WHERE organization_id = $1 AND id = $2 AND returned_at IS NULL AND delivered_at IS NULL AND tries > 0");
        self.tx.run(query.bind(of.what.organization).bind(of.id).bind(now)).await.map(drop)
    }

    /// Its sender heard that it came back, and tries no more; false when that was known, or worse.
    pub async fn returned(&mut self, of: &Delivery, as_what: Sent, why: &str) -> Result<bool> {
        let now = self.tx.now();
        let query =
            sql("UPDATE deliveries SET status = $3, last_error = $4, returned_at = $5, next_try_at = NULL
             WHERE organization_id = $1 AND id = $2 AND tries > 0
                AND (status IN ('trying', 'done', 'failed') OR status = 'bounced' AND $3 <> 'bounced')");
        let query = query.bind(of.what.organization).bind(of.id).bind(as_what.as_str()).bind(why).bind(now);
        Ok(self.tx.run(query).await? > 0)
    }

    /// A try failed; without a next one it is given up.
    pub async fn failed(&mut self, of: &Delivery, error: &str, next_try_at: Option<Timestamp>) -> Result<()> {
        let status = if next_try_at.is_some() { Sent::Waiting } else { Sent::Failed };
        let query = sql("UPDATE deliveries SET status = $3, last_error = $4, next_try_at = $5
             WHERE organization_id = $1 AND id = $2 AND status IN ('waiting', 'trying', 'failed')");
        let query = query.bind(of.what.organization).bind(of.id).bind(status.as_str()).bind(error);
        self.tx.run(query.bind(next_try_at)).await.map(drop)
    }

    /// Wants a delivery once more that was given up or came back, though not for good; false when it was not.
    pub async fn replay(&mut self, of: &Delivery) -> Result<bool> {
        let now = self.tx.now();
        let query = sql("UPDATE deliveries SET status = 'waiting', next_try_at = $3, returned_at = NULL, delivered_at = NULL
             WHERE organization_id = $1 AND id = $2 AND status IN ('failed', 'bounced')");
        Ok(self.tx.run(query.bind(of.what.organization).bind(of.id).bind(now)).await? > 0)
    }

    /// Deliveries that are due, longest due first: for repair after anything was lost.
    pub async fn due(&mut self, most: u32) -> Result<Vec<Delivery>> {
        let now = self.tx.now();
        let query = Sql::built(format!("{SELECT} WHERE next_try_at <= $1 ORDER BY next_try_at LIMIT $2"));
        self.tx.rows(query.bind(now).bind(most)).await?.iter().map(delivery).collect()
    }
}

impl Sent {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Trying => "trying",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Bounced => "bounced",
            Self::Refused => "refused",
            Self::Complained => "complained",
        }
    }

    /// True when nothing is to be sent any more unless a person says so.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Trying)
    }

    /// The word read back, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        use Sent::{Bounced, Complained, Done, Failed, Refused, Trying, Waiting};
        let all = [Waiting, Trying, Done, Failed, Bounced, Refused, Complained];
        all.into_iter().find(|one| one.as_str() == text)
    }
}

fn delivery(row: &Row) -> Result<Delivery> {
    let status: String = row.get("status")?;
    Ok(Delivery {
        id: row.get("id")?,
        what: NewDelivery {
            organization: row.get("organization_id")?,
            booking: row.get("booking_id")?,
            message: row.get("message")?,
            revision: row.get("revision")?,
            channel: row.get("channel")?,
            recipient: row.get("recipient")?,
            part: row.get("part")?,
            detail: row.json("detail")?,
        },
        sent: Sent::parse(&status).ok_or_else(|| broken("status", &format!("`{status}` is no status")))?,
        tries: row.get("tries")?,
        next_try_at: row.get("next_try_at")?,
        remote_id: row.get("remote_id")?,
        last_error: row.get("last_error")?,
        created_at: row.get("created_at")?,
        sent_at: row.get("sent_at")?,
        message_id: row.get("message_id")?,
        delivered_at: row.get("delivered_at")?,
        returned_at: row.get("returned_at")?,
    })
}
