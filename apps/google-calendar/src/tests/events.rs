//! Our events.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kalends_app::{
    Kind, RemoteId, Request,
    fake::{Fake, OAuth, Played},
    http::{Answer, Transport},
    kind::calendar::{Draft, Shown, Written},
};
use serde_json::{Value, json};
use vendor_google::{
    fake::{Google, HOST},
    name,
};

use super::{World, cx_by, draft, host, part, span, theirs};

fn id(uid: &str) -> String {
    name::event(uid)
}

async fn created(world: &World, uid: &str) -> Written {
    part().create(&world.cx, &host(), &draft(uid)).await.expect("creates")
}

#[tokio::test(start_paused = true)]
async fn gcal_08_a_second_try_meets_the_first_ones_event() {
    let world = World::new();
    let first = created(&world, "booking").await;
    let again = created(&world, "booking").await;
    assert_eq!((&first, first.id.as_str()), (&again, id("booking").as_str()));
    assert_eq!(world.google.count(HOST), 1);
}

#[tokio::test(start_paused = true)]
async fn gcal_08_a_deleted_event_comes_back_under_its_id() {
    let world = World::new();
    created(&world, "booking").await;
    world.google.remove(HOST, &id("booking"));
    let again = created(&world, "booking").await;
    assert_eq!(again.id.as_str(), id("booking"));
    let event = world.event(&id("booking"));
    assert_eq!((&event["status"], &event["summary"]), (&json!("confirmed"), &json!("Introduction")));
}

#[tokio::test(start_paused = true)]
async fn gcal_09_an_event_under_another_id_is_found_by_what_was_left_with_it() {
    let world = World::new();
    let more = json!({ "extendedProperties": { "private": { "kalendsUid": "booking" } } });
    world.put("imported1", theirs(2, &more));
    let found = part().find(&world.cx, &host(), "booking").await.expect("looks").expect("is there");
    assert_eq!(found.id.as_str(), "imported1");
    part().delete(&world.cx, &host(), &found).await.expect("deletes it there");
    assert_eq!(part().find(&world.cx, &host(), "booking").await.expect("looks"), None);
}

