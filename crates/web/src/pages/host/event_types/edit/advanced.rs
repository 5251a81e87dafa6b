//! Confirmation, seats, series, and what guests may change.

use kalends_domain::event_type::{Confirmation, Frequency, Policy, Recurrence, Seats, Visibility};
use kalends_engine::event_types::EventTypeDraft;

use crate::{
    extract::Typed,
    pages::host::form::{Form, show_minutes, show_tick},
};

pub(super) fn show(draft: &EventTypeDraft, typed: &mut Typed) {
    let settings = &draft.settings;
    let confirmation = match settings.confirmation {
        Confirmation::None => "none",
        Confirmation::Always => "always",
        Confirmation::ShortNotice { minutes } => {
            show_minutes(typed, "short", minutes);
            "short"
        }
    };
    typed.set("confirmation", confirmation);
    let sharing = match (settings.seats, settings.recurrence) {
        (Some(seats), _) => {
            typed.set("seats", seats.count.to_string());
            show_tick(typed, "show-left", seats.show_left);
            show_tick(typed, "show-guests", seats.show_guests);
            "seats"
        }
        (None, Some(series)) => {
            typed.set("every", word(series.every));
            typed.set("interval", series.interval.to_string());
            typed.set("most", series.most.to_string());
            "series"
        }
        (None, None) => "one",
    };
    typed.set("sharing", sharing);
    show_tick(typed, "hidden", draft.hidden);
    show_tick(typed, "guests", settings.extra_guests);
    show_tick(typed, "cancel", settings.policy.cancel);
    show_tick(typed, "move", settings.policy.reschedule);
    show_tick(typed, "reason", settings.policy.reason_required);
    show_minutes(typed, "until", settings.policy.until);
    typed.set("hold", settings.hold.to_string());
    typed.set("redirect", settings.redirect.clone().unwrap_or_default());
    typed.set("calendar-title", &*settings.title);
    typed.set("visibility", seen(settings.visibility));
    let reminders = settings.reminders.as_ref();
    typed.set("reminding", if reminders.is_some() { "own" } else { "calendar" });
    let minutes: Vec<String> = reminders.into_iter().flatten().map(ToString::to_string).collect();
    typed.set("reminders", minutes.join(", "));
    typed.set("colour", settings.colour.clone().unwrap_or_default());
}

pub(super) fn read(form: &mut Form, draft: &mut EventTypeDraft) {
    draft.hidden = form.ticked("hidden");
    let settings = &mut draft.settings;
    settings.confirmation = match form.value("confirmation") {
        "always" => Confirmation::Always,
        "short" => Confirmation::ShortNotice { minutes: form.minutes("short") },
        _ => Confirmation::None,
    };
    (settings.seats, settings.recurrence) = match form.value("sharing") {
        "seats" => {
            let (show_left, show_guests) = (form.ticked("show-left"), form.ticked("show-guests"));
            (Some(Seats { count: form.number("seats"), show_left, show_guests }), None)
        }
        "series" => {
            let (interval, most) = (form.number("interval"), form.number("most"));
            (None, Some(Recurrence { every: frequency(form.value("every")), interval, most }))
        }
        _ => (None, None),
    };
    settings.extra_guests = form.ticked("guests");
    settings.policy = Policy {
        cancel: form.ticked("cancel"),
        reschedule: form.ticked("move"),
        until: form.minutes("until"),
        reason_required: form.ticked("reason"),
    };
    settings.hold = form.number("hold");
    settings.redirect = Some(form.text("redirect")).filter(|url| !url.is_empty());
    if settings.redirect.as_ref().is_some_and(|url| !url.starts_with("https://")) {
        form.say("redirect", "Write an address that begins with https://.");
    }
    settings.title = form.text("calendar-title");
    settings.visibility = match form.value("visibility") {
        "private" => Visibility::Private,
        "public" => Visibility::Public,
        _ => Visibility::Usual,
    };
    settings.reminders = (form.value("reminding") == "own").then(|| reminders(form));
    settings.colour = Some(form.text("colour")).filter(|colour| !colour.is_empty());
    let hex = |colour: &String| {
        colour
            .strip_prefix('#')
            .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    if settings.colour.as_ref().is_some_and(|colour| !hex(colour)) {
        form.say("colour", "Write a colour as #rrggbb.");
    }
}

/// The minutes before, as they are typed; nothing typed means no reminder.
fn reminders(form: &mut Form) -> Vec<u32> {
    let text = form.text("reminders");
    let parts = text.split([',', ' ', ';']).filter(|part| !part.is_empty());
    let read: Result<Vec<u32>, _> = parts.map(str::parse).collect();
    read.unwrap_or_else(|_| {
        form.say("reminders", "Write minutes before the start, such as 60, 10.");
        Vec::new()
    })
}

const fn seen(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Usual => "usual",
        Visibility::Private => "private",
        Visibility::Public => "public",
    }
}

const fn word(every: Frequency) -> &'static str {
    match every {
        Frequency::Daily => "daily",
        Frequency::Weekly => "weekly",
        Frequency::Monthly => "monthly",
        Frequency::Yearly => "yearly",
    }
}

fn frequency(word: &str) -> Frequency {
    match word {
        "daily" => Frequency::Daily,
        "monthly" => Frequency::Monthly,
        "yearly" => Frequency::Yearly,
        _ => Frequency::Weekly,
    }
}
