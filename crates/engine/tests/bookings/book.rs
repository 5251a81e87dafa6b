//! One booking at a time.

use jiff::SignedDuration;
use kalends_domain::{
    booking::State,
    event_type::{
        Answer, Assignment, BookedLocation, BookingWindow, Confirmation, EventType, Lengths, Limit, Location,
        Period, PrivateLink, Question, QuestionKind,
    },
    money::{Currency, Money},
};
use kalends_engine::{
    Actor,
    book::{BookError, Bounds, HoldAsk, LocationChoice, LocationPick},
    event_types::PrivateLinkDraft,
    slots::Which,
};

use crate::house::{House, ask, at};

checks![
    a_guest_books_and_everything_that_follows_is_written_down,
    a_taken_slot_is_refused_and_nothing_is_left_behind,
    what_is_off_the_grid_or_closed_is_not_offered,
    a_slot_that_ends_while_the_form_is_open_says_so,
    beyond_the_window_is_refused,
    all_that_is_wrong_is_said_at_once,
    a_length_is_chosen_among_those_offered,
    a_place_is_chosen_and_its_detail_asked,
    answers_are_kept_in_their_own_form,
    an_event_type_with_a_price_is_not_booked_yet,
    a_request_waits_for_its_host,
    short_notice_waits_for_a_host_and_long_does_not,
    the_same_key_gives_the_same_booking,
    the_same_key_for_another_request_is_refused,
    a_private_link_books_as_often_as_it_may,
    a_hold_is_taken_over_by_its_booking,
    a_hold_of_somebody_else_is_in_the_way,
    a_hold_that_ended_is_no_claim,
    a_hold_moves_and_ends,
    a_host_books_outside_of_hours_and_a_guest_does_not,
    a_limit_is_kept_when_booking,
    collective_takes_the_time_of_all,
    an_event_type_without_hosts_says_so,
];

pub(crate) fn hold(event_type: &EventType, start: &str) -> HoldAsk {
    HoldAsk {
        event_type: Which::Id(event_type.id),
        start: at(start),
        minutes: None,
        keep: None,
        rescheduling: None,
        bounds: Bounds::Offered,
        actor: Actor::Guest,
    }
}

async fn a_guest_books_and_everything_that_follows_is_written_down(h: &House) {
    let event_type = h.single(|_| {}).await;
    let mut ask = ask(event_type.id, at("11-24 09:00"), "Gus");
    ask.guests = vec!["Zoe@Example.com".into(), "gus@guests.example.com".into(), String::new()];
    ask.notes = " Hello ".into();
    let booked = h.engine.book(&ask).await.unwrap();
    let booking = booked.first().unwrap();
    assert!(booking.state.is_confirmed() && !booked.repeated);
    assert_eq!(booking.hosts, [h.users[0].id]);
    assert_eq!(booking.title, format!("{} between anna and Gus", event_type.title));
    let emails: Vec<_> = booking.attendees.iter().map(|one| one.email.as_str()).collect();
    assert_eq!(emails, ["gus@guests.example.com", "zoe@example.com"]);
    assert!(booking.attendees[1].extra);
    assert_eq!(booking.notes, "Hello");
    assert_eq!(h.history(booking).await, ["booked"]);
    // One job brings the outside to match, one tells people.
    assert_eq!(h.waiting().await, 2);
    let view = h.engine.booking(&booking.uid).await.unwrap();
    assert_eq!(view.booking, *booking);
    assert_eq!(view.hosts[0].name, "anna");
    assert!(view.may.cancel && view.may.reschedule);
}

async fn a_taken_slot_is_refused_and_nothing_is_left_behind(h: &House) {
    let event_type = h.single(|_| {}).await;
    h.booked(&event_type, "11-24 09:00", "gus").await;
    let waiting = h.waiting().await;
    assert!(matches!(h.book(&event_type, "11-24 09:00", "zoe").await, Err(BookError::Taken)));
    assert_eq!(h.waiting().await, waiting);
}

async fn what_is_off_the_grid_or_closed_is_not_offered(h: &House) {
    let event_type = h.single(|_| {}).await;
    for start in ["11-24 09:10", "11-24 17:00", "11-24 16:45", "11-28 09:00", "11-24 03:00"] {
        let refused = h.book(&event_type, start, "gus").await;
        assert!(matches!(refused, Err(BookError::NotOffered)), "{start}: {refused:?}");
    }
}

