//! What is asked of rooms here: every sort of request once.

use kalends_app::{
    AnyConference,
    kind::conference::{Link, Meeting},
};
use kalends_conformance::Check;
use serde_json::json;

/// The checks.
pub const CHECKS: &[Check<dyn AnyConference>] =
    &[Check::new("a_room_is_opened_moved_looked_for_listed_and_closed", |stage, part| {
        Box::pin(async move {
            let first = meeting(0);
            let mut room = part.open(&stage.cx, &first).await.expect("opens");
            for _ in 0..10 {
                if room.link == Link::Pending {
                    room = part.update(&stage.cx, &room, &first).await.expect("asks again");
                }
            }
            part.update(&stage.cx, &room, &meeting(3_600)).await.expect("moves");
            part.find(&stage.cx, &first).await.expect("looks");
            part.tagged(&stage.cx, std::slice::from_ref(&first.host)).await.expect("lists");
            part.close(&stage.cx, &room).await.expect("closes");
        })
    })];

/// A meeting so many seconds after the usual one.
pub fn meeting(later: i64) -> Meeting {
    let start = "2027-03-01T10:00:00Z".parse::<jiff::Timestamp>().expect("a constant").as_second() + later;
    let meeting = json!({
        "uid": "published", "title": "Introduction", "description": "",
        "span": { "start": start, "end": start + 1_800 }, "zone": "Europe/Berlin",
        "host": { "name": "Hanna Host", "email": "host@example.com" },
    });
    serde_json::from_value(meeting).expect("a meeting")
}
