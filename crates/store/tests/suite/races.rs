//! Many at once: exactly one wins, and nothing lies over anything.

use std::{collections::BTreeSet, sync::Arc};

use futures::future::join_all;
use jiff::SignedDuration;
use kalends_domain::{Id, Span, booking::Booking, people::User};
use kalends_store::{
    Db,
    repo::{Ask, Claimed, Hold, NewJob, Owner, Seat},
};
use kalends_testkit::TestDb;
use tokio::sync::Barrier;

use crate::claims::{T0, overlaps, span};

checks![
    sixty_four_want_one_time_and_one_gets_it,
    overlapping_lengths_never_lie_over_each_other,
    collectives_in_any_order_neither_deadlock_nor_overlap,
    a_round_robin_gives_each_host_once,
    seats_are_never_oversold,
    two_moves_into_one_time_and_one_gets_it,
    holds_and_bookings_race_for_one_time,
    workers_that_crash_lose_no_job_and_do_none_twice,
    one_waiting_job_for_each_key,
];

const MANY: usize = 64;

/// Starts all at once, each on its own task; half of them on a second node where there can be one.
async fn all_at_once<T, F>(t: &TestDb, work: impl Fn(usize, Db) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let other = if t.db.is_postgres() { t.another_node().await } else { t.db.clone() };
    let barrier = Arc::new(Barrier::new(MANY));
    let tasks = (0..MANY).map(|one| {
        let db = if one % 2 == 0 { t.db.clone() } else { other.clone() };
        let (work, barrier) = (work(one, db), barrier.clone());
        tokio::spawn(async move {
            barrier.wait().await;
            work.await
        })
    });
    join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(|done| done.expect("no task panics")).collect()
}

async fn take(db: Db, ask: Ask) -> Claimed {
    write!(db, [ask], |tx| { tx.claims().take(&ask).await })
        .expect("a claim is made or taken, never an error")
}

fn made(all: &[Claimed]) -> usize {
    all.iter().filter(|one| **one == Claimed::Made).count()
}

fn ask(t: &TestDb, hosts: &[&User], when: Span) -> Ask {
    let ids: Vec<Id<User>> = hosts.iter().map(|host| host.id).collect();
    Ask::booking(hosts[0].organization, t.ids.id::<Booking>(), &ids, when)
}

async fn sixty_four_want_one_time_and_one_gets_it(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let all = all_at_once(t, |_, db| take(db, ask(t, &[&people[0]], span(0, 30)))).await;
    assert_eq!(made(&all), 1);
    assert_eq!(overlaps(t).await, 0);
}

async fn overlapping_lengths_never_lie_over_each_other(t: &TestDb) {
    let people = t.people(&["ann", "bob"]).await;
    let all = all_at_once(t, |one, db| {
        let one = i64::try_from(one).unwrap();
        let host = &people[usize::try_from(one % 2).unwrap()];
        // 15, 30 or 45 minutes, starting every 5 minutes within 80.
        take(db, ask(t, &[host], span((one * 5) % 80, 15 * (1 + one % 3))))
    })
    .await;
    assert!(made(&all) >= 2, "each host has at least one");
    assert_eq!(overlaps(t).await, 0);
}

async fn collectives_in_any_order_neither_deadlock_nor_overlap(t: &TestDb) {
    let people = t.people(&["ann", "bob", "cyd", "dee"]).await;
    let all = all_at_once(t, |one, db| {
        let (a, b) = (&people[one % 4], &people[(one / 4) % 4]);
        let hosts = if a.id == b.id { vec![a] } else { vec![a, b] };
        take(db, ask(t, &hosts, span(0, 30)))
    })
    .await;
    assert!((2..=4).contains(&made(&all)), "{} were made", made(&all));
    assert_eq!(overlaps(t).await, 0);
}

async fn a_round_robin_gives_each_host_once(t: &TestDb) {
    let people = t.people(&["ann", "bob", "cyd", "dee"]).await;
    let hosts: Vec<Id<User>> = people.iter().map(|one| one.id).collect();
    let organization = people[0].organization;
    let ids = t.ids.clone();
    let all = all_at_once(t, |_, db| {
        let (hosts, booking) = (hosts.clone(), ids.id::<Booking>());
        async move {
            write!(db, [hosts], |tx| {
                let free = tx.claims().free(&hosts, span(0, 30), None).await?;
                let Some(host) = free.first() else { return Ok(None) };
                let claimed =
                    tx.claims().take(&Ask::booking(organization, booking, &[*host], span(0, 30))).await?;
                Ok((claimed == Claimed::Made).then_some(*host))
            })
            .unwrap()
        }
    })
    .await;
    let winners: Vec<Id<User>> = all.into_iter().flatten().collect();
    assert_eq!(winners.len(), 4);
    assert_eq!(winners.into_iter().collect::<BTreeSet<_>>().len(), 4);
    assert_eq!(overlaps(t).await, 0);
}

