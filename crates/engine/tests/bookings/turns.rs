//! Round robin: whose turn it is.

use std::collections::BTreeMap;

use kalends_domain::event_type::{Assignment, EventType};
use kalends_engine::{
    Actor,
    book::{BookError, CancelWhat},
};

use crate::house::{House, cancelling};

checks![
    equal_hosts_take_turns,
    weights_share_out_the_bookings,
    a_fixed_host_is_always_there,
    the_highest_priority_goes_first_while_it_is_free,
    a_cancelled_turn_comes_back,
    every_host_is_booked_once_before_the_slot_is_gone,
];

async fn counted(h: &House, event_type: &EventType, times: usize) -> Vec<usize> {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    let days = ["11-24", "11-25", "11-26", "11-27"];
    let starts = h.starts(event_type, "11-24").await;
    for at in 0..times {
        let start = format!("{} {}", days[at / starts.len()], starts[at % starts.len()]);
        let booking = h.booked(event_type, &start, &format!("guest{at}")).await;
        *counts.entry(booking.host).or_default() += 1;
    }
    h.users.iter().map(|user| counts.get(&user.id).copied().unwrap_or(0)).collect()
}

async fn equal_hosts_take_turns(h: &House) {
    let team = h.event_type(Assignment::RoundRobin, 3, |_| {}).await;
    assert_eq!(counted(h, &team, 9).await, [3, 3, 3, 0, 0]);
}

async fn weights_share_out_the_bookings(h: &House) {
    let team = h
        .event_type(Assignment::RoundRobin, 3, |event_type| {
            event_type.hosts[0].weight = 200;
            event_type.hosts[2].weight = 300;
        })
        .await;
    assert_eq!(counted(h, &team, 24).await, [8, 4, 12, 0, 0]);
}

async fn a_fixed_host_is_always_there(h: &House) {
    let team = h.event_type(Assignment::RoundRobin, 3, |event_type| event_type.hosts[0].fixed = true).await;
    let booking = h.booked(&team, "11-24 09:00", "gus").await;
    assert_eq!(booking.hosts, [h.users[0].id, h.users[1].id]);
    assert!(matches!(h.book(&team, "11-24 09:00", "zoe").await, Err(BookError::Taken)));
    let booking = h.booked(&team, "11-24 10:00", "zoe").await;
    assert_eq!(booking.hosts, [h.users[0].id, h.users[2].id]);
}

async fn the_highest_priority_goes_first_while_it_is_free(h: &House) {
    let team = h.event_type(Assignment::RoundRobin, 2, |event_type| event_type.hosts[1].priority = 4).await;
    assert_eq!(counted(h, &team, 4).await, [0, 4, 0, 0, 0]);
    let booking = h.booked(&team, "11-24 09:00", "gus").await;
    assert_eq!(booking.host, h.users[0].id, "the other one has that time");
}

async fn a_cancelled_turn_comes_back(h: &House) {
    let team = h.event_type(Assignment::RoundRobin, 2, |event_type| event_type.hosts[1].weight = 200).await;
    let first = h.booked(&team, "11-24 09:00", "a").await;
    h.engine.cancel(&cancelling(&first, CancelWhat::Whole, Actor::Guest)).await.unwrap();
    let again = h.booked(&team, "11-24 10:00", "b").await;
    assert_eq!(again.host, first.host);
}

async fn every_host_is_booked_once_before_the_slot_is_gone(h: &House) {
    let team = h.event_type(Assignment::RoundRobin, 4, |_| {}).await;
    for guest in ["a", "b", "c", "d"] {
        h.booked(&team, "11-24 09:00", guest).await;
    }
    assert!(matches!(h.book(&team, "11-24 09:00", "e").await, Err(BookError::Taken)));
}
