//! What another client lays into a calendar, as Google has it.

use kalends_app::fake::{Laid, LaidWhen, Says};
use serde_json::{Value, json};

use super::HOST;

pub(super) fn event(laid: &Laid) -> Value {
    let [start, end] = match laid.when {
        LaidWhen::At(span) => {
            [span.starts(), span.ends()].map(|at| json!({ "dateTime": at.to_string(), "timeZone": "UTC" }))
        }
        LaidWhen::Days(first, until) => [first, until].map(|day| json!({ "date": day.to_string() })),
    };
    let mut event = json!({
        "summary": laid.name, "start": start, "end": end, "status": "confirmed",
        "organizer": { "email": "boss@example.com" },
    });
    let me = |said: &str| json!([{ "email": HOST, "self": true, "responseStatus": said }]);
    let (name, value) = match laid.says {
        Says::Busy => ("transparency", json!("opaque")),
        Says::Free => ("transparency", json!("transparent")),
        Says::Cancelled => ("status", json!("cancelled")),
        Says::Declined => ("attendees", me("declined")),
        Says::DeclinedByAnother => {
            ("attendees", json!([{ "email": "guest@example.com", "responseStatus": "declined" }]))
        }
        Says::Tentative => ("attendees", me("tentative")),
        Says::NotAnswered => ("attendees", me("needsAction")),
        Says::OutOfOffice => ("eventType", json!("outOfOffice")),
        Says::WorkingElsewhere => ("eventType", json!("workingLocation")),
        Says::Private => ("visibility", json!("private")),
    };
    event[name] = value;
    event
}
