//! Jobs: work written with the change that causes it, done after the commit, lost never.

use jiff::{SignedDuration, Timestamp};
use kalends_domain::Id;
use serde::de::DeserializeOwned;

use super::json;
use crate::{Change, Error, Result, Row, Sql, Tx, sql};

/// Jobs.
pub struct Jobs<'t> {
    pub(super) tx: &'t mut Tx,
}

/// A job to add.
#[derive(Debug, Clone)]
pub struct NewJob {
    kind: String,
    payload: String,
    key: Option<String>,
    run_at: Option<Timestamp>,
}

/// A job that this worker has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The row.
    pub id: Id<Self>,
    /// What kind of work.
    pub kind: String,
    /// Of two with the same key, one runs at a time.
    pub key: Option<String>,
    /// What to do, as JSON.
    pub payload: String,
    /// So many tries failed before this one.
    pub tries: u32,
    /// Who has claimed it.
    pub worker: String,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dead {
    /// The row.
    pub id: Id<Job>,
    /// What kind of work.
    pub kind: String,
    /// Its key.
    pub key: Option<String>,
    /// What was to be done.
    pub payload: String,
    /// So many tries failed.
    pub tries: u32,
    /// What went wrong last.
    pub last_error: String,
    /// When it was given up.
    pub dead_at: Timestamp,
}

impl NewJob {
    /// Work of a kind, to be done at once.
    pub fn new(kind: &str, payload: &impl serde::Serialize) -> Result<Self> {
        Ok(Self { kind: kind.to_owned(), payload: json(payload)?, key: None, run_at: None })
    }

    /// The same, merged with one of this kind and key that waits already; the later payload counts.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The same, not before then.
    #[must_use]
    pub const fn at(mut self, run_at: Timestamp) -> Self {
        self.run_at = Some(run_at);
        self
    }
}

impl Job {
    /// The payload, read.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.payload).map_err(|error| crate::port::broken("payload", &error))
    }
}

const JOB: &str = "id, kind, key, payload, tries, lease_owner, created_at";