async fn a_slot_that_ends_while_the_form_is_open_says_so(h: &House) {
    let event_type = h.single(|_| {}).await;
    assert_eq!(h.starts(&event_type, "11-23").await[0], "11:00");
    h.t.clock.advance(SignedDuration::from_mins(1));
    let refused = h.book(&event_type, "11-23 11:00", "gus").await;
    assert!(matches!(refused, Err(BookError::TooSoon { minutes: 120 })), "{refused:?}");
    assert!(refused.unwrap_err().choose_again());
}

async fn beyond_the_window_is_refused(h: &House) {
    let event_type = h.single(|settings| settings.window = BookingWindow::Days { days: 1 }).await;
    let refused = h.book(&event_type, "11-26 09:00", "gus").await;
    assert!(matches!(refused, Err(BookError::OutsideWindow)), "{refused:?}");
}

async fn all_that_is_wrong_is_said_at_once(h: &House) {
    let event_type =
        h.single(|settings| settings.questions = vec![question("why", QuestionKind::Text)]).await;
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.booker.name = " ".into();
    ask.booker.email = "gus@".into();
    ask.booker.zone = "Mars/Base".into();
    ask.guests = vec!["nobody".into()];
    ask.minutes = Some(31);
    ask.times = Some(2);
    let Err(BookError::Invalid(invalid)) = h.engine.book(&ask).await else { panic!("refused") };
    let fields: Vec<_> = invalid.problems.iter().map(|problem| problem.field.as_str()).collect();
    let expected = ["lengthInMinutes", "recurrenceCount", "name", "email", "timeZone", "guests[0]", "why"];
    assert_eq!(fields, expected);
}

fn question(slug: &str, kind: QuestionKind) -> Question {
    Question {
        slug: slug.into(),
        kind,
        label: slug.into(),
        hint: String::new(),
        required: true,
        hidden: false,
        choices: Vec::new(),
        min: None,
        max: None,
    }
}

async fn a_length_is_chosen_among_those_offered(h: &House) {
    let lengths = Lengths { usual: 30, choices: vec![30, 60] };
    let event_type = h.single(|settings| settings.lengths = lengths).await;
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.minutes = Some(60);
    let booked = h.engine.book(&ask).await.unwrap();
    assert_eq!(booked.first().unwrap().span.len(), 3600);
    assert_eq!(h.starts(&event_type, "11-24").await[0], "10:00");
}

async fn a_place_is_chosen_and_its_detail_asked(h: &House) {
    let locations = vec![Location::GuestPhone, Location::app("jitsi")];
    let event_type = h.single(|settings| settings.locations = locations).await;
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    assert_eq!(h.engine.book(&ask).await.unwrap_err().code(), "invalid_input");
    ask.location = Some(LocationChoice { pick: LocationPick::GuestPhone, detail: "call me".into() });
    assert_eq!(h.engine.book(&ask).await.unwrap_err().code(), "invalid_input");
    ask.location = Some(LocationChoice { pick: LocationPick::Nth(0), detail: "+43 1 234567".into() });
    let booked = h.engine.book(&ask).await.unwrap();
    let phone = BookedLocation::Phone { number: "+43 1 234567".into(), host_calls: true };
    assert_eq!(booked.first().unwrap().location, phone);
}

async fn answers_are_kept_in_their_own_form(h: &House) {
    let event_type =
        h.single(|settings| settings.questions = vec![question("people", QuestionKind::Number)]).await;
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.answers.insert("people".into(), Answer::Text(" 4 ".into()));
    ask.answers.insert("unasked".into(), Answer::Text("x".into()));
    let booking = h.engine.book(&ask).await.unwrap().bookings.remove(0);
    assert_eq!(booking.answers["people"], Answer::Number(4.0));
    assert_eq!(booking.answers.len(), 1);
}

