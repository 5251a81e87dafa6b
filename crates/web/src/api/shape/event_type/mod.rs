//! Event types, by version 2024-06-14.

mod input;
mod output;
mod read;

pub use self::{
    input::{
        ColorIn, ConfirmationIn, DisableIn, EventTypeIn, LimitsIn, LocationIn, Notice, RecurrenceIn, SeatsIn,
        WindowIn,
    },
    output::{Around, EventTypeOut},
};

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

#[cfg(test)]
mod tests {
    use kalends_domain::event_type::Settings;
    use serde_json::{Value, json};

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
