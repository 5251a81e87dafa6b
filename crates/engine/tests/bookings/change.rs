//! Changes of a booking.

use jiff::SignedDuration;
use kalends_domain::{
    booking::{By, State},
    event_type::{Assignment, Confirmation, Location, Policy},
};
use kalends_engine::{
    Actor,
    book::{
        Absences, BookError, BookingsAsk, CancelWhat, ChangeError, Listed, LocationChoice, LocationPick,
        ReassignAsk, Whose,
    },
};

use crate::house::{House, ask, at, cancelling, moving};

checks![
    a_moved_booking_is_the_same_one_revision_later,
    a_booking_moves_to_a_time_that_overlaps_its_own,
    a_move_into_a_taken_slot_changes_nothing,
    a_guest_is_bound_by_the_policy_and_a_host_is_not,
    a_cancelled_booking_frees_its_time_and_stays_cancelled,
    a_reason_is_asked_where_the_policy_says_so,
    a_host_says_yes_or_no_once,
    a_guest_who_moves_a_confirmed_booking_asks_again,
    a_booking_that_is_over_does_not_change,
    only_those_who_may_see_a_booking_change_it,
    absences_are_marked_from_the_start_on,
    guests_are_added_once,
    a_place_changes,
    a_round_robin_move_keeps_its_host_or_takes_the_next,
    a_booking_is_given_to_another_host,
    a_hold_on_the_new_time_does_not_refuse_its_own_booking,
    lists_are_cut_by_state_and_person,
];

async fn a_moved_booking_is_the_same_one_revision_later(h: &House) {
    let event_type = h.single(|_| {}).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    let moved = h.engine.reschedule(&moving(&booking, "11-25 10:00", Actor::Guest)).await.unwrap();
    assert_eq!((moved.id, &moved.uid, moved.revision), (booking.id, &booking.uid, 1));
    assert_eq!(moved.span.starts(), at("11-25 10:00"));
    assert_eq!(h.history(&moved).await, ["booked", "moved"]);
    assert_eq!(h.starts(&event_type, "11-24").await[0], "09:00");
    assert!(!h.starts(&event_type, "11-25").await.contains(&"10:00".to_owned()));
}

async fn a_booking_moves_to_a_time_that_overlaps_its_own(h: &House) {
    let event_type = h.single(|settings| settings.interval = Some(15)).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    let moved = h.engine.reschedule(&moving(&booking, "11-24 09:15", Actor::Guest)).await.unwrap();
    assert_eq!(moved.span.starts(), at("11-24 09:15"));
    let same = h.engine.reschedule(&moving(&moved, "11-24 09:15", Actor::Guest)).await;
    assert!(matches!(same, Err(ChangeError::Invalid(_))));
}

async fn a_move_into_a_taken_slot_changes_nothing(h: &House) {
    let event_type = h.single(|_| {}).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    h.booked(&event_type, "11-24 10:00", "zoe").await;
    let refused = h.engine.reschedule(&moving(&booking, "11-24 10:00", Actor::Guest)).await;
    assert!(matches!(refused, Err(ChangeError::Time(BookError::Taken))), "{refused:?}");
    assert_eq!(h.engine.booking(&booking.uid).await.unwrap().booking, booking);
}

async fn a_guest_is_bound_by_the_policy_and_a_host_is_not(h: &House) {
    let policy = Policy { cancel: false, reschedule: true, until: 24 * 60, reason_required: false };
    let event_type = h.single(|settings| settings.policy = policy).await;
    let booking = h.booked(&event_type, "11-24 09:30", "gus").await;
    let cancel = h.engine.cancel(&cancelling(&booking, CancelWhat::Whole, Actor::Guest)).await;
    assert!(matches!(cancel, Err(ChangeError::Policy { what: "cancel" })), "{cancel:?}");
    h.t.clock.advance(SignedDuration::from_mins(31));
    let late = h.engine.reschedule(&moving(&booking, "11-25 10:00", Actor::Guest)).await;
    assert!(matches!(late, Err(ChangeError::TooLate { what: "move", minutes: 1440 })), "{late:?}");
    let host = Actor::Member(h.member(0));
    h.engine.reschedule(&moving(&booking, "11-25 10:00", host.clone())).await.unwrap();
    h.engine.cancel(&cancelling(&booking, CancelWhat::Whole, host)).await.unwrap();
}

async fn a_cancelled_booking_frees_its_time_and_stays_cancelled(h: &House) {
    let event_type = h.single(|_| {}).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    let ask = cancelling(&booking, CancelWhat::Whole, Actor::Guest);
    let gone = h.engine.cancel(&ask).await.unwrap().remove(0);
    assert!(matches!(&gone.state, State::Cancelled { by: By::Guest, reason, .. } if reason == "no time"));
    assert_eq!(gone.revision, 1);
    assert!(matches!(h.engine.cancel(&ask).await, Err(ChangeError::Refused(_))));
    let back = h.engine.reschedule(&moving(&booking, "11-24 10:00", Actor::Guest)).await;
    assert!(matches!(back, Err(ChangeError::Refused(_))), "{back:?}");
    h.booked(&event_type, "11-24 09:00", "zoe").await;
}

