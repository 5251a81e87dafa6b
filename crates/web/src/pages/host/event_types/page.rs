//! The list of event types and the editor, as the templates draw them.

use askama::Template;
use kalends_domain::event_type::QuestionKind;

use super::edit::{FALLBACKS, Tab};
use crate::pages::{
    Frame, Side,
    host::{form::Form, notice::Notice},
};

/// The list.
#[derive(Template)]
#[template(path = "host/event-types.html")]
pub struct List {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What just happened.
    pub notice: Option<Notice>,
    /// In the order of the public page.
    pub rows: Vec<Row>,
    /// The form for a new one.
    pub form: Form,
    /// Teams it may be made for.
    pub owners: Vec<ChoiceRow>,
}

/// One event type in the list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub title: String,
    /// Length, price, places, in one line.
    pub facts: String,
    /// Its page.
    pub address: String,
    /// On the public page.
    pub shown: bool,
    /// Initials of its hosts.
    pub hosts: Vec<String>,
}

/// One tab of the editor.
#[derive(Template)]
#[template(path = "host/event-type/page.html")]
pub struct Editor {
    /// Around every page.
    pub frame: Frame,
    /// The menu.
    pub side: Side,
    /// What just happened.
    pub notice: Option<Notice>,
    /// Which event type.
    pub head: Head,
    /// Which tab.
    pub tab: Tab,
    /// Its form.
    pub form: Form,
    /// What its fields can choose from.
    pub choices: Choices,
    /// Private links, on the last tab.
    pub links: Vec<LinkRow>,
    /// What hosts' calendars do not keep, a sentence each, on the last tab.
    pub left_out: Vec<String>,
}

impl Editor {
    /// The question at this place, in short; unfolded while it has no words, or wrong ones.
    pub fn question(&self, at: usize) -> QuestionHead {
        let name = |part: &str| format!("q{at}-{part}");
        let label = self.form.text(&name("label"));
        let kind = QuestionKind::parse(self.form.value(&name("kind"))).unwrap_or(QuestionKind::Text);
        let mut words = word(kind).to_owned();
        words.push_str(if self.form.ticked(&name("required")) { ", required" } else { ", optional" });
        if self.form.ticked(&name("hidden")) {
            words.push_str(", not asked at the moment");
        }
        let wrong =
            ["label", "choices", "min", "max"].iter().any(|part| self.form.problem(&name(part)).is_some());
        let open = wrong || label.is_empty();
        let title = if label.is_empty() { format!("Question {}", at + 1) } else { label };
        QuestionHead { title, words, open }
    }
}

/// A question, folded.
#[derive(Debug)]
pub struct QuestionHead {
    /// As it is asked.
    pub title: String,
    /// Kind, and whether it must be answered.
    pub words: String,
    /// Unfolded.
    pub open: bool,
}

/// Which event type is edited.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub title: String,
    /// Not on the public page.
    pub hidden: bool,
    /// Its page.
    pub address: String,
    /// What its link begins with.
    pub prefix: String,
}

impl Head {
    /// All tabs, in order.
    #[expect(clippy::unused_self, reason = "templates reach tabs through the head")]
    pub fn tabs(&self) -> &'static [Tab] {
        &Tab::ALL
    }
}

/// What fields can choose from.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// The owner's schedules.
    pub schedules: Vec<ChoiceRow>,
    /// Apps that make rooms.
    pub apps: Vec<ChoiceRow>,
    /// Slugs of those that are connected.
    pub connected: Vec<&'static str>,
    /// Apps whose rooms have links of their own.
    pub rooms: Vec<RoomRow>,
    /// Who may host it; empty when only its owner can.
    pub hosts: Vec<ChoiceRow>,
    /// How many questions the form shows.
    pub count: usize,
}

impl Choices {
    /// True when the app can make rooms now.
    pub fn is_connected(&self, app: &ChoiceRow) -> bool {
        self.connected.contains(&app.value.as_str())
    }

