//! Slots from memory.

use jiff::SignedDuration;
use kalends_domain::{
    availability::OutOfOffice,
    event_type::{Assignment, BookingWindow, Buffers, Limit, Period},
};
use kalends_engine::slots::{SlotsError, Which};

use crate::house::{House, at, slots_ask};

checks![
    a_day_has_its_slots,
    a_booking_takes_its_slot_off_the_page_at_once,
    buffers_keep_their_distance,
    a_booking_on_its_way_does_not_block_itself_fb_07,
    days_away_have_no_slots,
    a_changed_schedule_shows_at_once,
    a_limit_that_is_reached_closes_its_day,
    beyond_the_window_nothing_is_offered,
    a_question_that_cannot_be_names_its_fields,
    an_event_type_nobody_has_is_not_found,
    a_hold_takes_its_slot_until_it_ends,
    a_host_reads_why_a_time_is_not_offered,
    another_node_sees_what_was_booked,
    collective_slots_are_those_all_have,
];

async fn a_day_has_its_slots(h: &House) {
    let event_type = h.single(|_| {}).await;
    let starts = h.starts(&event_type, "11-24").await;
    assert_eq!(starts.len(), 16);
    assert_eq!((starts[0].as_str(), starts[15].as_str()), ("09:00", "16:30"));
    // Today, with two hours' notice at nine.
    assert_eq!(h.starts(&event_type, "11-23").await[0], "11:00");
    assert!(h.starts(&event_type, "11-28").await.is_empty(), "a Saturday");
}

async fn a_booking_takes_its_slot_off_the_page_at_once(h: &House) {
    let event_type = h.single(|_| {}).await;
    assert_eq!(h.starts(&event_type, "11-24").await[0], "09:00");
    h.booked(&event_type, "11-24 09:00", "gus").await;
    assert_eq!(h.starts(&event_type, "11-24").await[0], "09:30");
}

async fn buffers_keep_their_distance(h: &House) {
    let event_type = h.single(|settings| settings.buffers = Buffers { before: 30, after: 0 }).await;
    h.booked(&event_type, "11-24 12:00", "gus").await;
    let starts = h.starts(&event_type, "11-24").await;
    for gone in ["11:30", "12:00", "12:30"] {
        assert!(!starts.contains(&gone.to_owned()), "{gone} in {starts:?}");
    }
    assert!(starts.contains(&"11:00".to_owned()) && starts.contains(&"13:00".to_owned()), "{starts:?}");
}

async fn a_booking_on_its_way_does_not_block_itself_fb_07(h: &House) {
    let event_type = h.single(|_| {}).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    let mut ask = slots_ask(&event_type, "11-24 00:00", "11-24 23:59");
    ask.rescheduling = Some(booking.uid);
    let slots = h.engine.slots(&ask).await.unwrap();
    assert_eq!(slots.days.values().flatten().next().unwrap().start, at("11-24 09:00"));
}

async fn days_away_have_no_slots(h: &House) {
    let event_type = h.single(|_| {}).await;
    assert!(!h.starts(&event_type, "11-24").await.is_empty());
    let day = "2026-11-24".parse().unwrap();
    let dates = OutOfOffice { from: day, until: day, note: None };
    let away = h.engine.add_away(&h.member(0), h.users[0].id, &dates).await.unwrap();
    assert!(h.starts(&event_type, "11-24").await.is_empty());
    h.engine.delete_away(&h.member(0), h.users[0].id, away.id).await.unwrap();
    assert!(!h.starts(&event_type, "11-24").await.is_empty());
}

async fn a_changed_schedule_shows_at_once(h: &House) {
    let event_type = h.single(|_| {}).await;
    assert_eq!(h.starts(&event_type, "11-24").await[0], "09:00");
    let member = h.member(0);
    let schedule = h.engine.schedules_of(&member, member.user).await.unwrap().remove(0);
    let hours = serde_json::from_str(
        r#"{"zone":"UTC","weekly":[{"days":["tuesday"],"start":"13:00","end":"14:00"}]}"#,
    );
    let draft = kalends_engine::schedules::ScheduleDraft { name: "Afternoon".into(), hours: hours.unwrap() };
    h.engine.update_schedule(&member, schedule.id, &draft).await.unwrap();
    assert_eq!(h.starts(&event_type, "11-24").await, ["13:00", "13:30"]);
}

