//! The full size: ten thousand attempts at a hundred slots from sixty-four clients.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::join_all;
use jiff::Timestamp;
use kalends_domain::{
    Span,
    event_type::{Assignment, Buffers, Confirmation, EventType, Lengths, Seats},
};
use kalends_engine::{
    Actor, Engine,
    book::{BookError, BookingsAsk, CancelWhat, ChangeError, Listed, Whose},
};
use kalends_store::repo::Owner;

use crate::house::{House, ask, at, cancelling, moving};

checks![ten_thousand_attempts_at_a_hundred_slots];

const ATTEMPTS: usize = 10_000;
const CLIENTS: usize = 64;

/// What happened to all attempts.
#[derive(Debug, Default)]
struct Count {
    booked: AtomicUsize,
    refused: AtomicUsize,
    changed: AtomicUsize,
}

async fn ten_thousand_attempts_at_a_hundred_slots(h: &House) {
    let hard = h
        .event_type(Assignment::Single, 1, |event_type| {
            event_type.settings.lengths = Lengths { usual: 30, choices: vec![15, 30, 45, 60] };
            event_type.settings.interval = Some(15);
            event_type.settings.buffers = Buffers { before: 5, after: 10 };
        })
        .await;
    let pair = h.event_type(Assignment::Collective, 2, |_| {}).await;
    let team = h.event_type(Assignment::RoundRobin, 4, |_| {}).await;
    let asked = h
        .event_type(Assignment::RoundRobin, 3, |event_type| {
            event_type.settings.confirmation = Confirmation::Always;
        })
        .await;
    let class = h
        .event_type(Assignment::Single, 5, |event_type| {
            event_type.hosts = vec![event_type.hosts[4]];
            event_type.settings.seats = Some(Seats { count: 5, show_left: true, show_guests: false });
        })
        .await;
    let event_types = Arc::new([hard, pair, team, asked, class]);
    let (next, count) = (Arc::new(AtomicUsize::new(0)), Arc::new(Count::default()));
    let host = Actor::Member(h.admin());
    let other = h.another().await;
    let clients = (0..CLIENTS).map(|client| {
        let engine = if client % 2 == 0 { h.engine.clone() } else { other.clone() };
        let (event_types, next, count) = (Arc::clone(&event_types), Arc::clone(&next), Arc::clone(&count));
        let host = host.clone();
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= ATTEMPTS {
                    return;
                }
                attempt(&engine, &event_types, number, &count, &host).await;
            }
        })
    });
    for done in join_all(clients.collect::<Vec<_>>()).await {
        done.expect("no client panics");
    }
    let booked = count.booked.load(Ordering::Relaxed);
    let refused = count.refused.load(Ordering::Relaxed);
    assert_eq!(booked + refused, ATTEMPTS);
    assert!(booked > 100, "{count:?}");
    even(h).await;
    // Whatever is still offered can be booked.
    for event_type in event_types.iter() {
        if let Some(start) = h.starts(event_type, "11-27").await.first() {
            h.booked(event_type, &format!("11-27 {start}"), "last").await;
        }
    }
    even(h).await;
}

/// Each booking that takes place owns its hosts' time, and nobody else does.
async fn even(h: &House) {
    let status = vec![Listed::Upcoming, Listed::Unconfirmed];
    let mut owed = BTreeSet::new();
    for skip in (0..).step_by(250) {
        let ask = BookingsAsk {
            status: status.clone(),
            whose: Whose::Everybody,
            skip,
            take: Some(250),
            ..BookingsAsk::default()
        };
        let page = h.engine.bookings(&h.admin(), &ask).await.unwrap();
        let bookings = page.items.iter().map(|view| &view.booking);
        owed.extend(bookings.flat_map(|one| one.hosts.iter().map(|host| (*host, Owner::Booking(one.id)))));
        if page.items.is_empty() {
            break;
        }
    }
    let users: Vec<_> = h.users.iter().map(|user| user.id).collect();
    let window = Span::new(at("11-01 00:00").as_second(), at("12-31 00:00").as_second());
    let claimed = h.t.db.read().await.unwrap().claims().of_hosts(&users, window).await.unwrap();
    let claimed: BTreeSet<_> =
        claimed.iter().flat_map(|(host, times)| times.iter().map(|time| (*host, time.owner))).collect();
    assert_eq!(owed, claimed);
}

/// One of a hundred starts: sixteen and more a day, six days.
fn start_of(number: usize) -> Timestamp {
    let day = ["11-24", "11-25", "11-26", "11-27", "11-30", "12-01"][number / 7 % 6];
    at(&format!("{day} 09:00")) + crate::house::later(number * 13 % 16)
}

async fn attempt(engine: &Engine, of: &[EventType; 5], number: usize, count: &Count, host: &Actor) {
    let event_type = &of[number % 5];
    let mut wish = ask(event_type.id, start_of(number), &format!("guest{number}"));
    if number.is_multiple_of(5) {
        wish.minutes = Some([15, 30, 45, 60][number / 5 % 4]);
    }
    match engine.book(&wish).await {
        Ok(booked) => {
            count.booked.fetch_add(1, Ordering::Relaxed);
            let booking = &booked.bookings[0];
            let changed = match number % 4 {
                0 => engine.reschedule(&moving_to(booking, start_of(number + 3), host)).await.map(drop),
                1 => engine.cancel(&cancelling(booking, CancelWhat::Whole, host.clone())).await.map(drop),
                2 => match host.member() {
                    Some(member) => engine.confirm(&member, &booking.uid).await.map(drop),
                    None => Ok(()),
                },
                _ => Ok(()),
            };
            match changed {
                Ok(()) => drop(count.changed.fetch_add(1, Ordering::Relaxed)),
                Err(ChangeError::Refused(_) | ChangeError::Over) => {}
                Err(ChangeError::Time(refused)) => clean(&refused),
                Err(other) => panic!("{other:?}"),
            }
        }
        Err(refused) => {
            clean(&refused);
            count.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn moving_to(
    booking: &kalends_domain::booking::Booking,
    start: Timestamp,
    host: &Actor,
) -> kalends_engine::book::RescheduleAsk {
    let mut ask = moving(booking, "11-24 09:00", host.clone());
    ask.start = start;
    ask
}

fn clean(refused: &BookError) {
    assert!(["slot_taken", "slot_full", "slot_not_offered"].contains(&refused.code()), "{refused:?}");
}
