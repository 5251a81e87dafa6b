//! The fields of the booking form: what is asked, what was typed, what will not do.

use kalends_app::manifest::Place;
use kalends_domain::event_type::{EventType, FieldProblem, Location, Question, QuestionKind};
use kalends_engine::connect::Apps;

use super::parts::{Choice, first_name, place};
use crate::extract::Typed;

/// One field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// The element, for labels and links.
    pub id: String,
    /// What the form calls it.
    pub name: String,
    /// An input's type, or `textarea`, `select`, `radio`, `checkboxes`, `tick`.
    pub kind: &'static str,
    /// What is asked.
    pub label: String,
    /// Help under the label.
    pub hint: String,
    /// An answer is needed.
    pub required: bool,
    /// What was typed.
    pub value: String,
    /// What can be chosen.
    pub choices: Vec<Choice>,
    /// What browsers may fill in.
    pub autocomplete: &'static str,
    /// Which keyboard a phone shows.
    pub inputmode: &'static str,
    /// Lines of a textarea.
    pub rows: u8,
    /// What will not do, if anything.
    pub error: String,
    /// Asked only with a place that needs it: `phone`, `place` or `link`.
    pub only: &'static str,
}

impl Field {
    /// A field of this kind, with what was typed into it.
    pub fn new(id: &str, kind: &'static str, label: &str, typed: &Typed) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            kind,
            label: label.to_owned(),
            value: typed.get(id).to_owned(),
            rows: 4,
            ..Self::default()
        }
    }

    /// Ids of what describes the field, for screen readers.
    pub fn described(&self) -> Option<String> {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.id));
        let error = (!self.error.is_empty()).then(|| format!("{}-err", self.id));
        let both: Vec<String> = hint.into_iter().chain(error).collect();
        (!both.is_empty()).then(|| both.join(" "))
    }
}

/// A guest the booker brings along.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraGuest {
    /// What was typed.
    pub value: String,
    /// What will not do, if anything.
    pub error: String,
}

/// A line of the list on top of a form that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError {
    /// The field's element.
    pub id: String,
    /// What will not do.
    pub text: String,
}

/// Every field of an event type's form, in order.
pub fn fields(event_type: &EventType, host: &str, apps: &Apps, typed: &Typed) -> Vec<Field> {
    let mut fields = vec![
        Field { required: true, autocomplete: "name", ..Field::new("name", "text", "Your name", typed) },
        Field {
            required: true,
            autocomplete: "email",
            hint: "The confirmation goes here.".into(),
            ..Field::new("email", "email", "Email", typed)
        },
    ];
    fields.extend(location_fields(event_type, host, apps, typed));
    fields.extend(event_type.settings.questions.iter().filter(|one| !one.hidden).map(|one| ask(one, typed)));
    fields.push(Field { rows: 3, ..Field::new("notes", "textarea", "Anything else we should know?", typed) });
    fields
}

fn location_fields(event_type: &EventType, host: &str, apps: &Apps, typed: &Typed) -> Vec<Field> {
    let places = &event_type.settings.locations;
    let host = first_name(host);
    let mut fields = Vec::new();
    // Who chose a place with the time is asked only for what it needs.
    let chosen = typed.text("where").and_then(|number| places.get(number.parse::<usize>().ok()?));
    let places = chosen.map_or(places.as_slice(), std::slice::from_ref);
    if places.len() > 1 {
        let picked = "0";
        let choices = places.iter().enumerate().map(|(index, location)| {
            let (_, label, fine, asks) = place(location, host, apps);
            let value = index.to_string();
            Choice { chosen: value == picked, value, label, fine, asks }
        });
        let choices = choices.collect();
        fields.push(Field { required: true, choices, ..Field::new("where", "radio", "Where", typed) });
    }
    let only = |kind| if places.len() > 1 { kind } else { "" };
    let asks = |kind: &str| places.iter().any(|location| place(location, host, apps).3 == kind);
    if asks("phone") {
        fields.push(Field {
            required: true,
            autocomplete: "tel",
            hint: format!("{host} calls this number. Begin with the country code, such as +43."),
            only: only("phone"),
            ..Field::new("phone", "tel", "Your telephone number", typed)
        });
    }
    if asks("place") {
        fields.push(Field {
            required: true,
            autocomplete: "street-address",
            only: only("place"),
            rows: 2,
            ..Field::new("place", "textarea", "Address where you meet", typed)
        });
    }
    if asks("link") {
        let only = only("link");
        fields.push(Field { only, ..link_field(places, apps, typed) });
    }
    fields
}

/// What an app asks a guest for; one field for all of them, for only one of them is chosen.
fn link_field(places: &[Location], apps: &Apps, typed: &Typed) -> Field {
    let asked = places.iter().filter_map(|location| match location {
        Location::GuestLink { app } => Some((apps.name(app), apps.place(app)?)),
        _ => None,
    });
    let asked: Vec<(String, &Place)> = asked.collect();
    let (label, hint) = match asked.as_slice() {
        [(_, place)] => {
            let example = format!("Such as {}.", place.placeholder);
            (place.label.clone(), format!("{} {example}", place.hint).trim().to_owned())
        }
        several => {
            let example = |(name, place): &(String, &Place)| format!("{name}: {}", place.placeholder);
            let examples: Vec<String> = several.iter().map(example).collect();
            ("Your link there".to_owned(), format!("Such as {}.", examples.join(", or ")))
        }
    };
    // As typed: people leave https:// out, and a browser would refuse that before anybody can help.
    Field {
        required: true,
        autocomplete: "off",
        inputmode: "url",
        hint,
        ..Field::new("link", "text", &label, typed)
    }
}

