//! Questions that guests are asked.

use serde::{Deserialize, Serialize};

use super::Answer;

/// One question of the booking form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its name in answers: letters, digits, `-`, `_`.
    pub slug: String,
    /// What kind of answer is wanted.
    pub kind: QuestionKind,
    /// As guests read it.
    pub label: String,
    /// Help under the label.
    #[serde(default)]
    pub hint: String,
    /// An answer is needed.
    #[serde(default)]
    pub required: bool,
    /// Kept, but not asked.
    #[serde(default)]
    pub hidden: bool,
    /// For kinds that choose.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Fewest letters of a text, or smallest number.
    #[serde(default)]
    pub min: Option<i64>,
    /// Most letters of a text, or largest number.
    #[serde(default)]
    pub max: Option<i64>,
}

/// One option of a question that chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Kept as the answer.
    pub value: String,
    /// As guests read it.
    pub label: String,
}

/// What kind of answer is wanted. The names are those of the v2 API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuestionKind {
    /// One line.
    Text,
    /// Several lines.
    Textarea,
    /// A number.
    Number,
    /// A telephone number.
    Phone,
    /// A postal address.
    Address,
    /// An email.
    Email,
    /// Several emails.
    Multiemail,
    /// An `http` or `https` address.
    Url,
    /// One of a list.
    Select,
    /// Several of a list.
    Multiselect,
    /// One of a few, all shown.
    Radio,
    /// Several of a few, all shown.
    Checkbox,
    /// Yes or no.
    Boolean,
}

impl QuestionKind {
    /// Every kind, in the order the editor offers them.
    pub const ALL: [Self; 13] = [
        Self::Text,
        Self::Textarea,
        Self::Number,
        Self::Phone,
        Self::Address,
        Self::Email,
        Self::Multiemail,
        Self::Url,
        Self::Select,
        Self::Multiselect,
        Self::Radio,
        Self::Checkbox,
        Self::Boolean,
    ];

    /// True when the question has options.
    pub const fn chooses(self) -> bool {
        matches!(self, Self::Select | Self::Multiselect | Self::Radio | Self::Checkbox)
    }

    /// True when there can be several answers.
    pub const fn many(self) -> bool {
        matches!(self, Self::Multiselect | Self::Checkbox | Self::Multiemail)
    }

    /// As the API and the form write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Textarea => "textarea",
            Self::Number => "number",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Email => "email",
            Self::Multiemail => "multiemail",
            Self::Url => "url",
            Self::Select => "select",
            Self::Multiselect => "multiselect",
            Self::Radio => "radio",
            Self::Checkbox => "checkbox",
            Self::Boolean => "boolean",
        }
    }

    /// The kind of this name, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Question {
    /// An answer in one line, in the words its guest chose by: a choice by its label, not by its value.
    pub fn reads(&self, answer: &Answer) -> String {
        let label = |value: &str| {
            let choice = self.choices.iter().find(|choice| choice.value == value);
            choice.map_or_else(|| value.to_owned(), |choice| choice.label.clone())
        };
        match answer {
            Answer::Text(value) => label(value),
            Answer::Many(values) => values.iter().map(|value| label(value)).collect::<Vec<_>>().join(", "),
            other => other.line(),
        }
    }

    /// What is wrong with the question itself, if anything.
    pub fn problem(&self) -> Option<String> {
        let slug_fits = (1..=64).contains(&self.slug.len())
            && self.slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !slug_fits {
            return Some(format!("`{}` cannot name an answer; use letters, digits, - and _", self.slug));
        }
        if ["name", "email", "guests", "location"].contains(&self.slug.as_str()) {
            return Some(format!("`{}` is asked already; give it another name", self.slug));
        }
        if self.label.trim().is_empty() {
            return Some("write what is asked".into());
        }
        if self.kind.chooses() && self.choices.is_empty() {
            return Some("give at least one option".into());
        }
        if self.kind.chooses() && self.choices.iter().any(|choice| choice.value.trim().is_empty()) {
            return Some("an option is empty".into());
        }
        if let (Some(min), Some(max)) = (self.min, self.max)
            && max < min
        {
            return Some("the largest lies below the smallest".into());
        }
        None
    }
}
