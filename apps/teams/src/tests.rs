//! Teams, beyond what the suite asks of every conference: the form without an entry, and what the entry keeps.

use std::sync::Arc;

use kalends_app::{
    Account, AnyConference, Cx, Kind,
    fake::{Fake, Fault, Played, example, gateway},
    gateway::Patience,
    kind::conference::{Link, Meeting, Room},
};
use serde_json::json;
use vendor_microsoft::fake::{BEGIN, Server};

use super::{APP, Teams, fake};

mod beside;

fn cx(server: &Arc<Server>, form: &str) -> Cx {
    let net = Arc::new(Played::new(Arc::clone(server) as Arc<dyn Fake>));
    let gateway = gateway(net, BEGIN.parse().expect("a time"));
    let account = Account {
        settings: json!({ "form": form }),
        signer: server.oauth().map(kalends_app::fake::OAuth::signer),
        ..example::account()
    };
    gateway.cx(&APP, account, Patience::Job).expect("the account can be used")
}

fn meeting(later: i64) -> Meeting {
    let start = BEGIN.parse::<jiff::Timestamp>().expect("a time").as_second() + 3_600 + later;
    let meeting = json!({
        "uid": "booking", "title": "Introduction\r\nand more", "description": "",
        "span": { "start": start, "end": start + 1_800 }, "zone": "Europe/Berlin",
        "host": { "name": "Hanna Host", "email": "host@example.com" },
    });
    serde_json::from_value(meeting).expect("a meeting")
}

fn part() -> &'static dyn AnyConference {
    &Teams
}

fn ready(room: &Room) -> bool {
    matches!(&room.link, Link::Ready(link) if link.starts_with("https://teams.microsoft.com/"))
}

#[tokio::test(start_paused = true)]
async fn msg_13_a_meeting_by_itself_stands_in_no_calendar() {
    let server = Arc::new(fake::server());
    let cx = cx(&server, "meeting");
    let room = part().open(&cx, &meeting(0)).await.expect("opens");
    assert!(ready(&room), "{room:?}");
    assert_eq!((server.mailbox.count(), server.mailbox.meetings()), (0, 1));
    part().close(&cx, &room).await.expect("closes");
    assert_eq!(server.mailbox.meetings(), 0);
    assert!(part().close(&cx, &room).await.expect_err("it is gone").is_missing());
}

#[tokio::test(start_paused = true)]
async fn msg_13_all_07_a_meeting_whose_answer_was_lost_is_not_made_twice() {
    let server = Arc::new(fake::server());
    let cx = cx(&server, "meeting");
    server.bench().next_write([Fault::Drop]);
    let error = part().open(&cx, &meeting(0)).await.expect_err("its answer was lost");
    assert_eq!(error.kind, Kind::UnknownOutcome);
    // Meanwhile the booking has moved.
    let room = part().open(&cx, &meeting(7_200)).await.expect("opens");
    assert!(ready(&room));
    assert_eq!((server.mailbox.meetings(), server.bench().count("update")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_meeting_by_itself_keeps_its_link_when_it_moves() {
    let server = Arc::new(fake::server());
    let cx = cx(&server, "meeting");
    let room = part().open(&cx, &meeting(0)).await.expect("opens");
    assert_eq!(part().update(&cx, &room, &meeting(86_400)).await.expect("moves"), room);
}

#[tokio::test(start_paused = true)]
async fn msg_11_a_link_that_comes_later_is_pending_until_then() {
    let server = Arc::new(fake::server());
    let cx = cx(&server, "event");
    let mut room = part().open(&cx, &meeting(0)).await.expect("opens");
    let mut asked = 0;
    while room.link == Link::Pending {
        room = part().update(&cx, &room, &meeting(0)).await.expect("asks again");
        asked += 1;
    }
    assert!(ready(&room) && asked == 2, "{room:?} after {asked}");
}

#[tokio::test(start_paused = true)]
async fn msg_11_an_entry_takes_no_time_and_its_text_is_left_alone() {
    let server = Arc::new(fake::server());
    let cx = cx(&server, "event");
    let room = part().open(&cx, &meeting(0)).await.expect("opens");
    for later in [600, 1_200] {
        part().update(&cx, &room, &meeting(later)).await.expect("moves");
    }
    let id = room.id.as_str().strip_prefix("event:").expect("an entry");
    let event = server.mailbox.event(id).expect("it stands");
    assert_eq!((&event["showAs"], &event["subject"]), (&json!("free"), &json!("Introduction and more")));
    assert!(event["body"]["content"].as_str().is_some_and(|text| text.contains("me-email-text")), "MSG-12");
}

#[tokio::test(start_paused = true)]
async fn a_room_keeps_its_form_when_the_setting_changes() {
    let server = Arc::new(fake::server());
    let (event, alone) = (cx(&server, "event"), cx(&server, "meeting"));
    let room = part().open(&event, &meeting(0)).await.expect("opens");
    part().update(&alone, &room, &meeting(600)).await.expect("moves the entry");
    part().close(&alone, &room).await.expect("closes the entry");
    assert_eq!(server.mailbox.meetings(), 0);
    assert_eq!(server.bench().strays(), [""; 0]);
}

#[test]
fn msg_01_meetings_and_calendars_are_asked_for_apart_and_neither_is_demanded() {
    let oauth = APP.manifest().auth.oauth().expect("people sign in");
    let wished: Vec<(&str, bool)> =
        oauth.scopes.iter().map(|one| (one.scope.as_str(), one.required)).collect();
    assert!(
        wished.contains(&("OnlineMeetings.ReadWrite", false))
            && wished.contains(&("Calendars.ReadWrite", false))
    );
}