async fn seats_are_never_oversold(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let seat = Seat { key: "group".into(), count: 1, of: 10 };
    let all = all_at_once(t, |_, db| take(db, ask(t, &[&people[0]], span(0, 30)).seat(seat.clone()))).await;
    assert_eq!(made(&all), 10);
    let taken = t.db.read().await.unwrap().claims().seats_taken(&[people[0].id], "group", None).await;
    assert_eq!(taken.unwrap(), 10);
}

async fn two_moves_into_one_time_and_one_gets_it(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let mut asks = Vec::new();
    for one in 0..MANY {
        let ask = ask(t, &[&people[0]], span(60 + i64::try_from(one).unwrap() * 30, 30));
        assert_eq!(take(t.db.clone(), ask.clone()).await, Claimed::Made);
        let owner = ask.owner;
        asks.push(Ask { span: span(0, 30), ..ask }.instead_of(owner));
    }
    let all = all_at_once(t, |one, db| take(db, asks[one].clone())).await;
    assert_eq!(made(&all), 1);
    assert_eq!(overlaps(t).await, 0);
    let mut tx = t.db.read().await.unwrap();
    let window = Span::new(T0, T0 + 10_000_000);
    let claims = tx.claims().of_hosts(&[people[0].id], window).await.unwrap();
    assert_eq!(claims[&people[0].id].len(), MANY, "who lost keeps the old time");
}

async fn holds_and_bookings_race_for_one_time(t: &TestDb) {
    let people = t.people(&["ann"]).await;
    let ann = &people[0];
    let hold = t.ids.id::<Hold>();
    let until = t.db.now() + SignedDuration::from_mins(5);
    let first = Ask::hold(ann.organization, hold, &[ann.id], span(0, 30), until);
    assert_eq!(take(t.db.clone(), first).await, Claimed::Made);
    // The holder's form is sent 32 times, as often as others try.
    let all = all_at_once(t, |one, db| {
        let ask = ask(t, &[ann], span(0, 30));
        take(db, if one % 2 == 0 { ask.instead_of(Owner::Hold(hold)) } else { ask })
    })
    .await;
    assert_eq!(made(&all), 1);
    assert_eq!(overlaps(t).await, 0);
}

const JOBS: usize = 400;

async fn workers_that_crash_lose_no_job_and_do_none_twice(t: &TestDb) {
    write!(t.db, [], |tx| {
        for number in 0..JOBS {
            tx.jobs().add(NewJob::new("work", &number)?).await?;
        }
        tx.run(kalends_store::sql("CREATE TABLE done (number BIGINT NOT NULL)")).await
    })
    .unwrap();
    let lease = SignedDuration::from_secs(60);
    loop {
        all_at_once(t, |one, db| async move {
            let worker = format!("worker {one}");
            let claimed = write!(db, [worker], |tx| { tx.jobs().claim(&worker, &["work"], 5, lease).await });
            for (index, job) in claimed.unwrap().into_iter().enumerate() {
                // Each crashes now and then: with a job in hand, or before the work and its end are committed.
                if (one + index) % 5 == 0 && job.tries == 0 {
                    return;
                }
                let number: i64 = job.read().unwrap();
                write!(db, [job], |tx| {
                    let row = kalends_store::sql("INSERT INTO done (number) VALUES ($1)").bind(number);
                    tx.run(row).await?;
                    assert!(tx.jobs().done(&job).await?, "its lease is good");
                    Ok(())
                })
                .unwrap();
            }
        })
        .await;
        let mut tx = t.db.read().await.unwrap();
        if tx.jobs().waiting(None).await.unwrap() == 0 {
            break;
        }
        drop(tx);
        t.clock.advance(lease);
    }
    let mut tx = t.db.read().await.unwrap();
    let rows = tx.rows(kalends_store::sql("SELECT number FROM done ORDER BY number")).await.unwrap();
    let done: Vec<i64> = rows.iter().map(|row| row.get("number").unwrap()).collect();
    assert_eq!(done, (0..i64::try_from(JOBS).unwrap()).collect::<Vec<_>>());
}

async fn one_waiting_job_for_each_key(t: &TestDb) {
    all_at_once(t, |one, db| async move {
        write!(db, [], |tx| {
            tx.jobs().add(NewJob::new("work", &one)?.key(format!("key {}", one % 4))).await
        })
        .unwrap();
    })
    .await;
    assert_eq!(t.db.read().await.unwrap().jobs().waiting(None).await.unwrap(), 4);
}
