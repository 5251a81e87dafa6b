//! Mails: one for each recipient and revision.

use jiff::SignedDuration;
use kalends_app::fake::{Fake, Fault};
use kalends_domain::{
    Span,
    booking::{By, Event, Message, State},
};
use kalends_engine::job::{self, Notify};
use kalends_store::repo::Sent;
use kalends_testkit::TestDb;

use crate::stage::{Stage, nowhere, toy_room};

checks![
    guest_and_host_get_one_mail_for_each_revision,
    a_message_told_twice_is_sent_once,
    a_mail_server_that_is_down_gets_the_mail_later,
    eml_01_a_mail_server_that_asks_to_try_later_is_asked_again_for_hours,
    a_refused_mail_is_given_up_and_says_why,
    a_mail_whose_answer_is_lost_is_not_sent_again_by_itself,
    a_crash_while_sending_sends_it_again_under_the_same_id,
    without_a_mail_server_the_host_is_shown_why_and_the_booking_stands,
    the_mail_carries_the_link_when_it_is_ready_in_time,
    a_link_that_comes_late_is_sent_in_a_second_mail,
    a_request_asks_the_host_and_tells_the_guest,
    only_those_named_are_told_beside_the_hosts,
];

async fn guest_and_host_get_one_mail_for_each_revision(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    let span = Span::new(booking.span.start + 3600, booking.span.end + 3600);
    let event = Event::Moved { by: By::Guest, needs_host: false };
    let booking = stage.change(&booking, event, Some(span)).await;
    stage.settle().await;
    let event = Event::Cancelled { by: By::Guest, reason: "Ill.".into() };
    stage.change(&booking, event, None).await;
    stage.settle().await;
    let subjects: Vec<(String, String)> = stage
        .mails()
        .into_iter()
        .map(|(to, subject)| (to, subject.split(':').next().unwrap().to_owned()))
        .collect();
    let expected = [
        ("gus@guests.example.com", "Booked"),
        ("gus@guests.example.com", "Cancelled"),
        ("gus@guests.example.com", "Moved"),
        ("ines@example.com", "Cancelled"),
        ("ines@example.com", "Moved"),
        ("ines@example.com", "New booking"),
    ];
    assert_eq!(subjects, expected.map(|(to, subject)| (to.to_owned(), subject.to_owned())));
    let kept = stage.provider.kept();
    let last =
        kept.mails.iter().find(|mail| mail.subject.starts_with("Cancelled") && mail.to.starts_with("gus"));
    let ics = last.unwrap().ics.as_ref().unwrap();
    assert!(ics.contains("METHOD:CANCEL") && ics.contains("SEQUENCE:2\r\n"), "ITIP-02: {ics}");
}

async fn a_message_told_twice_is_sent_once(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    let again = Notify::of(&booking, Message::Confirmed, t.db.now());
    t.db.write(move |tx| {
        let again = again.clone();
        Box::pin(async move { job::add(tx, &again).await })
    })
    .await
    .unwrap();
    stage.settle().await;
    assert_eq!(stage.mails().len(), 2);
}

async fn a_mail_server_that_is_down_gets_the_mail_later(t: &TestDb) {
    let stage = Stage::bare(t, true).await;
    stage.provider.bench().next([Fault::Refuse, Fault::Refuse, Fault::Status(503, vec![])]);
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    assert_eq!(stage.mails().len(), 2);
    assert!(stage.deliveries(&booking).await.iter().all(|one| one.sent == Sent::Done));
}

async fn eml_01_a_mail_server_that_asks_to_try_later_is_asked_again_for_hours(t: &TestDb) {
    let stage = Stage::bare(t, true).await;
    stage.provider.bench().next(vec![Fault::Status(503, vec![]); 1_000]);
    let (booking, begun) = (stage.book(nowhere()).await, t.db.now());
    kalends_testkit::settle(t, &stage.engine, SignedDuration::from_hours(2)).await;
    let hours = t.db.now().duration_since(begun).as_hours();
    assert!((3..8).contains(&hours), "{hours} hours");
    let deliveries = stage.deliveries(&booking).await;
    assert!(
        deliveries.iter().all(|one| one.sent == Sent::Failed && one.last_error.is_some()),
        "{deliveries:?}"
    );
}

async fn a_refused_mail_is_given_up_and_says_why(t: &TestDb) {
    let stage = Stage::bare(t, true).await;
    stage.provider.bench().next([Fault::Status(422, vec![])]);
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    assert_eq!(stage.mails().len(), 1, "the other one goes out");
    let failed: Vec<_> =
        stage.deliveries(&booking).await.into_iter().filter(|one| one.sent == Sent::Failed).collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].last_error.as_ref().unwrap().contains("422"));
}

