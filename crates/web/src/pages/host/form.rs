//! A form of the signed-in side: what stands in its fields, and what is wrong with them.

use kalends_domain::event_type::FieldProblem;

use crate::extract::Typed;

/// What stands in the fields, as stored or as typed, and what is wrong.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// Values by field.
    pub typed: Typed,
    /// What is wrong, in the order of the fields.
    pub problems: Vec<FieldProblem>,
}

impl Form {
    /// A form that shows these values.
    pub fn showing(typed: Typed) -> Self {
        Self { typed, problems: Vec::new() }
    }

    /// The value of a field; empty when it has none.
    pub fn value(&self, field: &str) -> &str {
        self.typed.get(field)
    }

    /// True when a box is ticked.
    pub fn ticked(&self, field: &str) -> bool {
        self.typed.has(field)
    }

    /// True when this is the value chosen.
    pub fn is(&self, field: &str, value: &str) -> bool {
        self.typed.is(field, value)
    }

    /// What is wrong with a field.
    pub fn problem(&self, field: &str) -> Option<&str> {
        self.problems.iter().find(|problem| problem.field == field).map(|problem| problem.fix.as_str())
    }

    /// True when something will not do.
    pub fn failed(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Notes what is wrong with a field.
    pub fn say(&mut self, field: &str, fix: impl Into<String>) {
        self.problems.push(FieldProblem { field: field.to_owned(), fix: fix.into() });
    }

    /// Takes over what was found elsewhere, as sentences, each at the field of this form that it is about.
    pub fn refuse(&mut self, problems: Vec<FieldProblem>) {
        for problem in problems {
            let field = problem.field.split('[').next().unwrap_or_default();
            let field = match field {
                "customName" => "calendar-title",
                "expiresAt" => "expires",
                "maxUsageCount" => "uses",
                "timeZone" => "zone",
                "weekStart" => "week_start",
                "brandColor" => "brand",
                field => field,
            };
            self.say(field, sentence(&problem.fix));
        }
    }

    /// The text of a field, without spaces around it.
    pub fn text(&self, field: &str) -> String {
        self.value(field).trim().to_owned()
    }

    /// The whole number in a field, 0 when it is empty.
    pub fn number(&mut self, field: &str) -> u32 {
        self.optional_number(field).unwrap_or(0)
    }

    /// The whole number in a field, if there is one.
    pub fn optional_number(&mut self, field: &str) -> Option<u32> {
        let text = self.text(field);
        if text.is_empty() {
            return None;
        }
        let number = text.parse().ok();
        if number.is_none() {
            self.say(field, "Write a whole number, 0 or more.");
        }
        number
    }

    /// Minutes in a field whose unit is chosen beside it, in `{field}-unit`.
    pub fn minutes(&mut self, field: &str) -> u32 {
        let unit = match self.value(&format!("{field}-unit")) {
            "days" => 24 * 60,
            "hours" => 60,
            _ => 1,
        };
        self.number(field).saturating_mul(unit)
    }
}

/// `a length is short` as `A length is short.`
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let mut sentence: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    sentence.push_str(letters.as_str());
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// Puts minutes into a field and its unit beside it, in the largest unit that fits.
pub fn show_minutes(typed: &mut Typed, field: &str, minutes: u32) {
    let (number, unit) = match minutes {
        0 => (0, "minutes"),
        whole if whole % (24 * 60) == 0 => (whole / (24 * 60), "days"),
        whole if whole % 60 == 0 => (whole / 60, "hours"),
        whole => (whole, "minutes"),
    };
    typed.set(field, number.to_string());
    typed.set(&format!("{field}-unit"), unit);
}

/// Ticks a box, or leaves it.
pub fn show_tick(typed: &mut Typed, field: &str, ticked: bool) {
    if ticked {
        typed.set(field, "on");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_shown_in_the_unit_they_are_read_in() {
        for minutes in [0, 1, 59, 60, 90, 120, 24 * 60, 36 * 60, 3 * 24 * 60] {
            let mut typed = Typed::default();
            show_minutes(&mut typed, "notice", minutes);
            assert_eq!(Form::showing(typed).minutes("notice"), minutes);
        }
    }

    #[test]
    fn what_is_refused_elsewhere_is_a_sentence_at_a_field_of_the_form() {
        let problem = |field: &str, fix: &str| FieldProblem { field: field.into(), fix: fix.into() };
        let mut form = Form::default();
        form.refuse(vec![
            problem("locations[1]", "is there twice; leave one out"),
            problem("customName", "Write at most 300 letters."),
        ]);
        assert_eq!(form.problem("locations"), Some("Is there twice; leave one out."));
        assert_eq!(form.problem("calendar-title"), Some("Write at most 300 letters."));
    }

    #[test]
    fn a_word_in_a_number_field_is_said_and_kept() {
        let mut form = Form::showing(Typed::from([("notice", "soon")]));
        assert_eq!(form.number("notice"), 0);
        assert_eq!(form.problem("notice"), Some("Write a whole number, 0 or more."));
        assert_eq!(form.value("notice"), "soon");
    }
}
