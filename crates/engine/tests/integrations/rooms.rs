//! A chain of apps that make rooms: the first that works gives the room, and there is never a second one.

use jiff::SignedDuration;
use kalends_app::{
    fake::{Fake, Fault},
    kind::conference::tag,
};
use kalends_domain::{
    Clock, Id, Span,
    booking::{Booking, By, Event},
    event_type::BookedLocation,
};
use kalends_engine::{
    job::{self, Housekeeping},
    reconcile::{Progress, What},
};
use kalends_store::repo::Installation;
use kalends_testkit::TestDb;

use crate::{
    booths::{Booths, Kept},
    stage::Stage,
};

checks![
    the_first_app_that_works_gives_the_room,
    an_app_that_refuses_is_passed_over_at_once,
    an_app_that_is_down_is_passed_over_after_two_minutes_and_leaves_nothing,
    an_app_whose_allowance_is_used_up_is_not_waited_for,
    a_days_allowance_is_not_used_up_by_us,
    an_outage_uses_up_no_allowance,
    where_no_account_makes_rooms_the_host_is_told_and_can_try_again,
    an_account_that_is_not_connected_is_passed_over_without_a_call,
    a_room_whose_answer_was_lost_is_found_and_not_made_twice,
    what_a_passed_app_made_unseen_is_closed_when_it_is_back,
    a_room_that_stands_is_kept_when_an_earlier_app_is_back,
    a_room_that_cannot_follow_is_replaced_and_everybody_gets_the_new_link,
    the_last_app_of_a_chain_is_tried_until_it_works,
    a_reschedule_keeps_the_room_of_the_app_that_made_it,
    a_cancellation_closes_what_was_made_unseen,
    the_sweep_closes_a_room_no_booking_wants,
    the_sweep_leaves_other_servers_rooms_alone,
    the_sweep_takes_up_a_room_whose_job_was_given_up,
    a_hosts_link_is_made_at_the_door_and_stands_nowhere,
    a_host_comes_in_as_a_guest_when_no_link_can_be_made,
];

/// Ines with red and blue connected, and a location that falls back from red to blue.
pub async fn both(t: &TestDb) -> (Stage<'_>, BookedLocation) {
    let stage = Stage::new(t).await;
    connect(&stage, "red").await;
    connect(&stage, "blue").await;
    (stage, chain())
}

pub fn chain() -> BookedLocation {
    BookedLocation::App {
        app: "red".into(),
        url: None,
        password: None,
        fallbacks: vec!["blue".into()],
        instead: None,
    }
}

async fn connect(stage: &Stage<'_>, app: &str) -> Id<Installation> {
    stage.engine.connect(&stage.member, app, &[].into()).await.unwrap()
}

pub fn rooms(of: &Booths) -> Vec<Kept> {
    of.state().rooms.clone()
}

pub async fn settled(stage: &Stage<'_>, location: BookedLocation) -> Booking {
    let booking = stage.book(location).await;
    stage.settle().await;
    stage.now(&booking).await
}

async fn the_first_app_that_works_gives_the_room(t: &TestDb) {
    let (stage, chain) = both(t).await;
    let booking = settled(&stage, chain).await;
    assert_eq!((rooms(&stage.red).len(), rooms(&stage.blue).len()), (1, 0));
    assert_eq!(booking.location.url(), Some("https://red.example/1"));
    assert_eq!((booking.location.made_by(), booking.location.password()), (Some("red"), Some("pass-1")));
    let text = &stage.provider.kept().mails[0].text;
    assert!(text.contains("https://red.example/1") && text.contains("pass-1"), "{text}");
}

async fn an_app_that_refuses_is_passed_over_at_once(t: &TestDb) {
    let (stage, chain) = both(t).await;
    stage.red.state().trouble = Some(403);
    let booking = stage.book(chain).await;
    stage.drain().await;
    let booking = stage.now(&booking).await;
    assert_eq!((booking.location.made_by(), rooms(&stage.blue).len()), (Some("blue"), 1));
    let told = stage.engine.happened_outside(&stage.member, &booking.uid).await.unwrap();
    let red = told.iter().find(|one| one.what == What::Room && one.words.contains("red")).unwrap();
    assert!(red.words.contains("passed over") && red.detail.contains("403"), "{red:?}");
    assert!(told.iter().any(|one| one.words == "blue link" && one.progress == Progress::Done));
}

