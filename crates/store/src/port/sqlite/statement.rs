//! One statement on one connection, run where it is asked: a page of the file is nearer than another thread.

use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, Result, types};

use super::super::sql::{Sql, Value};

/// One row, taken out of the statement.
pub(in crate::port) struct LiteRow {
    columns: Arc<[String]>,
    values: Vec<types::Value>,
}

impl LiteRow {
    /// The value of this column, or none when the query does not give it.
    pub(in crate::port) fn value(&self, column: &str) -> Option<&types::Value> {
        let place = self.columns.iter().position(|name| name == column)?;
        self.values.get(place)
    }
}

/// Runs it; how many rows it touched.
pub(in crate::port) fn run(conn: &Connection, sql: &Sql) -> Result<u64> {
    let mut statement = bound(conn, sql)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(conn.changes())
}

/// Runs it; its rows, at most so many.
pub(in crate::port) fn rows(conn: &Connection, sql: &Sql, most: usize) -> Result<Vec<LiteRow>> {
    let mut statement = bound(conn, sql)?;
    let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
    let (mut rows, mut all) = (statement.raw_query(), Vec::new());
    while all.len() < most
        && let Some(row) = rows.next()?
    {
        let values = (0..columns.len()).map(|place| row.get(place)).collect::<Result<_>>()?;
        all.push(LiteRow { columns: Arc::clone(&columns), values });
    }
    Ok(all)
}

/// The statement with its values. To SQLite `$3` is a name, not a number: it is read here.
fn bound<'c>(conn: &'c Connection, sql: &Sql) -> Result<CachedStatement<'c>> {
    let mut statement = conn.prepare_cached(sql.text())?;
    for place in 1..=statement.parameter_count() {
        let number = statement
            .parameter_name(place)
            .and_then(|name| name.strip_prefix('$'))
            .and_then(|number| number.parse::<usize>().ok());
        let value = number.and_then(|number| sql.values.get(number.checked_sub(1)?));
        let Some(value) = value else {
            return Err(rusqlite::Error::InvalidParameterName(format!("{number:?}")));
        };
        match value {
            Value::Text(value) => statement.raw_bind_parameter(place, value)?,
            Value::Int(value) => statement.raw_bind_parameter(place, value)?,
            Value::Flag(value) => statement.raw_bind_parameter(place, value)?,
        }
    }
    Ok(statement)
}
