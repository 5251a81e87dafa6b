//! Rows, read by column name.

use jiff::Timestamp;
use kalends_domain::{Id, Span, Uid, people::Slug};
use rusqlite::types;
use serde::de::DeserializeOwned;
use sqlx::{Row as _, postgres::PgRow};

use super::sqlite::LiteRow;
use crate::{Error, Result};

/// One row of an answer.
pub struct Row(pub(super) Either);

pub(super) enum Either {
    Sqlite(LiteRow),
    Postgres(PgRow),
}

/// A type a column can be read as.
pub trait Column: Sized {
    /// Reads the column, or says what is wrong with it.
    fn read(row: &Row, column: &str) -> Result<Self>;
}

impl Row {
    /// Reads a column as the type asked for.
    pub fn get<T: Column>(&self, column: &str) -> Result<T> {
        T::read(self, column)
    }

    /// Reads a column of JSON text.
    pub fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text).map_err(|error| broken(column, &error))
    }

    /// Reads the span in the columns `starts` and `ends`.
    pub fn span(&self) -> Result<Span> {
        Ok(Span::new(self.get("starts")?, self.get("ends")?))
    }
}

/// The error of a column that does not hold what it should.
pub(crate) fn broken(column: &str, why: &impl ToString) -> Error {
    Error::Column { column: column.to_owned(), why: why.to_string() }
}

macro_rules! plain {
    ($($type:ty: $kind:ident($value:ident) = $read:expr;)*) => {$(
        impl Column for Option<$type> {
            fn read(row: &Row, column: &str) -> Result<Self> {
                match &row.0 {
                    Either::Sqlite(row) => match row.value(column) {
                        Some(types::Value::$kind($value)) => Ok(Some($read)),
                        Some(types::Value::Null) => Ok(None),
                        Some(other) => Err(broken(column, &format!("it holds {}", other.data_type()))),
                        None => Err(broken(column, &"the query does not give it")),
                    },
                    Either::Postgres(row) => Ok(row.try_get(column)?),
                }
            }
        }
        impl Column for $type {
            fn read(row: &Row, column: &str) -> Result<Self> {
                row.get::<Option<Self>>(column)?.ok_or_else(|| broken(column, &"it is empty"))
            }
        }
    )*};
}
plain! {
    String: Text(text) = text.clone();
    i64: Integer(number) = *number;
    bool: Integer(number) = *number != 0;
}

/// Types kept in one of the plain ones: how they are read from it, and what may go wrong.
macro_rules! within {
    ($($({$($generic:tt)*})? $type:ty: $plain:ty = |$value:ident| $read:expr;)*) => {$(
        impl$(<$($generic)*>)? Column for $type {
            fn read(row: &Row, column: &str) -> Result<Self> {
                let $value: $plain = row.get(column)?;
                ($read).map_err(|error| broken(column, &error))
            }
        }
        impl$(<$($generic)*>)? Column for Option<$type> {
            fn read(row: &Row, column: &str) -> Result<Self> {
                let Some($value) = row.get::<Option<$plain>>(column)? else { return Ok(None) };
                ($read).map(Some).map_err(|error| broken(column, &error))
            }
        }
    )*};
}
within! {
    u32: i64 = |number| u32::try_from(number);
    u8: i64 = |number| u8::try_from(number);
    Timestamp: i64 = |micros| Timestamp::from_microsecond(micros);
    Uid: String = |text| Uid::parse(&text).ok_or("it is no uid");
    Slug: String = |text| Slug::parse(&text);
    {T} Id<T>: String = |text| text.parse::<Id<T>>();
}
