//! A transaction, or a reader's connection: what every repository works on.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kalends_domain::{Clock, Id, Ids, people::User};
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::{
    Change, Row, Sql, postgres,
    row::Either,
    sql::{Text, Value},
    sqlite,
};
use crate::{Error, Result, error::lost_a_race, sql};

/// So many statements go together at most.
const TOGETHER: usize = 16;

/// A connection with a transaction around it, or one that only reads.
pub struct Tx {
    pub(super) conn: Conn,
    pub(super) changes: Vec<Change>,
    /// A statement lost against another transaction: run all of it again.
    pub(super) again: bool,
    /// Statements that nobody has to wait for yet.
    waiting: Vec<Sql>,
    /// Guard rows that it has locked.
    guarded: BTreeSet<String>,
    now: Timestamp,
    ids: Ids,
}

pub(super) enum Conn {
    Sqlite(sqlite::Lent),
    Postgres(postgres::Lent),
}

macro_rules! query {
    ($sql:ident) => {{
        let Sql { text, values, over: _ } = $sql;
        let text: SqlStr = match text {
            Text::Fixed(text) => text.into_sql_str(),
            // Built by repositories from their own parts: see `Sql::built`.
            Text::Built(text) => AssertSqlSafe(text).into_sql_str(),
        };
        values.into_iter().fold(sqlx::query(text), |query, value| match value {
            Value::Text(value) => query.bind(value),
            Value::Int(value) => query.bind(value),
            Value::Flag(value) => query.bind(value),
        })
    }};
}

impl Tx {
    pub(super) fn new(conn: Conn, clock: &dyn Clock, ids: Ids) -> Self {
        let (changes, waiting, guarded) = (Vec::new(), Vec::new(), BTreeSet::new());
        Self { conn, changes, again: false, waiting, guarded, now: clock.now(), ids }
    }

