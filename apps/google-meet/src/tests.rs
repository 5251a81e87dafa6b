//! Google Meet, beyond what the suite asks of every conference.

use std::sync::Arc;

use kalends_app::{
    Account, AnyConference, Cx, Kind, RemoteId,
    fake::{Fake, Fault, OAuth, Played, example, gateway},
    gateway::Patience,
    kind::{
        calendar::Person,
        conference::{Link, Meeting, Room},
    },
};
use kalends_domain::Span;
use serde_json::{Value, json};
use vendor_google::{
    fake::{Google, HOST, Rooms},
    name,
};

use super::{APP, GoogleMeet, fake};

struct World {
    google: Arc<Google>,
    cx: Cx,
}

impl World {
    fn new() -> Self {
        Self::with(&json!({}))
    }

    fn with(settings: &Value) -> Self {
        let google = Arc::new(fake::google());
        let net = Arc::new(Played::new(Arc::clone(&google) as Arc<dyn Fake>));
        let gateway = gateway(net, example::begin());
        let account = Account {
            settings: settings.clone(),
            signer: google.oauth().map(OAuth::signer),
            ..example::account()
        };
        let cx = gateway.cx(&APP, account, Patience::Job).expect("the account can be used");
        Self { google, cx }
    }

    async fn open(&self) -> Room {
        part().open(&self.cx, &beside()).await.expect("opens")
    }

    async fn asked_again(&self, room: &Room) -> Room {
        part().update(&self.cx, room, &beside()).await.expect("asks")
    }

    fn event(&self) -> Value {
        self.google.event(HOST, &name::event("booking")).expect("the event is there")
    }

    fn sent(&self, op: &str) -> Vec<Value> {
        let seen = self.google.bench().seen();
        let of = seen.iter().filter(|request| request.op.name == op);
        of.map(|request| serde_json::from_slice(&request.body).expect("JSON")).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.google.bench().strays(), Vec::<String>::new());
        }
    }
}

fn part() -> &'static dyn AnyConference {
    &GoogleMeet
}

/// A meeting whose event goes to another provider's calendar.
fn apart() -> Meeting {
    let start = "2027-03-02T10:00:00Z".parse::<jiff::Timestamp>().expect("a time").as_second();
    let host = Person { email: HOST.into(), ..example::host() };
    Meeting { host, ..example::meeting(Span::new(start, start + 1800)) }
}

/// A meeting whose event goes to Google Calendar.
fn beside() -> Meeting {
    Meeting { calendar: Some(RemoteId::new(HOST)), ..apart() }
}

fn is_space(room: &Room) -> bool {
    room.id.as_str().starts_with("spaces/")
}

#[tokio::test(start_paused = true)]
async fn gcal_14_the_event_is_begun_with_a_wish_for_a_room() {
    let world = World::new();
    world.open().await;
    let sent = world.sent("make_event_room").remove(0);
    let wish = &sent["conferenceData"]["createRequest"];
    assert_eq!(wish["conferenceSolutionKey"]["type"], "hangoutsMeet");
    assert!(wish["requestId"].as_str().is_some_and(|id| id.len() == 32));
    assert_eq!(sent["id"], name::event("booking"));
    assert_eq!(world.event()["extendedProperties"]["private"]["kalendsUid"], "booking");
    let seen = world.google.bench().seen();
    let query = seen[0].url.query().unwrap_or_default();
    assert!(query.contains("conferenceDataVersion=1") && query.contains("sendUpdates=none"), "{query}");
}

#[tokio::test(start_paused = true)]
async fn gcal_15_a_pending_room_is_asked_for_until_it_is_there() {
    let world = World::new();
    world.google.rooms(Rooms::After(3));
    let mut room = world.open().await;
    for _ in 0..2 {
        assert_eq!(room.link, Link::Pending);
        room = world.asked_again(&room).await;
    }
    let room = world.asked_again(&room).await;
    assert!(
        matches!(&room.link, Link::Ready(url) if url.starts_with("https://meet.google.com/")),
        "{room:?}"
    );
    assert_eq!(world.google.bench().count("make_event_room"), 1, "one wish");
    assert_eq!(world.google.spaces(), 0);
    assert_eq!(world.asked_again(&room).await, room, "and it stays");
}

