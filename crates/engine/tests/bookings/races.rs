//! Many at once: exactly the right number of bookings, and everybody else a clean answer.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::join_all;
use jiff::Timestamp;
use kalends_domain::{
    booking::Booking,
    event_type::{Assignment, Buffers, Confirmation, Lengths, Limit, Period, PrivateLink, Seats},
};
use kalends_engine::{
    Actor, Engine,
    book::{BookAsk, BookError, Booked, Bounds, CancelWhat, ChangeError},
    event_types::PrivateLinkDraft,
    slots::Which,
};
use tokio::sync::Barrier;

use crate::house::{House, ask, at, cancelling, later, moving};

checks![
    sixty_four_guests_want_one_slot_and_one_gets_it,
    overlapping_lengths_and_buffers_never_lie_over_each_other,
    a_collective_and_its_hosts_own_event_types_share_time,
    a_round_robin_books_each_host_once_a_slot,
    seats_are_sold_exactly,
    a_limit_holds_under_a_race,
    moves_into_one_slot_and_one_arrives,
    yes_and_no_at_once_and_one_counts,
    one_key_sent_many_times_books_once,
    a_link_that_may_be_used_once_is,
    series_that_cross_are_whole_or_not_there,
    booking_and_cancelling_leave_the_books_even,
];

const MANY: usize = 64;

/// Starts all at once, half of them on a second node where there can be one.
async fn all_at_once<T, F>(h: &House, many: usize, work: impl Fn(usize, Engine) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let other = h.another().await;
    let barrier = Arc::new(Barrier::new(many));
    let tasks = (0..many).map(|one| {
        let engine = if one % 2 == 0 { h.engine.clone() } else { other.clone() };
        let (work, barrier) = (work(one, engine), Arc::clone(&barrier));
        tokio::spawn(async move {
            barrier.wait().await;
            work.await
        })
    });
    let tasks: Vec<_> = tasks.collect();
    join_all(tasks).await.into_iter().map(|done| done.expect("no task panics")).collect()
}

/// How many were booked; everybody else must have read something clean.
fn booked(results: &[Result<Booked, BookError>]) -> usize {
    for refused in results.iter().filter_map(|result| result.as_ref().err()) {
        let clean = ["slot_taken", "slot_full", "limit_reached", "link_used"];
        assert!(clean.contains(&refused.code()), "{refused:?}");
    }
    results.iter().filter(|result| result.is_ok()).count()
}

async fn book_all(h: &House, asks: Vec<BookAsk>) -> Vec<Result<Booked, BookError>> {
    let many = asks.len();
    all_at_once(h, many, |one, engine| {
        let ask = asks[one].clone();
        async move { engine.book(&ask).await }
    })
    .await
}

async fn sixty_four_guests_want_one_slot_and_one_gets_it(h: &House) {
    let event_type = h.single(|_| {}).await;
    let asks = (0..MANY).map(|one| ask(event_type.id, at("11-24 09:00"), &format!("guest{one}")));
    let results = book_all(h, asks.collect()).await;
    assert_eq!(booked(&results), 1);
    assert_eq!(h.waiting().await, 2, "nothing follows from those who lost");
}

async fn overlapping_lengths_and_buffers_never_lie_over_each_other(h: &House) {
    let event_type = h
        .single(|settings| {
            settings.lengths = Lengths { usual: 30, choices: vec![15, 30, 45, 60] };
            settings.interval = Some(15);
            settings.buffers = Buffers { before: 5, after: 10 };
        })
        .await;
    let asks: Vec<BookAsk> = (0..MANY)
        .map(|one| {
            let start = at("11-24 09:00") + later(one % 8) / 2;
            let mut ask = ask(event_type.id, start, &format!("guest{one}"));
            ask.minutes = Some([15, 30, 45, 60][one % 4]);
            ask
        })
        .collect();
    let results = book_all(h, asks).await;
    let count = booked(&results);
    assert!((2..=8).contains(&count), "{count} in two and three quarter hours");
    let mut spans: Vec<_> = results.iter().flatten().map(|booked| booked.bookings[0].span).collect();
    spans.sort_unstable();
    for pair in spans.windows(2) {
        assert!(pair[1].start - pair[0].end >= 15 * 60, "{pair:?} are too close");
    }
}

