//! Events of ours that are moved, declined or deleted over there.

use kalends_app::fake::Fake;
use kalends_domain::{
    booking::{AskWhy, By, Seen, State},
    people::CalendarChanges,
};
use kalends_engine::{Actor, book::RescheduleAsk, calendar_changes::ChangeAnswer, connect::CalendarUse};
use kalends_testkit::{TestDb, make, planner::Edit};

use crate::stage::{Stage, at, span};

checks![
    our_own_writes_coming_back_change_nothing,
    a_move_is_followed_and_everybody_is_told,
    a_longer_event_makes_a_longer_booking,
    a_deleted_event_calls_the_booking_off_and_the_guest_is_told,
    a_cancelled_event_calls_the_booking_off,
    a_declined_event_calls_the_booking_off_fb_03,
    a_move_onto_taken_time_is_asked_about,
    a_move_out_of_the_hosts_hours_is_asked_about,
    a_move_into_the_past_is_asked_about_and_cannot_be_accepted,
    a_host_who_wants_to_be_asked_is,
    an_accepted_move_moves_the_booking,
    a_move_that_is_put_back_is_written_again,
    an_accepted_deletion_calls_off,
    a_deleted_event_is_written_again,
    a_host_who_ignores_is_left_alone,
    a_host_who_is_asked_gets_one_mail_for_each_change,
    a_question_answered_at_once_is_not_mailed,
    what_a_calendar_says_goes_before_what_its_host_says,
    a_question_goes_when_the_event_is_moved_back,
    a_question_goes_when_the_booking_is_moved_by_its_guest,
    a_question_asked_is_not_asked_anew_at_every_look,
    a_whole_answer_that_lacks_our_event_means_it_is_gone,
    a_guests_move_meanwhile_wins_over_an_older_look,
    a_look_older_than_our_last_write_counts_for_nothing,
    a_free_or_tentative_copy_of_our_event_says_nothing_fb_01_fb_04,
    with_other_hosts_nothing_is_followed_without_asking,
    a_provider_that_is_down_is_asked_again,
];

async fn needs(stage: &Stage<'_>) -> Vec<kalends_engine::calendar_changes::Changed> {
    stage.engine.needs(&stage.member).await.unwrap().changed
}

async fn our_own_writes_coming_back_change_nothing(t: &TestDb) {
    let stage = Stage::following(t).await;
    let booking = stage.booked("11-24 10:00").await;
    for _ in 0..3 {
        stage.sync().await;
    }
    assert_eq!(stage.now(&booking).await.revision, 0);
    assert_eq!(stage.planner.bench().count("find"), 0, "nothing was worth a look");
    assert_eq!(stage.planner.bench().count("update"), 0);
}

async fn a_move_is_followed_and_everybody_is_told(t: &TestDb) {
    let stage = Stage::following(t).await;
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-25 14:15", 30)));
    stage.sync().await;
    let moved = stage.now(&booking).await;
    assert_eq!((moved.span, moved.revision), (span("11-25 14:15", 30), 1));
    assert_eq!(stage.history(&booking).await, ["booked", "moved"]);
    assert_eq!(stage.told(&booking).await, ["confirmed", "moved"]);
    assert!(stage.starts("11-24").await.contains(&"10:00".to_owned()), "the old time is free");
    assert!(!stage.starts("11-25").await.contains(&"14:00".to_owned()), "the new one is taken");
    // The new revision is written over there, and coming back it changes nothing.
    let writes = stage.planner.bench().count("update");
    for _ in 0..3 {
        stage.sync().await;
    }
    assert_eq!((stage.now(&booking).await.revision, stage.planner.bench().count("update")), (1, writes));
    assert_eq!((writes, stage.planner.creates(booking.uid.as_str())), (1, 1));
}

async fn a_longer_event_makes_a_longer_booking(t: &TestDb) {
    let stage = Stage::following(t).await;
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-24 10:00", 55)));
    stage.sync().await;
    assert_eq!(stage.now(&booking).await.span, span("11-24 10:00", 55));
}

