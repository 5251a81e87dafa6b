//! The form of a booking: who, where, and what the host asks.

use askama::Template;
use jiff::Timestamp;
use kalends_domain::event_type::FieldProblem;
use kalends_engine::EventTypePage;

use super::{
    event::{every, path},
    fields::{ExtraGuest, Field, FormError, fields, mark},
    parts::{Fact, Notice, Summary, first_name, place, price, when},
    visit::{Visit, link},
};
use crate::{extract::Typed, pages::Frame, when::Face};

/// Guests a booker may bring along.
pub const MOST_GUESTS: usize = 10;

/// The page.
#[derive(Template)]
#[template(path = "guest/form.html")]
pub struct FormView {
    pub(super) frame: Frame,
    pub(super) summary: Summary,
    pub(super) action: String,
    pub(super) verb: &'static str,
    pub(super) hidden: Vec<(String, String)>,
    pub(super) notice: Option<Notice>,
    pub(super) heading: String,
    pub(super) errors: Vec<FormError>,
    pub(super) fields: Vec<Field>,
    pub(super) extra_guests: bool,
    pub(super) most_guests: usize,
    pub(super) guests: Vec<ExtraGuest>,
    pub(super) guests_error: String,
    pub(super) notes: Vec<Fact>,
    pub(super) back: String,
}

/// What a form is about: the time a guest chose.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// When it starts.
    pub start: Timestamp,
    /// Minutes it lasts.
    pub minutes: u32,
    /// It is kept until then.
    pub until: Option<Timestamp>,
}

impl FormView {
    /// Draws the form over what was typed so far.
    pub fn of(
        frame: Frame,
        page: &EventTypePage,
        visit: &Visit,
        reading: (&Face, &Face),
        chosen: &Chosen,
        typed: &Typed,
    ) -> Self {
        let (face, _) = reading;
        let event_type = &page.event_type;
        let path = path(page);
        let needs_yes = event_type
            .settings
            .confirmation
            .needed((chosen.start.as_second() - face.now.timestamp().as_second()) / 60);
        let change = Visit { start: None, ..visit.clone() };
        let mut back = change.carried();
        back.push(("date", face.date(chosen.start).to_string()));
        back.extend(visit.hold.as_ref().map(|hold| ("hold", hold.to_string())));
        let back = link(&path, &back);
        let guests: Vec<ExtraGuest> = typed
            .all("guest")
            .map(|value| ExtraGuest { value: value.to_owned(), error: String::new() })
            .collect();
        Self {
            frame,
            summary: summary(page, visit, reading, chosen, &back),
            action: format!("{path}/book"),
            verb: if needs_yes { "Request booking" } else { "Book it" },
            hidden: hidden(visit, face, chosen, typed),
            notice: None,
            heading: String::new(),
            errors: Vec::new(),
            fields: fields(event_type, page.owner.name(), &page.apps, &with_place(typed, visit)),
            extra_guests: event_type.settings.extra_guests,
            most_guests: MOST_GUESTS,
            guests,
            guests_error: String::new(),
            notes: notes(page, visit, needs_yes),
            back,
        }
    }

    /// Says what will not do, at its place.
    #[must_use]
    pub fn with_problems(mut self, problems: &[FieldProblem]) -> Self {
        self.errors = mark(&mut self.fields, problems);
        self.heading = match problems.len() {
            1 => "One answer needs a look".into(),
            2 => "Two answers need a look".into(),
            3 => "Three answers need a look".into(),
            count => format!("{count} answers need a look"),
        };
        for problem in problems.iter().filter(|problem| problem.field.starts_with("guests")) {
            self.guests_error.clone_from(&problem.fix);
            let number = problem.field.strip_prefix("guests[").map(|rest| rest.trim_end_matches(']'));
            if let Some(guest) = number
                .and_then(|number| number.parse::<usize>().ok())
                .and_then(|number| self.guests.get_mut(number))
            {
                guest.error.clone_from(&problem.fix);
            }
        }
        self
    }

    /// Says that the whole did not work.
    #[must_use]
    pub fn with_notice(self, notice: Notice) -> Self {
        Self { notice: Some(notice), ..self }
    }
}

fn with_place(typed: &Typed, visit: &Visit) -> Typed {
    let mut typed = typed.clone();
    if let Some(place) = visit.place {
        typed.set("where", place.to_string());
    }
    typed
}

/// What the form sends along unseen.
fn hidden(visit: &Visit, face: &Face, chosen: &Chosen, typed: &Typed) -> Vec<(String, String)> {
    let mut hidden = vec![("start".to_owned(), face.machine(chosen.start))];
    hidden.extend(visit.carried().into_iter().map(|(name, value)| (name.to_owned(), value)));
    if visit.zone.is_none() {
        hidden.push(("zone".into(), face.zone.name().to_owned()));
    }
    hidden.extend(visit.hold.as_ref().map(|hold| ("hold".to_owned(), hold.to_string())));
    hidden.push(("attempt".into(), typed.get("attempt").to_owned()));
    hidden
}

fn summary(
    page: &EventTypePage,
    visit: &Visit,
    reading: (&Face, &Face),
    chosen: &Chosen,
    back: &str,
) -> Summary {
    let (face, host) = reading;
    let settings = &page.event_type.settings;
    let mut facts = vec![when(face, host, chosen.start, chosen.minutes)];
    facts.push(Fact::new("user", page.owner.name()));
    if let Some(location) = settings.locations.get(visit.place.unwrap_or(0)) {
        let (icon, text, fine, _) = place(location, first_name(page.owner.name()), &page.apps);
        facts.push(Fact { icon, text, fine });
    }
    if let Some(series) = settings.recurrence {
        let times = visit.times.unwrap_or(series.most).clamp(1, series.most);
        facts.push(Fact::new("repeat", format!("{}, {times} times", every(series.every, series.interval))));
    }
    if let Some(money) = settings.price.filter(|money| money.minor != 0) {
        facts.push(Fact::new("card", price(Some(money))));
    }
    Summary {
        leaf: face.leaf(chosen.start),
        title: page.event_type.title.clone(),
        facts,
        held: chosen.until.map_or(String::new(), |until| format!("Held for you until {}.", face.time(until))),
        change: back.to_owned(),
    }
}

fn notes(page: &EventTypePage, visit: &Visit, needs_yes: bool) -> Vec<Fact> {
    let mut notes = Vec::new();
    let host = first_name(page.owner.name());
    if needs_yes {
        notes.push(Fact::new(
            "calendar-check",
            format!("{host} confirms each request. The time is kept for you until then, and you get a mail."),
        ));
    }
    if page.event_type.settings.recurrence.is_some() && visit.times != Some(1) {
        notes.push(Fact::new("repeat", "You book the whole series: all of its times, or none."));
    }
    notes
}