#[tokio::test(start_paused = true)]
async fn gcal_15_a_room_that_stands_at_once_is_ready_at_once() {
    let world = World::new();
    world.google.rooms(Rooms::After(0));
    assert!(matches!(world.open().await.link, Link::Ready(_)));
}

#[tokio::test(start_paused = true)]
async fn gcal_15_where_google_makes_no_room_with_the_event_one_is_made_by_itself() {
    for rooms in [Rooms::Never, Rooms::Refused] {
        let world = World::new();
        world.google.rooms(rooms);
        let room = world.open().await;
        assert!(is_space(&room) && matches!(room.link, Link::Ready(_)), "{rooms:?}: {room:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn gcal_15_a_wish_that_fails_later_becomes_a_room_by_itself() {
    let world = World::new();
    world.google.rooms(Rooms::After(9));
    let pending = world.open().await;
    let mut event = world.event();
    event["conferenceData"]["createRequest"]["status"]["statusCode"] = "failure".into();
    world.google.put(HOST, &name::event("booking"), event);
    let room = world.asked_again(&pending).await;
    assert!(is_space(&room), "{room:?}");
}

#[tokio::test(start_paused = true)]
async fn gcal_16_another_accounts_calendar_means_a_room_by_itself() {
    for calendar in ["somebody@example.org", "holidays@group.v.calendar.google.com"] {
        let world = World::new();
        let meeting = Meeting { calendar: Some(RemoteId::new(calendar)), ..apart() };
        let room = part().open(&world.cx, &meeting).await.expect("opens");
        assert!(is_space(&room), "{calendar}");
    }
}

#[tokio::test(start_paused = true)]
async fn gcal_14_a_lost_answer_is_found_with_its_event() {
    // ALL-07
    let world = World::new();
    world.google.bench().next([Fault::Drop]);
    let error = part().open(&world.cx, &beside()).await.expect_err("its answer was lost");
    assert_eq!((error.kind, world.google.bench().seen().len()), (Kind::UnknownOutcome, 1));
    let found = part().find(&world.cx, &beside()).await.expect("looks").expect("is there");
    assert!(matches!(found.link, Link::Ready(_)));
    let again = part().open(&world.cx, &beside()).await.expect("is our own earlier try");
    assert_eq!((again, world.google.count(HOST)), (found, 1));
}

#[tokio::test(start_paused = true)]
async fn a_booking_that_takes_place_on_meet_from_now_on_gets_its_room_on_the_event_it_has() {
    let world = World::new();
    let event = json!({
        "summary": "Introduction", "location": "Office",
        "organizer": { "email": HOST, "self": true },
        "start": { "dateTime": "2027-03-02T10:00:00Z" }, "end": { "dateTime": "2027-03-02T10:30:00Z" },
    });
    world.google.put(HOST, &name::event("booking"), event);
    let room = world.open().await;
    assert_eq!(room.link, Link::Pending);
    assert_eq!((world.event()["location"].clone(), world.google.count(HOST)), (json!("Office"), 1));
    assert!(matches!(world.asked_again(&room).await.link, Link::Ready(_)));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_event_comes_back_with_a_new_room() {
    let world = World::new();
    let room = world.open().await;
    world.google.remove(HOST, &name::event("booking"));
    let error = part().update(&world.cx, &room, &beside()).await.expect_err("it is gone");
    assert!(error.is_missing());
    assert_eq!(part().find(&world.cx, &beside()).await.expect("looks"), None);
    assert_eq!(world.open().await.link, Link::Pending);
    let event = world.event();
    assert_eq!((&event["status"], &event["summary"]), (&json!("confirmed"), &json!("Introduction")));
}

#[tokio::test(start_paused = true)]
async fn closing_takes_the_room_off_and_leaves_the_event() {
    let world = World::new();
    let room = world.open().await;
    let room = world.asked_again(&room).await;
    part().close(&world.cx, &room).await.expect("closes");
    assert_eq!((world.event().get("conferenceData"), world.google.count(HOST)), (None, 1));
    assert!(part().close(&world.cx, &room).await.expect_err("it is closed").is_missing());
    world.google.remove(HOST, &name::event("booking"));
    assert!(part().close(&world.cx, &room).await.expect_err("it is gone").is_missing());
}

#[tokio::test(start_paused = true)]
async fn a_host_whose_bookings_go_to_another_calendar_gets_the_room_there() {
    let world = World::new();
    let room = world.open().await;
    let team = Meeting { calendar: Some(RemoteId::new("team@group.calendar.google.com")), ..apart() };
    let error = part().update(&world.cx, &room, &team).await.expect_err("it is made anew");
    assert_eq!(error.kind, Kind::NotFound);
    // One that goes to no Google calendar any more keeps what it has.
    assert_eq!(part().update(&world.cx, &room, &apart()).await.expect("asks").id, room.id);
}

#[tokio::test(start_paused = true)]
async fn gcal_25_the_setup_can_ask_for_rooms_by_themselves() {
    let world = World::with(&json!({ "rooms": "space", "entry": "open" }));
    let room = world.open().await;
    assert!(is_space(&room));
    assert_eq!(world.sent("make_space"), [json!({ "config": { "accessType": "OPEN" } })]);
    assert_eq!(world.google.count(HOST), 0);
}

#[tokio::test(start_paused = true)]
async fn gcal_25_who_comes_in_is_left_to_google_unless_said() {
    let world = World::new();
    part().open(&world.cx, &apart()).await.expect("opens");
    assert_eq!(world.sent("make_space"), [json!({})]);
}

#[tokio::test(start_paused = true)]
async fn gcal_25_each_booking_has_a_space_of_its_own_made_once() {
    // ALL-07: the interface has no key, so a lost answer is not repeated.
    let world = World::new();
    world.google.bench().next_write([Fault::Drop]);
    let error = part().open(&world.cx, &apart()).await.expect_err("its answer was lost");
    assert_eq!((error.kind, world.google.bench().count("make_space")), (Kind::UnknownOutcome, 1));
}

#[tokio::test(start_paused = true)]
async fn gcal_25_a_closed_space_lets_nobody_in_by_its_link_alone() {
    let world = World::new();
    let room = part().open(&world.cx, &apart()).await.expect("opens");
    part().close(&world.cx, &room).await.expect("closes");
    let space = world.google.space(room.id.as_str()).expect("it cannot be deleted");
    assert_eq!(space["config"]["accessType"], "RESTRICTED");
    assert_eq!(world.google.ended(), [room.id.to_string()]);
}

#[tokio::test(start_paused = true)]
async fn gcal_25_a_space_that_is_gone_says_so() {
    let world = World::new();
    let room = part().open(&world.cx, &apart()).await.expect("opens");
    world.google.forget_space(room.id.as_str());
    assert!(part().update(&world.cx, &room, &apart()).await.expect_err("it is gone").is_missing());
    assert!(part().close(&world.cx, &room).await.expect_err("it is gone").is_missing());
}

#[tokio::test(start_paused = true)]
async fn closing_waits_an_outage_out() {
    let world = World::new();
    let room = part().open(&world.cx, &apart()).await.expect("opens");
    world.google.bench().next([Fault::Refuse, Fault::Status(503, vec![])]);
    part().close(&world.cx, &room).await.expect("the third try closes");
}

#[tokio::test(start_paused = true)]
async fn all_10_an_answer_without_a_link_is_no_room() {
    let world = World::new();
    for body in ["", "{}", "[]", r#"{"name":"spaces/x","meetingUri":"javascript:1"}"#] {
        world.google.bench().next_write([Fault::Garbage(body.into())]);
        let error = part().open(&world.cx, &apart()).await.expect_err("no room");
        assert_eq!(error.kind, Kind::Malformed, "{body}");
    }
}

#[test]
fn it_says_that_it_goes_with_google_calendar() {
    assert_eq!(APP.manifest().depends_on, ["google-calendar"]);
    assert_eq!(APP.manifest().beside, ["google-calendar"]);
}
