//! Claims and whole bookings per second, beside the database's own rate for one constrained insert.
//!
//! `cargo bench -p kalends-store`; with `KALENDS_TEST_POSTGRES` on PostgreSQL too. Compare within one run only.

#![expect(clippy::unwrap_used, reason = "a bench that meets an error ends by it")]

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use divan::{Bencher, counter::ItemsCount};
use futures::future::{BoxFuture, join_all};
use kalends_domain::{Clock, Span, event_type::EventType, people::User};
use kalends_store::{
    Db, Error,
    repo::{Ask, Claimed, Happened, NewJob},
    sql,
};
use kalends_testkit::{Dialect, TestDb, make, postgres};
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

/// Transactions in one measured round.
const ROUND: usize = 512;
const HOSTS: usize = 16;

struct Bench {
    runtime: Runtime,
    test: TestDb,
    people: Vec<User>,
    of: EventType,
    next: AtomicI64,
}

/// Which database, and how many ask at once.
const CASES: [(&str, usize); 6] =
    [("sqlite", 1), ("sqlite", 8), ("sqlite", 32), ("postgres", 1), ("postgres", 8), ("postgres", 32)];

fn bench(dialect: &str) -> Option<Bench> {
    let dialect = match dialect {
        "sqlite" => Dialect::Sqlite,
        _ if postgres().is_ok() => Dialect::Postgres,
        _ => {
            eprintln!("no PostgreSQL: {}", postgres().unwrap_err());
            return None;
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (test, people, of) = runtime.block_on(async {
        let test = TestDb::open(dialect).await;
        let names: Vec<String> = (0..HOSTS).map(|number| format!("host{number}")).collect();
        let people = test.people(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let of = make::event_type(&test.ids, "intro", &[&people[0]]);
        let stored = of.clone();
        let done: Result<(), Error> = test
            .db
            .write(move |tx| {
                let of = stored.clone();
                Box::pin(async move {
                    tx.event_types().add(&of).await?;
                    tx.run(sql(
                        "CREATE TABLE raw (host TEXT NOT NULL, starts BIGINT NOT NULL, rest TEXT, UNIQUE (host, starts))",
                    ))
                    .await?;
                    Ok(())
                })
            })
            .await;
        done.unwrap();
        (test, people, of)
    });
    Some(Bench { runtime, test, people, of, next: AtomicI64::new(0) })
}

impl Bench {
    /// Runs a round: so many clients, each one transaction after another.
    fn round<'b>(&'b self, clients: usize, one: impl Fn(&'b Self, i64) -> BoxFuture<'b, ()> + Sync) {
        self.runtime.block_on(async {
            let clients = (0..clients).map(|_| async {
                for _ in 0..ROUND / clients {
                    one(self, self.next.fetch_add(1, Ordering::Relaxed)).await;
                }
            });
            join_all(clients).await;
        });
    }

    fn slot(&self, number: i64) -> (&User, Span) {
        let host = &self.people[usize::try_from(number).unwrap() % HOSTS];
        let start = 1_800_000_000 + number / i64::try_from(HOSTS).unwrap() * 1800;
        (host, Span::new(start, start + 1800))
    }

    fn db(&self) -> Db {
        self.test.db.clone()
    }
}

fn run(bencher: Bencher<'_, '_>, case: (&str, usize), one: for<'b> fn(&'b Bench, i64) -> BoxFuture<'b, ()>) {
    let Some(bench) = bench(case.0) else { return };
    bencher.counter(ItemsCount::new(ROUND)).bench(|| bench.round(case.1, one));
    bench.runtime.block_on(bench.test.close());
}

/// One row in one transaction. SQLite's own rate is the line with one client: more than one share commits already.
#[divan::bench(args = CASES, sample_count = 10, sample_size = 1)]
fn raw_constrained_insert(bencher: Bencher<'_, '_>, case: (&str, usize)) {
    run(bencher, case, |bench, number| {
        let (host, span) = bench.slot(number);
        let (host, db) = (host.id, bench.db());
        Box::pin(async move {
            let done: Result<u64, Error> = db
                .write(move |tx| {
                    Box::pin(async move {
                        let insert = sql("INSERT INTO raw (host, starts, rest) VALUES ($1, $2, $3)");
                        tx.run(insert.bind(host).bind(span.start).bind("{}")).await
                    })
                })
                .await;
            done.unwrap();
        })
    });
}

#[divan::bench(args = CASES, sample_count = 10, sample_size = 1)]
fn claim(bencher: Bencher<'_, '_>, case: (&str, usize)) {
    run(bencher, case, |bench, number| {
        let (host, span) = bench.slot(number);
        let ask = Ask::booking(host.organization, bench.test.ids.id(), &[host.id], span);
        let db = bench.db();
        Box::pin(async move {
            let done: Result<Claimed, Error> = db
                .write(move |tx| {
                    let ask = ask.clone();
                    Box::pin(async move { tx.claims().take(&ask).await })
                })
                .await;
            assert_eq!(done.unwrap(), Claimed::Made);
        })
    });
}

/// Claim, booking, hosts, attendee, history, two jobs: what a guest's click writes.
#[divan::bench(args = CASES, sample_count = 10, sample_size = 1)]
fn booking(bencher: Bencher<'_, '_>, case: (&str, usize)) {
    run(bencher, case, |bench, number| {
        let (host, span) = bench.slot(number);
        let mut booking = make::booking(&bench.test.ids, &bench.of, span, bench.test.clock.now());
        booking.host = host.id;
        booking.hosts = vec![host.id];
        let (booking, db) = (Arc::new(booking), bench.db());
        Box::pin(async move {
            let done: Result<Claimed, Error> = db
                .write(move |tx| {
                    let booking = booking.clone();
                    Box::pin(async move {
                        let ask =
                            Ask::booking(booking.organization, booking.id, &booking.hosts, booking.span);
                        let claimed = tx.claims().take(&ask).await?;
                        tx.bookings().add(&booking).await?;
                        let detail = serde_json::json!({});
                        let happened = Happened { kind: "booked", actor: "guest", detail };
                        tx.bookings().happened(&booking, &happened).await?;
                        for kind in ["reconcile", "notify"] {
                            let key = booking.id.to_string();
                            tx.jobs().add(NewJob::new(kind, &key)?.key(key)).await?;
                        }
                        Ok(claimed)
                    })
                })
                .await;
            assert_eq!(done.unwrap(), Claimed::Made);
        })
    });
}