async fn an_app_that_is_down_is_passed_over_after_two_minutes_and_leaves_nothing(t: &TestDb) {
    let (stage, chain) = both(t).await;
    stage.red.state().trouble = Some(503);
    let begun = t.clock.now();
    let booking = stage.book(chain).await;
    while stage.now(&booking).await.location.url().is_none() {
        stage.drain().await;
        let next = t.db.read().await.unwrap().jobs().next_at().await.unwrap().unwrap();
        t.clock.set(next.max(t.clock.now()));
    }
    let waited = t.clock.now().duration_since(begun);
    assert!(waited >= SignedDuration::from_mins(2) && waited < SignedDuration::from_mins(6), "{waited}");
    stage.red.state().trouble = None;
    stage.settle().await;
    assert_eq!((rooms(&stage.red).len(), rooms(&stage.blue).len()), (0, 1));
    assert!(stage.references(&booking).await.iter().all(kalends_store::repo::Reference::is_settled));
}

async fn an_app_whose_allowance_is_used_up_is_not_waited_for(t: &TestDb) {
    let (stage, chain) = both(t).await;
    stage.red.bench().next([Fault::too_many("36000")]);
    let booking = stage.book(chain).await;
    stage.drain().await;
    assert_eq!(stage.now(&booking).await.location.made_by(), Some("blue"));
}

async fn a_days_allowance_is_not_used_up_by_us(t: &TestDb) {
    // ZOOM-06: the booth lets a host make or change three rooms a day.
    let (stage, chain) = both(t).await;
    let mut made_by = Vec::new();
    for _ in 0..4 {
        let booking = settled(&stage, chain.clone()).await;
        made_by.push(booking.location.made_by().unwrap().to_owned());
    }
    assert_eq!(made_by, ["red", "red", "red", "blue"]);
    assert_eq!(stage.red.bench().count("open"), 3, "the fourth was never asked for");
}

async fn an_outage_uses_up_no_allowance(t: &TestDb) {
    let (stage, _) = both(t).await;
    stage.red.state().trouble = Some(503);
    let booking = stage.book(BookedLocation::app("red")).await;
    for _ in 0..8 {
        stage.drain().await;
        t.clock.advance(SignedDuration::from_mins(4));
    }
    assert!(stage.red.bench().seen().len() > 4, "asked more often than a day allows");
    stage.red.state().trouble = None;
    stage.drain().await;
    t.clock.advance(SignedDuration::from_hours(1));
    stage.drain().await;
    assert_eq!(stage.now(&booking).await.location.url(), Some("https://red.example/1"));
}

async fn where_no_account_makes_rooms_the_host_is_told_and_can_try_again(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = settled(&stage, BookedLocation::app("red")).await;
    let told = stage.engine.happened_outside(&stage.member, &booking.uid).await.unwrap();
    assert_eq!((told[0].what, told[0].progress), (What::Room, Progress::Stuck));
    assert!(told[0].detail.contains("No red account is connected"), "{:?}", told[0]);
    connect(&stage, "red").await;
    stage.engine.try_outside_again(&stage.member, &booking.uid, None).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.now(&booking).await.location.url(), Some("https://red.example/1"));
    let told = stage.engine.happened_outside(&stage.member, &booking.uid).await.unwrap();
    assert!(told.iter().all(|one| one.progress != Progress::Stuck), "{told:?}");
}

async fn an_account_that_is_not_connected_is_passed_over_without_a_call(t: &TestDb) {
    let stage = Stage::new(t).await;
    connect(&stage, "blue").await;
    let booking = settled(&stage, chain()).await;
    assert_eq!(booking.location.made_by(), Some("blue"));
    assert!(stage.red.bench().seen().is_empty());
    assert_eq!(stage.provider.kept().mails.len(), 2, "one mail each, with the link");
}

async fn a_room_whose_answer_was_lost_is_found_and_not_made_twice(t: &TestDb) {
    let (stage, chain) = both(t).await;
    stage.red.bench().next([Fault::Drop]);
    let booking = settled(&stage, chain).await;
    assert_eq!((rooms(&stage.red).len(), rooms(&stage.blue).len()), (1, 0));
    assert_eq!(stage.red.bench().count("open"), 1, "ALL-07");
    assert_eq!(booking.location.url(), Some("https://red.example/1"));
}

/// Red makes the room, its answer is lost, and then it is down for good.
async fn made_unseen(stage: &Stage<'_>, chain: BookedLocation) -> Booking {
    stage
        .red
        .bench()
        .next([Fault::Drop].into_iter().chain([503; 4].map(|status| Fault::Status(status, vec![]))));
    let booking = stage.book(chain).await;
    stage.drain().await;
    stage.red.state().trouble = Some(503);
    booking
}

