//! Slots and reservations, by version 2024-09-04.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Whole;

/// Which slots are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub struct SlotsQuery {
    /// First day or instant: `2050-09-05` or `2050-09-05T09:00:00Z`.
    pub start: Option<String>,
    /// Last day (included) or instant.
    pub end: Option<String>,
    /// The event type's number.
    pub event_type_id: Option<i64>,
    /// Its slug, with `username` or `teamSlug`.
    pub event_type_slug: Option<String>,
    /// Whose event type it is.
    pub username: Option<String>,
    /// Which team's event type it is.
    pub team_slug: Option<String>,
    /// Not offered, and so refused.
    #[param(ignore)]
    pub usernames: Option<String>,
    /// The zone days are cut in, and times are written in; UTC when absent.
    pub time_zone: Option<String>,
    /// One of the event type's lengths, in minutes.
    pub duration: Option<u32>,
    /// `time` (starts only, the usual) or `range` (starts and ends).
    pub format: Option<String>,
    /// The booking about to be moved: its own time is free for it.
    pub booking_uid_to_reschedule: Option<String>,
}

/// One slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlotOut {
    /// With the offset of the zone asked for.
    pub start: String,
    /// With `format=range`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Seats: how many are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats_booked: Option<u32>,
    /// Seats: how many are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats_remaining: Option<u32>,
    /// Seats: how many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats_total: Option<u32>,
}

/// A slot to keep for a while.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReservationIn {
    /// The event type's number.
    pub event_type_id: i64,
    /// When the slot starts.
    pub slot_start: String,
    /// One of the event type's lengths, in minutes.
    pub slot_duration: Option<Whole>,
    /// Minutes to keep it, 5 when absent. Other than 5 needs a key.
    pub reservation_duration: Option<Whole>,
}

/// A slot that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct ReservationOut {
    pub event_type_id: i64,
    pub slot_start: String,
    pub slot_end: String,
    pub slot_duration: i64,
    pub reservation_uid: String,
    pub reservation_duration: i64,
    pub reservation_until: String,
}
