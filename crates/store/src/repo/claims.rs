//! Claims: the rows that own a host's time.

mod ask;

use std::collections::BTreeMap;

use jiff::Timestamp;
use kalends_domain::{Id, Span, people::User};

pub use self::ask::{Ask, Claimed, ClaimedTime, Overlap, Owner, Seat};
use super::calendars::BUSY;
use crate::{Change, Error, Result, Row, Sql, Tx, Value, sql};

/// The longest claim: a day, and a day of buffer on either side, and one to spare. A check of the table says the same.
const LONGEST: i64 = 4 * 24 * 60 * 60;

/// Claims of hosts' time.
pub struct Claims<'t> {
    pub(super) tx: &'t mut Tx,
}

/// Most claims are shorter: who looks for what reaches into a window looks back this far, and for longer ones in an index
/// of their own.
const SHORT: i64 = 2 * 60 * 60;
const HELD: &str = "SELECT host_id, owner_id, starts, ends, expires_at, shared, seats FROM claims
     WHERE starts < $1 AND ends > $2 AND starts > $3 AND host_id IN ($*)
     UNION ALL SELECT host_id, owner_id, starts, ends, expires_at, shared, seats FROM claims
     WHERE ends - starts > 7200 AND starts <= $3 AND starts > $4 AND ends > $2 AND host_id IN ($*)";

struct Held {
    host: Id<User>,
    owner: String,
    span: Span,
    expires_at: Option<Timestamp>,
    shared: Option<String>,
    seats: i64,
}

