//! One account and two nodes: on one of them something is under way while the other takes the account away, or mends it.

use kalends_app::Kind;
use kalends_domain::Id;
use kalends_engine::{
    Engine,
    connect::{Answer, Begin, ConnectError, Finished},
};
use kalends_store::repo::{Calendar, Health, Installation};
use kalends_testkit::TestDb;
use tokio::task::JoinHandle;

use crate::{
    node::{At, Stopped},
    stage::Stage,
};

checks![
    oau_16_tokens_that_come_after_the_account_has_gone_for_good_are_given_back,
    oau_16_tokens_that_come_while_others_are_given_back_are_given_back_too,
    what_is_about_to_go_for_good_is_not_brought_back,
    oau_17_a_renewal_under_way_does_not_revive_what_its_owner_took_back,
    a_sign_in_that_ends_after_its_account_was_uninstalled_changes_nothing,
    oau_16_a_sign_in_for_an_account_that_has_gone_for_good_is_given_back,
    the_same_account_signed_in_twice_at_once_is_there_once,
    an_account_uninstalled_on_two_nodes_is_uninstalled_once,
];

/// A call on this node, apart.
fn calling(stage: &Stage<'_>, node: &Engine, id: Id<Installation>) -> JoinHandle<Result<(), ConnectError>> {
    let (engine, member) = (node.clone(), stage.member);
    tokio::spawn(async move { engine.test_connection(&member, id).await })
}

/// Takes it away for good on this node, apart.
fn going(stage: &Stage<'_>, node: &Engine, id: Id<Installation>) -> JoinHandle<Result<(), ConnectError>> {
    let (engine, member) = (node.clone(), stage.member);
    tokio::spawn(async move { engine.disconnect_for_good(&member, id).await })
}

/// Somebody comes back from the club to this node, apart.
fn finishing(stage: &Stage<'_>, node: &Engine, answer: Answer) -> JoinHandle<Result<Finished, ConnectError>> {
    let (engine, member, session) = (node.clone(), stage.member, stage.session);
    tokio::spawn(async move { engine.finish_sign_in(&member, session, "club", &answer).await })
}

async fn calendars(stage: &Stage<'_>) -> Vec<Calendar> {
    stage.t.db.read().await.unwrap().calendars().of_users(&[stage.member.user]).await.unwrap()
}

async fn oau_16_tokens_that_come_after_the_account_has_gone_for_good_are_given_back(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.provider.sign_in.expire();
    let mut stopped = stage.stops.plan(At::Hearing);
    let renewing = calling(&stage, &stage.engine, id);
    // The provider has given new tokens, and the other node gives the old ones back.
    stopped.reached().await;
    stage.other.disconnect_for_good(&stage.member, id).await.unwrap();
    assert_eq!(stage.provider.sign_in.standing(), 1, "those are on their way to nobody");
    stopped.go_on();
    let Err(ConnectError::Probe(error)) = renewing.await.unwrap() else { panic!("there is no account") };
    assert_eq!((error.kind, stage.provider.sign_in.standing()), (Kind::AuthRevoked, 0));
}

async fn oau_16_tokens_that_come_while_others_are_given_back_are_given_back_too(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let (third, its) = stage.started_with_stops();
    stage.provider.sign_in.expire();
    let mut renewal = its.plan(At::Hearing);
    let renewing = calling(&stage, &third, id);
    renewal.reached().await;
    let mut giving = stage.stops.plan(At::Revoking);
    let going = going(&stage, &stage.engine, id);
    giving.reached().await;
    renewal.go_on();
    drop(renewing.await.unwrap());
    giving.go_on();
    going.await.unwrap().unwrap();
    assert_eq!((stage.provider.count("oauth_revoke"), stage.provider.sign_in.standing()), (2, 0));
    let left = t.db.read().await.unwrap().installations().connections(&[id]).await.unwrap();
    assert_eq!(left, []);
}

async fn what_is_about_to_go_for_good_is_not_brought_back(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let mut stopped = stage.stops.plan(At::Revoking);
    let going = going(&stage, &stage.engine, id);
    stopped.reached().await;
    assert_eq!(stage.other.removed(&stage.member).await.unwrap().len(), 0);
    let back = stage.other.bring_back(&stage.member, id).await;
    assert!(matches!(back, Err(ConnectError::NotFound)), "{back:?}");
    // Another node that is asked for the same does it, and this one finds it done.
    stage.other.disconnect_for_good(&stage.member, id).await.unwrap();
    stopped.go_on();
    going.await.unwrap().unwrap();
    assert!(stage.engine.connections(&stage.member).await.unwrap().is_empty());
    assert_eq!(stage.provider.sign_in.standing(), 0);
}