async fn called_off(stage: &Stage<'_>, edit: Edit) {
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), edit);
    stage.sync().await;
    let State::Cancelled { by, .. } = stage.now(&booking).await.state else { panic!("it still stands") };
    assert_eq!(by, By::Calendar);
    assert_eq!(stage.told(&booking).await, ["confirmed", "cancelled"]);
    assert!(stage.starts("11-24").await.contains(&"10:00".to_owned()));
    assert_eq!(stage.planner.stands("work", booking.uid.as_str()), None);
}

async fn a_deleted_event_calls_the_booking_off_and_the_guest_is_told(t: &TestDb) {
    called_off(&Stage::following(t).await, Edit::Delete).await;
}

async fn a_cancelled_event_calls_the_booking_off(t: &TestDb) {
    called_off(&Stage::following(t).await, Edit::Cancel).await;
}

async fn a_declined_event_calls_the_booking_off_fb_03(t: &TestDb) {
    called_off(&Stage::following(t).await, Edit::Decline).await;
}

async fn asked_because(stage: &Stage<'_>, to: kalends_domain::Span, why: AskWhy) {
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(to));
    stage.sync().await;
    assert_eq!(stage.now(&booking).await.span, span("11-24 10:00", 30), "it stays where it is");
    let asked = needs(stage).await;
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].why, asked[0].seen), (why, Seen::At { span: to }));
    assert_eq!(asked[0].fits, why != AskWhy::Begun);
    assert_eq!(stage.history(&booking).await, ["booked", "changed"]);
}

async fn a_move_onto_taken_time_is_asked_about(t: &TestDb) {
    let stage = Stage::following(t).await;
    stage.booked("11-24 15:00").await;
    asked_because(&stage, span("11-24 15:15", 30), AskWhy::Taken).await;
    let asked = needs(&stage).await.remove(0);
    let refused = stage.engine.answer_change(&stage.member, asked.id, ChangeAnswer::Follow).await;
    assert_eq!(refused.unwrap_err().code(), "slot_taken", "not even then");
    assert_eq!(needs(&stage).await.len(), 1);
}

async fn a_move_out_of_the_hosts_hours_is_asked_about(t: &TestDb) {
    let stage = Stage::following(t).await;
    asked_because(&stage, span("11-24 17:30", 30), AskWhy::Hours).await;
    let asked = needs(&stage).await.remove(0);
    stage.engine.answer_change(&stage.member, asked.id, ChangeAnswer::Follow).await.unwrap();
    assert_eq!(stage.now(&asked.view.booking).await.span, span("11-24 17:30", 30));
}

async fn a_move_into_the_past_is_asked_about_and_cannot_be_accepted(t: &TestDb) {
    let stage = Stage::following(t).await;
    asked_because(&stage, span("11-20 10:00", 30), AskWhy::Begun).await;
}

async fn asking(t: &TestDb) -> Stage<'_> {
    Stage::with(t, CalendarChanges::Ask, "https://book.example/").await
}

async fn a_host_who_wants_to_be_asked_is(t: &TestDb) {
    let stage = asking(t).await;
    asked_because(&stage, span("11-25 14:00", 30), AskWhy::Wanted).await;
    assert_eq!(needs(&stage).await[0].calendar, "work");
}

async fn moved_and_asked(t: &TestDb, edit: Edit) -> (Stage<'_>, kalends_engine::calendar_changes::Changed) {
    let stage = asking(t).await;
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), edit);
    stage.sync().await;
    let asked = needs(&stage).await.remove(0);
    (stage, asked)
}