async fn what_a_passed_app_made_unseen_is_closed_when_it_is_back(t: &TestDb) {
    let (stage, chain) = both(t).await;
    let booking = made_unseen(&stage, chain).await;
    assert_eq!(rooms(&stage.red).len(), 1, "nobody knows of it");
    while stage.now(&booking).await.location.url().is_none() {
        let next = t.db.read().await.unwrap().jobs().next_at().await.unwrap().unwrap();
        t.clock.set(next.max(t.clock.now()));
        stage.drain().await;
    }
    assert_eq!(stage.now(&booking).await.location.made_by(), Some("blue"));
    stage.red.state().trouble = None;
    stage.settle().await;
    assert_eq!((rooms(&stage.red).len(), rooms(&stage.blue).len()), (0, 1), "never two rooms");
    assert_eq!(stage.red.bench().count("open"), 1);
}

async fn a_room_that_stands_is_kept_when_an_earlier_app_is_back(t: &TestDb) {
    let (stage, chain) = both(t).await;
    stage.red.state().trouble = Some(403);
    let booking = settled(&stage, chain).await;
    stage.red.state().trouble = None;
    stage.look_again(&booking).await;
    stage.settle().await;
    assert_eq!((rooms(&stage.red).len(), rooms(&stage.blue).len()), (0, 1));
}

async fn a_room_that_cannot_follow_is_replaced_and_everybody_gets_the_new_link(t: &TestDb) {
    let (stage, chain) = both(t).await;
    let booking = settled(&stage, chain).await;
    stage.red.state().trouble = Some(403);
    // The invitation's own revision does not change: another title alone.
    let mut renamed = booking.clone();
    renamed.title = "Another title".into();
    t.db.write(move |tx| {
        let renamed = renamed.clone();
        Box::pin(async move { tx.bookings().save(&renamed, renamed.revision).await })
    })
    .await
    .map_err(|error: kalends_store::Error| error)
    .unwrap();
    t.db.write(move |tx| {
        Box::pin(async move {
            tx.run(kalends_store::sql(
                "UPDATE booking_references SET applied_present = FALSE WHERE app = 'red'",
            ))
            .await
        })
    })
    .await
    .map_err(|error: kalends_store::Error| error)
    .unwrap();
    stage.look_again(&booking).await;
    stage.drain().await;
    assert_eq!(stage.now(&booking).await.location.url(), Some("https://blue.example/1"));
    stage.red.state().trouble = None;
    stage.settle().await;
    let kept = stage.provider.kept();
    let to_guest: Vec<_> = kept.mails.iter().filter(|mail| mail.to.starts_with("gus")).collect();
    assert_eq!(to_guest.len(), 2);
    assert!(to_guest[1].subject.starts_with("Your new link"), "{}", to_guest[1].subject);
    assert!(
        to_guest[1].text.contains("https://blue.example/1")
            && to_guest[1].text.contains("does not work any more")
    );
    assert_ne!(to_guest[0].id, to_guest[1].id);
    let (_, event) = kept.events.values().next().unwrap();
    assert_eq!(event.location.as_deref(), Some("https://blue.example/1"));
}

async fn the_last_app_of_a_chain_is_tried_until_it_works(t: &TestDb) {
    let (stage, chain) = both(t).await;
    stage.red.state().trouble = Some(403);
    stage.blue.state().trouble = Some(503);
    let booking = stage.book(chain).await;
    for _ in 0..12 {
        stage.drain().await;
        t.clock.advance(SignedDuration::from_mins(3));
    }
    assert_eq!(stage.now(&booking).await.location.url(), None);
    stage.blue.state().trouble = None;
    stage.settle().await;
    assert_eq!(stage.now(&booking).await.location.made_by(), Some("blue"));
}

async fn a_reschedule_keeps_the_room_of_the_app_that_made_it(t: &TestDb) {
    let (stage, chain) = both(t).await;
    stage.red.state().trouble = Some(403);
    let booking = settled(&stage, chain).await;
    stage.red.state().trouble = None;
    let span = Span::new(booking.span.start + 3600, booking.span.end + 3600);
    stage.change(&booking, Event::Moved { by: By::Guest, needs_host: false }, Some(span)).await;
    stage.settle().await;
    assert_eq!(stage.now(&booking).await.location.url(), Some("https://blue.example/1"));
    assert_eq!((rooms(&stage.red).len(), rooms(&stage.blue).len()), (0, 1));
    let kept = stage.provider.kept();
    let moved = kept.mails.iter().find(|mail| mail.subject.starts_with("Moved")).unwrap();
    assert!(moved.text.contains("https://blue.example/1"), "{}", moved.text);
}

