//! From what came in to the rules of the domain.

use kalends_domain::event_type::{
    BookingWindow, Buffers, Confirmation, Lengths, Limit, Location, Period, Policy, Recurrence, Seats,
    Settings, Visibility,
};
use serde_json::Value;

use super::{
    ConfirmationIn, EventTypeIn, LimitsIn, LocationIn, RecurrenceIn, SeatsIn, TITLE_WORDS, WindowIn,
    placeholders,
};
use crate::api::shape::{Whole, Wrong, question};

impl EventTypeIn {
    /// Puts what came in over the rules as they are; says everything that will not do.
    pub fn settings(&self, mut settings: Settings) -> Result<Settings, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let minutes = |whole: Option<Whole>, now: u32| whole.map_or(now, |whole| whole.0);
        self.lengths(&mut settings.lengths);
        if let Some(places) = &self.locations {
            settings.locations = locations(places, &mut wrong);
        }
        if let Some(fields) = &self.booking_fields {
            settings.questions = question::questions(fields, &mut wrong);
        }
        settings.extra_guests = self.disable_guests.map_or(settings.extra_guests, |disabled| !disabled);
        settings.interval = self.slot_interval.map(|whole| whole.0).or(settings.interval);
        settings.notice = minutes(self.minimum_booking_notice, settings.notice);
        settings.buffers = Buffers {
            before: minutes(self.before_event_buffer, settings.buffers.before),
            after: minutes(self.after_event_buffer, settings.buffers.after),
        };
        settings.offset = minutes(self.offset_start, settings.offset);
        if let Some(limits) = &self.booking_limits_count {
            settings.limits.bookings = limits.list();
        }
        if let Some(limits) = &self.booking_limits_duration {
            settings.limits.minutes = limits.list();
        }
        settings.first_slot_only = self.only_show_first_available_slot.unwrap_or(settings.first_slot_only);
        if let Some(window) = &self.booking_window {
            keep(&mut settings.window, window.read(), &mut wrong);
        }
        if let Some(policy) = &self.confirmation_policy {
            keep(&mut settings.confirmation, policy.read(), &mut wrong);
        }
        if let Some(series) = &self.recurrence {
            keep(&mut settings.recurrence, series.read(), &mut wrong);
        }
        if let Some(seats) = &self.seats {
            keep(&mut settings.seats, seats.read(), &mut wrong);
        }
        if let Some(title) = &self.custom_name {
            settings.title = placeholders(title, &TITLE_WORDS);
        }
        if let Some(url) = &self.success_redirect_url {
            settings.redirect = (!url.is_empty()).then(|| url.clone());
        }
        if let Some(color) = &self.color {
            settings.colour = Some(color.light_theme_hex.clone());
        }
        match self.hide_calendar_event_details {
            Some(true) => settings.visibility = Visibility::Private,
            Some(false) if settings.visibility == Visibility::Private => {
                settings.visibility = Visibility::Usual;
            }
            _ => {}
        }
        self.policy(&mut settings.policy);
        self.refuse_what_is_not_offered(&mut wrong);
        wrong.extend(
            settings
                .problems()
                .into_iter()
                .map(|problem| Wrong::new(api_name(problem.field, &settings), problem.fix)),
        );
        if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
    }

    fn lengths(&self, lengths: &mut Lengths) {
        if let Some(usual) = self.length_in_minutes {
            lengths.usual = usual.0;
        }
        if let Some(choices) = &self.length_in_minutes_options {
            lengths.choices = choices.iter().map(|whole| whole.0).collect();
            lengths.choices.sort_unstable();
            lengths.choices.dedup();
        }
    }

    fn policy(&self, policy: &mut Policy) {
        if let Some(cancel) = &self.disable_cancelling {
            policy.cancel = !cancel.disabled.unwrap_or(false);
        }
        if let Some(moving) = &self.disable_rescheduling {
            policy.reschedule = !moving.disabled.unwrap_or(false);
            policy.until = moving.minutes_before.map_or(policy.until, |whole| whole.0);
        }
    }

    fn refuse_what_is_not_offered(&self, wrong: &mut Vec<Wrong>) {
        let disabled = |value: &Value| value.get("disabled").and_then(Value::as_bool) == Some(true);
        if self
            .booker_active_bookings_limit
            .as_ref()
            .is_some_and(|value| !value.is_null() && !disabled(value))
        {
            wrong
                .push(Wrong::new("bookerActiveBookingsLimit", "this server does not offer it; leave it out"));
        }
        if self.requires_booker_email_verification == Some(true) {
            wrong.push(Wrong::new(
                "requiresBookerEmailVerification",
                "this server does not offer it; leave it out",
            ));
        }
        if self.booking_requires_authentication == Some(true) {
            wrong.push(Wrong::new(
                "bookingRequiresAuthentication",
                "this server does not offer it; leave it out",
            ));
        }
    }
}

fn keep<T>(place: &mut T, read: Result<T, Wrong>, wrong: &mut Vec<Wrong>) {
    match read {
        Ok(value) => *place = value,
        Err(problem) => wrong.push(problem),
    }
}