async fn an_accepted_move_moves_the_booking(t: &TestDb) {
    let (stage, asked) = moved_and_asked(t, Edit::At(span("11-25 14:00", 30))).await;
    stage.engine.answer_change(&stage.member, asked.id, ChangeAnswer::Follow).await.unwrap();
    stage.settle().await;
    let booking = asked.view.booking;
    assert_eq!(stage.now(&booking).await.span, span("11-25 14:00", 30));
    assert_eq!(stage.told(&booking).await, ["confirmed", "moved"]);
    assert_eq!(needs(&stage).await, []);
    let again = stage.engine.answer_change(&stage.member, asked.id, ChangeAnswer::Follow).await;
    assert_eq!(again.unwrap_err().code(), "booking_not_found", "a question is answered once");
}

async fn a_move_that_is_put_back_is_written_again(t: &TestDb) {
    let (stage, asked) = moved_and_asked(t, Edit::At(span("11-25 14:00", 30))).await;
    let booking = asked.view.booking;
    stage.engine.answer_change(&stage.member, asked.id, ChangeAnswer::PutBack).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.planner.stands("work", booking.uid.as_str()), Some(span("11-24 10:00", 30)));
    stage.sync().await;
    assert_eq!(needs(&stage).await, []);
    let now = stage.now(&booking).await;
    assert_eq!((now.span, now.revision), (booking.span, 0));
    assert_eq!(stage.told(&booking).await, ["confirmed"], "the guest need not hear of it");
}

async fn an_accepted_deletion_calls_off(t: &TestDb) {
    let (stage, asked) = moved_and_asked(t, Edit::Delete).await;
    assert_eq!(asked.seen, Seen::Gone);
    stage.engine.answer_change(&stage.member, asked.id, ChangeAnswer::Follow).await.unwrap();
    stage.settle().await;
    assert!(matches!(stage.now(&asked.view.booking).await.state, State::Cancelled { by: By::Host, .. }));
    assert_eq!(needs(&stage).await, []);
}

async fn a_deleted_event_is_written_again(t: &TestDb) {
    let (stage, asked) = moved_and_asked(t, Edit::Delete).await;
    let booking = asked.view.booking;
    stage.engine.answer_change(&stage.member, asked.id, ChangeAnswer::PutBack).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.planner.stands("work", booking.uid.as_str()), Some(booking.span));
    stage.sync().await;
    assert_eq!(needs(&stage).await, []);
}

async fn a_host_who_ignores_is_left_alone(t: &TestDb) {
    let stage = Stage::with(t, CalendarChanges::Ignore, "https://book.example/").await;
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-25 14:00", 30)));
    stage.sync().await;
    assert_eq!((stage.now(&booking).await.revision, needs(&stage).await), (0, vec![]));
    assert_eq!(stage.planner.bench().count("find"), 0);
}

async fn a_question_goes_when_the_event_is_moved_back(t: &TestDb) {
    let (stage, asked) = moved_and_asked(t, Edit::At(span("11-25 14:00", 30))).await;
    let booking = asked.view.booking;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(booking.span));
    stage.sync().await;
    assert_eq!(needs(&stage).await, []);
}

async fn a_question_goes_when_the_booking_is_moved_by_its_guest(t: &TestDb) {
    let (stage, asked) = moved_and_asked(t, Edit::At(span("11-25 14:00", 30))).await;
    let booking = asked.view.booking;
    move_by_guest(&stage, &booking, "11-26 11:00").await;
    assert_eq!(needs(&stage).await, [], "what was asked is about a booking that is elsewhere now");
    stage.settle().await;
    assert_eq!(stage.planner.stands("work", booking.uid.as_str()), Some(span("11-26 11:00", 30)));
    stage.sync().await;
    assert_eq!((stage.now(&booking).await.revision, needs(&stage).await), (1, vec![]));
}

async fn move_by_guest(stage: &Stage<'_>, booking: &kalends_domain::booking::Booking, to: &str) {
    let ask = RescheduleAsk::new(booking.uid.clone(), at(to), Actor::Guest);
    stage.engine.reschedule(&ask).await.unwrap();
}