async fn a_reason_is_asked_where_the_policy_says_so(h: &House) {
    let policy = Policy { reason_required: true, ..Policy::default() };
    let event_type = h.single(|settings| settings.policy = policy).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    let mut ask = cancelling(&booking, CancelWhat::Whole, Actor::Guest);
    ask.reason = "  ".into();
    assert_eq!(h.engine.cancel(&ask).await.unwrap_err().code(), "invalid_input");
    ask.reason = "ill".into();
    h.engine.cancel(&ask).await.unwrap();
}

async fn a_host_says_yes_or_no_once(h: &House) {
    let event_type = h.single(|settings| settings.confirmation = Confirmation::Always).await;
    let yes = h.booked(&event_type, "11-24 09:00", "gus").await;
    let no = h.booked(&event_type, "11-24 10:00", "zoe").await;
    let host = h.member(0);
    let confirmed = h.engine.confirm(&host, &yes.uid).await.unwrap().remove(0);
    assert!(confirmed.state.is_confirmed() && confirmed.revision == 1);
    assert!(matches!(h.engine.confirm(&host, &yes.uid).await, Err(ChangeError::Refused(_))));
    assert!(matches!(h.engine.decline(&host, &yes.uid, "").await, Err(ChangeError::Refused(_))));
    let declined = h.engine.decline(&host, &no.uid, "away").await.unwrap().remove(0);
    assert!(matches!(declined.state, State::Rejected { .. }));
    h.booked(&event_type, "11-24 10:00", "gus").await;
}

async fn a_guest_who_moves_a_confirmed_booking_asks_again(h: &House) {
    let event_type = h.single(|settings| settings.confirmation = Confirmation::Always).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    h.engine.confirm(&h.member(0), &booking.uid).await.unwrap();
    let moved = h.engine.reschedule(&moving(&booking, "11-24 10:00", Actor::Guest)).await.unwrap();
    assert!(matches!(moved.state, State::AwaitingConfirmation { .. }));
    let host = Actor::Member(h.member(0));
    let moved = h.engine.reschedule(&moving(&booking, "11-24 11:00", host)).await.unwrap();
    assert!(moved.state.is_confirmed(), "a host's own move is their yes");
}

async fn a_booking_that_is_over_does_not_change(h: &House) {
    let event_type = h.single(|_| {}).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    h.t.clock.set(at("11-24 09:30"));
    let host = Actor::Member(h.member(0));
    let moved = h.engine.reschedule(&moving(&booking, "11-25 09:00", host.clone())).await;
    assert!(matches!(moved, Err(ChangeError::Over)), "{moved:?}");
    let cancelled = h.engine.cancel(&cancelling(&booking, CancelWhat::Whole, host)).await;
    assert!(matches!(cancelled, Err(ChangeError::Over)), "{cancelled:?}");
}

async fn only_those_who_may_see_a_booking_change_it(h: &House) {
    let event_type = h.single(|settings| settings.confirmation = Confirmation::Always).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    let stranger = h.member(1);
    assert!(matches!(h.engine.confirm(&stranger, &booking.uid).await, Err(ChangeError::NotFound)));
    let ask = cancelling(&booking, CancelWhat::Whole, Actor::Member(stranger));
    assert!(matches!(h.engine.cancel(&ask).await, Err(ChangeError::NotFound)));
    assert!(matches!(h.engine.hosted_booking(&stranger, &booking.uid).await, Err(ChangeError::NotFound)));
    h.engine.confirm(&h.admin(), &booking.uid).await.unwrap();
}

async fn absences_are_marked_from_the_start_on(h: &House) {
    let event_type = h.single(|_| {}).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    let absences = Absences { host: Some(true), attendees: vec![("Gus@guests.example.com".into(), true)] };
    let early = h.engine.mark_absent(&h.member(0), &booking.uid, &absences).await;
    assert!(matches!(early, Err(ChangeError::Invalid(_))));
    h.t.clock.set(at("11-24 09:00"));
    let marked = h.engine.mark_absent(&h.member(0), &booking.uid, &absences).await.unwrap();
    assert!(marked.marks.host_absent && marked.attendees[0].absent);
    assert_eq!(marked.revision, 0, "nobody outside hears of it");
    let nobody = Absences { host: None, attendees: vec![("x@example.com".into(), true)] };
    assert!(h.engine.mark_absent(&h.member(0), &booking.uid, &nobody).await.is_err());
}

async fn guests_are_added_once(h: &House) {
    let event_type = h.single(|_| {}).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    let emails = ["zoe@example.com".to_owned(), "gus@guests.example.com".to_owned()];
    let more = h.engine.add_guests(&Actor::Guest, &booking.uid, &emails).await.unwrap();
    assert_eq!((more.attendees.len(), more.revision), (2, 1));
    let same = h.engine.add_guests(&Actor::Guest, &booking.uid, &emails).await.unwrap();
    assert_eq!((same.attendees.len(), same.revision), (2, 1));
    let bad = h.engine.add_guests(&Actor::Guest, &booking.uid, &["nobody".to_owned()]).await;
    assert_eq!(bad.unwrap_err().code(), "invalid_input");
}