impl Jobs<'_> {
    /// Adds a job. One with the key of a waiting job makes no second, but brings that one forward; one with the key of
    /// a running job runs after it.
    pub async fn add(&mut self, new: NewJob) -> Result<()> {
        self.add_all(vec![new]).await
    }

    /// Adds several, no two of one kind and key.
    pub async fn add_all(&mut self, new: Vec<NewJob>) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        let (ids, now) = (self.tx.ids().clone(), self.tx.now());
        let mut insert = sql("INSERT INTO jobs (id, kind, key, payload, run_at, tries, created_at) VALUES $*
             ON CONFLICT (kind, key) WHERE lease_owner IS NULL AND dead_at IS NULL AND key IS NOT NULL
             DO UPDATE SET payload = excluded.payload,
                run_at = CASE WHEN jobs.run_at < excluded.run_at THEN jobs.run_at ELSE excluded.run_at END");
        for one in &new {
            insert =
                one.key.iter().fold(insert, |insert, key| insert.over(format!("job {} {key}", one.kind)));
        }
        let rows = new.into_iter().map(|one| {
            let run_at = one.run_at.unwrap_or(now);
            let id = ids.id::<Job>();
            let (kind, key, payload) = (one.kind.into(), one.key.into(), one.payload.into());
            vec![id.into(), kind, key, payload, run_at.into(), 0_i64.into(), now.into()]
        });
        self.tx.soon(insert.bind_rows(rows)).await?;
        self.tx.notify(Change::Jobs);
        Ok(())
    }

    /// Claims due jobs of these kinds until the lease ends, longest due first. A lease that ended unfinished counts as a failed try.
    pub async fn claim(
        &mut self,
        worker: &str,
        kinds: &[&str],
        most: u32,
        lease: SignedDuration,
    ) -> Result<Vec<Job>> {
        let now = self.tx.now();
        let mut claimed = self.retake(worker, kinds, most, now, now + lease).await?;
        let left = most.saturating_sub(u32::try_from(claimed.len()).unwrap_or(most));
        if left == 0 {
            return Ok(claimed);
        }
        // Another of the same key that runs now must end first. The kind is wrapped so that no index is chosen for it:
        // nearly every kind is asked for, and what is due comes in the order of its own.
        let query = Sql::built(format!(
            "WITH due AS MATERIALIZED (
                SELECT j.id FROM jobs j WHERE j.lease_owner IS NULL AND j.dead_at IS NULL AND j.run_at <= $3
                   AND (j.key IS NULL OR NOT EXISTS (SELECT 1 FROM jobs r
                        WHERE r.lease_owner IS NOT NULL AND r.kind = j.kind AND r.key = j.key))
                   AND COALESCE(j.kind, '') IN ($*) ORDER BY j.run_at LIMIT ? {})
             UPDATE jobs SET lease_owner = $1, lease_until = $2 WHERE id IN (SELECT id FROM due) RETURNING {JOB}",
            if self.tx.is_postgres() { "FOR UPDATE OF j SKIP LOCKED" } else { "" }
        ));
        let query =
            query.bind(worker).bind(now + lease).bind(now).bind_list(kinds.iter().copied()).place(left);
        let rows = self.tx.rows(query).await?;
        for row in &rows {
            claimed.push(job(row)?);
        }
        Ok(claimed)
    }

    /// Jobs whose worker went away.
    async fn retake(
        &mut self,
        worker: &str,
        kinds: &[&str],
        most: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Job>> {
        let query = Sql::built(format!(
            "WITH left_over AS MATERIALIZED (
                SELECT id FROM jobs WHERE lease_owner IS NOT NULL AND lease_until <= $3 AND dead_at IS NULL
                   AND COALESCE(kind, '') IN ($*) ORDER BY lease_until LIMIT ? {})
             UPDATE jobs SET lease_owner = $1, lease_until = $2, tries = tries + 1,
                    last_error = 'the worker went away before it was done'
             WHERE id IN (SELECT id FROM left_over) RETURNING {JOB}",
            self.tx.skip_locked()
        ));
        let query = query.bind(worker).bind(until).bind(now).bind_list(kinds.iter().copied()).place(most);
        self.tx.rows(query).await?.iter().map(job).collect()
    }

    /// Makes the lease of a long job last; false when it was lost: stop working.
    pub async fn extend(&mut self, of: &Job, lease: SignedDuration) -> Result<bool> {
        let until = self.tx.now() + lease;
        let query =
            sql("UPDATE jobs SET lease_until = $3 WHERE id = $1 AND lease_owner = $2 AND dead_at IS NULL");
        Ok(self.tx.run(query.bind(of.id).bind(&of.worker).bind(until)).await? > 0)
    }

    /// The job is done; false when its lease was lost and another has it.
    pub async fn done(&mut self, of: &Job) -> Result<bool> {
        let query = sql("DELETE FROM jobs WHERE id = $1 AND lease_owner = $2");
        let done = self.tx.run(query.bind(of.id).bind(&of.worker)).await? > 0;
        self.tx.notify(Change::Jobs);
        Ok(done)
    }

    /// The job failed and is tried again then; false when its lease was lost.
    ///
    /// Where one of the same key was added meanwhile, that one does the work.
    pub async fn again(&mut self, of: &Job, run_at: Timestamp, error: &str) -> Result<bool> {
        if let Some(key) = &of.key {
            let query = sql("UPDATE jobs SET last_error = $3 WHERE kind = $1 AND key = $2
                 AND lease_owner IS NULL AND dead_at IS NULL");
            if self.tx.run(query.bind(&of.kind).bind(key).bind(error)).await? > 0 {
                return self.done(of).await;
            }
        }
        let query = sql("UPDATE jobs SET lease_owner = NULL, lease_until = NULL, tries = tries + 1, run_at = $3, last_error = $4
             WHERE id = $1 AND lease_owner = $2");
        let back = self.tx.run(query.bind(of.id).bind(&of.worker).bind(run_at).bind(error)).await? > 0;
        self.tx.notify(Change::Jobs);
        Ok(back)
    }

    /// The job is given up: it stays in the list of dead ones until a person replays it.
    pub async fn give_up(&mut self, of: &Job, error: &str) -> Result<bool> {
        let now = self.tx.now();
        let query = sql("UPDATE jobs SET lease_owner = NULL, lease_until = NULL, tries = tries + 1, dead_at = $3, last_error = $4
             WHERE id = $1 AND lease_owner = $2");
        let dead = self.tx.run(query.bind(of.id).bind(&of.worker).bind(now).bind(error)).await? > 0;
        self.tx.notify(Change::Jobs);
        Ok(dead)
    }

    /// Jobs that were given up, newest first.
    pub async fn dead(&mut self, most: u32) -> Result<Vec<Dead>> {
        let query = sql("SELECT id, kind, key, payload, tries, last_error, dead_at FROM jobs
             WHERE dead_at IS NOT NULL ORDER BY dead_at DESC, id LIMIT $1");
        self.tx.rows(query.bind(most)).await?.iter().map(dead).collect()
    }

    /// Adds a dead job again, as new; false when it is not there.
    pub async fn replay(&mut self, id: Id<Job>) -> Result<bool> {
        let query =
            sql("DELETE FROM jobs WHERE id = $1 AND dead_at IS NOT NULL RETURNING kind, key, payload");
        let Some(row) = self.tx.row(query.bind(id)).await? else { return Ok(false) };
        let (kind, payload) = (row.get("kind")?, row.get("payload")?);
        self.add(NewJob { kind, payload, key: row.get("key")?, run_at: None }).await?;
        Ok(true)
    }

    /// How many wait or run: none when everything is done. Those of the future count too when asked for.
    pub async fn waiting(&mut self, until: Option<Timestamp>) -> Result<i64> {
        let query = sql(
            "SELECT CAST(COUNT(*) AS BIGINT) AS waiting FROM jobs WHERE dead_at IS NULL AND run_at <= $1",
        );
        let until = until.unwrap_or(Timestamp::MAX);
        let row = self.tx.row(query.bind(until)).await?.ok_or(Error::Missing("count"))?;
        row.get("waiting")
    }

    /// Whether a job of this kind and key waits or runs: what it brings about is not there yet.
    pub async fn is_open(&mut self, kind: &str, key: &str) -> Result<bool> {
        let query = sql("SELECT id FROM jobs WHERE kind = $1 AND key = $2 AND dead_at IS NULL LIMIT 1");
        Ok(self.tx.row(query.bind(kind).bind(key)).await?.is_some())
    }

    /// When the next waiting job is due, or a lease ends: how long a worker may sleep.
    ///
    /// The first row in the order of an index, not the least of a column: while `PostgreSQL` knows little of a young
    /// table, it takes that for a reason to read all of it.
    pub async fn next_at(&mut self) -> Result<Option<Timestamp>> {
        let query = sql("SELECT
                (SELECT run_at FROM jobs WHERE lease_owner IS NULL AND dead_at IS NULL ORDER BY run_at LIMIT 1) AS due_at,
                (SELECT lease_until FROM jobs WHERE lease_owner IS NOT NULL ORDER BY lease_until LIMIT 1) AS free_at");
        let Some(row) = self.tx.row(query).await? else { return Ok(None) };
        let at: [Option<Timestamp>; 2] = [row.get("due_at")?, row.get("free_at")?];
        Ok(at.into_iter().flatten().min())
    }
}

fn job(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.get("id")?,
        kind: row.get("kind")?,
        key: row.get("key")?,
        payload: row.get("payload")?,
        tries: row.get("tries")?,
        worker: row.get("lease_owner")?,
        created_at: row.get("created_at")?,
    })
}

fn dead(row: &Row) -> Result<Dead> {
    Ok(Dead {
        id: row.get("id")?,
        kind: row.get("kind")?,
        key: row.get("key")?,
        payload: row.get("payload")?,
        tries: row.get("tries")?,
        last_error: row.get::<Option<String>>("last_error")?.unwrap_or_default(),
        dead_at: row.get("dead_at")?,
    })
}
