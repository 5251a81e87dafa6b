//! Statements and the values bound to them.

use jiff::Timestamp;
use kalends_domain::{Id, Uid, people::Slug};

/// One statement with its values, the same text for both databases: `$1`, `$2`, …
#[derive(Debug, Clone)]
#[must_use = "a statement does nothing until it is run"]
pub struct Sql {
    pub(super) text: Text,
    pub(super) values: Vec<Value>,
}

#[derive(Debug, Clone)]
pub(super) enum Text {
    Fixed(&'static str),
    Built(String),
}

/// Starts a statement.
pub fn sql(text: &'static str) -> Sql {
    Sql { text: Text::Fixed(text), values: Vec::new() }
}

impl Sql {
    /// A statement put together from parts; every part must be our own text, never a user's.
    pub fn built(text: String) -> Self {
        Self { text: Text::Built(text), values: Vec::new() }
    }

    /// Gives the next placeholder its value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Puts a list of placeholders in the place of the first `$*`, to follow those bound so far.
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
        self.text = Text::Built(self.text().replacen("$*", &list, 1));
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
    &str => Text, |text| text.to_owned();
    String => Text, |text| text;
    &String => Text, |text| text.clone();
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
