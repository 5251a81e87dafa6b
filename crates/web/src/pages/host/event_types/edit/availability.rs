//! In which hours, and how far ahead.

use kalends_domain::event_type::BookingWindow;
use kalends_engine::event_types::EventTypeDraft;

use crate::{extract::Typed, pages::host::form::Form};

pub(super) fn show(draft: &EventTypeDraft, typed: &mut Typed) {
    let settings = &draft.settings;
    typed.set("schedule", draft.schedule.map(|id| id.to_string()).unwrap_or_default());
    typed.set("interval", settings.interval.map(|minutes| minutes.to_string()).unwrap_or_default());
    typed.set("offset", settings.offset.to_string());
    let kind = match &settings.window {
        BookingWindow::Unlimited => "unlimited",
        BookingWindow::Days { days } => {
            typed.set("days", days.to_string());
            "days"
        }
        BookingWindow::BusinessDays { days } => {
            typed.set("days", days.to_string());
            "business"
        }
        BookingWindow::Range { from, to } => {
            typed.set("from", from.to_string());
            typed.set("to", to.to_string());
            "range"
        }
    };
    typed.set("window", kind);
}

pub(super) fn read(form: &mut Form, draft: &mut EventTypeDraft) {
    draft.schedule = match form.text("schedule").as_str() {
        "" => None,
        text => {
            let id = text.parse().ok();
            if id.is_none() {
                form.say("schedule", "Choose one of the schedules.");
            }
            id
        }
    };
    draft.settings.interval = form.optional_number("interval").filter(|minutes| *minutes > 0);
    draft.settings.offset = form.number("offset");
    let window = match form.value("window") {
        "unlimited" => Some(BookingWindow::Unlimited),
        "days" => Some(BookingWindow::Days { days: form.number("days") }),
        "business" => Some(BookingWindow::BusinessDays { days: form.number("days") }),
        "range" => {
            if let (Ok(from), Ok(to)) = (form.text("from").parse(), form.text("to").parse()) {
                Some(BookingWindow::Range { from, to })
            } else {
                form.say("window", "Choose the first and the last day.");
                None
            }
        }
        _ => {
            form.say("window", "Choose how far ahead people can book.");
            None
        }
    };
    draft.settings.window = window.unwrap_or_else(|| draft.settings.window.clone());
}