async fn a_cancellation_closes_what_was_made_unseen(t: &TestDb) {
    let (stage, chain) = both(t).await;
    let booking = made_unseen(&stage, chain).await;
    stage.change(&booking, Event::Cancelled { by: By::Guest, reason: String::new() }, None).await;
    stage.drain().await;
    stage.red.state().trouble = None;
    stage.settle().await;
    assert_eq!((rooms(&stage.red).len(), rooms(&stage.blue).len()), (0, 0));
}

async fn sweep(stage: &Stage<'_>) {
    stage.t.clock.advance(SignedDuration::from_mins(30));
    stage.t.db.write(|tx| Box::pin(async move { job::add(tx, &Housekeeping {}).await })).await.unwrap();
    stage.settle().await;
}

async fn the_sweep_closes_a_room_no_booking_wants(t: &TestDb) {
    let (stage, chain) = both(t).await;
    let booking = settled(&stage, chain.clone()).await;
    let cancelled = settled(&stage, chain).await;
    stage.change(&cancelled, Event::Cancelled { by: By::Guest, reason: String::new() }, None).await;
    stage.settle().await;
    for of in [&booking, &cancelled] {
        let id = format!("stray-{}", of.number);
        stage.red.state().rooms.push(Kept { link: String::new(), tag: tag(of.uid.as_str()), id, start: 0 });
    }
    sweep(&stage).await;
    let left: Vec<String> = rooms(&stage.red).into_iter().map(|kept| kept.id).collect();
    assert_eq!(left, ["1"], "the booking's own room stays");
}

async fn the_sweep_leaves_other_servers_rooms_alone(t: &TestDb) {
    let (stage, chain) = both(t).await;
    settled(&stage, chain).await;
    let foreign = Kept { link: String::new(), tag: tag("another server's"), id: "foreign".into(), start: 0 };
    stage.red.state().rooms.push(foreign);
    sweep(&stage).await;
    assert_eq!(rooms(&stage.red).len(), 2);
}

async fn the_sweep_takes_up_a_room_whose_job_was_given_up(t: &TestDb) {
    let (stage, chain) = both(t).await;
    let booking = settled(&stage, chain).await;
    stage.change(&booking, Event::Cancelled { by: By::Guest, reason: String::new() }, None).await;
    stage.sql("DELETE FROM jobs").await;
    sweep(&stage).await;
    assert!(rooms(&stage.red).is_empty());
}

async fn a_hosts_link_is_made_at_the_door_and_stands_nowhere(t: &TestDb) {
    let (stage, chain) = both(t).await;
    let booking = settled(&stage, chain).await;
    let host = stage.engine.join(&booking.uid, Some(&stage.member)).await.unwrap();
    assert!(host.contains("canary-host"), "ZOOM-09: {host}");
    assert_eq!(stage.engine.join(&booking.uid, None).await.unwrap(), "https://red.example/1");
    stage.engine.write_flights().await.unwrap();
    let outside = {
        let kept = stage.provider.kept();
        format!("{:?} {:?}", kept.mails, kept.events)
    };
    assert!(!outside.contains("canary-host"));
    let file = stage.engine.calendar_file(&booking.uid).await.unwrap();
    assert!(!file.contains("canary-host"));
    let mut tx = t.db.read().await.unwrap();
    for query in [
        "SELECT detail AS text FROM booking_references",
        "SELECT rest AS text FROM bookings",
        "SELECT detail AS text FROM deliveries",
        "SELECT detail AS text FROM booking_events",
        "SELECT url AS text FROM flight_records",
        "SELECT detail AS text FROM flight_records",
        "SELECT payload AS text FROM jobs",
    ] {
        for row in tx.rows(kalends_store::Sql::built(query.to_owned())).await.unwrap() {
            let text: String = row.get("text").unwrap();
            assert!(!text.contains("canary-host"), "{query}: {text}");
        }
    }
}

async fn a_host_comes_in_as_a_guest_when_no_link_can_be_made(t: &TestDb) {
    let (stage, chain) = both(t).await;
    let booking = settled(&stage, chain).await;
    stage.red.state().trouble = Some(503);
    let link = stage.engine.join(&booking.uid, Some(&stage.member)).await.unwrap();
    assert_eq!(link, "https://red.example/1");
}
