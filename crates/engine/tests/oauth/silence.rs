//! A provider that asks one node to wait has asked all of them, and those that are started later (ALL-04).

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use kalends_app::{
    Kind,
    fake::{Fake, Fault},
};
use kalends_domain::{Clock, Id};
use kalends_engine::{Engine, Member, connect::ConnectError};
use kalends_store::repo::Installation;
use kalends_testkit::TestDb;

use crate::{node::At, stage::Stage};

checks![
    all_04_a_silence_asked_of_one_node_holds_on_the_other_in_both_forms,
    all_04_a_silence_holds_after_a_start_in_the_middle_of_it,
    all_04_a_silence_that_begins_during_a_call_elsewhere_holds_for_its_next_request,
    all_04_a_shorter_silence_elsewhere_shortens_no_longer_one,
    all_04_another_connection_of_the_same_account_is_silent_too,
    all_04_a_silence_noted_by_a_clock_far_ahead_is_not_believed,
];

const WAIT: SignedDuration = SignedDuration::from_secs(120);

/// So many calls have reached the club's calendars.
fn calls(stage: &Stage<'_>) -> usize {
    stage.provider.count("me")
}

/// The provider asks this node to wait; until when.
async fn told(stage: &Stage<'_>, node: &Engine, id: Id<Installation>, retry_after: String) -> Timestamp {
    stage.provider.bench().next([Fault::too_many(retry_after)]);
    let until = refused(stage, node, id).await;
    assert_eq!(stage.connection(id).await.silent_until, Some(until), "written down before the call ends");
    until
}

/// A call that is told when to come again.
async fn refused(stage: &Stage<'_>, node: &Engine, id: Id<Installation>) -> Timestamp {
    match node.test_connection(&stage.member, id).await {
        Err(ConnectError::Probe(error)) => match error.kind {
            Kind::RateLimited { until: Some(until) } => until,
            _ => panic!("{error:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// To nearly the end of the silence this node does not call (nearer than that, it would wait); after it, it does.
async fn is_kept(stage: &Stage<'_>, node: &Engine, id: Id<Installation>, until: Timestamp) {
    let before = calls(stage);
    for instant in [stage.t.clock.now(), until - SignedDuration::from_secs(16)] {
        stage.t.clock.set(instant);
        assert_eq!(refused(stage, node, id).await, until);
        assert_eq!(calls(stage), before, "a call before the silence ended");
    }
    stage.t.clock.set(until);
    node.test_connection(&stage.member, id).await.unwrap();
    assert_eq!(calls(stage), before + 1);
}

async fn all_04_a_silence_asked_of_one_node_holds_on_the_other_in_both_forms(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let until = told(&stage, &stage.engine, id, "120".into()).await;
    is_kept(&stage, &stage.other, id, until).await;
    let date = (t.clock.now() + WAIT).to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT");
    let until = told(&stage, &stage.other, id, date.to_string()).await;
    is_kept(&stage, &stage.engine, id, until).await;
}

async fn all_04_a_silence_holds_after_a_start_in_the_middle_of_it(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let until = told(&stage, &stage.engine, id, "3600".into()).await;
    t.clock.advance(SignedDuration::from_mins(30));
    let started = stage.started();
    is_kept(&stage, &started, id, until).await;
}

async fn all_04_a_silence_that_begins_during_a_call_elsewhere_holds_for_its_next_request(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    // The node's first request comes back as spent. While it renews, the other node is asked to wait.
    stage.provider.sign_in.expire();
    let mut stopped = stage.stops.plan(At::Hearing);
    let (engine, member) = (stage.engine.clone(), stage.member);
    let calling = tokio::spawn(async move { engine.test_connection(&member, id).await });
    stopped.reached().await;
    let until = told(&stage, &stage.other, id, "120".into()).await;
    let before = calls(&stage);
    stopped.go_on();
    let Err(ConnectError::Probe(error)) = calling.await.unwrap() else { panic!("it went out all the same") };
    assert_eq!((error.kind, calls(&stage)), (Kind::RateLimited { until: Some(until) }, before));
    is_kept(&stage, &stage.engine, id, until).await;
}

async fn all_04_a_shorter_silence_elsewhere_shortens_no_longer_one(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    // Both were under way when the first was asked to wait: a node that has not heard of it yet stands for that.
    let until = told(&stage, &stage.engine, id, "120".into()).await;
    let connection = stage.connection(id).await.id;
    let most = until + SignedDuration::from_hours(24);
    let shorter = until - SignedDuration::from_secs(90);
    t.db.write(move |tx| {
        Box::pin(async move { tx.installations().silence(connection, shorter, most).await })
    })
    .await
    .map_err(|error: kalends_store::Error| error)
    .unwrap();
    is_kept(&stage, &stage.other, id, until).await;
}

async fn all_04_another_connection_of_the_same_account_is_silent_too(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let people = t.db.read().await.unwrap().people().list(stage.member.organization).await.unwrap();
    let jonas = people.into_iter().find(|user| user.id != stage.member.user).unwrap();
    let stage = Stage { member: Member { user: jonas.id, ..stage.member }, session: t.ids.id(), ..stage };
    let theirs = stage.connect().await;
    let until = told(&stage, &stage.engine, theirs, "120".into()).await;
    assert_eq!(stage.connection(id).await.silent_until, Some(until));
    let (before, ines) = (calls(&stage), Member { user: stage.host.id, ..stage.member });
    assert!(stage.other.test_connection(&ines, id).await.is_err());
    assert_eq!(calls(&stage), before);
}

async fn all_04_a_silence_noted_by_a_clock_far_ahead_is_not_believed(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let now = t.clock.now();
    t.clock.advance(SignedDuration::from_hours(24 * 400));
    stage.works(&stage.engine, id).await;
    let far = told(&stage, &stage.engine, id, "120".into()).await;
    t.clock.set(now);
    for node in [&stage.engine, &stage.other, &stage.started()] {
        node.test_connection(&stage.member, id).await.unwrap();
    }
    // One that is asked for now takes its place, though it ends sooner.
    let until = told(&stage, &stage.engine, id, "120".into()).await;
    assert!(until < far);
    is_kept(&stage, &stage.other, id, until).await;
}