impl Claims<'_> {
    /// Waits until nobody else decides about the time of these hosts; held until the transaction ends.
    ///
    /// [`Claims::take`] does it by itself. Needed before reading what a decision rests on: free hosts of a round robin,
    /// the booking whose seats are filled.
    pub async fn lock(&mut self, hosts: &[Id<User>]) -> Result<()> {
        self.tx.lock_hosts(hosts).await
    }

    /// Takes the time of all hosts, or says who has it.
    pub async fn take(&mut self, ask: &Ask) -> Result<Claimed> {
        self.take_all(std::slice::from_ref(ask)).await
    }

    /// Takes all of several wishes or none: a series.
    pub async fn take_all(&mut self, asks: &[Ask]) -> Result<Claimed> {
        for ask in asks {
            if ask.span.is_empty() || ask.span.len() > LONGEST {
                return Err(Error::Refused("a claim lasts between a second and four days".into()));
            }
        }
        let mut hosts: Vec<Id<User>> = asks.iter().flat_map(|ask| ask.hosts.iter().copied()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        let Some(hull) = hull(asks) else { return Ok(Claimed::Made) };
        self.lock(&hosts).await?;
        let now = self.tx.now();
        let held = if asks.iter().any(|ask| ask.clear_of_calendars) {
            self.held_and_outside(&hosts, hull).await?
        } else {
            self.held(&hosts, hull).await?
        };
        let mut expired = Vec::new();
        for ask in asks {
            for host in &ask.hosts {
                match judge(ask, *host, &held, now) {
                    Ok(gone) => expired.extend(gone),
                    Err(claimed) => return Ok(claimed),
                }
            }
        }
        if let Some(taken) = clash(asks) {
            return Ok(taken);
        }
        for owner in expired {
            self.tx.run(sql("DELETE FROM claims WHERE owner_id = $1").bind(owner)).await?;
        }
        for owner in asks.iter().filter_map(|ask| ask.instead_of) {
            self.release(owner).await?;
        }
        self.insert(asks).await?;
        for host in hosts {
            self.tx.notify(Change::Claims(host));
        }
        Ok(Claimed::Made)
    }

    /// The hosts among these who are free then, in the same order; `instead_of` is not in the way.
    ///
    /// True for the rest of the transaction, for they are locked.
    pub async fn free(
        &mut self,
        hosts: &[Id<User>],
        span: Span,
        instead_of: Option<Owner>,
    ) -> Result<Vec<Id<User>>> {
        self.lock(hosts).await?;
        let now = self.tx.now();
        let held = self.held(hosts, span).await?;
        let giving_way = instead_of.map(Owner::key);
        let busy = |host: &Id<User>| {
            held.iter().any(|one| {
                one.host == *host
                    && one.span.overlaps(span)
                    && one.lives(now)
                    && giving_way.as_ref() != Some(&one.owner)
            })
        };
        Ok(hosts.iter().copied().filter(|host| !busy(host)).collect())
    }

    /// Adds seats to a claim that is there; false when they do not all fit.
    pub async fn add_seats(&mut self, owner: Owner, hosts: &[Id<User>], seat: &Seat) -> Result<bool> {
        self.lock(hosts).await?;
        if self.seats_taken(hosts, &seat.key, None).await? + i64::from(seat.count) > i64::from(seat.of) {
            return Ok(false);
        }
        self.change_seats(owner, i64::from(seat.count)).await
    }

    /// Gives seats back.
    pub async fn drop_seats(&mut self, owner: Owner, count: u32) -> Result<bool> {
        self.change_seats(owner, -i64::from(count)).await
    }

    /// Seats taken of a slot, holds included; those of one owner can be left out.
    pub async fn seats_taken(
        &mut self,
        hosts: &[Id<User>],
        key: &str,
        without: Option<Owner>,
    ) -> Result<i64> {
        let Some(host) = hosts.first() else { return Ok(0) };
        let now = self.tx.now();
        let row = self
            .tx
            .row(
                sql("SELECT CAST(COALESCE(SUM(seats), 0) AS BIGINT) AS taken FROM claims
                     WHERE host_id = $1 AND shared = $2 AND owner_id <> $3 AND (expires_at IS NULL OR expires_at > $4)")
                .bind(*host)
                .bind(key)
                .bind(without.map(Owner::key).unwrap_or_default())
                .bind(now),
            )
            .await?;
        row.map_or(Ok(0), |row| row.get("taken"))
    }

    async fn change_seats(&mut self, owner: Owner, by: i64) -> Result<bool> {
        let rows = self
            .tx
            .rows(
                sql("UPDATE claims SET seats = seats + $2 WHERE owner_id = $1 RETURNING host_id")
                    .bind(owner.key())
                    .bind(by),
            )
            .await?;
        self.tell(&rows)?;
        Ok(!rows.is_empty())
    }

    /// Gives back all time of an owner; how many claims it had.
    pub async fn release(&mut self, owner: Owner) -> Result<usize> {
        let rows = self
            .tx
            .rows(sql("DELETE FROM claims WHERE owner_id = $1 RETURNING host_id").bind(owner.key()))
            .await?;
        self.tell(&rows)?;
        Ok(rows.len())
    }

    /// Makes a claim that would end stay: the money came.
    pub async fn keep(&mut self, owner: Owner) -> Result<bool> {
        let now = self.tx.now();
        let kept = self
            .tx
            .run(
                sql("UPDATE claims SET expires_at = NULL WHERE owner_id = $1 AND (expires_at IS NULL OR expires_at > $2)")
                    .bind(owner.key())
                    .bind(now),
            )
            .await?;
        Ok(kept > 0)
    }

    /// Deletes what has expired: holds, and claims nobody paid for.
    pub async fn sweep(&mut self) -> Result<usize> {
        let now = self.tx.now();
        let rows = self
            .tx
            .rows(sql("DELETE FROM claims WHERE expires_at <= $1 RETURNING host_id").bind(now))
            .await?;
        self.tell(&rows)?;
        self.tx.run(sql("DELETE FROM holds WHERE expires_at <= $1").bind(now)).await?;
        Ok(rows.len())
    }

    /// All claimed times of these hosts in a window, in one query, by host and start.
    pub async fn of_hosts(
        &mut self,
        hosts: &[Id<User>],
        window: Span,
    ) -> Result<BTreeMap<Id<User>, Vec<ClaimedTime>>> {
        let now = self.tx.now();
        let mut times: BTreeMap<_, Vec<ClaimedTime>> = BTreeMap::new();
        for one in self.held(hosts, window).await? {
            if one.lives(now) {
                times.entry(one.host).or_default().push(ClaimedTime {
                    span: one.span,
                    owner: Owner::parse(&one.owner)?,
                    until: one.expires_at,
                    shared: one.shared,
                    seats: u32::try_from(one.seats).unwrap_or(0),
                });
            }
        }
        Ok(times)
    }

    /// An independent check over the whole table: claims that lie over each other though they must not.
    pub async fn overlaps(&mut self) -> Result<Vec<Overlap>> {
        let now = self.tx.now();
        let rows = self
            .tx
            .rows(
                sql("SELECT a.host_id, a.owner_id AS one, a.starts AS one_starts, a.ends AS one_ends,
                            b.owner_id AS other, b.starts AS other_starts, b.ends AS other_ends
                     FROM claims a JOIN claims b
                       ON a.host_id = b.host_id AND a.starts < b.ends AND b.starts < a.ends
                      AND a.owner_id < b.owner_id
                     WHERE (a.expires_at IS NULL OR a.expires_at > $1) AND (b.expires_at IS NULL OR b.expires_at > $1)
                       AND (a.shared IS NULL OR b.shared IS NULL OR a.shared <> b.shared)
                     LIMIT 1000")
                .bind(now),
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Overlap {
                    host: row.get("host_id")?,
                    one: (row.get("one")?, Span::new(row.get("one_starts")?, row.get("one_ends")?)),
                    other: (row.get("other")?, Span::new(row.get("other_starts")?, row.get("other_ends")?)),
                })
            })
            .collect()
    }

    async fn held(&mut self, hosts: &[Id<User>], window: Span) -> Result<Vec<Held>> {
        self.asked(sql(HELD).then("ORDER BY host_id, starts"), hosts, window).await
    }

    /// The same, with what their calendars have then: nobody's claim.
    async fn held_and_outside(&mut self, hosts: &[Id<User>], window: Span) -> Result<Vec<Held>> {
        let query = Sql::built(format!(
            "{HELD} UNION ALL SELECT s.user_id, '', s.starts, s.ends, NULL, NULL, 0 {BUSY}
             AND s.starts < $1 AND s.ends > $2 AND s.user_id IN ($*)"
        ));
        self.asked(query, hosts, window).await
    }

    async fn asked(&mut self, query: Sql, hosts: &[Id<User>], window: Span) -> Result<Vec<Held>> {
        let query = query
            .bind(window.end)
            .bind(window.start)
            .bind(window.start.saturating_sub(SHORT))
            .bind(window.start.saturating_sub(LONGEST + 1))
            .bind_list(hosts.iter().copied());
        self.tx.rows(query).await?.iter().map(held).collect()
    }

    async fn insert(&mut self, asks: &[Ask]) -> Result<()> {
        let rows = asks.iter().flat_map(|ask| {
            ask.hosts.iter().map(|host| {
                vec![
                    Value::from(ask.organization),
                    (*host).into(),
                    ask.owner.key().into(),
                    ask.owner.kind().into(),
                    ask.span.start.into(),
                    ask.span.end.into(),
                    ask.until.into(),
                    ask.seat.as_ref().map(|seat| seat.key.as_str()).into(),
                    ask.seat.as_ref().map_or(1, |seat| seat.count).into(),
                ]
            })
        });
        let insert = sql("INSERT INTO claims
                (organization_id, host_id, owner_id, owner_kind, starts, ends, expires_at, shared, seats) VALUES $*");
        self.tx.soon(insert.bind_rows(rows)).await
    }

    fn tell(&mut self, rows: &[Row]) -> Result<()> {
        for row in rows {
            let host = row.get("host_id")?;
            self.tx.notify(Change::Claims(host));
        }
        Ok(())
    }
}

fn held(row: &Row) -> Result<Held> {
    Ok(Held {
        host: row.get("host_id")?,
        owner: row.get("owner_id")?,
        span: row.span()?,
        expires_at: row.get("expires_at")?,
        shared: row.get("shared")?,
        seats: row.get("seats")?,
    })
}

impl Held {
    fn lives(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// One span around all wishes.
fn hull(asks: &[Ask]) -> Option<Span> {
    let start = asks.iter().map(|ask| ask.span.start).min()?;
    let end = asks.iter().map(|ask| ask.span.end).max()?;
    Some(Span::new(start, end))
}

/// The expired owners in the way of a wish, or that somebody has the time.
fn judge(ask: &Ask, host: Id<User>, held: &[Held], now: Timestamp) -> Result<Vec<String>, Claimed> {
    let giving_way = ask.instead_of.map(Owner::key);
    let mut expired = Vec::new();
    let mut seats = ask.seat.as_ref().map_or(0, |seat| i64::from(seat.count));
    for one in held.iter().filter(|one| one.host == host && one.span.overlaps(ask.span)) {
        if giving_way.as_ref() == Some(&one.owner) {
            continue;
        }
        if !one.lives(now) {
            expired.push(one.owner.clone());
            continue;
        }
        match &ask.seat {
            Some(seat) if one.shared.as_deref() == Some(&seat.key) => seats += one.seats,
            _ => return Err(Claimed::Taken { host, span: ask.span }),
        }
    }
    match &ask.seat {
        Some(seat) if seats > i64::from(seat.of) => Err(Claimed::Taken { host, span: ask.span }),
        _ => Ok(expired),
    }
}

/// Two wishes of one series that lie over each other.
fn clash(asks: &[Ask]) -> Option<Claimed> {
    asks.iter().enumerate().find_map(|(index, ask)| {
        let other = asks[..index].iter().find(|other| other.span.overlaps(ask.span))?;
        let host = ask.hosts.iter().find(|host| other.hosts.contains(host))?;
        Some(Claimed::Taken { host: *host, span: ask.span })
    })
}
