//! What can go wrong with the database, in words that say what to do.

/// A failed call to the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not answer; the same call may work in a moment. After a lost commit the outcome is unknown.
    #[error("the database does not answer ({0}); it will be tried again")]
    Unavailable(String),
    /// No room for another page.
    #[error("the disk of the database is full; make room, nothing was changed")]
    Full,
    /// Another row has this value already.
    #[error("another row of `{table}` has the same {columns}")]
    Unique {
        /// The table.
        table: String,
        /// Its columns, separated by commas.
        columns: String,
    },
    /// The row points to one that is not there, or is pointed to.
    #[error("a row it refers to is missing, or still refers to it ({0})")]
    Dangling(String),
    /// A value breaks a rule of its column.
    #[error("a value does not fit its column ({0})")]
    Unfit(String),
    /// A stored value is not what the code expects.
    #[error("column `{column}` cannot be read: {why}")]
    Column {
        /// Its name.
        column: String,
        /// What is wrong with it.
        why: String,
    },
    /// What was to be changed is not there.
    #[error("no such {0}")]
    Missing(&'static str),
    /// What was asked cannot be.
    #[error("{0}")]
    Refused(String),
    /// The address of the database is not one.
    #[error("`{0}` is no database address: write sqlite://path/to/kalends.db or postgres://user@host/name")]
    Address(String),
    /// The tables are not what this version expects.
    #[error("{0}")]
    Migration(String),
    /// A secret cannot be opened.
    #[error(transparent)]
    Sealed(#[from] crate::seal::Broken),
    /// Anything else the database said.
    #[error("the database refused: {0}")]
    Database(String),
}

/// What a call to the database gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// True when this column (or one of several) held the value already.
    pub fn is_taken(&self, column: &str) -> bool {
        matches!(self, Self::Unique { columns, .. } if columns.split(", ").any(|one| one == column))
    }

    /// The same failure, for another who waited for the same commit.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Full => Self::Full,
            Self::Unavailable(why) => Self::Unavailable(why.clone()),
            other => Self::Database(other.to_string()),
        }
    }

    /// True when the same call may work later.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(said) => from_database(said.as_ref()),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            sqlx::Error::ColumnDecode { index, source } => {
                Self::Column { column: index, why: source.to_string() }
            }
            sqlx::Error::ColumnNotFound(column) => {
                Self::Column { column, why: "the query does not give it".into() }
            }
            other => Self::Database(other.to_string()),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(code, message) = &error else {
            return Self::Database(error.to_string());
        };
        let message = message.clone().unwrap_or_else(|| code.to_string());
        // SQLite's extended codes: the low byte is the family.
        match (code.extended_code, code.extended_code & 0xff) {
            (1555 | 2067, _) => unique_in(&message),
            (787, _) => Self::Dangling(message),
            (_, 19) => Self::Unfit(message),
            (_, 13) => Self::Full,
            (_, 5 | 6 | 10 | 14) => Self::Unavailable(message),
            _ => Self::Database(message),
        }
    }
}

/// Whether the transaction lost against another and should run again.
pub(crate) fn lost_a_race(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

fn from_database(said: &(dyn sqlx::error::DatabaseError + 'static)) -> Error {
    let message = said.message().to_owned();
    match said.code().as_deref().unwrap_or_default() {
        "23505" => {
            let detail =
                said.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().and_then(|said| said.detail());
            Error::Unique {
                table: said.table().unwrap_or_default().to_owned(),
                columns: detail.and_then(columns_in).unwrap_or_default(),
            }
        }
        "23503" => Error::Dangling(message),
        "23502" | "23514" | "22001" | "22003" => Error::Unfit(message),
        "53100" => Error::Full,
        "53300" | "53200" | "57P01" | "57P02" | "57P03" | "57014" | "40001" | "40P01" => {
            Error::Unavailable(message)
        }
        class if class.starts_with("08") => Error::Unavailable(message),
        _ => Error::Database(message),
    }
}

/// `Key (organization_id, email)=(…) already exists.`
fn columns_in(detail: &str) -> Option<String> {
    let inner = detail.split_once('(')?.1.split_once(')')?.0;
    Some(inner.to_owned())
}

/// `UNIQUE constraint failed: users.organization_id, users.email`
fn unique_in(message: &str) -> Error {
    let list = message.rsplit_once(": ").map_or("", |(_, list)| list);
    let mut table = String::new();
    let columns: Vec<&str> = list
        .split(", ")
        .map(|path| {
            let (of, column) = path.split_once('.').unwrap_or(("", path));
            of.clone_into(&mut table);
            column
        })
        .collect();
    Error::Unique { table, columns: columns.join(", ") }
}
