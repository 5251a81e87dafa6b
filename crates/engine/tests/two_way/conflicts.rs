//! Foreign events laid over bookings.

use kalends_domain::{booking::State, event_type::Policy};
use kalends_engine::calendar_changes::{Conflict, ConflictStep};
use kalends_testkit::{TestDb, planner::Edit};

use crate::stage::{Stage, span};

checks![
    an_event_over_a_booking_is_a_conflict_and_one_beside_it_is_none,
    what_does_not_block_is_no_conflict_fb_01_fb_02_fb_03,
    a_conflict_goes_with_the_event_or_the_booking,
    both_are_kept_until_one_of_them_moves,
    the_guest_is_asked_once_and_the_booking_stands,
    a_guest_who_may_not_move_is_not_asked,
    a_conflict_can_be_called_off,
    nobody_elses_conflicts_are_shown_or_answered,
];

async fn conflicts(stage: &Stage<'_>) -> Vec<Conflict> {
    stage.engine.needs(&stage.member).await.unwrap().conflicts
}

async fn laid_over(t: &TestDb) -> (Stage<'_>, kalends_domain::booking::Booking) {
    let stage = Stage::following(t).await;
    let booking = stage.booked("11-24 10:00").await;
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 10:15", 60)));
    stage.sync().await;
    (stage, booking)
}

async fn an_event_over_a_booking_is_a_conflict_and_one_beside_it_is_none(t: &TestDb) {
    let (stage, booking) = laid_over(t).await;
    stage.planner.edit("work", "before", Edit::At(span("11-24 09:00", 60)));
    stage.planner.edit("work", "after", Edit::At(span("11-24 11:15", 60)));
    stage.sync().await;
    let found = conflicts(&stage).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].view.booking.id, booking.id);
    let over: Vec<_> = found[0].over.iter().map(|over| (over.span, over.calendar_name.as_str())).collect();
    assert_eq!(over, [(span("11-24 10:15", 60), "work")]);
    assert!(stage.now(&booking).await.state.is_confirmed(), "a booking stands until somebody says otherwise");
}

async fn what_does_not_block_is_no_conflict_fb_01_fb_02_fb_03(t: &TestDb) {
    let (stage, _) = laid_over(t).await;
    for edit in [Edit::Free, Edit::Cancel, Edit::Decline] {
        stage.planner.edit("work", "dentist", edit);
        stage.sync().await;
        assert_eq!(conflicts(&stage).await, []);
    }
    stage.planner.edit("work", "dentist", Edit::Tentative);
    stage.sync().await;
    assert_eq!(conflicts(&stage).await.len(), 1, "perhaps is not free (FB-04)");
}

async fn a_conflict_goes_with_the_event_or_the_booking(t: &TestDb) {
    let (stage, _) = laid_over(t).await;
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 12:00", 60)));
    stage.sync().await;
    assert_eq!(conflicts(&stage).await, []);
}

async fn both_are_kept_until_one_of_them_moves(t: &TestDb) {
    let (stage, booking) = laid_over(t).await;
    stage.engine.answer_conflict(&stage.member, &booking.uid, ConflictStep::Keep).await.unwrap();
    stage.sync().await;
    assert_eq!(conflicts(&stage).await, []);
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 10:00", 60)));
    stage.sync().await;
    assert_eq!(conflicts(&stage).await.len(), 1, "that is another matter");
}

async fn the_guest_is_asked_once_and_the_booking_stands(t: &TestDb) {
    let (stage, booking) = laid_over(t).await;
    for _ in 0..2 {
        stage.engine.answer_conflict(&stage.member, &booking.uid, ConflictStep::AskGuest).await.unwrap();
    }
    stage.settle().await;
    assert_eq!(stage.told(&booking).await, ["confirmed", "choose_again"]);
    assert!(stage.now(&booking).await.state.is_confirmed());
    let found = conflicts(&stage).await;
    assert!(found[0].asked, "it is still a conflict, and the guest has been asked");
}

async fn a_guest_who_may_not_move_is_not_asked(t: &TestDb) {
    let stage = Stage::following(t).await;
    let fixed = stage
        .another("fixed", |settings| settings.policy = Policy { reschedule: false, ..settings.policy })
        .await;
    let booking = stage.book(&fixed, "11-24 10:00").await;
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 10:15", 60)));
    stage.sync().await;
    let refused = stage.engine.answer_conflict(&stage.member, &booking.uid, ConflictStep::AskGuest).await;
    assert_eq!(refused.unwrap_err().code(), "not_allowed_by_policy");
}

async fn a_conflict_can_be_called_off(t: &TestDb) {
    let (stage, booking) = laid_over(t).await;
    stage.engine.answer_conflict(&stage.member, &booking.uid, ConflictStep::Cancel).await.unwrap();
    stage.settle().await;
    assert!(matches!(stage.now(&booking).await.state, State::Cancelled { .. }));
    assert_eq!(conflicts(&stage).await, []);
}

async fn nobody_elses_conflicts_are_shown_or_answered(t: &TestDb) {
    let (stage, booking) = laid_over(t).await;
    let jonas = {
        let mut tx = t.db.read().await.unwrap();
        kalends_testkit::make::member(&tx.people().by_email("jonas@example.com").await.unwrap().unwrap())
    };
    assert!(stage.engine.needs(&jonas).await.unwrap().is_empty());
    let refused = stage.engine.answer_conflict(&jonas, &booking.uid, ConflictStep::Keep).await;
    assert_eq!(refused.unwrap_err().code(), "booking_not_found");
}
