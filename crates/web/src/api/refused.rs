//! What a call of the API answers when it is refused: a problem in the words of RFC 9457, within the envelope.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Problem;

/// Every answer of 4xx and 5xx.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Refused {
    /// Always `error`.
    status: &'static str,
    /// When.
    timestamp: String,
    /// What was called.
    path: String,
    /// What happened, and what to do.
    error: Trouble,
}

/// What happened, and what to do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Trouble {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The answer's status.
    status: u16,
    /// Stable, for programs.
    code: &'static str,
    /// What happened, in a sentence that may change.
    title: String,
    /// What to do about it, where that can be said.
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    /// Which fields will not do, where it is about fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<TroubledField>,
    /// Title and detail as one text.
    message: String,
}

/// A field that will not do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TroubledField {
    /// Its name in the request, such as `attendee.timeZone`.
    field: String,
    /// What to do about it.
    fix: String,
}

impl Refused {
    /// A problem with what was called at that path.
    pub fn of(problem: &Problem, path: &str, at: Timestamp) -> Self {
        Self {
            status: "error",
            timestamp: at.to_string(),
            path: path.to_owned(),
            error: Trouble::from(problem),
        }
    }
}

impl From<&Problem> for Trouble {
    fn from(problem: &Problem) -> Self {
        let fields = problem.fields.iter();
        let message = match problem.detail.as_str() {
            "" => problem.title.to_string(),
            detail => format!("{} {detail}", problem.title),
        };
        Self {
            kind: "about:blank",
            status: problem.status.as_u16(),
            code: problem.code,
            title: problem.title.to_string(),
            detail: problem.detail.clone(),
            fields: fields
                .map(|one| TroubledField { field: one.field.clone(), fix: one.fix.clone() })
                .collect(),
            message,
        }
    }
}
