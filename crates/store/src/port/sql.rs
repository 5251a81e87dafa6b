//! Statements and the values bound to them.

use std::fmt::Write;

use jiff::Timestamp;
use kalends_domain::{Id, Uid, people::Slug};

/// One statement with its values, the same text for both databases: `$1`, `$2`, …
#[derive(Debug, Clone)]
#[must_use = "a statement does nothing until it is run"]
pub struct Sql {
    pub(super) text: Text,
    pub(super) values: Vec<Value>,
    /// The rows it may write over, by names.
    pub(super) over: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Text {
    Fixed(&'static str),
    Built(String),
}

/// Starts a statement.
pub fn sql(text: &'static str) -> Sql {
    Sql { text: Text::Fixed(text), values: Vec::new(), over: Vec::new() }
}

impl Sql {
    /// A statement put together from parts; every part must be our own text, never a user's.
    pub fn built(text: String) -> Self {
        Self { text: Text::Built(text), values: Vec::new(), over: Vec::new() }
    }

    /// Gives the next placeholder its value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Puts a list of placeholders in the place of each `$*` there is, to follow those bound so far.
    ///
    /// Lists are filled up to a power of two with their last value, so that few texts are prepared; an empty list
    /// becomes `NULL`, which no value equals.
    pub fn bind_list<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        let first = self.values.len() + 1;
        self.values.extend(values.into_iter().map(Into::into));
        if let Some(last) = self.values.get(first - 1..).and_then(<[Value]>::last).cloned() {
            let full = first - 1 + (self.values.len() + 1 - first).next_power_of_two();
            self.values.resize(full, last);
        }
        let list: Vec<String> = (first..=self.values.len()).map(|place| format!("${place}")).collect();
        let list = if list.is_empty() { "NULL".to_owned() } else { list.join(", ") };
        self.text = Text::Built(self.text().replace("$*", &list));
        self
    }

    /// Puts `($5, $6), ($7, $8), …` in the place of the first `$*`: one group for each row.
    pub fn bind_rows(mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> Self {
        let mut groups = Vec::new();
        for row in rows {
            let first = self.values.len() + 1;
            let places: Vec<String> = (first..first + row.len()).map(|place| format!("${place}")).collect();
            groups.push(format!("({})", places.join(", ")));
            self.values.extend(row);
        }
        self.text = Text::Built(self.text().replacen("$*", &groups.join(", "), 1));
        self
    }

    /// Adds our own text at the end.
    pub fn then(mut self, more: &str) -> Self {
        if !more.is_empty() {
            self.text = Text::Built(format!("{} {more}", self.text()));
        }
        self
    }

    /// Gives the `?` that was just added with [`Sql::then`] its number and its value.
    pub fn place(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        let number = format!("${}", self.values.len());
        self.text = Text::Built(self.text().replacen('?', &number, 1));
        self
    }

    /// Names a row that it may write over: no two of one name are sent together by [`Tx::soon`](super::Tx::soon).
    pub fn over(mut self, row: String) -> Self {
        self.over.push(row);
        self
    }

    /// How many values are bound: the number of the last placeholder.
    pub fn bound(&self) -> usize {
        self.values.len()
    }

    pub(super) fn text(&self) -> &str {
        match &self.text {
            Text::Fixed(text) => text,
            Text::Built(text) => text,
        }
    }

    /// All of these as one statement of `PostgreSQL`: `WITH s1 AS (INSERT …), s2 AS (INSERT …) INSERT …`.
    ///
    /// None sees what another writes; foreign keys are looked at when all is written.
    pub(super) fn together(mut all: Vec<Self>) -> Option<Self> {
        let last = all.pop()?;
        if all.is_empty() {
            return Some(last);
        }
        let (mut parts, mut values) = (Vec::with_capacity(all.len()), Vec::new());
        for one in all {
            parts.push(format!("s{} AS ({})", parts.len() + 1, one.numbered_after(values.len())));
            values.extend(one.values);
        }
        let text = format!("WITH {} {}", parts.join(", "), last.numbered_after(values.len()));
        values.extend(last.values);
        Some(Self { values, ..Self::built(text) })
    }

    /// Its text, the placeholders counted on from those of others.
    fn numbered_after(&self, others: usize) -> String {
        let mut parts = self.text().split('$');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            let number = number.parse::<usize>().unwrap_or_default() + others;
            let _ = write!(text, "${number}{rest}"); // writing to a string cannot fail
        }
        text
    }
}

/// A value of one of the three column types, or nothing of that type.
#[derive(Debug, Clone)]
pub enum Value {
    /// TEXT.
    Text(Option<String>),
    /// BIGINT.
    Int(Option<i64>),
    /// BOOLEAN.
    Flag(Option<bool>),
}

/// What a value of this type is when there is none.
pub trait Kind: Into<Value> {
    /// The typed nothing.
    const NONE: Value;
}

macro_rules! values {
    ($($type:ty => $kind:ident, |$value:ident| $make:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$kind(Some($make))
            }
        }
        impl Kind for $type {
            const NONE: Value = Value::$kind(None);
        }
    )*};
}

values! {
    &str => Text, |text| storable(text.to_owned());
    String => Text, |text| storable(text);
    &String => Text, |text| storable(text.clone());
    &Uid => Text, |uid| uid.as_str().to_owned();
    &Slug => Text, |slug| slug.as_str().to_owned();
    serde_json::Value => Text, |json| json.to_string();
    &serde_json::Value => Text, |json| json.to_string();
    i64 => Int, |number| number;
    u32 => Int, |number| number.into();
    u8 => Int, |number| number.into();
    Timestamp => Int, |at| at.as_microsecond();
    bool => Flag, |flag| flag;
}

/// PostgreSQL refuses U+0000 in a text, and SQLite's own functions end there: a mark takes its place, on both.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text }
}

impl<T> From<Id<T>> for Value {
    fn from(id: Id<T>) -> Self {
        Self::Text(Some(id.to_string()))
    }
}

impl<T> Kind for Id<T> {
    const NONE: Value = Value::Text(None);
}

impl<T: Kind> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(T::NONE, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_sent_together_keep_their_own_values() {
        let one = sql("INSERT INTO one (a, b) VALUES ($1, $2)").bind(1_i64).bind(2_i64);
        let two = sql("INSERT INTO two (a) VALUES $*").bind_rows([vec![3_i64.into()], vec![4_i64.into()]]);
        let three = sql("UPDATE three SET a = $2 WHERE b = $1 OR c = $10").bind(5_i64).bind(6_i64);
        let all = Sql::together(vec![one, two, three]).unwrap();
        assert_eq!(
            all.text(),
            "WITH s1 AS (INSERT INTO one (a, b) VALUES ($1, $2)), s2 AS (INSERT INTO two (a) VALUES ($3), ($4)) \
             UPDATE three SET a = $6 WHERE b = $5 OR c = $14"
        );
        let numbers: Vec<_> = all.values.iter().map(|value| matches!(value, Value::Int(Some(_)))).collect();
        assert_eq!(numbers, [true; 6]);
    }
}
