//! Event types, by version 2024-06-14.

use kalends_domain::event_type::{
    BookingWindow, Buffers, Confirmation, Frequency, Lengths, Limit, Location, Period, Policy, Recurrence,
    Seats, Settings,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    Whole, Wrong,
    question::{self, FieldIn, FieldOut},
};

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
    /// Its colour in lists.
    pub color: Option<ColorIn>,
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
    /// With `integration`: the app's slug.
    pub integration: Option<String>,
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
        self.policy(&mut settings.policy);
        self.refuse_what_is_not_offered(&mut wrong);
        wrong.extend(
            settings.problems().into_iter().map(|problem| Wrong::new(api_name(problem.field), problem.fix)),
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
fn api_name(field: &str) -> &str {
    match field {
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

/// The words of a title template: the API's, and ours.
const TITLE_WORDS: [(&str, &str); 4] = [
    ("{Event type title}", "{event}"),
    ("{Organiser}", "{host}"),
    ("{Scheduler}", "{guest}"),
    ("{Location}", "{location}"),
];

fn placeholders(title: &str, words: &[(&str, &str)]) -> String {
    words.iter().fold(title.to_owned(), |title, (from, to)| title.replace(from, to))
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
            "link" => need(&place.link, "link").map(|url| Location::Link { url, public: place.public }),
            "phone" => {
                need(&place.phone, "phone").map(|number| Location::HostPhone { number, public: place.public })
            }
            "integration" => need(&place.integration, "integration").map(|app| Location::App { app }),
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
        Location::Link { url, public } => json!({ "type": "link", "link": url, "public": public }),
        Location::HostPhone { number, public } => {
            json!({ "type": "phone", "phone": number, "public": public })
        }
        Location::App { app } => json!({ "type": "integration", "integration": app }),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> EventTypeIn {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn rules_go_out_as_they_came_in() {
        let input = json!({
            "lengthInMinutes": 45,
            "lengthInMinutesOptions": ["30", 45],
            "locations": [
                { "type": "address", "address": "Main Street 1", "public": true },
                { "type": "integration", "integration": "jitsi" },
                { "type": "attendeePhone" },
            ],
            "slotInterval": 15,
            "minimumBookingNotice": 60,
            "beforeEventBuffer": 5,
            "bookingLimitsCount": { "day": 2, "week": 5 },
            "bookingLimitsDuration": { "month": 600 },
            "bookingWindow": { "type": "range", "value": ["2030-09-05", "2030-09-09"] },
            "confirmationPolicy": { "type": "time", "noticeThreshold": { "unit": "minutes", "count": 90 }, "blockUnconfirmedBookingsInBooker": true },
            "seats": { "seatsPerTimeSlot": 4, "showAttendeeInfo": true, "showAvailabilityCount": false },
            "customName": "{Event type title} between {Organiser} and {Scheduler}",
        });
        let settings = read(input.clone()).settings(Settings::default()).unwrap();
        assert_eq!(settings.title, "{event} between {host} and {guest}");
        let out = serde_json::to_value(EventTypeOut::of(&settings, Around::default())).unwrap();
        for (field, value) in input.as_object().unwrap() {
            let expected = if field == "lengthInMinutesOptions" { &json!([30, 45]) } else { value };
            assert_eq!(&out[field], expected, "{field}");
        }
    }

    #[test]
    fn what_is_absent_stays_as_it_is() {
        let before = Settings { notice: 7, offset: 3, ..Settings::default() };
        assert_eq!(read(json!({})).settings(before.clone()).unwrap(), before);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let input = read(json!({
            "lengthInMinutes": 0,
            "locations": [{ "type": "address" }, { "type": "moon" }],
            "bookingFields": [{ "type": "mood", "slug": "mood", "label": "Mood" }],
            "bookingWindow": { "type": "range", "value": 3 },
            "requiresBookerEmailVerification": true,
        }));
        let wrong = input.settings(Settings::default()).unwrap_err();
        let fields: Vec<&str> = wrong.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "locations[0].address",
                "locations[1].type",
                "bookingFields[0].type",
                "bookingWindow.value",
                "requiresBookerEmailVerification",
                "lengthInMinutes",
            ]
        );
    }
}
