//! SQL: one text for SQLite and PostgreSQL.
//!
//! A [`Db`] is opened once. [`Db::write`] runs a transaction, [`Db::read`] gives a connection to read with; both are a
//! [`Tx`], and every repository hangs on it by name: `tx.bookings()`, `tx.claims()`, `tx.jobs()`. What differs between the two
//! databases is in [`port`] and nowhere else.

mod backup;
mod error;
mod migrate;
pub mod port;
pub mod repo;
pub mod seal;

pub use self::{
    error::{Error, Result},
    migrate::{ALL as MIGRATIONS, Migration},
    port::{Change, Db, Row, Sql, Tx, Value, sql},
};