async fn a_collective_and_its_hosts_own_event_types_share_time(h: &House) {
    let all = h.event_type(Assignment::Collective, 3, |_| {}).await;
    let some = h.event_type(Assignment::Collective, 2, |event_type| event_type.hosts.reverse()).await;
    let own = h.single(|_| {}).await;
    let asks = (0..MANY).map(|one| {
        let event_type = [&all, &some, &own][one % 3];
        ask(event_type.id, at("11-24 09:00"), &format!("guest{one}"))
    });
    let results = book_all(h, asks.collect()).await;
    assert_eq!(booked(&results), 1, "each needs the first host");
}

async fn a_round_robin_books_each_host_once_a_slot(h: &House) {
    let team = h.event_type(Assignment::RoundRobin, 5, |_| {}).await;
    let starts = [at("11-24 09:00"), at("11-24 09:30"), at("11-24 10:00")];
    let asks = (0..MANY).map(|one| ask(team.id, starts[one % 3], &format!("guest{one}")));
    let results = book_all(h, asks.collect()).await;
    assert_eq!(booked(&results), 15, "five hosts at three starts");
    let mut turns: BTreeMap<_, usize> = BTreeMap::new();
    for booking in results.iter().flatten().map(|booked| &booked.bookings[0]) {
        *turns.entry(booking.host).or_default() += 1;
    }
    assert!(turns.len() == 5 && turns.values().all(|count| *count == 3), "{turns:?}");
}

async fn seats_are_sold_exactly(h: &House) {
    let event_type = h
        .single(|settings| {
            settings.seats = Some(Seats { count: 10, show_left: true, show_guests: false });
        })
        .await;
    let asks = (0..MANY).map(|one| ask(event_type.id, at("11-24 09:00"), &format!("guest{one}")));
    let results = book_all(h, asks.collect()).await;
    assert_eq!(booked(&results), 10);
    let uid = results.iter().flatten().next().unwrap().bookings[0].uid.clone();
    let booking = h.engine.booking(&uid).await.unwrap().booking;
    assert_eq!(booking.attendees.len(), 10, "all in one booking");
}

async fn a_limit_holds_under_a_race(h: &House) {
    let team = h
        .event_type(Assignment::RoundRobin, 5, |event_type| {
            event_type.settings.limits.bookings = vec![Limit { per: Period::Day, most: 7 }];
        })
        .await;
    let asks = (0..MANY).map(|one| {
        let start = at("11-24 09:00") + later(one % 16);
        ask(team.id, start, &format!("guest{one}"))
    });
    let results = book_all(h, asks.collect()).await;
    assert_eq!(booked(&results), 7);
}

async fn moves_into_one_slot_and_one_arrives(h: &House) {
    let event_type = h.single(|_| {}).await;
    let mut bookings: Vec<Booking> = Vec::new();
    for day in ["11-24", "11-25"] {
        for start in h.starts(&event_type, day).await {
            bookings.push(h.booked(&event_type, &format!("{day} {start}"), "gus").await);
        }
    }
    let results = all_at_once(h, bookings.len(), |one, engine| {
        let ask = moving(&bookings[one], "11-26 09:00", Actor::Guest);
        async move { engine.reschedule(&ask).await }
    })
    .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for refused in results.iter().filter_map(|result| result.as_ref().err()) {
        assert!(matches!(refused, ChangeError::Time(BookError::Taken)), "{refused:?}");
    }
    let freed = h.starts(&event_type, "11-24").await.len() + h.starts(&event_type, "11-25").await.len();
    assert_eq!(freed, 1);
}

