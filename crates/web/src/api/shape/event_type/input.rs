//! What comes in: the parts of an event type.

use kalends_domain::event_type::Frequency;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::shape::{Whole, question::FieldIn};

/// An event type to make, or the parts of one to change: what is absent stays as it is.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EventTypeIn {
    /// The usual length.
    pub length_in_minutes: Option<Whole>,
    /// Lengths guests can choose, the usual one among them.
    pub length_in_minutes_options: Option<Vec<Whole>>,
    /// As guests see it.
    pub title: Option<String>,
    /// Its part of the address.
    pub slug: Option<String>,
    /// A few sentences for guests.
    pub description: Option<String>,
    /// Where it can take place.
    pub locations: Option<Vec<LocationIn>>,
    /// What guests are asked.
    pub booking_fields: Option<Vec<FieldIn>>,
    /// Guests may not bring others.
    pub disable_guests: Option<bool>,
    /// Minutes between slot starts.
    pub slot_interval: Option<Whole>,
    /// Minutes between now and the first slot.
    pub minimum_booking_notice: Option<Whole>,
    /// Minutes kept free before.
    pub before_event_buffer: Option<Whole>,
    /// Minutes kept free after.
    pub after_event_buffer: Option<Whole>,
    /// The schedule; absent means each host's default one.
    pub schedule_id: Option<i64>,
    /// At most so many bookings per period.
    pub booking_limits_count: Option<LimitsIn>,
    /// At most so many minutes per period.
    pub booking_limits_duration: Option<LimitsIn>,
    /// Only the first slot of each day.
    pub only_show_first_available_slot: Option<bool>,
    /// How far ahead guests can book.
    pub booking_window: Option<WindowIn>,
    /// Minutes added to each start.
    pub offset_start: Option<Whole>,
    /// Whether a host must say yes.
    pub confirmation_policy: Option<ConfirmationIn>,
    /// Guests book a series.
    pub recurrence: Option<RecurrenceIn>,
    /// Several guests in one slot.
    pub seats: Option<SeatsIn>,
    /// The title in calendars.
    pub custom_name: Option<String>,
    /// Where guests go after booking.
    pub success_redirect_url: Option<String>,
    /// Not on the owner's page.
    pub hidden: Option<bool>,
    /// Its colour, in lists and in hosts' calendars.
    pub color: Option<ColorIn>,
    /// Only its host may read the event in a shared calendar.
    pub hide_calendar_event_details: Option<bool>,
    /// Guests may not cancel.
    pub disable_cancelling: Option<DisableIn>,
    /// Guests may not move.
    pub disable_rescheduling: Option<DisableIn>,
    /// Not offered: refused unless disabled.
    pub booker_active_bookings_limit: Option<Value>,
    /// Not offered: refused when true.
    pub requires_booker_email_verification: Option<bool>,
    /// Not offered: refused when true.
    pub booking_requires_authentication: Option<bool>,
}

/// A place.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct LocationIn {
    /// `address`, `link`, `integration`, `phone`, `attendeeAddress`, `attendeePhone` or `attendeeDefined`.
    #[serde(rename = "type")]
    pub kind: String,
    /// With `address`.
    pub address: Option<String>,
    /// With `link`.
    pub link: Option<String>,
    /// With `phone`.
    pub phone: Option<String>,
    /// With `integration`: the app's slug. With `attendeeDefined`: the app whose link the guest gives.
    pub integration: Option<String>,
    /// With `integration`: the apps that make the room when it cannot, in order.
    #[serde(default)]
    pub fallbacks: Vec<String>,
    /// Shown before booking.
    #[serde(default)]
    pub public: bool,
}

/// Limits per period.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub struct LimitsIn {
    /// None at all.
    pub disabled: bool,
    /// Per day.
    pub day: Option<Whole>,
    /// Per week.
    pub week: Option<Whole>,
    /// Per month.
    pub month: Option<Whole>,
    /// Per year.
    pub year: Option<Whole>,
}

/// A booking window.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct WindowIn {
    /// No end.
    #[serde(default)]
    pub disabled: bool,
    /// `businessDays`, `calendarDays` or `range`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// A number of days, or the first and the last date.
    #[serde(default)]
    pub value: Value,
}

/// A confirmation policy.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfirmationIn {
    /// Booked is booked.
    #[serde(default)]
    pub disabled: bool,
    /// `always` or `time`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// With `time`: closer than this waits for a host.
    pub notice_threshold: Option<Notice>,
}

/// A notice with its unit.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct Notice {
    /// `minutes`, `hours` or `days`.
    pub unit: String,
    /// So many of them.
    pub count: u32,
}

/// A series.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct RecurrenceIn {
    /// No series.
    #[serde(default)]
    pub disabled: bool,
    /// Every so many.
    pub interval: Option<Whole>,
    /// At most so many bookings.
    pub occurrences: Option<Whole>,
    /// `daily`, `weekly`, `monthly` or `yearly`.
    #[schema(value_type = Option<String>)]
    pub frequency: Option<Frequency>,
}

/// Seats.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeatsIn {
    /// One guest a slot.
    #[serde(default)]
    pub disabled: bool,
    /// How many fit.
    pub seats_per_time_slot: Option<Whole>,
    /// Guests see who else comes.
    #[serde(default)]
    pub show_attendee_info: bool,
    /// Guests see how many are left.
    #[serde(default)]
    pub show_availability_count: bool,
}

/// A colour for both themes; the light one is kept.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColorIn {
    /// `#rrggbb`.
    pub light_theme_hex: String,
}

/// Something guests may not do.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisableIn {
    /// Never.
    pub disabled: Option<bool>,
    /// Not closer than this to the start.
    pub minutes_before: Option<Whole>,
}
