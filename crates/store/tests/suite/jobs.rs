//! Jobs: added with their cause, leased, tried again, given up, replayed.

use jiff::SignedDuration;
use kalends_store::{
    Error,
    repo::{Job, NewJob},
};
use kalends_testkit::TestDb;

checks![
    an_undone_transaction_adds_no_job,
    two_waiting_are_one_and_the_later_payload_counts,
    twins_of_one_transaction_are_one_job,
    what_is_added_while_one_runs_runs_after_it,
    a_job_is_claimed_once_until_its_lease_ends,
    a_lost_lease_cannot_end_the_job,
    an_extended_lease_lasts,
    a_failed_job_comes_back_when_it_is_due,
    a_failed_job_gives_way_to_its_waiting_twin,
    a_dead_job_stays_until_it_is_replayed,
    only_the_kinds_asked_for_are_claimed,
    the_next_time_is_told,
];

const LEASE: SignedDuration = SignedDuration::from_secs(60);

async fn add(t: &TestDb, job: NewJob) {
    write!(t.db, [job], |tx| { tx.jobs().add(job).await }).unwrap();
}

async fn claim(t: &TestDb, worker: &'static str) -> Vec<Job> {
    write!(t.db, [], |tx| { tx.jobs().claim(worker, &["work"], 10, LEASE).await }).unwrap()
}

fn work(payload: &str) -> NewJob {
    NewJob::new("work", &payload).unwrap()
}

async fn an_undone_transaction_adds_no_job(t: &TestDb) {
    let undone: Result<(), Error> = write!(t.db, [], |tx| {
        tx.jobs().add(work("a")).await?;
        Err(Error::Refused("no".into()))
    });
    assert!(undone.is_err());
    assert!(claim(t, "one").await.is_empty());
}

async fn two_waiting_are_one_and_the_later_payload_counts(t: &TestDb) {
    let later = t.db.now() + SignedDuration::from_hours(1);
    add(t, work("a").key("k").at(later)).await;
    assert!(claim(t, "one").await.is_empty());
    add(t, work("b").key("k")).await;
    let jobs = claim(t, "one").await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].read::<String>().unwrap(), "b");
}

async fn twins_of_one_transaction_are_one_job(t: &TestDb) {
    write!(t.db, [], |tx| {
        for payload in ["a", "b", "c"] {
            tx.jobs().add(work(payload).key("k")).await?;
        }
        tx.jobs().add(work("d")).await
    })
    .unwrap();
    let mut payloads: Vec<String> = claim(t, "one").await.iter().map(|job| job.read().unwrap()).collect();
    payloads.sort_unstable();
    assert_eq!(payloads, ["c", "d"]);
}

async fn what_is_added_while_one_runs_runs_after_it(t: &TestDb) {
    let is_open = async || t.db.read().await.unwrap().jobs().is_open("work", "k").await.unwrap();
    add(t, work("a").key("k")).await;
    assert!(is_open().await, "it waits");
    let running = claim(t, "one").await.remove(0);
    assert!(is_open().await, "it runs");
    add(t, work("b").key("k")).await;
    assert!(claim(t, "two").await.is_empty(), "of one key, one runs at a time");
    assert!(write!(t.db, [running], |tx| { tx.jobs().done(&running).await }).unwrap());
    let next = claim(t, "two").await;
    assert_eq!(next[0].read::<String>().unwrap(), "b");
    let last = next[0].clone();
    assert!(write!(t.db, [last], |tx| { tx.jobs().done(&last).await }).unwrap());
    assert!(!is_open().await);
}

async fn a_job_is_claimed_once_until_its_lease_ends(t: &TestDb) {
    add(t, work("a")).await;
    assert_eq!(claim(t, "one").await.len(), 1);
    assert!(claim(t, "two").await.is_empty());
    t.clock.advance(LEASE);
    let again = claim(t, "two").await;
    assert_eq!((again.len(), again[0].tries), (1, 1), "a worker that went away is a failed try");
}

