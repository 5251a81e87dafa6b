//! Bookings, by version 2024-08-13.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kalends_domain::{
    booking::{Attendee, Booking, State},
    event_type::{Answer, Answers},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Whole, instant, seconds};

/// A booking to make.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BookingIn {
    /// When it starts: an instant, in UTC or with its offset.
    pub start: String,
    /// Who books.
    pub attendee: AttendeeIn,
    /// Answers by the question's slug.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub booking_fields_responses: Answers,
    /// The event type's number.
    pub event_type_id: Option<i64>,
    /// Its slug, with `username` or `teamSlug`.
    pub event_type_slug: Option<String>,
    /// Whose event type it is.
    pub username: Option<String>,
    /// Which team's event type it is.
    pub team_slug: Option<String>,
    /// Email addresses of others who come along.
    #[serde(default)]
    pub guests: Vec<String>,
    /// Where, when the event type leaves a choice.
    pub location: Option<PlaceIn>,
    /// Pairs kept with the booking.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// One of the event type's lengths.
    pub length_in_minutes: Option<Whole>,
    /// How many of a series.
    pub recurrence_count: Option<Whole>,
    /// The booker's own reservation of this slot, which the booking takes over.
    pub reservation_uid: Option<String>,
    /// Not offered: refused when true.
    #[serde(default)]
    pub instant: bool,
}

/// Who books.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttendeeIn {
    /// Their name.
    pub name: String,
    /// Their email.
    #[serde(default)]
    pub email: String,
    /// Their zone: mails to them are in it.
    pub time_zone: String,
    /// Their telephone number.
    pub phone_number: Option<String>,
    /// The language of mails to them.
    pub language: Option<String>,
}

/// A place, chosen among those of the event type.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(untagged, expecting = "give an object with a `type`, such as {\"type\": \"link\"}")]
pub enum PlaceIn {
    /// The older spelling: only its type, or an address.
    Word(String),
    /// By type.
    Typed {
        /// `address`, `link`, `integration`, `phone`, `attendeeAddress`, `attendeePhone` or `attendeeDefined`.
        #[serde(rename = "type")]
        kind: String,
        /// With `integration`: the app's slug.
        integration: Option<String>,
        /// With `attendeePhone`.
        phone: Option<String>,
        /// With `attendeeAddress`.
        address: Option<String>,
        /// With `attendeeDefined`.
        location: Option<String>,
    },
}

/// A new time for a booking.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RescheduleIn {
    /// When it starts: an instant.
    pub start: String,
    /// Whose wish it is: an email.
    pub rescheduled_by: Option<String>,
    /// Why.
    pub rescheduling_reason: Option<String>,
    /// Of a slot that guests share: whose seat is moved.
    pub seat_uid: Option<String>,
    /// The asker's own reservation of the new slot, which the booking takes over.
    pub reservation_uid: Option<String>,
}

/// Others who come along.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct GuestsIn {
    /// 1 to 10 of them.
    pub guests: Vec<GuestIn>,
}

/// Somebody who comes along.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct GuestIn {
    /// Their email: all that is kept of them.
    pub email: String,
}

/// Another place.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct LocationChangeIn {
    /// One of those of the event type.
    pub location: PlaceIn,
}

/// A booking that was given to another host.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReassignedOut {
    /// The booking: it keeps its uid.
    pub booking_uid: String,
    /// Who hosts it now.
    pub reassigned_to: ReassignedTo,
}

/// The new host of a booking.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct ReassignedTo {
    pub id: i64,
    pub name: String,
    pub email: String,
    pub display_email: String,
}

/// Calling a booking off.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CancelIn {
    /// Why.
    pub cancellation_reason: Option<String>,
    /// Of a series: all that follow too.
    pub cancel_subsequent_bookings: bool,
    /// Of a slot that guests share: whose seat.
    pub seat_uid: Option<String>,
}

/// A host's no.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub struct DeclineIn {
    /// Why.
    pub reason: Option<String>,
}

/// Who did not come.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub struct AbsentIn {
    /// The host.
    pub host: Option<bool>,
    /// Of those who were to come.
    pub attendees: Vec<AbsentAttendee>,
}

/// Whether one who was to come did not.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct AbsentAttendee {
    /// Their email.
    pub email: String,
    /// True when they did not come.
    pub absent: bool,
}

/// Which bookings are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub struct BookingsQuery {
    /// Any of `upcoming`, `recurring`, `past`, `cancelled`, `unconfirmed`, with commas between.
    pub status: Option<String>,
    /// Somebody who comes.
    pub attendee_email: Option<String>,
    /// Somebody who comes, or a part of their name.
    pub attendee_name: Option<String>,
    /// One booking.
    pub booking_uid: Option<String>,
    /// One event type.
    pub event_type_id: Option<i64>,
    /// Several event types, with commas between.
    pub event_type_ids: Option<String>,
    /// Not offered, and so refused: nobody gets more bookings than were asked for.
    #[param(ignore)]
    pub team_id: Option<String>,
    /// The same.
    #[param(ignore)]
    pub teams_ids: Option<String>,
    /// Starting at or after this instant.
    pub after_start: Option<String>,
    /// Ending at or before this instant.
    pub before_end: Option<String>,
    /// Made at or after this instant.
    pub after_created_at: Option<String>,
    /// Made at or before this instant.
    pub before_created_at: Option<String>,
    /// Changed at or after this instant.
    pub after_updated_at: Option<String>,
    /// Changed at or before this instant.
    pub before_updated_at: Option<String>,
    /// `asc` or `desc`.
    pub sort_start: Option<String>,
    /// `asc` or `desc`.
    pub sort_end: Option<String>,
    /// `asc` or `desc`.
    pub sort_created: Option<String>,
    /// `asc` or `desc`.
    pub sort_updated_at: Option<String>,
    /// At most so many, 1 to 250; 100 when absent.
    pub take: Option<u32>,
    /// So many left out first.
    pub skip: Option<u32>,
}

