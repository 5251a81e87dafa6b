//! Holds, and requests that may come again.

use futures::future::join_all;
use jiff::SignedDuration;
use kalends_domain::{Clock, Id, people::Organization};
use kalends_store::{
    Error,
    repo::{Ask, Claimed, Hold, Seen},
};
use kalends_testkit::TestDb;

use crate::{bookings::event_type, claims::span};

checks![
    a_hold_is_there_until_it_ends,
    an_extended_hold_keeps_its_time,
    a_request_sent_again_gets_the_first_answer,
    of_many_at_once_one_is_done,
    a_request_that_failed_may_come_again,
    a_key_may_be_used_again_when_it_has_ended,
];

async fn hold(t: &TestDb) -> (Hold, kalends_domain::event_type::EventType) {
    let (people, of) = event_type(t, &["ann"]).await;
    let hold = Hold {
        id: t.ids.id(),
        uid: t.ids.uid(),
        organization: of.organization,
        event_type: of.id,
        span: span(0, 30),
        seats: 1,
        expires_at: t.clock.now() + SignedDuration::from_mins(5),
    };
    let ask = Ask::hold(of.organization, hold.id, &[people[0].id], hold.span, hold.expires_at);
    write!(t.db, [hold, ask], |tx| {
        assert_eq!(tx.claims().take(&ask).await?, Claimed::Made);
        tx.holds().add(&hold).await
    })
    .unwrap();
    (hold, of)
}

async fn a_hold_is_there_until_it_ends(t: &TestDb) {
    let (hold, of) = hold(t).await;
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.holds().by_uid(&hold.uid).await.unwrap(), Some(hold.clone()));
    assert_eq!(tx.holds().hosts(&hold).await.unwrap(), vec![of.hosts[0].user]);
    drop(tx);
    t.clock.advance(SignedDuration::from_mins(5));
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.holds().by_uid(&hold.uid).await.unwrap(), None);
}

async fn an_extended_hold_keeps_its_time(t: &TestDb) {
    let (hold, of) = hold(t).await;
    let until = t.clock.now() + SignedDuration::from_mins(10);
    write!(t.db, [hold], |tx| { tx.holds().extend(&hold, until).await }).unwrap();
    t.clock.advance(SignedDuration::from_mins(9));
    let mut tx = t.db.read().await.unwrap();
    assert_eq!(tx.holds().by_uid(&hold.uid).await.unwrap().unwrap().expires_at, until);
    let claims = tx.claims().of_hosts(&[of.hosts[0].user], span(0, 30)).await.unwrap();
    assert_eq!(claims[&of.hosts[0].user][0].until, Some(until));
    drop(tx);
    write!(t.db, [hold], |tx| { tx.holds().delete(&hold).await }).unwrap();
    assert_eq!(t.db.read().await.unwrap().holds().by_uid(&hold.uid).await.unwrap(), None);
}

async fn ask(t: &TestDb, of: Id<Organization>, hash: &'static str) -> Seen {
    let until = t.clock.now() + SignedDuration::from_hours(24);
    write!(t.db, [], |tx| {
        let seen = tx.idempotency().begin(of, "key:1", "k", hash, until).await?;
        if seen == Seen::Never {
            tx.idempotency().answered(of, "key:1", "k", 201, "{}").await?;
        }
        Ok(seen)
    })
    .unwrap()
}

fn answered() -> Seen {
    Seen::Answered { status: 201, answer: "{}".into() }
}

async fn a_request_sent_again_gets_the_first_answer(t: &TestDb) {
    let of = t.ids.id();
    assert_eq!(ask(t, of, "a").await, Seen::Never);
    assert_eq!(ask(t, of, "a").await, answered());
    assert_eq!(ask(t, of, "b").await, Seen::Otherwise);
    assert_eq!(ask(t, t.ids.id(), "a").await, Seen::Never, "another tenant's key is another key");
}

async fn of_many_at_once_one_is_done(t: &TestDb) {
    let of = t.ids.id();
    let all = join_all((0..16).map(|_| ask(t, of, "a"))).await;
    assert_eq!(all.iter().filter(|seen| **seen == Seen::Never).count(), 1);
    assert_eq!(all.iter().filter(|seen| **seen == answered()).count(), 15);
}

async fn a_request_that_failed_may_come_again(t: &TestDb) {
    let of = t.ids.id();
    let until = t.clock.now() + SignedDuration::from_hours(24);
    let failed: Result<(), Error> = write!(t.db, [], |tx| {
        tx.idempotency().begin(of, "key:1", "k", "a", until).await?;
        Err(Error::Refused("taken".into()))
    });
    assert!(failed.is_err());
    assert_eq!(ask(t, of, "b").await, Seen::Never);
}

async fn a_key_may_be_used_again_when_it_has_ended(t: &TestDb) {
    let of = t.ids.id();
    assert_eq!(ask(t, of, "a").await, Seen::Never);
    t.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(ask(t, of, "b").await, Seen::Never);
    assert_eq!(ask(t, of, "b").await, answered());
    t.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(write!(t.db, [], |tx| { tx.idempotency().sweep().await }).unwrap(), 1);
}
