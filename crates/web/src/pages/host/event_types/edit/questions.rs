//! What guests are asked: a numbered group of fields for each question.

use kalends_domain::{
    event_type::{Choice, Question, QuestionKind, Settings},
    people::Slug,
};

use crate::{
    extract::Typed,
    pages::host::form::{Form, show_tick},
};

/// The most questions one form may ask.
pub const MOST_QUESTIONS: usize = 30;

pub(super) fn show(settings: &Settings, typed: &mut Typed) {
    for (at, question) in settings.questions.iter().enumerate() {
        let name = |part: &str| field(at, part);
        typed.set(&name("slug"), &*question.slug);
        typed.set(&name("kind"), question.kind.as_str());
        typed.set(&name("label"), &*question.label);
        typed.set(&name("hint"), &*question.hint);
        show_tick(typed, &name("required"), question.required);
        show_tick(typed, &name("hidden"), question.hidden);
        let choices: Vec<&str> = question.choices.iter().map(|choice| choice.label.as_str()).collect();
        typed.set(&name("choices"), choices.join("\n"));
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        typed.set(&name("min"), number(question.min));
        typed.set(&name("max"), number(question.max));
    }
    typed.set("count", settings.questions.len().to_string());
}

/// Reads every group.
pub(super) fn read(form: &mut Form, settings: &mut Settings) {
    let count = form.number("count").min(u32::try_from(MOST_QUESTIONS).unwrap_or(u32::MAX)) as usize;
    let mut questions: Vec<Question> = Vec::new();
    for at in 0..count {
        let question = one(form, at, &questions, &settings.questions);
        if let Some(fix) = question.problem() {
            form.say(&field(at, "label"), format!("Question {}: {fix}.", at + 1));
        }
        questions.push(question);
    }
    settings.questions = questions;
}

fn one(form: &mut Form, at: usize, earlier: &[Question], before: &[Question]) -> Question {
    let name = |part: &str| field(at, part);
    let label = form.text(&name("label"));
    let slug = match form.text(&name("slug")) {
        slug if slug.is_empty() => fresh(&label, earlier),
        slug => slug,
    };
    let mut bound = |part: &str| {
        let text = form.text(&name(part));
        let number = text.parse::<i64>().ok();
        if number.is_none() && !text.is_empty() {
            form.say(&name(part), "Write a whole number.");
        }
        number
    };
    let (min, max) = (bound("min"), bound("max"));
    let choices = form.value(&name("choices")).lines().map(str::trim).filter(|line| !line.is_empty());
    // A choice that was there before keeps its value, by which programs and earlier answers know it.
    let before = before.iter().find(|one| one.slug == slug).map_or(&[][..], |one| &one.choices);
    let choices = choices.map(|line| {
        let known = before.iter().find(|choice| choice.label == line).cloned();
        known.unwrap_or_else(|| Choice { value: line.to_owned(), label: line.to_owned() })
    });
    let choices = choices.collect();
    Question {
        slug,
        kind: QuestionKind::parse(form.value(&name("kind"))).unwrap_or(QuestionKind::Text),
        label,
        hint: form.text(&name("hint")),
        required: form.ticked(&name("required")),
        hidden: form.ticked(&name("hidden")),
        choices,
        min,
        max,
    }
}

/// A name for a new question's answers, different from the others.
fn fresh(label: &str, earlier: &[Question]) -> String {
    let base = Slug::from_title(label, "question").to_string();
    let taken = |slug: &str| {
        ["name", "email", "guests", "location"].contains(&slug) || earlier.iter().any(|one| one.slug == slug)
    };
    (1..=earlier.len() + 5)
        .map(|number| if number == 1 { base.clone() } else { format!("{base}-{number}") })
        .find(|slug| !taken(slug))
        .unwrap_or(base)
}

fn field(at: usize, part: &str) -> String {
    format!("q{at}-{part}")
}
