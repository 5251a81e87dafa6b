//! The setup form, as data.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// One field of the setup form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The setting's name.
    pub name: String,
    /// What stands beside it.
    pub label: String,
    /// How it is typed. A password is kept sealed.
    #[serde(rename = "type")]
    pub input: Input,
    /// Must be filled in.
    #[serde(default)]
    pub required: bool,
    /// Kept sealed, never shown again. A password always is.
    #[serde(default)]
    pub secret: bool,
    /// What stands below it.
    #[serde(default)]
    pub hint: String,
    /// What stands in it while it is empty.
    #[serde(default)]
    pub placeholder: String,
    /// What it holds when nothing is typed.
    pub default: Option<Value>,
    /// The choices of a select.
    #[serde(default)]
    pub options: Vec<Choice>,
    /// The smallest number.
    pub min: Option<i64>,
    /// The largest number.
    pub max: Option<i64>,
    /// The most characters; 1,000 where it is not said.
    pub max_length: Option<usize>,
    /// What all of a text must look like, as HTML's own `pattern` says it.
    pub pattern: Option<Pattern>,
    /// Address schemes that are taken, `https` alone where it is not said.
    #[serde(default)]
    pub schemes: Vec<String>,
    /// Shown and asked only then.
    pub when: Option<When>,
    /// What to type for one provider or another.
    #[serde(default)]
    pub help: Vec<Hint>,
    /// Where a secret is taken back by its owner, once this server should not have it any more; nobody else can.
    pub take_back: Option<Hint>,
}

impl Field {
    /// True when its value is kept sealed.
    pub fn is_secret(&self) -> bool {
        self.secret || self.input == Input::Password
    }
}

/// A regular expression that the whole text must fit.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern {
    text: String,
    expression: regex_lite::Regex,
}

impl Pattern {
    /// As the manifest has it, and as a browser reads it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True when the whole text fits.
    pub fn takes(&self, text: &str) -> bool {
        self.expression.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match regex_lite::Regex::new(&format!(r"\A(?:{text})\z")) {
            Ok(expression) => Ok(Self { text, expression }),
            Err(error) => Err(format!("{text:?} is no pattern such as G-[A-Z0-9]{{6,12}}: {error}")),
        }
    }
}

/// How a field is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// One line.
    Text,
    /// Several lines, such as a key.
    Lines,
    /// One line that does not show.
    Password,
    /// An address.
    Url,
    /// An email.
    Email,
    /// A whole number.
    Number,
    /// One of several.
    Select,
    /// Yes or no.
    Checkbox,
}

/// One choice of a select.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is kept.
    pub value: String,
    /// What is shown.
    pub label: String,
}

/// Another field's value on which this one depends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The other field.
    pub field: String,
    /// Any of these values.
    pub is: Vec<String>,
}

/// What to do at one provider: what to type, or where a secret is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    /// The provider's name.
    pub provider: String,
    /// What to do there.
    pub text: String,
    /// Where it is explained.
    #[serde(default, deserialize_with = "super::address::one")]
    pub link: Option<Url>,
}