/// Our names of rules, as the API calls them.
fn api_name<'a>(field: &'a str, settings: &Settings) -> &'a str {
    match field {
        "buffers" if settings.buffers.before <= 24 * 60 => "afterEventBuffer",
        "limits" if settings.limits.bookings.iter().all(|limit| limit.most > 0) => "bookingLimitsDuration",
        "lengths" => "lengthInMinutes",
        "interval" => "slotInterval",
        "offset" => "offsetStart",
        "buffers" => "beforeEventBuffer",
        "notice" => "minimumBookingNotice",
        "window" => "bookingWindow",
        "limits" => "bookingLimitsCount",
        "questions" => "bookingFields",
        other => other,
    }
}

fn locations(places: &[LocationIn], wrong: &mut Vec<Wrong>) -> Vec<Location> {
    let mut read = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let need = |value: &Option<String>, field: &str| {
            value.clone().filter(|text| !text.trim().is_empty()).ok_or_else(|| {
                Wrong::new(
                    format!("locations[{index}].{field}"),
                    format!("a location of type {} needs it", place.kind),
                )
            })
        };
        let location = match place.kind.as_str() {
            "address" => need(&place.address, "address")
                .map(|address| Location::InPerson { address, public: place.public }),
            "link" => {
                need(&place.link, "link").map(|url| Location::Link { url, public: place.public, app: None })
            }
            "phone" => {
                need(&place.phone, "phone").map(|number| Location::HostPhone { number, public: place.public })
            }
            "integration" => need(&place.integration, "integration")
                .map(|app| Location::App { app, fallbacks: place.fallbacks.clone() }),
            "attendeeDefined" if place.integration.is_some() => {
                need(&place.integration, "integration").map(|app| Location::GuestLink { app })
            }
            "attendeeAddress" | "attendeeDefined" => Ok(Location::GuestPlace),
            "attendeePhone" => Ok(Location::GuestPhone),
            other => Err(Wrong::new(
                format!("locations[{index}].type"),
                format!(
                    "`{other}` is unknown; use address, link, integration, phone, attendeeAddress or attendeePhone"
                ),
            )),
        };
        match location {
            Ok(location) => read.push(location),
            Err(problem) => wrong.push(problem),
        }
    }
    read
}

impl LimitsIn {
    fn list(&self) -> Vec<Limit> {
        if self.disabled {
            return Vec::new();
        }
        [
            (Period::Day, self.day),
            (Period::Week, self.week),
            (Period::Month, self.month),
            (Period::Year, self.year),
        ]
        .into_iter()
        .filter_map(|(per, most)| most.map(|most| Limit { per, most: most.0 }))
        .collect()
    }
}

impl WindowIn {
    fn read(&self) -> Result<BookingWindow, Wrong> {
        if self.disabled {
            return Ok(BookingWindow::Unlimited);
        }
        let days = || {
            serde_json::from_value::<Whole>(self.value.clone())
                .map(|whole| whole.0)
                .map_err(|_| Wrong::new("bookingWindow.value", "give a number of days"))
        };
        match self.kind.as_deref() {
            Some("calendarDays") => Ok(BookingWindow::Days { days: days()? }),
            Some("businessDays") => Ok(BookingWindow::BusinessDays { days: days()? }),
            Some("range") => serde_json::from_value(self.value.clone())
                .map(|[from, to]: [jiff::civil::Date; 2]| BookingWindow::Range { from, to })
                .map_err(|_| {
                    Wrong::new(
                        "bookingWindow.value",
                        "give two dates such as [\"2030-09-05\", \"2030-09-09\"]",
                    )
                }),
            _ => Err(Wrong::new("bookingWindow.type", "use businessDays, calendarDays or range")),
        }
    }
}

impl ConfirmationIn {
    fn read(&self) -> Result<Confirmation, Wrong> {
        if self.disabled {
            return Ok(Confirmation::None);
        }
        match (self.kind.as_deref(), &self.notice_threshold) {
            (Some("always"), _) => Ok(Confirmation::Always),
            (Some("time"), Some(notice)) => {
                let unit = match notice.unit.as_str() {
                    "minutes" => 1,
                    "hours" => 60,
                    "days" => 24 * 60,
                    _ => {
                        return Err(Wrong::new(
                            "confirmationPolicy.noticeThreshold.unit",
                            "use minutes, hours or days",
                        ));
                    }
                };
                Ok(Confirmation::ShortNotice { minutes: notice.count.saturating_mul(unit) })
            }
            (Some("time"), None) => {
                Err(Wrong::new("confirmationPolicy.noticeThreshold", "the type `time` needs it"))
            }
            _ => Err(Wrong::new("confirmationPolicy.type", "use always or time")),
        }
    }
}

impl RecurrenceIn {
    fn read(&self) -> Result<Option<Recurrence>, Wrong> {
        match (self.disabled, self.frequency, self.interval, self.occurrences) {
            (true, ..) => Ok(None),
            (_, Some(every), Some(interval), Some(most)) => {
                Ok(Some(Recurrence { every, interval: interval.0, most: most.0 }))
            }
            _ => Err(Wrong::new("recurrence", "give frequency, interval and occurrences")),
        }
    }
}

impl SeatsIn {
    fn read(&self) -> Result<Option<Seats>, Wrong> {
        match (self.disabled, self.seats_per_time_slot) {
            (true, _) => Ok(None),
            (_, Some(count)) => Ok(Some(Seats {
                count: count.0,
                show_left: self.show_availability_count,
                show_guests: self.show_attendee_info,
            })),
            _ => Err(Wrong::new("seats.seatsPerTimeSlot", "say how many guests fit in one slot")),
        }
    }
}