async fn a_mail_whose_answer_is_lost_is_not_sent_again_by_itself(t: &TestDb) {
    let stage = Stage::bare(t, true).await;
    stage.provider.bench().next([Fault::Drop]);
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    assert_eq!(stage.mails().len(), 2, "one for each, none twice");
    let doubtful = stage.deliveries(&booking).await.into_iter().find(|one| one.sent == Sent::Failed).unwrap();
    assert!(doubtful.last_error.unwrap().contains("may have arrived"));
}

async fn a_crash_while_sending_sends_it_again_under_the_same_id(t: &TestDb) {
    let stage = Stage::bare(t, true).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    stage.sql("UPDATE deliveries SET status = 'trying', next_try_at = created_at WHERE part = 'guest'").await;
    let organization = booking.organization;
    let guest = stage.deliveries(&booking).await.into_iter().find(|one| one.what.part == "guest").unwrap();
    let again = job::Deliver { organization, delivery: guest.id };
    t.db.write(move |tx| {
        let again = again.clone();
        Box::pin(async move { job::add(tx, &again).await })
    })
    .await
    .unwrap();
    stage.settle().await;
    let kept = stage.provider.kept();
    let ids: Vec<&String> =
        kept.mails.iter().filter(|mail| mail.to.starts_with("gus")).map(|mail| &mail.id).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1], "EML-03: a mail program shows one");
}

async fn without_a_mail_server_the_host_is_shown_why_and_the_booking_stands(t: &TestDb) {
    let stage = Stage::bare(t, false).await;
    let booking = stage.book(nowhere()).await;
    stage.settle().await;
    let deliveries = stage.deliveries(&booking).await;
    assert_eq!(deliveries.len(), 2);
    for one in deliveries {
        assert_eq!(one.sent, Sent::Failed);
        assert!(one.last_error.unwrap().contains("No mail server"));
    }
    assert!(stage.now(&booking).await.state.is_confirmed());
}

async fn the_mail_carries_the_link_when_it_is_ready_in_time(t: &TestDb) {
    let stage = Stage::new(t).await;
    let booking = stage.book(toy_room()).await;
    stage.settle().await;
    let link = stage.now(&booking).await.location.url().unwrap().to_owned();
    let kept = stage.provider.kept();
    assert_eq!(kept.mails.len(), 2);
    for mail in &kept.mails {
        assert!(mail.text.contains(&link), "{}", mail.text);
        assert!(mail.ics.as_ref().unwrap().replace("\r\n ", "").contains(&link));
    }
}

async fn a_link_that_comes_late_is_sent_in_a_second_mail(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.kept().rooms_pend = 6;
    let booking = stage.book(toy_room()).await;
    stage.settle().await;
    let link = stage.now(&booking).await.location.url().unwrap().to_owned();
    let kept = stage.provider.kept();
    let to_guest: Vec<_> = kept.mails.iter().filter(|mail| mail.to.starts_with("gus")).collect();
    assert_eq!(to_guest.len(), 2);
    assert!(to_guest[0].text.contains("follows in another mail"));
    assert!(to_guest[1].subject.starts_with("Your link") && to_guest[1].text.contains(&link));
    assert_eq!(kept.mails.len(), 4);
}

async fn a_request_asks_the_host_and_tells_the_guest(t: &TestDb) {
    let stage = Stage::new(t).await;
    let mut booking = stage.booking(nowhere());
    booking.state = State::AwaitingConfirmation { since: booking.created_at, paid: false };
    stage.store(&booking).await;
    stage.settle().await;
    let event = Event::Declined { reason: "Away.".into() };
    stage.change(&booking, event, None).await;
    stage.settle().await;
    let mails = stage.mails();
    assert!(mails[0].1.starts_with("Declined"), "{mails:?}");
    assert!(mails[1].1.starts_with("Waiting for ines"), "{mails:?}");
    assert!(mails[2].1.starts_with("Confirm or decline"), "{mails:?}");
    assert_eq!(mails.len(), 3, "who declined needs no mail about it");
}

async fn only_those_named_are_told_beside_the_hosts(t: &TestDb) {
    let stage = Stage::bare(t, true).await;
    let mut booking = stage.booking(nowhere());
    booking.attendees.push(kalends_testkit::make::guest("late"));
    let (new, only) = (booking.clone(), vec!["late@guests.example.com".to_owned()]);
    t.db.write(move |tx| {
        let (new, only) = (new.clone(), only.clone());
        Box::pin(async move {
            tx.bookings().add(&new).await?;
            job::add(tx, &Notify::of(&new, Message::Confirmed, tx.now()).only(only)).await
        })
    })
    .await
    .unwrap();
    stage.settle().await;
    let to: Vec<String> = stage.mails().into_iter().map(|(to, _)| to).collect();
    assert_eq!(to, ["ines@example.com", "late@guests.example.com"]);
}