async fn yes_and_no_at_once_and_one_counts(h: &House) {
    let event_type = h.single(|settings| settings.confirmation = Confirmation::Always).await;
    let booking = h.booked(&event_type, "11-24 09:00", "gus").await;
    let host = h.member(0);
    let results = all_at_once(h, MANY, |one, engine| {
        let uid = booking.uid.clone();
        async move {
            if one % 3 == 0 {
                engine.decline(&host, &uid, "away").await
            } else {
                engine.confirm(&host, &uid).await
            }
        }
    })
    .await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(
        results
            .iter()
            .filter_map(|result| result.as_ref().err())
            .all(|refused| refused.code() == "wrong_state")
    );
    assert_eq!(h.engine.booking(&booking.uid).await.unwrap().booking.revision, 1);
}

async fn one_key_sent_many_times_books_once(h: &House) {
    let event_type = h.single(|_| {}).await;
    let mut ask = ask(event_type.id, at("11-24 09:00"), "gus");
    ask.idempotency_key = Some("once".into());
    let results = book_all(h, vec![ask; MANY]).await;
    assert_eq!(booked(&results), MANY, "everybody gets the booking");
    let first = results[0].as_ref().unwrap().bookings[0].uid.clone();
    assert!(results.iter().flatten().all(|booked| booked.bookings[0].uid == first));
    assert_eq!(results.iter().flatten().filter(|booked| !booked.repeated).count(), 1);
}

async fn a_link_that_may_be_used_once_is(h: &House) {
    let event_type = h.single(|_| {}).await;
    let draft = PrivateLinkDraft { expires_at: None, most_uses: Some(3) };
    let link: PrivateLink = h.engine.create_private_link(&h.member(0), event_type.id, draft).await.unwrap();
    let asks = (0..MANY).map(|one| {
        let start = at("11-24 09:00") + later(one % 16);
        let mut ask = ask(event_type.id, start, &format!("guest{one}"));
        ask.event_type = Which::Link(link.uid.clone());
        ask
    });
    let results = book_all(h, asks.collect()).await;
    assert_eq!(booked(&results), 3);
}

async fn series_that_cross_are_whole_or_not_there(h: &House) {
    let event_type = h
        .single(|settings| {
            let every = kalends_domain::event_type::Frequency::Daily;
            settings.recurrence =
                Some(kalends_domain::event_type::Recurrence { every, interval: 1, most: 4 });
        })
        .await;
    let starts = [at("11-24 09:00"), at("11-23 14:00"), at("11-24 09:00"), at("11-24 09:30")];
    let asks = (0..MANY).map(|one| {
        let mut ask = ask(event_type.id, starts[one % 4], &format!("guest{one}"));
        ask.times = Some(if one % 4 == 2 { 2 } else { 4 });
        ask
    });
    let results = book_all(h, asks.collect()).await;
    assert_eq!(booked(&results), 3, "one at nine, one at half past, one from today on");
    for booked in results.iter().flatten() {
        assert!(matches!(booked.bookings.len(), 2 | 4));
    }
}

async fn booking_and_cancelling_leave_the_books_even(h: &House) {
    let team = h.event_type(Assignment::RoundRobin, 2, |_| {}).await;
    let start: Timestamp = at("11-24 09:00");
    let host = Actor::Member(h.member(0));
    let kept: Vec<usize> = all_at_once(h, 32, |one, engine| {
        let (team, host) = (team.id, host.clone());
        async move {
            let mut kept = 0;
            for turn in 0..6 {
                let mut wish = ask(team, start, &format!("guest{one}x{turn}"));
                wish.bounds = Bounds::Offered;
                match engine.book(&wish).await {
                    Ok(booked) if turn < 5 => {
                        let cancel = cancelling(&booked.bookings[0], CancelWhat::Whole, host.clone());
                        engine.cancel(&cancel).await.expect("what was booked can be cancelled");
                    }
                    Ok(_) => kept += 1,
                    Err(refused) => assert_eq!(refused.code(), "slot_taken", "{refused:?}"),
                }
            }
            kept
        }
    })
    .await;
    let kept: usize = kept.into_iter().sum();
    assert!(kept <= 2);
    let mut free = 0;
    while h.book(&team, "11-24 09:00", &format!("last{free}")).await.is_ok() {
        free += 1;
    }
    assert_eq!(kept + free, 2, "two hosts, two bookings");
}