async fn a_question_asked_is_not_asked_anew_at_every_look(t: &TestDb) {
    let (stage, asked) = moved_and_asked(t, Edit::At(span("11-25 14:00", 30))).await;
    let booking = asked.view.booking;
    stage.planner.forget_cursors();
    for _ in 0..3 {
        stage.sync().await;
        stage.planner.forget_cursors();
    }
    assert_eq!(stage.history(&booking).await, ["booked", "changed"]);
    assert_eq!(needs(&stage).await.len(), 1);
    assert_eq!(stage.planner.bench().count("find"), 1);
}

async fn a_host_who_is_asked_gets_one_mail_for_each_change(t: &TestDb) {
    let stage = Stage::with(t, CalendarChanges::Ask, "https://book.example/").await;
    let booking = stage.booked("11-24 10:00").await;
    let mails = |word: &str| stage.post.about(&stage.host.email, word);
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-25 14:15", 30)));
    for _ in 0..3 {
        stage.sync().await;
    }
    let moved = mails("was moved in your calendar");
    assert_eq!(moved.len(), 1, "once, however often it is looked at");
    let text = &moved[0][3];
    assert!(text.contains("“work” it now stands on Wednesday 25 November 2026, 14:15 to 14:45"), "{text}");
    assert!(text.contains("Tuesday 24 November 2026, 10:00"), "{text}");
    assert!(text.contains(&format!("https://book.example/bookings/{}", booking.uid)), "{text}");

    stage.planner.edit("work", booking.uid.as_str(), Edit::Delete);
    stage.sync().await;
    assert_eq!(mails("was deleted in your calendar").len(), 1, "another change, another mail");
    assert_eq!(mails("was moved in your calendar").len(), 1);
    assert_ne!(mails("was deleted")[0][0], moved[0][0], "mail programs tell them apart");
    assert!(stage.post.about("gus@guests.example.com", "in your calendar").is_empty(), "guests hear nothing");
}

async fn a_question_answered_at_once_is_not_mailed(t: &TestDb) {
    let stage = Stage::with(t, CalendarChanges::Ask, "https://book.example/").await;
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-25 14:15", 30)));
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-24 10:00", 30)));
    stage.sync().await;
    assert!(
        stage.post.about(&stage.host.email, "in your calendar").is_empty(),
        "it stands as it was written"
    );
}

async fn what_a_calendar_says_goes_before_what_its_host_says(t: &TestDb) {
    let stage = Stage::with(t, CalendarChanges::Ignore, "https://book.example/").await;
    let wish = async |wish: Option<CalendarChanges>| {
        let one = stage.calendar().await;
        let uses = CalendarUse { on_change: wish, ..(&one).into() };
        stage.engine.use_calendars(&stage.member, stage.installation, &[uses]).await.unwrap();
        assert_eq!(stage.calendar().await.on_change, wish);
    };
    let booking = stage.booked("11-24 10:00").await;
    wish(Some(CalendarChanges::Follow)).await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-25 14:15", 30)));
    stage.sync().await;
    assert_eq!(stage.now(&booking).await.span, span("11-25 14:15", 30));

    wish(Some(CalendarChanges::Ask)).await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-26 14:15", 30)));
    stage.sync().await;
    assert_eq!(needs(&stage).await.len(), 1);

    wish(None).await;
    let other = stage.booked("11-27 10:00").await;
    stage.planner.edit("work", other.uid.as_str(), Edit::Delete);
    stage.sync().await;
    assert!(stage.now(&other).await.state.is_confirmed(), "as the host says elsewhere");
    assert!(needs(&stage).await.iter().all(|one| one.view.booking.id != other.id));
}

async fn a_whole_answer_that_lacks_our_event_means_it_is_gone(t: &TestDb) {
    let stage = asking(t).await;
    let booking = stage.booked("11-24 10:00").await;
    // Never seen by a sync, deleted, and then no word of it: the cursor is lost.
    stage.planner.edit("work", booking.uid.as_str(), Edit::Delete);
    stage.planner.forget_cursors();
    stage.sync().await;
    assert_eq!(needs(&stage).await[0].seen, Seen::Gone);
}

