//! One message about the page, said where it happened.

use crate::extract::Typed;

/// What happened, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `ok`, `wait` or `fail`.
    pub tone: &'static str,
    /// What happened.
    pub title: String,
    /// What to do; may be empty.
    pub words: String,
}

impl Notice {
    /// It is done.
    pub fn ok(title: impl Into<String>) -> Self {
        Self { tone: "ok", title: title.into(), words: String::new() }
    }

    /// It is not done.
    pub fn fail(title: impl Into<String>, words: impl Into<String>) -> Self {
        Self { tone: "fail", title: title.into(), words: words.into() }
    }

    /// True when it says that something was not done.
    pub fn is_failure(notice: Option<&Self>) -> bool {
        notice.is_some_and(|notice| notice.tone == "fail")
    }

    /// The icon of its tone.
    pub fn icon(&self) -> &'static str {
        if self.tone == "ok" { "check" } else { "alert" }
    }

    /// What an earlier step of ours leaves to say in the address, from a fixed list.
    pub fn after(asked: &Typed, known: &[(&str, &str)]) -> Option<Self> {
        let did = asked.text("did")?;
        known.iter().find(|(word, _)| *word == did).map(|(_, said)| Self::ok(*said))
    }
}