async fn a_lost_lease_cannot_end_the_job(t: &TestDb) {
    add(t, work("a")).await;
    let lost = claim(t, "one").await.remove(0);
    t.clock.advance(LEASE);
    let taken = claim(t, "two").await.remove(0);
    let now = t.db.now();
    assert!(!write!(t.db, [lost], |tx| { tx.jobs().done(&lost).await }).unwrap());
    assert!(!write!(t.db, [lost], |tx| { tx.jobs().again(&lost, now, "x").await }).unwrap());
    assert!(!write!(t.db, [lost], |tx| { tx.jobs().give_up(&lost, "x").await }).unwrap());
    assert!(!write!(t.db, [lost], |tx| { tx.jobs().extend(&lost, LEASE).await }).unwrap());
    assert!(write!(t.db, [taken], |tx| { tx.jobs().done(&taken).await }).unwrap());
}

async fn an_extended_lease_lasts(t: &TestDb) {
    add(t, work("a")).await;
    let job = claim(t, "one").await.remove(0);
    t.clock.advance(SignedDuration::from_secs(59));
    assert!(write!(t.db, [job], |tx| { tx.jobs().extend(&job, LEASE).await }).unwrap());
    t.clock.advance(SignedDuration::from_secs(59));
    assert!(claim(t, "two").await.is_empty());
}

async fn a_failed_job_comes_back_when_it_is_due(t: &TestDb) {
    add(t, work("a").key("k")).await;
    let job = claim(t, "one").await.remove(0);
    let later = t.db.now() + SignedDuration::from_mins(5);
    assert!(write!(t.db, [job], |tx| { tx.jobs().again(&job, later, "no answer").await }).unwrap());
    assert!(claim(t, "one").await.is_empty());
    t.clock.set(later);
    let again = claim(t, "one").await;
    assert_eq!((again.len(), again[0].tries, again[0].id), (1, 1, job.id));
}

async fn a_failed_job_gives_way_to_its_waiting_twin(t: &TestDb) {
    add(t, work("a").key("k")).await;
    let job = claim(t, "one").await.remove(0);
    add(t, work("b").key("k")).await;
    let later = t.db.now() + SignedDuration::from_mins(5);
    assert!(write!(t.db, [job], |tx| { tx.jobs().again(&job, later, "no answer").await }).unwrap());
    let next = claim(t, "one").await;
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].read::<String>().unwrap(), "b");
}

async fn a_dead_job_stays_until_it_is_replayed(t: &TestDb) {
    add(t, work("a").key("k")).await;
    let job = claim(t, "one").await.remove(0);
    assert!(write!(t.db, [job], |tx| { tx.jobs().give_up(&job, "refused").await }).unwrap());
    t.clock.advance(LEASE);
    assert!(claim(t, "one").await.is_empty());
    let dead = t.db.read().await.unwrap().jobs().dead(10).await.unwrap();
    assert_eq!((dead[0].last_error.as_str(), dead[0].tries, dead[0].id), ("refused", 1, job.id));
    let id = job.id;
    assert!(write!(t.db, [], |tx| { tx.jobs().replay(id).await }).unwrap());
    assert!(!write!(t.db, [], |tx| { tx.jobs().replay(id).await }).unwrap());
    assert_eq!(claim(t, "one").await.len(), 1);
    assert!(t.db.read().await.unwrap().jobs().dead(10).await.unwrap().is_empty());
}

async fn only_the_kinds_asked_for_are_claimed(t: &TestDb) {
    add(t, NewJob::new("other", &1).unwrap()).await;
    assert!(claim(t, "one").await.is_empty());
}

async fn the_next_time_is_told(t: &TestDb) {
    let next = async || t.db.read().await.unwrap().jobs().next_at().await.unwrap();
    assert_eq!(next().await, None);
    let later = t.db.now() + SignedDuration::from_hours(1);
    add(t, work("a").at(later)).await;
    assert_eq!(next().await, Some(later));
    add(t, work("b")).await;
    assert_eq!(claim(t, "one").await.len(), 1);
    assert_eq!(next().await, Some(t.db.now() + LEASE));
}
