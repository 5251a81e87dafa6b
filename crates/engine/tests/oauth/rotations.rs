//! Refresh tokens that are good for one use: none is ever lost, whoever stops when.

use jiff::SignedDuration;
use kalends_app::fake::OAuth;
use kalends_store::repo::Health;
use kalends_testkit::TestDb;

use crate::{club::CLUB, node::At, stage::Stage};

checks![
    oau_08_of_a_thousand_rotations_on_two_nodes_with_one_paused_in_the_middle_none_is_lost,
    oau_08_many_calls_at_once_renew_once,
    oau_08_a_node_that_slept_through_its_turn_does_not_put_old_tokens_over_new_ones,
    oau_08_while_a_turn_lasts_nobody_uses_the_token_a_second_time,
    oau_09_a_renewal_whose_caller_went_away_is_kept_all_the_same,
    oau_11_tokens_are_renewed_before_they_end_and_by_one_node,
];

async fn oau_08_of_a_thousand_rotations_on_two_nodes_with_one_paused_in_the_middle_none_is_lost(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let before = stage.provider.count("oauth_refresh");
    let stops = [At::Sending, At::Hearing, At::Storing];
    for round in 0..1000 {
        // The access token is spent; the refresh token is good for exactly one use.
        stage.provider.sign_in.expire();
        let call = |engine: kalends_engine::Engine| {
            let member = stage.member;
            tokio::spawn(async move { engine.test_connection(&member, id).await })
        };
        if round % 4 == 3 {
            let (one, two) = (stage.works(&stage.engine, id), stage.works(&stage.other, id));
            tokio::join!(one, two);
        } else {
            let mut stopped = stage.stops.plan(stops[round % 4]);
            let paused = call(stage.engine.clone());
            stopped.reached().await;
            // The other node needs the token just now, and looks for as long as a call may take.
            let waiting = call(stage.other.clone());
            drop(waiting.await.unwrap());
            stopped.go_on();
            paused.await.unwrap().unwrap();
        }
        stage.works(&stage.other, id).await;
    }
    assert_eq!(stage.provider.count("oauth_refresh") - before, 1000, "each rotation was asked for once");
    assert_eq!(stage.provider.sign_in.standing(), 1, "no refresh token was used twice");
    assert_eq!(stage.connection(id).await.health, Health::Connected);
}

async fn oau_08_many_calls_at_once_renew_once(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.provider.sign_in.expire();
    let before = stage.provider.count("oauth_refresh");
    let calls = (0..20).map(|turn| stage.works(if turn % 2 == 0 { &stage.engine } else { &stage.other }, id));
    futures::future::join_all(calls).await;
    assert_eq!(stage.provider.count("oauth_refresh") - before, 1);
}

async fn oau_08_a_node_that_slept_through_its_turn_does_not_put_old_tokens_over_new_ones(t: &TestDb) {
    // The provider takes a spent token once more, so both nodes get tokens: the later ones must stay.
    let stage = Stage::at(t, OAuth::of(CLUB.manifest()).rotating().lenient()).await;
    let id = stage.connect().await;
    stage.provider.sign_in.expire();
    let mut stopped = stage.stops.plan(At::Storing);
    let (engine, member) = (stage.engine.clone(), stage.member);
    let sleeping = tokio::spawn(async move { engine.test_connection(&member, id).await });
    stopped.reached().await;
    t.clock.advance(SignedDuration::from_mins(3));
    stage.other.test_connection(&stage.member, id).await.unwrap();
    let stored = stage.grant(id).await;
    stopped.go_on();
    sleeping.await.unwrap().unwrap();
    let after = stage.grant(id).await;
    assert_eq!((after.stored_fence, after.fence), (stored.stored_fence, stored.fence));
    assert_eq!(stored.stored_fence, 3, "one by signing in, one asleep, one stored");
    let before = stage.provider.count("oauth_refresh");
    stage.other.test_connection(&stage.member, id).await.unwrap();
    assert_eq!(stage.provider.count("oauth_refresh"), before, "what is stored works");
}

async fn oau_08_while_a_turn_lasts_nobody_uses_the_token_a_second_time(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.provider.sign_in.expire();
    let mut stopped = stage.stops.plan(At::Hearing);
    // The provider has rotated, and the node that asked has not heard it yet.
    let (engine, member) = (stage.engine.clone(), stage.member);
    let asking = tokio::spawn(async move { engine.test_connection(&member, id).await });
    stopped.reached().await;
    let grant = stage.grant(id).await;
    assert!(
        grant.attempt.is_some() && grant.lease_until.is_some(),
        "written before anything was sent (OAU-10)"
    );
    // While its turn lasts, nobody uses the token a second time.
    let before = stage.provider.count("oauth_refresh");
    assert!(stage.other.test_connection(&stage.member, id).await.is_err());
    assert_eq!(stage.provider.count("oauth_refresh"), before);
    assert_eq!(stage.connection(id).await.health, Health::Connected, "a wait is no reason to ask anybody");
    stopped.go_on();
    asking.await.unwrap().unwrap();
    stage.other.test_connection(&stage.member, id).await.unwrap();
}

async fn oau_09_a_renewal_whose_caller_went_away_is_kept_all_the_same(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.provider.sign_in.expire();
    let mut stopped = stage.stops.plan(At::Hearing);
    let (engine, member) = (stage.engine.clone(), stage.member);
    let asking = tokio::spawn(async move { engine.test_connection(&member, id).await });
    stopped.reached().await;
    asking.abort();
    drop(asking.await);
    stopped.go_on();
    stage.works(&stage.other, id).await;
    assert_eq!(stage.provider.sign_in.standing(), 1);
}

async fn oau_11_tokens_are_renewed_before_they_end_and_by_one_node(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    t.clock.advance(SignedDuration::from_mins(50));
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    assert_eq!(stage.provider.count("oauth_refresh"), 0);
    t.clock.advance(SignedDuration::from_mins(6));
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    stage.other.test_connection(&stage.member, id).await.unwrap();
    assert_eq!(stage.provider.count("oauth_refresh"), 1);
}
