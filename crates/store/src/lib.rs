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
mod times;

pub use self::{
    error::{Error, Result},
    migrate::{ALL as MIGRATIONS, Migration},
    port::{Change, Db, Row, Sql, Tx, Value, at_once, in_background, sql},
};

/// SHA-256 of a text, in hexadecimal digits.
fn sha256(text: &str) -> String {
    use std::fmt::Write as _;

    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