async fn a_limit_that_is_reached_closes_its_day(h: &House) {
    let event_type =
        h.single(|settings| settings.limits.bookings = vec![Limit { per: Period::Day, most: 1 }]).await;
    h.booked(&event_type, "11-24 12:00", "gus").await;
    assert!(h.starts(&event_type, "11-24").await.is_empty());
    assert_eq!(h.starts(&event_type, "11-25").await.len(), 16);
}

async fn beyond_the_window_nothing_is_offered(h: &House) {
    let event_type = h.single(|settings| settings.window = BookingWindow::Days { days: 1 }).await;
    assert!(!h.starts(&event_type, "11-24").await.is_empty());
    assert!(h.starts(&event_type, "11-25").await.is_empty());
}

async fn a_question_that_cannot_be_names_its_fields(h: &House) {
    let event_type = h.single(|_| {}).await;
    let mut ask = slots_ask(&event_type, "11-25 00:00", "11-24 00:00");
    ask.zone = "Mars/Base".into();
    ask.minutes = Some(7);
    let Err(SlotsError::Invalid(invalid)) = h.engine.slots(&ask).await else { panic!("refused") };
    let fields: Vec<_> = invalid.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["lengthInMinutes", "timeZone", "end"]);
}

async fn an_event_type_nobody_has_is_not_found(h: &House) {
    let event_type = h.single(|_| {}).await;
    let mut ask = slots_ask(&event_type, "11-24 00:00", "11-25 00:00");
    ask.event_type = Which::Number(1);
    assert!(matches!(h.engine.slots(&ask).await, Err(SlotsError::NotFound)));
    h.engine.delete_event_type(&h.member(0), event_type.id).await.unwrap();
    ask.event_type = Which::Number(event_type.number);
    assert!(matches!(h.engine.slots(&ask).await, Err(SlotsError::NotFound)));
}

async fn a_hold_takes_its_slot_until_it_ends(h: &House) {
    let event_type = h.single(|_| {}).await;
    let ask = crate::book::hold(&event_type, "11-24 09:00");
    let held = h.engine.hold(&ask).await.unwrap();
    assert_eq!(h.starts(&event_type, "11-24").await[0], "09:30");
    let mut own = slots_ask(&event_type, "11-24 00:00", "11-24 23:59");
    own.hold = Some(held.uid);
    let slots = h.engine.slots(&own).await.unwrap();
    assert_eq!(slots.days.values().flatten().next().unwrap().start, at("11-24 09:00"));
    h.t.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(h.starts(&event_type, "11-24").await[0], "09:00");
}

async fn a_host_reads_why_a_time_is_not_offered(h: &House) {
    let event_type = h.single(|_| {}).await;
    h.booked(&event_type, "11-24 09:00", "gus").await;
    let which = Which::Id(event_type.id);
    let explained = h.engine.explain_slot(&h.member(0), &which, at("11-24 09:00"), None).await.unwrap();
    assert!(!explained.offered && !explained.hosts[0].free);
    assert!(explained.hosts[0].reasons[0].contains("a booking"), "{:?}", explained.hosts[0].reasons);
    let free = h.engine.explain_slot(&h.member(0), &which, at("11-24 09:30"), None).await.unwrap();
    assert!(free.offered, "{free:?}");
    let stranger = h.engine.explain_slot(&h.member(1), &which, at("11-24 09:30"), None).await;
    assert!(matches!(stranger, Err(SlotsError::NotFound)));
}

async fn another_node_sees_what_was_booked(h: &House) {
    let event_type = h.single(|_| {}).await;
    let other = h.another().await;
    let ask = slots_ask(&event_type, "11-24 00:00", "11-24 23:59");
    assert_eq!(other.slots(&ask).await.unwrap().days.values().flatten().count(), 16);
    h.booked(&event_type, "11-24 09:00", "gus").await;
    // The notice travels; until it is there the claim would refuse, afterwards the page knows.
    for _ in 0..1000 {
        if other.slots(&ask).await.unwrap().days.values().flatten().count() == 15 {
            return;
        }
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("the other node never heard of it");
}

async fn collective_slots_are_those_all_have(h: &House) {
    let both = h.event_type(Assignment::Collective, 2, |_| {}).await;
    let first = h.single(|_| {}).await;
    h.booked(&first, "11-24 09:00", "gus").await;
    assert_eq!(h.starts(&both, "11-24").await[0], "09:30");
}