async fn a_guests_move_meanwhile_wins_over_an_older_look(t: &TestDb) {
    let stage = Stage::following(t).await;
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-25 14:00", 30)));
    // The guest is faster than the sync; what is written to the calendar then counts.
    move_by_guest(&stage, &booking, "11-26 11:00").await;
    stage.settle().await;
    stage.sync().await;
    let now = stage.now(&booking).await;
    assert_eq!((now.span, now.revision), (span("11-26 11:00", 30), 1));
    assert_eq!(stage.planner.stands("work", booking.uid.as_str()), Some(now.span));
}

async fn a_look_older_than_our_last_write_counts_for_nothing(t: &TestDb) {
    let stage = Stage::following(t).await;
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-25 14:00", 30)));
    stage.engine.sync_now(&stage.member, stage.installation).await.unwrap();
    assert!(kalends_engine::job::drain_one(&stage.engine, "sync_calendar").await.unwrap());
    // Between the look and what would follow from it, we write the event once more, at the same revision.
    let written = booking.clone();
    t.db.write(move |tx| {
        let booking = written.clone();
        Box::pin(async move {
            let row = tx.references().of_booking(&booking).await?.remove(0);
            tx.references().again(&row).await?;
            kalends_engine::job::add(tx, &kalends_engine::job::Reconcile::of(&booking)).await
        })
    })
    .await
    .map_err(|error: kalends_store::Error| error)
    .unwrap();
    assert!(kalends_engine::job::drain_one(&stage.engine, "reconcile").await.unwrap());
    stage.settle().await;
    assert_eq!((stage.now(&booking).await.revision, stage.planner.bench().count("find")), (0, 2));
    assert_eq!(stage.planner.stands("work", booking.uid.as_str()), Some(booking.span));
}

async fn a_free_or_tentative_copy_of_our_event_says_nothing_fb_01_fb_04(t: &TestDb) {
    let stage = Stage::following(t).await;
    let booking = stage.booked("11-24 10:00").await;
    for edit in [Edit::Free, Edit::Tentative] {
        stage.planner.edit("work", booking.uid.as_str(), edit);
        stage.sync().await;
    }
    assert_eq!(stage.now(&booking).await.revision, 0);
    assert!(
        !stage.starts("11-24").await.contains(&"10:00".to_owned()),
        "the booking holds its time by itself"
    );
}

async fn with_other_hosts_nothing_is_followed_without_asking(t: &TestDb) {
    let stage = Stage::following(t).await;
    let jonas = {
        let mut tx = t.db.read().await.unwrap();
        tx.people().by_email("jonas@example.com").await.unwrap().unwrap()
    };
    let mut event_type = make::event_type(&t.ids, "together", &[&stage.host, &jonas]);
    event_type.assignment = kalends_domain::event_type::Assignment::Collective;
    stage.offer(&event_type).await;
    let booking = stage.book(&event_type, "11-24 10:00").await;
    stage.settle().await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::Delete);
    stage.sync().await;
    assert!(stage.now(&booking).await.state.is_confirmed());
    assert_eq!(needs(&stage).await[0].why, AskWhy::OtherHosts);
}

async fn a_provider_that_is_down_is_asked_again(t: &TestDb) {
    let stage = Stage::following(t).await;
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", booking.uid.as_str(), Edit::At(span("11-25 14:00", 30)));
    stage.engine.sync_now(&stage.member, stage.installation).await.unwrap();
    // The sync has read it, and then nobody answers any more.
    let calendar = stage.calendar().await;
    kalends_engine::job::drain_one(&stage.engine, "sync_calendar").await.unwrap();
    assert!(stage.calendar().await.cursor != calendar.cursor);
    stage.planner.down(true);
    kalends_engine::job::drain(&stage.engine).await.unwrap();
    assert_eq!(stage.now(&booking).await.revision, 0);
    stage.planner.down(false);
    stage.settle().await;
    assert_eq!(stage.now(&booking).await.span, span("11-25 14:00", 30));
}
