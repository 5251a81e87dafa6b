use kalends_app::Kind;
use serde_json::json;

use super::{World, draft, hour, id, of_hour, part};
use kalends_app::kind::calendar::{Attendance, Attendee, Draft, Person};

#[tokio::test(start_paused = true)]
async fn msg_09_a_booking_whose_event_is_gone_is_written_anew() {
    let world = World::new();
    let first = part().create(&world.cx, &id("main"), &draft(10)).await.expect("creates");
    world.server.mailbox.remove_by_other(first.id.as_str());
    // Graph remembers the name of the making, though what it made is gone.
    let again = part().create(&world.cx, &id("main"), &draft(10)).await.expect("creates again");
    assert_ne!(first.id, again.id);
    assert_eq!(world.server.mailbox.count(), 1);
    let event = world.server.mailbox.event(again.id.as_str()).expect("it stands");
    assert_eq!(
        event["transactionId"].as_str().and_then(vendor_microsoft::of_transaction),
        Some("kalends-booking")
    );
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn msg_09_the_same_booking_in_two_calendars_is_two_events() {
    let world = World::new();
    let one = part().create(&world.cx, &id("main"), &draft(10)).await.expect("creates");
    let other = part().create(&world.cx, &id("team"), &draft(10)).await.expect("creates");
    assert_ne!(one.id, other.id);
    assert_eq!((world.busy("main").await, world.busy("team").await), (vec![of_hour(10)], vec![of_hour(10)]));
}

#[tokio::test(start_paused = true)]
async fn all_07_what_somebody_moved_is_not_our_earlier_try() {
    let world = World::new();
    let written = part().create(&world.cx, &id("main"), &draft(10)).await.expect("creates");
    world.server.mailbox.change_by_other(written.id.as_str(), &hour("Introduction", 20));
    let error = part().create(&world.cx, &id("main"), &draft(10)).await.expect_err("it stands elsewhere");
    assert_eq!(error.kind, Kind::Conflict);
    let error =
        part().update(&world.cx, &id("main"), &written, &draft(10)).await.expect_err("it was changed");
    assert_eq!(error.kind, Kind::Conflict);
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn nobody_is_invited_behind_our_back() {
    let world = World::new();
    let person = Person { name: "Gus Guest".into(), email: "guest@example.com".into() };
    let guest = Attendee { person, status: Attendance::Accepted, optional: false };
    let draft = Draft { attendees: vec![guest], ..draft(10) };
    let written = part().create(&world.cx, &id("main"), &draft).await.expect("creates");
    let event = world.server.mailbox.event(written.id.as_str()).expect("it stands");
    assert!(event["attendees"].is_null(), "Exchange mails whoever stands there");
}

#[tokio::test(start_paused = true)]
async fn msg_12_what_teams_keeps_in_the_text_stays_there() {
    let world = World::new();
    let old = part().create(&world.cx, &id("main"), &draft(10)).await.expect("creates");
    let theirs = "<html><body>See you<div><span>____________________</span></div>\
        <div class=\"me-email-text\"><a href=\"https://teams.microsoft.com/l/meetup-join/1\">Join</a></div></body></html>";
    let teams = json!({ "isOnlineMeeting": true, "body": { "contentType": "html", "content": theirs } });
    world.server.mailbox.change_by_other(old.id.as_str(), &teams);

    let found =
        part().find(&world.cx, &id("main"), "kalends-booking").await.expect("looks").expect("is there");
    let later = Draft { sequence: 1, description: "Another day".into(), ..draft(20) };
    let written = part().update(&world.cx, &id("main"), &found, &later).await.expect("updates");
    let event = world.server.mailbox.event(old.id.as_str()).expect("it stands");
    let text = event["body"]["content"].as_str().expect("a text");
    assert!(text.contains("meetup-join/1") && text.contains("Another day"), "{text}");
    part()
        .update(&world.cx, &id("main"), &written, &Draft { sequence: 2, ..draft(30) })
        .await
        .expect("again");
    world.understood();
}

#[tokio::test(start_paused = true)]
async fn of_copies_somebody_made_the_one_we_made_is_ours() {
    let world = World::new();
    let written = part().create(&world.cx, &id("main"), &draft(10)).await.expect("creates");
    let mut copy = world.server.mailbox.event(written.id.as_str()).expect("it stands");
    copy["id"] = "AAMkAGI2-a-copy=".into();
    copy["transactionId"] = json!(null);
    world.server.mailbox.put_by_other("Calendar", &copy);
    let found =
        part().find(&world.cx, &id("main"), "kalends-booking").await.expect("looks").expect("is there");
    assert_eq!(found.id, written.id);
}

#[tokio::test(start_paused = true)]
async fn msg_07_our_events_are_written_with_windows_zone_names() {
    let world = World::new();
    part().create(&world.cx, &id("main"), &draft(10)).await.expect("creates");
    let sent = world.server.mailbox.bench().seen();
    let sent = sent.iter().find(|request| request.op.name == "create_event").expect("it was sent");
    let body: serde_json::Value = serde_json::from_slice(&sent.body).expect("JSON");
    assert_eq!(
        body["start"],
        json!({ "dateTime": "2027-03-01T11:00:00", "timeZone": "W. Europe Standard Time" })
    );
}
