//! Gaps, notice, and how much can be booked.

use kalends_domain::event_type::{Limit, Period, Settings};

use crate::{
    extract::Typed,
    pages::host::form::{Form, show_minutes, show_tick},
};

const PERIODS: [(Period, &str); 4] =
    [(Period::Day, "day"), (Period::Week, "week"), (Period::Month, "month"), (Period::Year, "year")];

pub(super) fn show(settings: &Settings, typed: &mut Typed) {
    show_minutes(typed, "before", settings.buffers.before);
    show_minutes(typed, "after", settings.buffers.after);
    show_minutes(typed, "notice", settings.notice);
    for (kind, limits) in [("bookings", &settings.limits.bookings), ("minutes", &settings.limits.minutes)] {
        for limit in limits {
            typed.set(&field(kind, limit.per), limit.most.to_string());
        }
    }
    show_tick(typed, "first-only", settings.first_slot_only);
}

pub(super) fn read(form: &mut Form, settings: &mut Settings) {
    settings.buffers.before = form.minutes("before");
    settings.buffers.after = form.minutes("after");
    settings.notice = form.minutes("notice");
    settings.limits.bookings = limits(form, "bookings");
    settings.limits.minutes = limits(form, "minutes");
    settings.first_slot_only = form.ticked("first-only");
}

fn limits(form: &mut Form, kind: &str) -> Vec<Limit> {
    let mut limit = |per| form.optional_number(&field(kind, per)).map(|most| Limit { per, most });
    PERIODS.into_iter().filter_map(|(per, _)| limit(per)).collect()
}

fn field(kind: &str, per: Period) -> String {
    let word = PERIODS.iter().find(|(known, _)| *known == per).map_or("", |(_, word)| word);
    format!("{kind}-{word}")
}