async fn an_event_type_with_a_price_is_not_booked_yet(h: &House) {
    let price = Money { minor: 9000, currency: Currency::parse("EUR").unwrap() };
    let event_type = h.single(|settings| settings.price = Some(price)).await;
    let refused = h.book(&event_type, "11-24 09:00", "gus").await;
    assert!(matches!(refused, Err(BookError::PaymentNotReady)));
    assert_eq!(h.starts(&event_type, "11-24").await[0], "09:00");
}

async fn a_request_waits_for_its_host(h: &House) {
    let event_type = h.single(|settings| settings.confirmation = Confirmation::Always).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    assert!(matches!(booking.state, State::AwaitingConfirmation { .. }));
    assert_eq!(h.history(&booking).await, ["requested"]);
    assert_eq!(h.waiting().await, 1, "people are told; nothing is written outside yet");
    assert!(matches!(h.book(&event_type, "11-24 09:00", "zoe").await, Err(BookError::Taken)));
}

async fn short_notice_waits_for_a_host_and_long_does_not(h: &House) {
    let confirmation = Confirmation::ShortNotice { minutes: 24 * 60 };
    let event_type = h.single(|settings| settings.confirmation = confirmation).await;
    assert!(!h.booked(&event_type, "11-23 15:00", "gus").await.state.is_confirmed());
    assert!(h.booked(&event_type, "11-24 09:00", "gus").await.state.is_confirmed());
}

async fn the_same_key_gives_the_same_booking(h: &House) {
    let event_type = h.single(|_| {}).await;
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.idempotency_key = Some("attempt-1".into());
    let first = h.engine.book(&ask).await.unwrap();
    let again = h.engine.book(&ask).await.unwrap();
    assert!(!first.repeated && again.repeated);
    assert_eq!(first.bookings, again.bookings);
    assert_eq!(h.waiting().await, 2);
}

async fn the_same_key_for_another_request_is_refused(h: &House) {
    let event_type = h.single(|_| {}).await;
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.idempotency_key = Some("attempt-1".into());
    h.engine.book(&ask).await.unwrap();
    ask.start = at("11-24 10:00");
    assert!(matches!(h.engine.book(&ask).await, Err(BookError::KeyReused)));
    // Another guest's keys are their own.
    ask.booker.email = "zoe@guests.example.com".into();
    h.engine.book(&ask).await.unwrap();
}

async fn a_private_link_books_as_often_as_it_may(h: &House) {
    let event_type = h.event_type(Assignment::Single, 1, |event_type| event_type.hidden = true).await;
    let draft = PrivateLinkDraft { expires_at: None, most_uses: Some(1) };
    let link: PrivateLink = h.engine.create_private_link(&h.member(0), event_type.id, draft).await.unwrap();
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.event_type = Which::Link(link.uid.clone());
    h.engine.book(&ask).await.unwrap();
    ask.start = at("11-24 10:00");
    assert_eq!(h.engine.book(&ask).await.unwrap_err().code(), "link_used");
    assert_eq!(h.starts(&event_type, "11-24").await[1], "10:00", "nothing was claimed");
    let ends = PrivateLinkDraft { expires_at: Some(at("11-23 10:00")), most_uses: None };
    let link = h.engine.create_private_link(&h.member(0), event_type.id, ends).await.unwrap();
    h.t.clock.advance(SignedDuration::from_hours(2));
    ask.event_type = Which::Link(link.uid);
    assert_eq!(h.engine.book(&ask).await.unwrap_err().code(), "link_expired");
}

async fn a_hold_is_taken_over_by_its_booking(h: &House) {
    let event_type = h.single(|_| {}).await;
    let held = h.engine.hold(&hold(&event_type, "11-24 09:00")).await.unwrap();
    assert_eq!(held.until, at("11-23 09:05"));
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.hold = Some(held.uid.clone());
    h.engine.book(&ask).await.unwrap();
    assert_eq!(h.engine.held(&held.uid).await.unwrap(), None);
    assert!(matches!(h.book(&event_type, "11-24 09:00", "zoe").await, Err(BookError::Taken)));
}

async fn a_hold_of_somebody_else_is_in_the_way(h: &House) {
    let event_type = h.single(|_| {}).await;
    h.engine.hold(&hold(&event_type, "11-24 09:00")).await.unwrap();
    assert!(matches!(h.book(&event_type, "11-24 09:00", "zoe").await, Err(BookError::Taken)));
    assert!(matches!(h.engine.hold(&hold(&event_type, "11-24 09:00")).await, Err(BookError::Taken)));
}