/// A booking as it goes out.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct BookingOut {
    pub id: i64,
    pub uid: String,
    pub title: String,
    pub description: String,
    pub hosts: Vec<HostOut>,
    /// `accepted`, `pending`, `cancelled` or `rejected`.
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancellation_reason: Option<String>,
    pub start: String,
    pub end: String,
    pub duration: i64,
    pub event_type_id: i64,
    pub event_type: EventTypeRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_url: Option<String>,
    pub location: String,
    pub absent_host: bool,
    pub created_at: String,
    pub updated_at: String,
    pub metadata: BTreeMap<String, String>,
    pub ics_uid: String,
    pub attendees: Vec<AttendeeOut>,
    pub guests: Vec<String>,
    /// Where guests share a slot, each attendee has their own.
    #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking_fields_responses: Option<Answers>,
    /// Bookings of one series share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurring_booking_uid: Option<String>,
    /// The seat the booking was asked for by, or that was just taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat_uid: Option<String>,
}

/// The event type of a booking.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct EventTypeRef {
    pub id: i64,
    pub slug: String,
}

/// A host of a booking.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct HostOut {
    pub id: i64,
    pub name: String,
    pub email: String,
    pub display_email: String,
    pub username: String,
    pub time_zone: String,
}

/// Somebody who comes.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the v2 API's own field names, described there")]
pub struct AttendeeOut {
    pub name: String,
    pub email: String,
    pub display_email: String,
    pub time_zone: String,
    pub language: String,
    pub absent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat_uid: Option<String>,
    /// Where guests share a slot.
    #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking_fields_responses: Option<Answers>,
}

/// What stands beside a booking that goes out.
#[derive(Debug, Clone)]
pub struct Around {
    /// The event type.
    pub event_type: EventTypeRef,
    /// What guests read about it.
    pub description: String,
    /// The hosts, the organizer first.
    pub hosts: Vec<HostOut>,
    /// Guests share the slot.
    pub shared: bool,
    /// The seat it was asked for by.
    pub seat: Option<String>,
}

impl BookingOut {
    /// A booking, with what stands beside it.
    pub fn of(booking: &Booking, around: Around) -> Self {
        let (extra, own): (Vec<&Attendee>, Vec<&Attendee>) =
            booking.attendees.iter().partition(|one| one.extra);
        let mut answers = booking.answers.clone();
        if !booking.notes.is_empty() {
            answers.insert("notes".into(), Answer::Text(booking.notes.clone()));
        }
        // The booker's; of those who took a seat later, what they are called.
        let mut answers = Some(answers);
        let mut attendees = Vec::with_capacity(own.len());
        let mut whole = None;
        for attendee in own {
            let mut out = AttendeeOut::of(attendee);
            let said = named(answers.take().unwrap_or_default(), attendee);
            if around.shared {
                out.booking_fields_responses = Some(said);
            } else if whole.is_none() {
                whole = Some(said);
            }
            attendees.push(out);
        }
        Self {
            id: booking.number,
            uid: booking.uid.to_string(),
            title: booking.title.clone(),
            description: around.description,
            hosts: around.hosts,
            status: status(&booking.state),
            cancellation_reason: reason(&booking.state),
            start: seconds(booking.span.start),
            end: seconds(booking.span.end),
            duration: booking.span.len() / 60,
            event_type_id: around.event_type.id,
            event_type: around.event_type,
            meeting_url: booking.location.url().map(str::to_owned),
            location: booking.location.line().to_owned(),
            absent_host: booking.marks.host_absent,
            created_at: instant(booking.created_at),
            updated_at: instant(booking.updated_at),
            metadata: booking.metadata.clone(),
            ics_uid: booking.uid.to_string(),
            attendees,
            guests: extra.into_iter().map(|guest| guest.email.clone()).collect(),
            booking_fields_responses: whole,
            recurring_booking_uid: booking.series.as_ref().map(ToString::to_string),
            seat_uid: around.seat,
        }
    }
}

/// Answers with what the form asks of everybody.
fn named(mut answers: Answers, attendee: &Attendee) -> Answers {
    answers.insert("name".into(), Answer::Text(attendee.name.clone()));
    answers.insert("email".into(), Answer::Text(attendee.email.clone()));
    answers
}

impl AttendeeOut {
    fn of(attendee: &Attendee) -> Self {
        Self {
            name: attendee.name.clone(),
            email: attendee.email.clone(),
            display_email: attendee.email.clone(),
            time_zone: attendee.zone.clone(),
            language: attendee.locale.clone(),
            absent: attendee.absent,
            phone_number: attendee.phone.clone(),
            seat_uid: attendee.seat.as_ref().map(ToString::to_string),
            booking_fields_responses: None,
        }
    }
}

/// The API's name for a booking's state.
const fn status(state: &State) -> &'static str {
    match state {
        State::AwaitingPayment { .. } | State::AwaitingConfirmation { .. } => "pending",
        State::Confirmed { .. } => "accepted",
        State::Cancelled { .. } => "cancelled",
        State::Rejected { .. } => "rejected",
    }
}

fn reason(state: &State) -> Option<String> {
    match state {
        State::Cancelled { reason, .. } | State::Rejected { reason, .. } if !reason.is_empty() => {
            Some(reason.clone())
        }
        _ => None,
    }
}

/// An instant somebody sent, with an offset or `Z`.
pub fn read_instant(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}
