use std::sync::Arc;

use kalends_app::{
    Cx, Kind, RemoteId,
    fake::{Fake, Fault},
    kind::conference::{Link, Meeting, Room},
};
use serde_json::{Value, json};
use vendor_microsoft::{UID, fake::Server, transaction};

use super::{cx, fake, meeting, part, ready};

struct World {
    server: Arc<Server>,
    cx: Cx,
}

impl World {
    fn new() -> Self {
        let server = Arc::new(fake::server());
        let cx = cx(&server, "event");
        Self { server, cx }
    }

    async fn open(&self) -> Room {
        part().open(&self.cx, &beside(0)).await.expect("opens")
    }

    async fn asked_again(&self, room: &Room) -> Room {
        part().update(&self.cx, room, &beside(0)).await.expect("asks")
    }

    /// The booking's event.
    fn event(&self, room: &Room) -> Value {
        let (_, id) = room.id.as_str().split_once(' ').expect("a room in the booking's event");
        self.server.mailbox.event(id).expect("it stands")
    }

    fn stand(&self) -> (usize, usize) {
        (self.server.mailbox.count(), self.server.mailbox.meetings())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.server.bench().strays(), Vec::<String>::new());
        }
    }
}

/// A meeting whose event goes to a calendar of the same account.
fn beside(later: i64) -> Meeting {
    Meeting { calendar: Some(main()), ..meeting(later) }
}

fn main() -> RemoteId {
    RemoteId::new("AAMkAGI2-main=")
}

#[tokio::test(start_paused = true)]
async fn msg_11_the_room_is_made_in_the_bookings_own_event() {
    let world = World::new();
    let room = world.open().await;
    assert_eq!(world.stand(), (1, 1), "one event, and the meeting is in it");
    let event = world.event(&room);
    assert_eq!(event["transactionId"], transaction("booking", &main()), "MSG-09");
    assert_eq!(event["showAs"], "busy");
    let properties = event["singleValueExtendedProperties"].as_array().expect("a list");
    assert_eq!(
        properties,
        &[json!({ "id": UID, "value": "booking" })],
        "the calendar's app knows it is begun"
    );
}

#[tokio::test(start_paused = true)]
async fn msg_11_a_link_that_comes_later_is_asked_for_without_touching_the_event() {
    let world = World::new();
    let mut room = world.open().await;
    assert_eq!(room.link, Link::Pending);
    let version = world.event(&room)["start"].clone();
    room = world.asked_again(&room).await;
    assert_eq!(room.link, Link::Pending);
    room = world.asked_again(&room).await;
    assert!(ready(&room), "{room:?}");
    assert_eq!(world.asked_again(&room).await, room, "and it stays");
    let moved = part().update(&world.cx, &room, &beside(7_200)).await.expect("the calendar's app moves it");
    assert_eq!((moved, world.event(&room)["start"].clone()), (room, version));
    let bench = world.server.bench();
    assert_eq!((bench.count("make_event_room"), bench.count("update")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn msg_11_where_the_provider_is_ignored_the_meeting_stands_by_itself_and_the_event_is_left_to_the_calendar()
 {
    let world = World::new();
    world.server.mailbox.no_teams(None);
    let room = world.open().await;
    assert!(room.id.as_str().starts_with("meeting:") && ready(&room), "{room:?}");
    assert_eq!(world.stand(), (1, 1), "the booking's event, and a meeting in no calendar");
}

#[tokio::test(start_paused = true)]
async fn msg_11_another_providers_room_is_taken_away_with_the_event_it_came_with() {
    let world = World::new();
    world.server.mailbox.no_teams(Some("skypeForBusiness"));
    let room = world.open().await;
    assert!(room.id.as_str().starts_with("meeting:") && ready(&room), "{room:?}");
    assert_eq!(world.stand(), (0, 1), "the calendar's app writes its own");
}

#[tokio::test(start_paused = true)]
async fn msg_11_an_entry_that_got_no_meeting_does_not_stay() {
    let world = World::new();
    world.server.mailbox.no_teams(None);
    let room = part().open(&world.cx, &meeting(0)).await.expect("opens");
    assert!(room.id.as_str().starts_with("meeting:"), "{room:?}");
    assert_eq!(world.stand(), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn another_accounts_calendar_means_an_entry_of_its_own() {
    let world = World::new();
    let meeting = Meeting { calendar: Some(RemoteId::new("AAMkAGI2-of-somebody-else=")), ..meeting(0) };
    let room = part().open(&world.cx, &meeting).await.expect("opens");
    assert!(room.id.as_str().starts_with("event:"), "{room:?}");
    assert_eq!(part().find(&world.cx, &meeting).await.expect("looks").map(|found| found.id), Some(room.id));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_found_with_its_event() {
    // ALL-07
    let world = World::new();
    world.server.bench().next_write([Fault::Drop]);
    let error = part().open(&world.cx, &beside(0)).await.expect_err("its answer was lost");
    assert_eq!(error.kind, Kind::UnknownOutcome);
    let found = part().find(&world.cx, &beside(0)).await.expect("looks").expect("is there");
    assert_eq!((world.open().await.id, world.stand()), (found.id, (1, 1)));
}

#[tokio::test(start_paused = true)]
async fn a_booking_that_takes_place_at_teams_from_now_on_gets_its_room_in_the_event_it_has() {
    let world = World::new();
    let at = json!({ "dateTime": "2027-03-01T09:00:00", "timeZone": "UTC" });
    let event = json!({
        "subject": "Introduction", "start": at, "end": at, "transactionId": "kalends:booking:x",
        "singleValueExtendedProperties": [{ "id": UID, "value": "booking" }],
    });
    world.server.mailbox.put_by_other("Calendar", &event);
    let room = world.open().await;
    assert_eq!((room.link.clone(), world.stand()), (Link::Pending, (1, 1)));
    assert!(ready(&world.asked_again(&room).await));
}

#[tokio::test(start_paused = true)]
async fn msg_09_a_deleted_event_comes_back_with_a_new_room() {
    let world = World::new();
    let room = world.open().await;
    let (_, id) = room.id.as_str().split_once(' ').expect("a room in an event");
    world.server.mailbox.remove_by_other(id);
    assert!(part().update(&world.cx, &room, &beside(0)).await.expect_err("it is gone").is_missing());
    assert_eq!(part().find(&world.cx, &beside(0)).await.expect("looks"), None);
    // The name of the first making is taken for a while yet.
    let again = world.open().await;
    assert_ne!(again.id, room.id);
    assert_eq!(world.stand(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn msg_11_closing_takes_the_event_with_the_room() {
    let world = World::new();
    let room = world.open().await;
    part().close(&world.cx, &room).await.expect("closes");
    assert_eq!(world.stand(), (0, 0));
    assert!(part().close(&world.cx, &room).await.expect_err("it is gone").is_missing());
}

#[tokio::test(start_paused = true)]
async fn a_host_whose_bookings_go_to_another_calendar_gets_the_room_there() {
    let world = World::new();
    let room = world.open().await;
    for calendar in [Some(RemoteId::new("AAMkAGI2-team=")), None] {
        let other = Meeting { calendar, ..meeting(0) };
        let error = part().update(&world.cx, &room, &other).await.expect_err("it is made anew");
        assert_eq!(error.kind, Kind::NotFound);
    }
}

#[test]
fn it_makes_rooms_beside_microsoft_365_but_does_not_need_it() {
    let manifest = super::APP.manifest();
    assert_eq!((&manifest.beside[..], manifest.depends_on.len()), (&["microsoft-365".to_owned()][..], 0));
}
