//! Input that will not do, all of it at once.

use std::fmt;

use kalends_domain::event_type::{FieldProblem, SettingsProblem};

/// Every problem of one input; each names the field and the fix.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Invalid {
    /// At least one where this is an error.
    pub problems: Vec<FieldProblem>,
}

impl Invalid {
    /// One problem of one field.
    pub fn one(field: &str, fix: impl Into<String>) -> Self {
        let mut invalid = Self::default();
        invalid.say(field, fix);
        invalid
    }

    /// Notes a problem.
    pub fn say(&mut self, field: &str, fix: impl Into<String>) {
        self.problems.push(FieldProblem { field: field.to_owned(), fix: fix.into() });
    }

    /// Notes a problem unless the rule holds.
    pub fn need(&mut self, holds: bool, field: &str, fix: &str) {
        if !holds {
            self.say(field, fix);
        }
    }

    /// Takes over problems found elsewhere.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = impl Into<Problem>>) {
        self.problems.extend(problems.into_iter().map(|problem| problem.into().0));
    }

    /// `Err` when anything was noted.
    pub fn check(self) -> Result<(), Self> {
        if self.problems.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let gap = if index == 0 { "" } else { "; " };
            write!(f, "{gap}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// A problem of any source, as a field and a fix.
#[derive(Debug)]
pub struct Problem(FieldProblem);

impl From<FieldProblem> for Problem {
    fn from(problem: FieldProblem) -> Self {
        Self(problem)
    }
}

impl From<SettingsProblem> for Problem {
    fn from(problem: SettingsProblem) -> Self {
        Self(FieldProblem { field: problem.field.to_owned(), fix: problem.fix })
    }
}