#[tokio::test(start_paused = true)]
async fn gcal_10_google_mails_guests_only_where_the_setup_says_so() {
    for (choice, word) in [("kalends", "none"), ("google", "all")] {
        let world = World::with(&json!({ "invitations": choice }));
        let written = created(&world, "booking").await;
        let later =
            part().update(&world.cx, &host(), &written, &super::draft("booking")).await.expect("updates");
        part().delete(&world.cx, &host(), &later).await.expect("deletes");
        for op in ["create_event", "update_event", "delete_event"] {
            let chosen = ("sendUpdates".to_owned(), word.to_owned());
            assert!(world.asked(op).contains(&chosen), "{op}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn gcal_11_times_are_written_with_their_zone() {
    let world = World::new();
    created(&world, "booking").await;
    let sent = sent(&world, "create_event");
    assert_eq!(
        sent["start"],
        json!({ "dateTime": "2027-03-02T05:00:00-05:00", "timeZone": "America/New_York" })
    );
}

#[tokio::test(start_paused = true)]
async fn gcal_12_somebody_elses_change_is_not_written_over() {
    let world = World::new();
    let written = created(&world, "booking").await;
    let mut moved = world.event(&id("booking"));
    moved["start"] = json!({ "dateTime": "2027-03-03T10:00:00Z" });
    moved["end"] = json!({ "dateTime": "2027-03-03T11:00:00Z" });
    world.put(&id("booking"), moved);
    let error = part().update(&world.cx, &host(), &written, &draft("booking")).await.expect_err("it changed");
    assert_eq!(error.kind, Kind::Conflict);
    // Read again, it can be.
    let now = part().find(&world.cx, &host(), "booking").await.expect("looks").expect("is there");
    part().update(&world.cx, &host(), &now, &draft("booking")).await.expect("updates");
    let all = world.changes(None).await;
    assert_eq!(all.upserts[0].span, Some(draft("booking").span));
}

#[tokio::test(start_paused = true)]
async fn gcal_12_what_guests_added_stays_through_our_changes() {
    let world = World::new();
    let written = created(&world, "booking").await;
    let mut event = world.event(&id("booking"));
    event["colorId"] = "5".into();
    event["conferenceData"] = json!({ "conferenceId": "abc" });
    world.put(&id("booking"), event);
    let now = Written { etag: None, ..written };
    part().update(&world.cx, &host(), &now, &draft("booking")).await.expect("updates");
    let event = world.event(&id("booking"));
    assert_eq!((&event["colorId"], &event["conferenceData"]["conferenceId"]), (&json!("5"), &json!("abc")));
}

#[tokio::test(start_paused = true)]
async fn gcal_12_an_event_made_all_day_by_somebody_gets_its_time_back() {
    let world = World::new();
    let written = created(&world, "booking").await;
    let mut event = world.event(&id("booking"));
    event["start"] = json!({ "date": "2027-03-02" });
    event["end"] = json!({ "date": "2027-03-03" });
    world.put(&id("booking"), event);
    let now = Written { etag: None, ..written };
    part().update(&world.cx, &host(), &now, &draft("booking")).await.expect("updates");
    let all = world.changes(None).await;
    assert_eq!(all.upserts[0].span, Some(draft("booking").span));
}

#[tokio::test(start_paused = true)]
async fn gcal_13_updating_a_deleted_event_does_not_bring_it_back() {
    let world = World::new();
    let written = created(&world, "booking").await;
    world.google.remove(HOST, &id("booking"));
    for known in [written.clone(), Written { etag: None, ..written }] {
        let error =
            part().update(&world.cx, &host(), &known, &draft("booking")).await.expect_err("it is gone");
        assert!(error.is_missing(), "{error:?}");
    }
    assert_eq!(world.google.count(HOST), 0);
}

#[tokio::test(start_paused = true)]
async fn a_co_hosts_copy_of_the_event_is_left_to_google() {
    // Google puts an event into its attendees' calendars itself, under the same id.
    let world = World::new();
    let copy = json!({ "organizer": { "email": "other@example.com", "self": false } });
    world.put(&id("booking"), theirs(2, &copy));
    let before = world.event(&id("booking"));
    let written = created(&world, "booking").await;
    part()
        .update(&world.cx, &host(), &written, &draft("booking"))
        .await
        .expect("is the organizer's to change");
    assert_eq!(world.event(&id("booking")), before);
    assert_eq!(world.google.count(HOST), 1);
}

#[tokio::test(start_paused = true)]
async fn adr_0012_an_event_that_was_begun_for_its_room_is_filled_in() {
    let world = World::new();
    let begun = json!({
        "summary": "Introduction",
        "extendedProperties": { "private": { "kalendsUid": "booking" } },
        "conferenceData": { "conferenceId": "abc" },
    });
    world.put(&id("booking"), theirs(9, &begun));
    created(&world, "booking").await;
    let event = world.event(&id("booking"));
    assert_eq!(event["description"], "See you");
    assert_eq!(event["conferenceData"]["conferenceId"], "abc", "its room stays");
    let all = world.changes(None).await;
    assert_eq!(all.upserts[0].busy, [span("2027-03-02T10:00:00Z", "2027-03-02T11:00:00Z")]);
}

#[tokio::test(start_paused = true)]
async fn gcal_26_guests_do_not_see_each_other_unless_their_host_wants_it() {
    let world = World::new();
    created(&world, "booking").await;
    let group = sent(&world, "create_event");
    let flags = ["guestsCanSeeOtherGuests", "guestsCanInviteOthers", "guestsCanModify"];
    assert!(flags.iter().all(|flag| group[*flag] == false));
    let shown = Shown { guests_see: true, guests_invite: true, ..Shown::default() };
    part().create(&world.cx, &host(), &Draft { shown, ..draft("open") }).await.expect("creates");
    let open = sent(&world, "create_event");
    assert_eq!(flags.map(|flag| open[flag] == true), [true, true, false], "where its host wants it");
}

#[tokio::test(start_paused = true)]
async fn a_guest_whose_address_google_would_refuse_does_not_lose_the_event() {
    let world = World::new();
    let mut odd = draft("odd");
    odd.attendees[0].person.email = "no address".into();
    part().create(&world.cx, &host(), &odd).await.expect("creates");
    let guests = world.event(&id("odd"))["attendees"].as_array().map(Vec::len);
    assert_eq!(guests, Some(1));
}

#[tokio::test(start_paused = true)]
async fn gcal_22_a_calendar_that_may_only_be_read_says_so_once() {
    let world = World::new();
    let holidays = RemoteId::new("holidays@group.v.calendar.google.com");
    let error = part().create(&world.cx, &holidays, &draft("booking")).await.expect_err("it may not");
    assert_eq!(error.kind, Kind::PolicyDenied);
    assert_eq!(world.google.bench().count("create_event"), 1);
}

#[tokio::test(start_paused = true)]
async fn gcal_22_bookings_are_written_into_a_calendar_one_after_another() {
    let world = World::new();
    let way = Arc::new(Slow { google: Arc::clone(&world.google), inside: 0.into(), most: 0.into() });
    let signer = world.google.oauth().map(OAuth::signer).expect("Google signs people in");
    let cx = cx_by(Arc::clone(&way) as Arc<dyn Transport>, &json!({}), signer);
    let writes = (0..10).map(|n| {
        let (cx, draft) = (cx.clone(), draft(&format!("booking-{n}")));
        async move { part().create(&cx, &host(), &draft).await }
    });
    let all = futures::future::join_all(writes).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(way.most.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn gcal_22_a_service_account_says_for_whom_a_call_counts() {
    let world = World::with(&json!({ "grant": "jwt_bearer" }));
    part().create(&world.cx, &host(), &draft("booking")).await.expect("creates");
    world.changes(None).await;
    for op in ["create_event", "list_events"] {
        assert!(world.asked(op).contains(&("quotaUser".into(), "a".into())), "{op}");
    }
    let world = World::new();
    world.changes(None).await;
    assert!(
        world.asked("list_events").iter().all(|(name, _)| name != "quotaUser"),
        "a person counts by themselves"
    );
}

/// Google with time to count who is there at once.
struct Slow {
    google: Arc<Google>,
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Transport for Slow {
    fn send(&self, request: Request) -> Answer<'_> {
        Box::pin(async move {
            let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(inside, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(300)).await;
            let answer = Played::new(Arc::clone(&self.google) as Arc<dyn Fake>).send(request).await;
            self.inside.fetch_sub(1, Ordering::SeqCst);
            answer
        })
    }
}

fn sent(world: &World, op: &str) -> Value {
    let seen = world.google.bench().seen();
    let request = seen.iter().rev().find(|request| request.op.name == op).expect("it was sent");
    serde_json::from_slice(&request.body).expect("JSON")
}