    /// One field for each app that can follow this one; what stands there now can be chosen even where it is unknown.
    pub fn turns(&self, app: &ChoiceRow, form: &Form) -> Vec<Turn> {
        let name = |at: usize| format!("then-{}-{at}", app.value);
        let filled = (1..=FALLBACKS).rev().find(|at| !form.value(&name(*at)).is_empty()).unwrap_or(0);
        let useful = self.apps.len().saturating_sub(1).min(FALLBACKS);
        let turn = |at: usize| {
            let now = form.text(&name(at));
            let mut apps: Vec<ChoiceRow> =
                self.apps.iter().filter(|other| other.value != app.value).cloned().collect();
            if !now.is_empty() && apps.iter().all(|other| other.value != now) {
                apps.push(ChoiceRow { value: now.clone(), label: now });
            }
            let label = if at == 1 { "First" } else { "Then" };
            Turn { name: name(at), label, apps }
        };
        (1..=useful.max(filled)).map(turn).collect()
    }
}

/// Which app makes the room when those before it do not.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The field.
    pub name: String,
    /// What it is called.
    pub label: &'static str,
    /// What it can be.
    pub apps: Vec<ChoiceRow>,
}

/// One thing to choose.
#[derive(Debug, Clone)]
pub struct ChoiceRow {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
}

impl Choices {
    /// The places of the questions.
    pub fn questions(&self) -> std::ops::Range<usize> {
        0..self.count
    }

    /// Kinds of answers, and their words.
    #[expect(clippy::unused_self, reason = "templates reach kinds through the choices")]
    pub fn kinds(&self) -> [(&'static str, &'static str); 13] {
        QuestionKind::ALL.map(|kind| (kind.as_str(), word(kind)))
    }
}

/// An app whose rooms the host has links to.
#[derive(Debug, Clone)]
pub struct RoomRow {
    /// The app's slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The host gives a link.
    pub own: bool,
    /// Guests give theirs.
    pub guests: bool,
    /// What its link is called.
    pub label: String,
    /// A link as it may look.
    pub example: String,
    /// Where it is found.
    pub hint: String,
}

impl RoomRow {
    /// The name of the field with this link.
    pub fn field(&self) -> String {
        format!("url-{}", self.slug)
    }

    /// The name of the box that shows it before booking.
    pub fn public_field(&self) -> String {
        format!("url-{}-public", self.slug)
    }
}

/// A private link.
#[derive(Debug, Clone)]
pub struct LinkRow {
    /// Its id.
    pub id: String,
    /// In full.
    pub address: String,
    /// How often it was used, and until when.
    pub words: String,
}

const fn word(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::Text => "Short text",
        QuestionKind::Textarea => "Long text",
        QuestionKind::Number => "Number",
        QuestionKind::Phone => "Telephone number",
        QuestionKind::Address => "Address",
        QuestionKind::Email => "Email",
        QuestionKind::Multiemail => "Several email addresses",
        QuestionKind::Url => "Web address",
        QuestionKind::Select => "One of a list",
        QuestionKind::Multiselect => "Several of a list",
        QuestionKind::Radio => "One of a few",
        QuestionKind::Checkbox => "Several of a few",
        QuestionKind::Boolean => "Yes or no",
    }
}

#[cfg(test)]
mod tests {
    use kalends_domain::event_type::FieldProblem;

    use super::*;

    #[test]
    fn every_tab_is_drawn_with_what_is_wrong_in_it() {
        for tab in Tab::ALL {
            let mut form = Form::default();
            form.typed.set("count", "1");
            form.problems.push(FieldProblem { field: "title".into(), fix: "Write a <name>.".into() });
            let page = Editor {
                frame: Frame::sample(),
                side: Side::default(),
                notice: None,
                head: Head::default(),
                tab,
                form,
                choices: Choices { count: 1, ..Choices::default() },
                links: Vec::new(),
                left_out: vec!["Acme: no reminders.".into()],
            };
            let html = page.render().unwrap();
            assert!(html.contains("Error: ") && html.contains("Write a &#60;name&#62;."), "{}", tab.slug());
        }
    }
}
