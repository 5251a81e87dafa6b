//! Everything GoTo says no with.

use kalends_app::{Error, Kind, Response};
use serde::Deserialize;

/// Reads a refusal; none leaves the decision to the status.
pub fn judge(answer: &Response) -> Option<Error> {
    let status = answer.status.as_u16();
    if status < 400 {
        return None;
    }
    let no: No = answer.json().unwrap_or_default();
    let error = match (status, no.code()) {
        // A spent token comes as 401 or as 403.
        (401 | 403, "InvalidToken" | "ExpiredToken" | "AuthFailed" | "UNAUTHORIZED") => {
            Error::new(Kind::AuthExpired, "the GoTo sign-in is spent")
        }
        (403, _) => Error::new(Kind::PolicyDenied, "the GoTo account does not let this user make meetings"),
        (404, _) => Error::new(Kind::NotFound, "this meeting does not exist at GoTo any more"),
        (400, _) => Error::new(Kind::Invalid, "GoTo does not take the meeting as it is"),
        _ => return None,
    };
    Some(error.said(no.words()))
}

/// Its older and its newer form.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct No {
    #[serde(rename = "int_err_code")]
    older: String,
    msg: String,
    error_code: String,
    description: String,
}

impl No {
    fn code(&self) -> &str {
        if self.older.is_empty() { &self.error_code } else { &self.older }
    }

    fn words(&self) -> &str {
        if self.msg.is_empty() { &self.description } else { &self.msg }
    }
}