async fn a_hold_that_ended_is_no_claim(h: &House) {
    let event_type = h.single(|_| {}).await;
    let held = h.engine.hold(&hold(&event_type, "11-24 09:00")).await.unwrap();
    h.t.clock.advance(SignedDuration::from_mins(5));
    h.booked(&event_type, "11-24 09:00", "zoe").await;
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.hold = Some(held.uid);
    assert!(matches!(h.engine.book(&ask).await, Err(BookError::Taken)));
}

async fn a_hold_moves_and_ends(h: &House) {
    let event_type = h.single(|_| {}).await;
    let held = h.engine.hold(&hold(&event_type, "11-24 09:00")).await.unwrap();
    let moved = h.engine.update_hold(&held.uid, &hold(&event_type, "11-24 10:00")).await.unwrap();
    assert_eq!((moved.uid.clone(), moved.start), (held.uid.clone(), at("11-24 10:00")));
    assert_eq!(h.starts(&event_type, "11-24").await[..3], ["09:00", "09:30", "10:30"]);
    h.engine.release_hold(&held.uid).await.unwrap();
    assert_eq!(h.starts(&event_type, "11-24").await.len(), 16);
    h.engine.release_hold(&held.uid).await.unwrap();
    let gone = h.engine.update_hold(&held.uid, &hold(&event_type, "11-24 10:00")).await;
    assert!(matches!(gone, Err(BookError::NotFound)));
}

async fn a_host_books_outside_of_hours_and_a_guest_does_not(h: &House) {
    let event_type = h.single(|settings| settings.confirmation = Confirmation::Always).await;
    let mut ask = ask(event_type.id, at("11-24 19:10"), "gus");
    ask.bounds = Bounds::AnyFreeTime;
    assert!(matches!(h.engine.book(&ask).await, Err(BookError::Forbidden)));
    ask.actor = Actor::Member(h.member(1));
    assert!(matches!(h.engine.book(&ask).await, Err(BookError::Forbidden)));
    ask.actor = Actor::Member(h.member(0));
    let booked = h.engine.book(&ask).await.unwrap();
    assert!(booked.first().unwrap().state.is_confirmed(), "a host needs no host's yes");
    ask.start = at("11-24 19:20");
    assert!(matches!(h.engine.book(&ask).await, Err(BookError::Taken)));
}

async fn a_limit_is_kept_when_booking(h: &House) {
    let limits = vec![Limit { per: Period::Day, most: 60 }];
    let event_type = h.single(|settings| settings.limits.minutes = limits).await;
    h.booked(&event_type, "11-24 09:00", "gus").await;
    h.booked(&event_type, "11-24 10:00", "gus").await;
    let refused = h.book(&event_type, "11-24 11:00", "gus").await;
    assert!(matches!(refused, Err(BookError::Limit { per: Period::Day })), "{refused:?}");
    h.booked(&event_type, "11-25 11:00", "gus").await;
}

async fn collective_takes_the_time_of_all(h: &House) {
    let both = h.event_type(Assignment::Collective, 2, |_| {}).await;
    let second = h.event_type(Assignment::RoundRobin, 2, |event_type| {
        event_type.hosts.remove(0);
    });
    let second = second.await;
    let booking = h.booked(&both, "11-24 09:00", "gus").await;
    assert_eq!(booking.hosts, [h.users[0].id, h.users[1].id]);
    assert!(matches!(h.book(&second, "11-24 09:00", "zoe").await, Err(BookError::Taken)));
    h.booked(&second, "11-24 10:00", "zoe").await;
    assert!(matches!(h.book(&both, "11-24 10:00", "gus").await, Err(BookError::Taken)));
}

async fn an_event_type_without_hosts_says_so(h: &House) {
    let event_type = h.event_type(Assignment::RoundRobin, 1, |event_type| event_type.hosts.clear()).await;
    assert!(matches!(h.book(&event_type, "11-24 09:00", "gus").await, Err(BookError::NoHosts)));
    assert!(h.starts(&event_type, "11-24").await.is_empty());
}