    pub(super) fn at(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// The present instant, the same for the whole transaction.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The maker of ids.
    pub const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Runs a statement that only writes, at the latest before the next one that is waited for: a `COMMIT` is one.
    ///
    /// On `PostgreSQL` those that wait go together as one statement, for each round trip is time during which others
    /// wait for the locks held; so none of them may need what another writes. SQLite runs each at once. An error comes
    /// from whichever statement they went before.
    pub async fn soon(&mut self, sql: Sql) -> Result<()> {
        if !self.is_postgres() {
            return self.at_once(sql).await.map(drop);
        }
        let meets = |one: &Sql| one.over.iter().any(|row| sql.over.contains(row));
        if self.waiting.len() == TOGETHER || self.waiting.iter().any(meets) {
            self.send_waiting().await?;
        }
        self.waiting.push(sql);
        Ok(())
    }

    async fn send_waiting(&mut self) -> Result<()> {
        match Sql::together(std::mem::take(&mut self.waiting)) {
            Some(all) => self.at_once(all).await.map(drop),
            None => Ok(()),
        }
    }

    /// Undoes everything.
    pub(super) async fn undo(&mut self) -> Result<()> {
        self.waiting.clear();
        self.at_once(sql("ROLLBACK")).await.map(drop)
    }

    /// Runs a statement; how many rows it touched.
    pub async fn run(&mut self, sql: Sql) -> Result<u64> {
        self.send_waiting().await?;
        self.at_once(sql).await
    }

    async fn at_once(&mut self, sql: Sql) -> Result<u64> {
        match &mut self.conn {
            Conn::Sqlite(conn) => Ok(sqlite::run(conn, &sql)?),
            Conn::Postgres(conn) => {
                let done = query!(sql).execute(conn.ask()).await;
                self.answered(done).map(|done| done.rows_affected())
            }
        }
    }

    /// The first row of an answer, if it has one.
    pub async fn row(&mut self, sql: Sql) -> Result<Option<Row>> {
        if let Conn::Sqlite(conn) = &mut self.conn {
            let first = sqlite::rows(conn, &sql, 1)?.pop();
            return Ok(first.map(Either::Sqlite).map(Row));
        }
        // Read to its end: an error may come after the first row.
        Ok(self.rows(sql).await?.into_iter().next())
    }

    /// All rows of an answer.
    pub async fn rows(&mut self, sql: Sql) -> Result<Vec<Row>> {
        self.send_waiting().await?;
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                let all = sqlite::rows(conn, &sql, usize::MAX)?;
                Ok(all.into_iter().map(Either::Sqlite).map(Row).collect())
            }
            Conn::Postgres(conn) => {
                let all = query!(sql).fetch_all(conn.ask()).await;
                self.answered(all).map(|all| all.into_iter().map(Either::Postgres).map(Row).collect())
            }
        }
    }

    /// Runs a text of several statements without values.
    pub(crate) async fn script(&mut self, text: &'static str) -> Result<()> {
        self.send_waiting().await?;
        match &mut self.conn {
            Conn::Sqlite(conn) => Ok(conn.execute_batch(text)?),
            Conn::Postgres(conn) => {
                let done = sqlx::raw_sql(text).execute(conn.ask()).await;
                self.answered(done).map(drop)
            }
        }
    }

    /// What `PostgreSQL` said to a statement.
    fn answered<T>(&mut self, said: Result<T, sqlx::Error>) -> Result<T> {
        match (said, &mut self.conn) {
            (Ok(said), Conn::Postgres(conn)) => {
                conn.answered();
                Ok(said)
            }
            (Ok(said), Conn::Sqlite(_)) => Ok(said),
            (Err(error), _) => {
                self.again |= lost_a_race(&error);
                Err(error.into())
            }
        }
    }

    /// Tells others after the commit, and only then.
    pub fn notify(&mut self, change: Change) {
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    /// True on `PostgreSQL`.
    pub const fn is_postgres(&self) -> bool {
        matches!(self.conn, Conn::Postgres(_))
    }

    /// Ends a `SELECT` that claims rows: leaves those that another transaction is about to take.
    pub const fn skip_locked(&self) -> &'static str {
        if self.is_postgres() { "FOR UPDATE SKIP LOCKED" } else { "" }
    }

    /// Ends a `SELECT` of rows that this transaction will change.
    pub const fn for_update(&self) -> &'static str {
        if self.is_postgres() { "FOR UPDATE" } else { "" }
    }

    /// Waits until no other transaction decides about the time of these hosts.
    ///
    /// On SQLite the one writer is that already. On `PostgreSQL` the guard rows are locked in the order of
    /// their keys, so that two transactions never wait for each other.
    pub async fn lock_hosts(&mut self, hosts: &[Id<User>]) -> Result<()> {
        if !self.is_postgres() {
            return Ok(());
        }
        let keys: BTreeSet<String> = hosts.iter().map(ToString::to_string).collect();
        let keys: Vec<String> = keys.difference(&self.guarded).cloned().collect();
        if keys.is_empty() {
            return Ok(());
        }
        let lock = sql("SELECT host_id FROM host_guards WHERE host_id IN ($*) ORDER BY host_id FOR UPDATE");
        let found = self.rows(lock.bind_list(keys.iter())).await?.len();
        if found < keys.len() {
            // Without a row there is nothing to wait at, and two could decide at once.
            return Err(Error::Missing("host"));
        }
        self.guarded.extend(keys);
        Ok(())
    }

    /// Makes the guard row of a fresh host or event type, in the transaction that makes it.
    ///
    /// Rows made only when they are first locked can stop two transactions for good: each waits for the row the other
    /// has just made while it holds one that was there.
    pub(crate) async fn add_guard(&mut self, of: String) -> Result<()> {
        if self.is_postgres() {
            let insert =
                sql("INSERT INTO host_guards (host_id) VALUES ($1) ON CONFLICT (host_id) DO NOTHING");
            self.run(insert.bind(of)).await?;
        }
        Ok(())
    }
}
