//! Series: all of it, or none.

use kalends_domain::event_type::{Assignment, Confirmation, EventType, Frequency, Limit, Period, Recurrence};
use kalends_engine::{
    Actor,
    book::{BookError, BookingsAsk, CancelWhat, ChangeError, Listed},
};

use crate::house::{House, ask, at, cancelling, moving};

checks![
    a_series_books_every_date,
    one_taken_date_refuses_the_whole_series,
    a_limit_counts_the_series_own_bookings,
    a_series_has_one_host_throughout,
    a_host_answers_a_series_once,
    what_remains_of_a_series_is_cancelled_together,
    one_date_of_a_series_moves_alone,
];

async fn weekly(h: &House, confirmation: Confirmation) -> EventType {
    h.single(|settings| {
        settings.recurrence = Some(Recurrence { every: Frequency::Weekly, interval: 1, most: 4 });
        settings.confirmation = confirmation;
    })
    .await
}

async fn a_series_books_every_date(h: &House) {
    let event_type = weekly(h, Confirmation::None).await;
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.times = Some(3);
    let booked = h.engine.book(&ask).await.unwrap();
    let starts: Vec<_> = booked.bookings.iter().map(|one| one.span.starts()).collect();
    assert_eq!(starts, [at("11-24 09:00"), at("12-01 09:00"), at("12-08 09:00")]);
    let series = booked.bookings[0].series.clone().unwrap();
    assert!(booked.bookings.iter().all(|one| one.series.as_ref() == Some(&series)));
    assert_eq!(h.engine.series(&series).await.unwrap().len(), 3);
    let ask = BookingsAsk { status: vec![Listed::Recurring], ..BookingsAsk::default() };
    assert_eq!(h.engine.bookings(&h.member(0), &ask).await.unwrap().total, 3);
}

async fn one_taken_date_refuses_the_whole_series(h: &House) {
    let event_type = weekly(h, Confirmation::None).await;
    let single = h.single(|_| {}).await;
    h.booked(&single, "12-08 09:00", "zoe").await;
    let waiting = h.waiting().await;
    let refused = h.book(&event_type, "11-24 09:00", "gus").await.unwrap_err();
    assert_eq!(refused.code(), "slot_taken");
    assert!(refused.to_string().contains("8 December"), "which one it is, is said: {refused}");
    assert_eq!(h.waiting().await, waiting);
    assert_eq!(h.starts(&single, "11-24").await.len(), 16, "no date of it was kept");
}

async fn a_limit_counts_the_series_own_bookings(h: &House) {
    let event_type = h
        .single(|settings| {
            settings.recurrence = Some(Recurrence { every: Frequency::Daily, interval: 1, most: 4 });
            settings.limits.bookings = vec![Limit { per: Period::Week, most: 3 }];
        })
        .await;
    let refused = h.book(&event_type, "11-24 09:00", "gus").await;
    assert!(matches!(refused, Err(BookError::Limit { per: Period::Week })), "{refused:?}");
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.times = Some(3);
    h.engine.book(&ask).await.unwrap();
}

async fn a_series_has_one_host_throughout(h: &House) {
    let first = h.single(|_| {}).await;
    h.booked(&first, "12-01 09:00", "zoe").await;
    let team = h
        .event_type(Assignment::RoundRobin, 2, |event_type| {
            event_type.settings.recurrence =
                Some(Recurrence { every: Frequency::Weekly, interval: 1, most: 3 });
        })
        .await;
    let booked = h.book(&team, "11-24 09:00", "gus").await.unwrap();
    assert!(booked.bookings.iter().all(|one| one.hosts == [h.users[1].id]));
}

async fn a_host_answers_a_series_once(h: &House) {
    let event_type = weekly(h, Confirmation::Always).await;
    let booked = h.book(&event_type, "11-24 09:00", "gus").await.unwrap();
    assert_eq!(h.waiting().await, 1, "the host is asked once");
    let confirmed = h.engine.confirm(&h.member(0), &booked.bookings[1].uid).await.unwrap();
    assert_eq!(confirmed.len(), 4);
    assert!(confirmed.iter().all(|one| one.state.is_confirmed()));
}

async fn what_remains_of_a_series_is_cancelled_together(h: &House) {
    let event_type = weekly(h, Confirmation::None).await;
    let booked = h.book(&event_type, "11-24 09:00", "gus").await.unwrap();
    let ask = cancelling(&booked.bookings[1], CancelWhat::Remaining, Actor::Guest);
    assert_eq!(h.engine.cancel(&ask).await.unwrap().len(), 3);
    let first = h.engine.booking(&booked.bookings[0].uid).await.unwrap();
    assert!(first.booking.state.is_confirmed());
    assert!(matches!(h.engine.cancel(&ask).await, Err(ChangeError::Over)));
}

async fn one_date_of_a_series_moves_alone(h: &House) {
    let event_type = weekly(h, Confirmation::None).await;
    let booked = h.book(&event_type, "11-24 09:00", "gus").await.unwrap();
    let moved = h.engine.reschedule(&moving(&booked.bookings[1], "12-02 10:00", Actor::Guest)).await.unwrap();
    assert_eq!(moved.series, booked.bookings[0].series);
    let other = h.engine.booking(&booked.bookings[2].uid).await.unwrap().booking;
    assert_eq!(other, booked.bookings[2]);
}
