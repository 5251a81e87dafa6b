//! `bookingFields`: the questions of a booking form.

use kalends_domain::event_type::{Choice, Question, QuestionKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Wrong;

/// A field as it comes in: a built-in one by its slug, or a question of one's own by its type.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldIn {
    /// `text`, `textarea`, `number`, `phone`, `address`, `email`, `multiemail`, `url`, `select`, `multiselect`,
    /// `radio`, `checkbox`, `boolean`; or a built-in field.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The answer's name.
    pub slug: Option<String>,
    /// As guests read it.
    pub label: Option<String>,
    /// Whether an answer is needed.
    #[serde(default)]
    pub required: bool,
    /// Help inside the field.
    #[serde(default)]
    pub placeholder: String,
    /// What can be chosen.
    #[serde(default)]
    pub options: Vec<String>,
    /// Kept, but not asked.
    #[serde(default)]
    pub hidden: bool,
}

/// A field as it goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldOut {
    /// Built in, so it cannot be removed.
    pub is_default: bool,
    /// What kind of answer is wanted.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The answer's name.
    pub slug: String,
    /// As guests read it.
    pub label: String,
    /// Whether an answer is needed.
    pub required: bool,
    /// Help inside the field.
    pub placeholder: String,
    /// What can be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<String>>,
    /// Kept, but not asked.
    pub hidden: bool,
}

/// Fields the form has by itself; their settings are not questions.
const BUILT_IN: [&str; 7] = ["name", "email", "title", "location", "notes", "guests", "rescheduleReason"];

/// The questions among the fields, in order; problems name the field by its place.
pub fn questions(fields: &[FieldIn], wrong: &mut Vec<Wrong>) -> Vec<Question> {
    let mut questions = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let place = format!("bookingFields[{index}]");
        let slug = field.slug.clone().unwrap_or_default();
        if BUILT_IN.contains(&slug.as_str())
            || field.kind.as_deref().is_some_and(|kind| BUILT_IN.contains(&kind) && slug.is_empty())
        {
            continue;
        }
        let Some(kind) = field.kind.as_deref().and_then(QuestionKind::parse) else {
            let kinds: Vec<&str> = QuestionKind::ALL.iter().map(|kind| kind.as_str()).collect();
            wrong.push(Wrong::new(format!("{place}.type"), format!("use one of {}", kinds.join(", "))));
            continue;
        };
        questions.push(Question {
            slug,
            kind,
            label: field.label.clone().unwrap_or_default(),
            hint: field.placeholder.clone(),
            required: field.required,
            hidden: field.hidden,
            choices: field
                .options
                .iter()
                .map(|option| Choice { value: option.clone(), label: option.clone() })
                .collect(),
            min: None,
            max: None,
        });
    }
    questions
}

/// All fields of the form: the built-in ones, then the questions.
pub fn fields(questions: &[Question], extra_guests: bool) -> Vec<FieldOut> {
    let built_in = |kind, slug: &str, label: &str, required, hidden| FieldOut {
        is_default: true,
        kind,
        slug: slug.into(),
        label: label.into(),
        required,
        placeholder: String::new(),
        options: None,
        hidden,
    };
    let mut fields = vec![
        built_in("name", "name", "Your name", true, false),
        built_in("email", "email", "Email", true, false),
        built_in("radioInput", "location", "Location", false, false),
        built_in("textarea", "notes", "Notes", false, false),
        built_in("multiemail", "guests", "Guests", false, !extra_guests),
        built_in("textarea", "rescheduleReason", "Reason for moving it", false, false),
    ];
    fields.extend(questions.iter().map(|question| {
        FieldOut {
            is_default: false,
            kind: question.kind.as_str(),
            slug: question.slug.clone(),
            label: question.label.clone(),
            required: question.required,
            placeholder: question.hint.clone(),
            options: question
                .kind
                .chooses()
                .then(|| question.choices.iter().map(|choice| choice.value.clone()).collect()),
            hidden: question.hidden,
        }
    }));
    fields
}