async fn a_place_changes(h: &House) {
    let locations = vec![Location::app("jitsi"), Location::GuestPlace];
    let event_type = h.single(|settings| settings.locations = locations).await;
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.location = Some(LocationChoice { pick: LocationPick::App("jitsi".into()), detail: String::new() });
    let booking = h.engine.book(&ask).await.unwrap().bookings.remove(0);
    let choice = LocationChoice { pick: LocationPick::GuestPlace, detail: "Main Street 1".into() };
    let moved = h.engine.change_location(&h.member(0), &booking.uid, &choice).await.unwrap();
    assert_eq!((moved.location.line(), moved.revision), ("Main Street 1", 1));
}

async fn a_round_robin_move_keeps_its_host_or_takes_the_next(h: &House) {
    let team = h.event_type(Assignment::RoundRobin, 2, |_| {}).await;
    let first = h.single(|_| {}).await;
    let booking = h.booked(&team, "11-24 09:00", "gus").await;
    assert_eq!(booking.host, h.users[0].id);
    let moved = h.engine.reschedule(&moving(&booking, "11-24 11:00", Actor::Guest)).await.unwrap();
    assert_eq!(moved.host, h.users[0].id, "whoever has it keeps it");
    h.booked(&first, "11-24 12:00", "zoe").await;
    let moved = h.engine.reschedule(&moving(&booking, "11-24 12:00", Actor::Guest)).await.unwrap();
    assert_eq!(moved.hosts, [h.users[1].id]);
    assert!(moved.title.contains("between ben and"), "{}", moved.title);
    h.booked(&first, "11-24 11:00", "zoe").await;
}

async fn a_booking_is_given_to_another_host(h: &House) {
    let team = h.event_type(Assignment::RoundRobin, 3, |_| {}).await;
    let booking = h.booked(&team, "11-24 09:00", "gus").await;
    let ask = ReassignAsk {
        booking: booking.uid.clone(),
        to: Some(h.users[2].id),
        actor: Actor::Member(h.member(0)),
    };
    let given = h.engine.reassign(&ask).await.unwrap();
    assert_eq!((given.host, given.revision), (h.users[2].id, 1));
    assert!(matches!(h.engine.reassign(&ask).await, Err(ChangeError::Time(BookError::Taken))));
}

async fn a_hold_on_the_new_time_does_not_refuse_its_own_booking(h: &House) {
    let event_type = h.single(|settings| settings.interval = Some(15)).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    let mut wish = crate::book::hold(&event_type, "11-24 09:15");
    wish.rescheduling = Some(booking.uid.clone());
    let held = h.engine.hold(&wish).await.unwrap();
    // The quarter that is not the booking's yet is kept.
    assert!(matches!(h.book(&event_type, "11-24 09:30", "zoe").await, Err(BookError::Taken)));
    let mut ask = moving(&booking, "11-24 09:15", Actor::Guest);
    ask.hold = Some(held.uid);
    let moved = h.engine.reschedule(&ask).await.unwrap();
    assert_eq!(moved.span.starts(), at("11-24 09:15"));
}

async fn lists_are_cut_by_state_and_person(h: &House) {
    let event_type = h.single(|_| {}).await;
    let kept = h.booked(&event_type, "11-24 09:00", "gus").await;
    let gone = h.booked(&event_type, "11-24 10:00", "zoe").await;
    h.engine.cancel(&cancelling(&gone, CancelWhat::Whole, Actor::Guest)).await.unwrap();
    let list = async |ask: BookingsAsk| -> Vec<_> {
        let page = h.engine.bookings(&h.member(0), &ask).await.unwrap();
        page.items.into_iter().map(|view| view.booking.uid).collect()
    };
    let of = |status| BookingsAsk { status: vec![status], ..BookingsAsk::default() };
    assert_eq!(list(of(Listed::Upcoming)).await, std::slice::from_ref(&kept.uid));
    assert_eq!(list(of(Listed::Cancelled)).await, std::slice::from_ref(&gone.uid));
    assert_eq!(list(of(Listed::Recurring)).await, []);
    let email = Some("ZOE@guests.example.com".to_owned());
    assert_eq!(list(BookingsAsk { attendee_email: email, ..BookingsAsk::default() }).await, [gone.uid]);
    let one = BookingsAsk { event_types: vec![1], ..BookingsAsk::default() };
    assert_eq!(list(one).await, []);
    let stranger = h.engine.bookings(&h.member(1), &BookingsAsk::default()).await.unwrap();
    assert_eq!(stranger.total, 0);
    let all = BookingsAsk { whose: Whose::Everybody, ..BookingsAsk::default() };
    assert!(matches!(h.engine.bookings(&h.member(1), &all).await, Err(ChangeError::Forbidden)));
    assert_eq!(h.engine.bookings(&h.admin(), &all).await.unwrap().total, 2);
    let history = h.engine.history(&h.member(0), &kept.uid).await.unwrap();
    assert_eq!((history[0].kind.as_str(), history[0].by), ("booked", By::Guest));
}