/// The element of a question; its slug could be any of ours.
pub fn question_id(slug: &str) -> String {
    format!("q-{slug}")
}

fn ask(question: &Question, typed: &Typed) -> Field {
    let id = question_id(&question.slug);
    let (kind, autocomplete, inputmode) = match question.kind {
        QuestionKind::Text => ("text", "", ""),
        QuestionKind::Textarea => ("textarea", "", ""),
        QuestionKind::Number => ("text", "", "decimal"),
        QuestionKind::Phone => ("tel", "tel", ""),
        QuestionKind::Address => ("textarea", "street-address", ""),
        QuestionKind::Email => ("email", "email", ""),
        QuestionKind::Multiemail => ("textarea", "", "email"),
        QuestionKind::Url => ("url", "url", ""),
        QuestionKind::Select => ("select", "", ""),
        QuestionKind::Radio => ("radio", "", ""),
        QuestionKind::Multiselect | QuestionKind::Checkbox => ("checkboxes", "", ""),
        QuestionKind::Boolean => ("tick", "", ""),
    };
    let choices = question.choices.iter().map(|choice| Choice {
        chosen: typed.is(&id, &choice.value),
        value: choice.value.clone(),
        label: choice.label.clone(),
        ..Choice::default()
    });
    let hint = match question.kind {
        QuestionKind::Multiemail if question.hint.is_empty() => "One address in each line.".to_owned(),
        _ => question.hint.clone(),
    };
    Field {
        required: question.required,
        hint,
        choices: choices.collect(),
        autocomplete,
        inputmode,
        rows: if question.kind == QuestionKind::Textarea { 4 } else { 2 },
        ..Field::new(&id, kind, &question.label, typed)
    }
}

/// Puts each problem at its field, and lists them all in the order of the form.
pub fn mark(fields: &mut [Field], problems: &[FieldProblem]) -> Vec<FormError> {
    let id_of = |name: &str, fields: &[Field]| {
        let question = question_id(name);
        let known = |id: &str| fields.iter().any(|field| field.id == id);
        let extra =
            name.strip_prefix("guests[").and_then(|rest| rest.trim_end_matches(']').parse::<usize>().ok());
        match name {
            "name" | "email" | "notes" => name.to_owned(),
            _ if extra.is_some() => format!("guest{}", extra.unwrap_or(0) + 1),
            _ if known(&question) => question,
            _ if known(name) => name.to_owned(),
            "location" => place_field(fields),
            "guests" => "guests".into(),
            _ => "errors".into(),
        }
    };
    let mut listed = Vec::new();
    for problem in problems {
        let id = id_of(&problem.field, fields);
        if let Some(field) = fields.iter_mut().find(|field| field.id == id) {
            field.error.clone_from(&problem.fix);
        }
        listed.push(FormError { id, text: problem.fix.clone() });
    }
    // Guests stand below the fields, and what belongs nowhere comes last.
    let place = |id: &str| match fields.iter().position(|field| field.id == id) {
        Some(place) => place,
        None if id.starts_with("guest") => usize::MAX - 1,
        None => usize::MAX,
    };
    listed.sort_by_key(|error| place(&error.id));
    listed
}

/// Where a problem with the place belongs: to what the chosen place asks for, else to the choice.
fn place_field(fields: &[Field]) -> String {
    let chosen = fields.iter().find(|field| field.id == "where");
    let asks =
        chosen.and_then(|field| field.choices.iter().find(|choice| choice.chosen)).map(|choice| choice.asks);
    let only = ["phone", "place", "link"].into_iter().find(|id| fields.iter().any(|field| field.id == *id));
    match (chosen, asks, only) {
        (Some(_), Some(asks @ ("phone" | "place" | "link")), _) => asks.into(),
        (Some(_), _, _) => "where".into(),
        (None, _, Some(only)) => only.into(),
        (None, _, None) => "errors".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: QuestionKind) -> Question {
        Question {
            slug: "email2".into(),
            kind,
            label: "Q".into(),
            hint: String::new(),
            required: true,
            hidden: false,
            choices: vec![kalends_domain::event_type::Choice { value: "a".into(), label: "A".into() }],
            min: None,
            max: None,
        }
    }

    #[test]
    fn every_kind_of_question_keeps_what_was_typed() {
        for kind in QuestionKind::ALL {
            let field = ask(&question(kind), &Typed::from([("q-email2", "a")]));
            assert_eq!(field.value, "a", "{kind:?}");
            assert!(field.choices[0].chosen, "{kind:?}");
        }
    }

    #[test]
    fn problems_stand_at_their_fields_in_the_order_of_the_form() {
        let typed = Typed::default();
        let mut fields = vec![
            Field::new("name", "text", "Your name", &typed),
            Field::new("email", "email", "Email", &typed),
            ask(&question(QuestionKind::Radio), &typed),
        ];
        let problem = |field: &str, fix: &str| FieldProblem { field: field.into(), fix: fix.into() };
        let listed = mark(
            &mut fields,
            &[problem("email2", "Choose one."), problem("guests", "Mend it."), problem("name", "Write it.")],
        );
        let ids: Vec<&str> = listed.iter().map(|error| error.id.as_str()).collect();
        assert_eq!(ids, ["name", "q-email2", "guests"]);
        assert_eq!(fields[2].error, "Choose one.");
        assert_eq!(fields[2].described().as_deref(), Some("q-email2-err"));
    }
}
