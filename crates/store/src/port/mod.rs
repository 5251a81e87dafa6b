//! The whole surface of the two drivers: a database, a transaction, a statement, a row.

mod ask;
mod background;
mod change;
mod db;
mod postgres;
mod row;
mod sql;
mod sqlite;
mod tx;

pub(crate) use self::row::broken;
pub use self::{
    background::{at_once, in_background},
    change::Change,
    db::{Db, Work},
    row::{Column, Row},
    sql::{Kind, Sql, Value, sql},
    tx::Tx,
};