async fn oau_17_a_renewal_under_way_does_not_revive_what_its_owner_took_back(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.provider.sign_in.expire();
    let mut stopped = stage.stops.plan(At::Hearing);
    let renewing = calling(&stage, &stage.engine, id);
    stopped.reached().await;
    assert_eq!(stage.other.taken_back("club", "id-of-ines@example.com").await.unwrap(), 1);
    stage.provider.sign_in.take_back();
    stopped.go_on();
    assert!(renewing.await.unwrap().is_err());
    let grant = stage.grant(id).await;
    assert!(grant.ended_at.is_some(), "{grant:?}");
    assert!(!matches!(stage.connection(id).await.health, Health::Connected));
}

async fn a_sign_in_that_ends_after_its_account_was_uninstalled_changes_nothing(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.drain().await;
    let answer = stage.follow(&stage.begin(Begin::Again(id)).await);
    let mut stopped = stage.stops.plan(At::Asking);
    let finishing = finishing(&stage, &stage.engine, answer);
    stopped.reached().await;
    stage.other.disconnect(&stage.member, id).await.unwrap();
    stopped.go_on();
    let finished = finishing.await.unwrap();
    assert!(matches!(finished, Err(ConnectError::NotFound)), "{finished:?}");
    assert!(calendars(&stage).await.iter().all(|one| !one.blocks && !one.receives));
    // It comes back as it was, and works.
    stage.other.bring_back(&stage.member, id).await.unwrap();
    assert!(calendars(&stage).await.iter().all(|one| one.blocks && one.receives));
    stage.works(&stage.other, id).await;
}

async fn oau_16_a_sign_in_for_an_account_that_has_gone_for_good_is_given_back(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let answer = stage.follow(&stage.begin(Begin::Again(id)).await);
    stage.other.disconnect_for_good(&stage.member, id).await.unwrap();
    let finished = stage.finish(&answer).await;
    assert!(matches!(finished, Err(ConnectError::NotFound)), "{finished:?}");
    assert_eq!(stage.provider.sign_in.standing(), 0);
}

async fn the_same_account_signed_in_twice_at_once_is_there_once(t: &TestDb) {
    let stage = Stage::new(t).await;
    let (third, its) = stage.started_with_stops();
    let mut under_way = Vec::new();
    for (node, stops) in [(&stage.engine, &stage.stops), (&third, &its)] {
        let answer = stage.follow(&stage.begin(Begin::Usual).await);
        let mut stopped = stops.plan(At::Asking);
        let finishing = finishing(&stage, node, answer);
        stopped.reached().await;
        under_way.push((stopped, finishing));
    }
    let (stopped, finishing): (Vec<_>, Vec<_>) = under_way.into_iter().unzip();
    stopped.into_iter().for_each(Stopped::go_on);
    let mut made = Vec::new();
    for one in finishing {
        match one.await.unwrap() {
            Ok(Finished::Connected(id)) => made.push(id),
            Err(ConnectError::Invalid(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    let there = stage.engine.connections(&stage.member).await.unwrap();
    assert_eq!(there.len(), 1);
    assert!(!made.is_empty() && made.iter().all(|id| *id == there[0].id), "{made:?}");
    stage.works(&stage.engine, there[0].id).await;
}

async fn an_account_uninstalled_on_two_nodes_is_uninstalled_once(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let (one, two) =
        tokio::join!(stage.engine.disconnect(&stage.member, id), stage.other.disconnect(&stage.member, id));
    for late in [one, two] {
        assert!(matches!(late, Ok(()) | Err(ConnectError::NotFound)), "{late:?}");
    }
    let log = stage.audited().await;
    assert_eq!(log.iter().filter(|entry| entry.starts_with("app_uninstalled")).count(), 1, "{log:?}");
    stage.engine.bring_back(&stage.member, id).await.unwrap();
    assert!(calendars(&stage).await.iter().all(|one| one.blocks));
}
