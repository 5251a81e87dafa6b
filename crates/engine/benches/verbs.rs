//! What guests wait for: slots out of memory, and one booking, on SQLite.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what cannot go on fails, and says where")]

#[path = "../tests/bookings/house.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod house;

use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use kalends_domain::{
    Id, Span,
    availability::Schedule,
    event_type::{Assignment, EventType},
    people::User,
    zone::Zone,
};
use kalends_engine::{Actor, Member, book::Bounds, schedules::ScheduleDraft, slots::SlotsAsk};
use kalends_store::{Error, repo};
use kalends_testkit::{Dialect, make, suite::Ground};
use tokio::runtime::Runtime;

use self::house::{House, ask, at, slots_ask};

fn main() {
    divan::main();
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime")
}

/// More hosts, so many, each with so many half hours taken over the next sixty days.
async fn crowd(h: &House, hosts: usize, blocks: i64) -> EventType {
    let organization = h.users[0].organization;
    let mut users: Vec<User> = Vec::new();
    for number in 0..hosts {
        let user = make::user(&h.t.ids, organization, &format!("host-{number}"), h.engine.now());
        let stored = user.clone();
        let done: Result<(), Error> =
            h.t.db
                .write(move |tx| {
                    let user = stored.clone();
                    Box::pin(async move {
                        tx.people().add(&user).await?;
                        for number in 0..blocks {
                            let start =
                                at("11-24 00:00").as_second() + number * (60 * 86_400 / blocks) / 900 * 900;
                            let id: Id<kalends_domain::booking::Booking> = tx.ids().id();
                            let span = Span::new(start, start + 1800);
                            let ask = repo::Ask::booking(organization, id, &[user.id], span);
                            assert_eq!(tx.claims().take(&ask).await?, repo::Claimed::Made);
                        }
                        Ok(())
                    })
                })
                .await;
        done.expect("blocks");
        let member = Member { user: user.id, organization, role: user.role };
        let draft = ScheduleDraft { name: "Office".into(), hours: Schedule::nine_to_five(Zone::utc()) };
        h.engine.create_schedule(&member, user.id, &draft).await.expect("a schedule");
        users.push(user);
    }
    let assignment = if hosts == 1 { Assignment::Single } else { Assignment::RoundRobin };
    h.event_type(assignment, 1, |event_type| {
        event_type.hosts = users.iter().map(|user| make::host(user.id)).collect();
    })
    .await
}

fn slots(bencher: divan::Bencher<'_, '_>, hosts: usize, blocks: i64, until: &str) {
    let runtime = runtime();
    let (h, wish): (House, SlotsAsk) = runtime.block_on(async {
        let h = House::open(Dialect::Sqlite).await;
        let event_type = crowd(&h, hosts, blocks).await;
        let wish = slots_ask(&event_type, "11-24 00:00", until);
        let first = h.engine.slots(&wish).await.expect("slots");
        assert!(!first.days.is_empty());
        (h, wish)
    });
    bencher.bench_local(|| runtime.block_on(h.engine.slots(&wish)).expect("slots"));
}

#[divan::bench]
fn slots_of_a_month_one_host_200_blocks(bencher: divan::Bencher<'_, '_>) {
    slots(bencher, 1, 200, "12-24 00:00");
}

#[divan::bench]
fn slots_of_60_days_100_hosts_500_blocks(bencher: divan::Bencher<'_, '_>) {
    slots(bencher, 100, 500, "12-31 00:00");
}

/// So many guests at once, each at a free time of one of a hundred hosts.
#[divan::bench(args = [1, 8, 32], sample_count = 20, sample_size = 4)]
fn bookings_at_once(bencher: divan::Bencher<'_, '_>, clients: u32) {
    let runtime = runtime();
    let (h, event_types) = runtime.block_on(async {
        let h = House::open(Dialect::Sqlite).await;
        let mut event_types = Vec::new();
        for _ in 0..100 {
            event_types.push(crowd_of_one(&h, event_types.len()).await);
        }
        (h, event_types)
    });
    let next = AtomicU32::new(0);
    bencher.counter(clients).bench_local(|| {
        runtime.block_on(async {
            let tasks = (0..clients).map(|_| {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let event_type = &event_types[number as usize % event_types.len()];
                let start: Timestamp =
                    at("11-24 00:00") + SignedDuration::from_mins(30 * i64::from(number / 100));
                let mut wish = ask(event_type.id, start, &format!("guest{number}"));
                wish.bounds = Bounds::AnyFreeTime;
                wish.actor = Actor::Member(Member {
                    user: event_type.hosts[0].user,
                    organization: event_type.organization,
                    role: kalends_domain::people::Role::Member,
                });
                let engine = h.engine.clone();
                tokio::spawn(async move { engine.book(&wish).await.expect("a free time") })
            });
            join_all(tasks.collect::<Vec<_>>()).await
        })
    });
}

async fn crowd_of_one(h: &House, number: usize) -> EventType {
    let user = make::user(&h.t.ids, h.users[0].organization, &format!("one-{number}"), h.engine.now());
    let stored = user.clone();
    let done: Result<(), Error> =
        h.t.db
            .write(move |tx| {
                let user = stored.clone();
                Box::pin(async move { tx.people().add(&user).await })
            })
            .await;
    done.expect("a host");
    h.event_type(Assignment::Single, 1, |event_type| event_type.hosts = vec![make::host(user.id)]).await
}
