//! From the rules of the domain to what goes out.

use kalends_domain::event_type::{
    BookingWindow, Confirmation, Limit, Location, Period, Settings, Visibility,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{Notice, TITLE_WORDS, placeholders};
use crate::api::shape::question::{self, FieldOut};

/// An event type as it goes out.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
#[expect(clippy::struct_excessive_bools, reason = "the shape is given")]
pub struct EventTypeOut {
    pub id: i64,
    pub owner_id: Option<i64>,
    pub length_in_minutes: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub length_in_minutes_options: Vec<u32>,
    pub title: String,
    pub slug: String,
    pub description: String,
    pub locations: Vec<Value>,
    pub booking_fields: Vec<FieldOut>,
    pub disable_guests: bool,
    pub slot_interval: Option<u32>,
    pub minimum_booking_notice: u32,
    pub before_event_buffer: u32,
    pub after_event_buffer: u32,
    pub schedule_id: Option<i64>,
    pub booking_limits_count: Value,
    pub booking_limits_duration: Value,
    pub only_show_first_available_slot: bool,
    pub booking_window: Value,
    pub offset_start: u32,
    pub confirmation_policy: Value,
    pub recurrence: Value,
    pub seats: Value,
    pub custom_name: String,
    pub success_redirect_url: Option<String>,
    pub forward_params_success_redirect: bool,
    pub hidden: bool,
    pub lock_time_zone_toggle_on_booking_page: bool,
    pub is_instant_event: bool,
    pub booking_requires_authentication: bool,
    pub price: i64,
    pub currency: String,
    pub metadata: Map<String, Value>,
    pub users: Vec<Value>,
    pub disable_cancelling: Value,
    pub disable_rescheduling: Value,
    pub hide_calendar_event_details: bool,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub color: Value,
    pub booking_url: String,
}

/// What stands beside the rules of an event type that goes out.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of `EventTypeOut` they become")]
pub struct Around {
    pub number: i64,
    pub owner: Option<i64>,
    pub title: String,
    pub slug: String,
    pub description: String,
    pub hidden: bool,
    pub schedule: Option<i64>,
    /// Number, name and username of each host.
    pub hosts: Vec<(i64, String, String)>,
    pub booking_url: String,
}

impl EventTypeOut {
    /// The rules of an event type, with what stands beside them.
    pub fn of(settings: &Settings, around: Around) -> Self {
        let back: Vec<(&str, &str)> = TITLE_WORDS.iter().map(|(theirs, ours)| (*ours, *theirs)).collect();
        let currency =
            settings.price.map_or_else(|| "usd".to_owned(), |price| price.currency.code().to_lowercase());
        Self {
            id: around.number,
            owner_id: around.owner,
            length_in_minutes: settings.lengths.usual,
            length_in_minutes_options: settings.lengths.choices.clone(),
            title: around.title,
            slug: around.slug,
            description: around.description,
            locations: settings.locations.iter().map(location_out).collect(),
            booking_fields: question::fields(&settings.questions, settings.extra_guests),
            disable_guests: !settings.extra_guests,
            slot_interval: settings.interval,
            minimum_booking_notice: settings.notice,
            before_event_buffer: settings.buffers.before,
            after_event_buffer: settings.buffers.after,
            schedule_id: around.schedule,
            booking_limits_count: limits_out(&settings.limits.bookings),
            booking_limits_duration: limits_out(&settings.limits.minutes),
            only_show_first_available_slot: settings.first_slot_only,
            booking_window: window_out(&settings.window),
            offset_start: settings.offset,
            confirmation_policy: confirmation_out(settings.confirmation),
            recurrence: settings.recurrence.map_or(Value::Null, |series| {
                json!({ "frequency": series.every, "interval": series.interval, "occurrences": series.most })
            }),
            seats: settings.seats.map_or_else(disabled, |seats| {
                json!({
                    "seatsPerTimeSlot": seats.count,
                    "showAttendeeInfo": seats.show_guests,
                    "showAvailabilityCount": seats.show_left,
                })
            }),
            custom_name: placeholders(&settings.title, &back),
            success_redirect_url: settings.redirect.clone(),
            forward_params_success_redirect: false,
            hidden: around.hidden,
            lock_time_zone_toggle_on_booking_page: false,
            is_instant_event: false,
            booking_requires_authentication: false,
            price: settings.price.map_or(0, |price| price.minor),
            currency,
            metadata: Map::new(),
            users: around
                .hosts
                .into_iter()
                .map(|(id, name, username)| json!({ "id": id, "name": name, "username": username }))
                .collect(),
            disable_cancelling: json!({ "disabled": !settings.policy.cancel }),
            disable_rescheduling: json!({ "disabled": !settings.policy.reschedule, "minutesBefore": settings.policy.until }),
            hide_calendar_event_details: settings.visibility == Visibility::Private,
            color: settings.colour.as_ref().map_or(Value::Null, |colour| {
                json!({ "lightThemeHex": colour, "darkThemeHex": colour })
            }),
            booking_url: around.booking_url,
        }
    }
}

fn disabled() -> Value {
    json!({ "disabled": true })
}

fn location_out(location: &Location) -> Value {
    match location {
        Location::InPerson { address, public } => {
            json!({ "type": "address", "address": address, "public": public })
        }
        Location::Link { url, public, .. } => json!({ "type": "link", "link": url, "public": public }),
        Location::HostPhone { number, public } => {
            json!({ "type": "phone", "phone": number, "public": public })
        }
        Location::App { app, fallbacks } if fallbacks.is_empty() => {
            json!({ "type": "integration", "integration": app })
        }
        Location::App { app, fallbacks } => {
            json!({ "type": "integration", "integration": app, "fallbacks": fallbacks })
        }
        Location::GuestLink { app } => json!({ "type": "attendeeDefined", "integration": app }),
        Location::GuestPlace => json!({ "type": "attendeeAddress" }),
        Location::GuestPhone => json!({ "type": "attendeePhone" }),
    }
}

fn limits_out(limits: &[Limit]) -> Value {
    if limits.is_empty() {
        return disabled();
    }
    let word = |per| match per {
        Period::Day => "day",
        Period::Week => "week",
        Period::Month => "month",
        Period::Year => "year",
    };
    Value::Object(limits.iter().map(|limit| (word(limit.per).to_owned(), json!(limit.most))).collect())
}

fn window_out(window: &BookingWindow) -> Value {
    match window {
        BookingWindow::Unlimited => disabled(),
        BookingWindow::Days { days } => json!({ "type": "calendarDays", "value": days, "rolling": true }),
        BookingWindow::BusinessDays { days } => {
            json!({ "type": "businessDays", "value": days, "rolling": true })
        }
        BookingWindow::Range { from, to } => json!({ "type": "range", "value": [from, to] }),
    }
}

fn confirmation_out(confirmation: Confirmation) -> Value {
    match confirmation {
        Confirmation::None => disabled(),
        Confirmation::Always => json!({ "type": "always", "blockUnconfirmedBookingsInBooker": true }),
        Confirmation::ShortNotice { minutes } => json!({
            "type": "time",
            "noticeThreshold": Notice { unit: "minutes".into(), count: minutes },
            "blockUnconfirmedBookingsInBooker": true,
        }),
    }
}
