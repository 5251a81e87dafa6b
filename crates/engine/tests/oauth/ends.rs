//! Sign-ins that end: refused, cut off, taken back, given back; and troubles that end nothing.

use jiff::SignedDuration;
use kalends_app::fake::{Fake, Fault};
use kalends_domain::people::Role;
use kalends_engine::{
    Member,
    connect::{Begin, ConnectError},
};
use kalends_store::repo::Health;
use kalends_testkit::TestDb;

use crate::{node::At, stage::Stage};

checks![
    oau_10_a_refusal_is_doubted_once_then_the_owner_is_told_once,
    oau_10_a_rotation_that_was_lost_says_so,
    oau_12_an_outage_leaves_the_connection_well_and_is_retried_later_each_time,
    oau_12_a_token_that_still_works_is_used_while_the_token_endpoint_is_down,
    oau_12_a_registration_that_is_refused_is_the_admins_problem_and_breaks_nobody,
    oau_14_a_token_refused_early_is_renewed_once_and_the_call_made_again,
    gcal_03_a_sign_in_that_ends_after_a_week_names_the_screen_that_is_still_tested,
    oau_11_idle_tokens_are_renewed_once_a_day,
    oau_16_taking_the_app_away_gives_access_back_when_it_goes_for_good,
    oau_16_a_provider_that_is_down_when_an_app_goes_for_good_is_waited_for,
    oau_16_for_good_gives_access_back_at_once_and_leaves_nothing,
    oau_16_what_another_connection_lives_on_is_not_given_back,
    oau_17_access_taken_back_there_is_over_here,
    signing_in_again_heals,
];

async fn broken(stage: &Stage<'_>, id: kalends_domain::Id<kalends_store::repo::Installation>) -> String {
    match stage.engine.test_connection(&stage.member, id).await {
        Err(ConnectError::Probe(error)) => error.to_string(),
        other => panic!("this should not work: {other:?}"),
    }
}

async fn oau_10_a_refusal_is_doubted_once_then_the_owner_is_told_once(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.drain().await;
    stage.provider.sign_in.take_back();
    let said = broken(&stage, id).await;
    assert!(said.contains("Club does not take the sign-in any more"), "{said}");
    assert_eq!(stage.provider.count("oauth_refresh"), 2, "asked, doubted, asked again");
    let connection = stage.connection(id).await;
    assert_eq!(connection.health, Health::NeedsReconnect);
    assert!(connection.cause.contains("Sign in again"), "{}", connection.cause);
    assert!(!connection.cause.contains("in testing"), "only what ends after a week may be that (GCAL-03)");
    broken(&stage, id).await;
    assert_eq!(stage.provider.count("oauth_refresh"), 2, "what has ended is not asked for again (OAU-13)");
    stage.drain().await;
    let mails = stage.provider.mails.lock().unwrap().clone();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0][1], "Club needs you to sign in again");
    assert!(mails[0][2].contains("https://book.example/apps/installed#a-"), "{}", mails[0][2]);
}

async fn oau_10_a_rotation_that_was_lost_says_so(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.provider.sign_in.expire();
    // The provider has rotated, and its answer is lost with the node that asked.
    let mut stopped = stage.stops.plan(At::Hearing);
    let (engine, member) = (stage.engine.clone(), stage.member);
    let dead = tokio::spawn(async move { engine.test_connection(&member, id).await });
    stopped.reached().await;
    t.clock.advance(SignedDuration::from_mins(3));
    let said = match stage.other.test_connection(&stage.member, id).await {
        Err(ConnectError::Probe(error)) => error.to_string(),
        other => panic!("the token was spent: {other:?}"),
    };
    assert!(said.contains("cut off before the answer was kept"), "{said}");
    assert_eq!(stage.connection(id).await.health, Health::NeedsReconnect);
    stopped.go_on();
    // What the dead node heard is kept, in case it is good; this provider has ended it with the rest.
    assert!(dead.await.unwrap().is_err());
    assert_eq!(stage.connection(id).await.health, Health::NeedsReconnect);
}

async fn oau_12_an_outage_leaves_the_connection_well_and_is_retried_later_each_time(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    t.clock.advance(SignedDuration::from_hours(2));
    let mut waits = Vec::new();
    for _ in 0..3 {
        stage.provider.bench().next([Fault::Status(503, vec![])]);
        broken(&stage, id).await;
        let wait = stage.grant(id).await.next_try_at.unwrap().duration_since(t.db.now());
        waits.push(wait.as_secs());
        let asked = stage.provider.count("oauth_refresh");
        broken(&stage, id).await;
        assert_eq!(stage.provider.count("oauth_refresh"), asked, "nothing is asked before its time");
        t.clock.advance(wait);
    }
    assert_eq!(waits, [30, 60, 120], "OAU-13");
    assert_ne!(stage.connection(id).await.health, Health::NeedsReconnect);
    stage.provider.bench().next([Fault::too_many("600")]);
    broken(&stage, id).await;
    let wait = stage.grant(id).await.next_try_at.unwrap().duration_since(t.db.now());
    assert_eq!(wait.as_secs(), 600, "what the provider asks for is kept to");
    t.clock.advance(wait);
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    assert_eq!((stage.grant(id).await.failures, stage.connection(id).await.health), (0, Health::Connected));
    stage.drain().await;
    assert!(stage.provider.mails.lock().unwrap().is_empty(), "an outage logs nobody out");
}

async fn oau_12_a_token_that_still_works_is_used_while_the_token_endpoint_is_down(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    t.clock.advance(SignedDuration::from_mins(57));
    stage.provider.bench().next([Fault::Status(503, vec![])]);
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    assert_eq!(stage.provider.count("oauth_refresh"), 1);
    assert_eq!(stage.connection(id).await.health, Health::Connected);
}

async fn oau_12_a_registration_that_is_refused_is_the_admins_problem_and_breaks_nobody(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.drain().await;
    t.clock.advance(SignedDuration::from_hours(2));
    let known = stage.provider.sign_in.client();
    stage.provider.sign_in.knows(kalends_app::oauth::Client { id: "another".into(), proof: None });
    let said = broken(&stage, id).await;
    assert!(said.contains("administrator"), "{said}");
    assert_ne!(stage.connection(id).await.health, Health::NeedsReconnect);
    let admin = Member { role: Role::Admin, ..stage.member };
    let view = stage.engine.registration_of(&admin, "club").await.unwrap();
    assert!(view.trouble.is_some());
    stage.drain().await;
    let mails = stage.provider.mails.lock().unwrap().clone();
    assert!(!mails.is_empty());
    assert!(mails.iter().all(|mail| mail[1] == "Club does not take this server’s registration"), "{mails:?}");
    assert!(mails[0][2].contains("https://book.example/apps/club/registration"));
    // Mended there, it goes on by itself; a test on the page makes it go on at once.
    stage.provider.sign_in.knows(known);
    stage.engine.test_registration(&admin, "club").await.unwrap();
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    assert!(stage.engine.registration_of(&admin, "club").await.unwrap().trouble.is_none());
}

async fn oau_14_a_token_refused_early_is_renewed_once_and_the_call_made_again(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.provider.sign_in.expire();
    let before = stage.provider.count("me");
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    assert_eq!((stage.provider.count("oauth_refresh"), stage.provider.count("me") - before), (1, 2));
}

async fn gcal_03_a_sign_in_that_ends_after_a_week_names_the_screen_that_is_still_tested(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.drain().await;
    t.clock.advance(SignedDuration::from_hours(24 * 7));
    stage.provider.sign_in.take_back();
    broken(&stage, id).await;
    let cause = stage.connection(id).await.cause;
    assert!(cause.contains("the consent screen is still in testing there"), "{cause}");
}

async fn oau_11_idle_tokens_are_renewed_once_a_day(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let pass = || async {
        t.db.write(|tx| {
            Box::pin(async move { kalends_engine::job::add(tx, &kalends_engine::job::RenewSignIns {}).await })
        })
        .await
        .unwrap();
        stage.drain().await;
        stage.provider.count("oauth_refresh")
    };
    stage.drain().await;
    assert_eq!(pass().await, 0);
    t.clock.advance(SignedDuration::from_hours(24));
    let first = pass().await;
    assert_eq!(first, 1);
    assert_eq!(pass().await, first, "once is enough");
    stage.provider.sign_in.take_back();
    t.clock.advance(SignedDuration::from_hours(24));
    pass().await;
    assert_eq!(stage.connection(id).await.health, Health::NeedsReconnect, "an idle end is noticed too");
}

async fn oau_16_taking_the_app_away_gives_access_back_when_it_goes_for_good(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.drain().await;
    stage.engine.disconnect(&stage.member, id).await.unwrap();
    assert_eq!(stage.provider.sign_in.standing(), 1, "it can still be brought back");
    t.clock.advance(SignedDuration::from_hours(24 * 60));
    t.db.write(|tx| {
        Box::pin(async move { kalends_engine::job::add(tx, &kalends_engine::job::Housekeeping {}).await })
    })
    .await
    .unwrap();
    stage.drain().await;
    assert_eq!(stage.provider.sign_in.standing(), 0);
    assert!(t.db.read().await.unwrap().installations().connections(&[id]).await.unwrap().is_empty());
}

async fn housekeeping(stage: &Stage<'_>) {
    stage
        .t
        .db
        .write(|tx| {
            Box::pin(async move { kalends_engine::job::add(tx, &kalends_engine::job::Housekeeping {}).await })
        })
        .await
        .unwrap();
    stage.drain().await;
}

async fn oau_16_a_provider_that_is_down_when_an_app_goes_for_good_is_waited_for(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.drain().await;
    let there = async || {
        let kept = t.db.read().await.unwrap().installations().connections(&[id]).await.unwrap();
        (kept.len(), stage.provider.sign_in.standing())
    };
    stage.engine.disconnect(&stage.member, id).await.unwrap();
    t.clock.advance(SignedDuration::from_hours(24 * 7 + 1));
    stage.provider.bench().next([Fault::Status(503, vec![])]);
    housekeeping(&stage).await;
    assert_eq!(there().await, (1, 1), "the tokens are all that can end it there");
    t.clock.advance(SignedDuration::from_hours(1));
    housekeeping(&stage).await;
    assert_eq!(there().await, (0, 0));
    // One that never comes back does not keep them for ever.
    let id = stage.connect().await;
    stage.engine.disconnect(&stage.member, id).await.unwrap();
    t.clock.advance(SignedDuration::from_hours(24 * 11));
    stage.provider.bench().next([Fault::Status(503, vec![])]);
    housekeeping(&stage).await;
    assert!(stage.engine.removed(&stage.member).await.unwrap().is_empty());
}

async fn oau_16_for_good_gives_access_back_at_once_and_leaves_nothing(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.drain().await;
    stage.engine.disconnect_for_good(&stage.member, id).await.unwrap();
    assert_eq!((stage.provider.sign_in.standing(), stage.provider.count("oauth_revoke")), (0, 1));
    assert!(t.db.read().await.unwrap().installations().connections(&[id]).await.unwrap().is_empty());
    assert!(stage.engine.removed(&stage.member).await.unwrap().is_empty(), "there is no way back");
    assert!(stage.audited().await.iter().any(|one| one == "app_purged club"));
    // One that was uninstalled before, and could still come back, too; and only by who may change it.
    let id = stage.connect().await;
    stage.engine.disconnect(&stage.member, id).await.unwrap();
    assert_eq!(stage.provider.sign_in.standing(), 1);
    let jonas = t.db.read().await.unwrap().people().by_email("jonas@example.com").await.unwrap().unwrap();
    let other = Member { user: jonas.id, role: kalends_domain::people::Role::Member, ..stage.member };
    assert!(stage.engine.disconnect_for_good(&other, id).await.is_err());
    assert_eq!(stage.provider.sign_in.standing(), 1);
    stage.engine.disconnect_for_good(&stage.member, id).await.unwrap();
    assert_eq!(stage.provider.sign_in.standing(), 0);
}

async fn oau_16_what_another_connection_lives_on_is_not_given_back(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    // The same account, connected by somebody else here: the provider would end both.
    let people = t.db.read().await.unwrap().people().list(stage.member.organization).await.unwrap();
    let jonas = people.into_iter().find(|user| user.id != stage.member.user).unwrap();
    let theirs = Stage { member: Member { user: jonas.id, ..stage.member }, session: t.ids.id(), ..stage };
    theirs.connect().await;
    let mine = Member { user: theirs.host.id, ..theirs.member };
    theirs.engine.disconnect(&mine, id).await.unwrap();
    t.clock.advance(SignedDuration::from_hours(24 * 60));
    t.db.write(|tx| {
        Box::pin(async move { kalends_engine::job::add(tx, &kalends_engine::job::Housekeeping {}).await })
    })
    .await
    .unwrap();
    theirs.drain().await;
    assert_eq!(theirs.provider.count("oauth_revoke"), 0);
}

async fn oau_17_access_taken_back_there_is_over_here(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.drain().await;
    assert_eq!(stage.engine.taken_back("club", "id-of-somebody@example.com").await.unwrap(), 0);
    assert_eq!(stage.engine.taken_back("club", "id-of-ines@example.com").await.unwrap(), 1);
    let connection = stage.connection(id).await;
    assert_eq!(
        (connection.health, connection.cause.as_str()),
        (Health::Revoked, "Access was taken back at Club. Sign in again.")
    );
    assert_eq!(
        stage.engine.taken_back("club", "id-of-ines@example.com").await.unwrap(),
        0,
        "told twice, it is one"
    );
    stage.drain().await;
    assert_eq!(stage.provider.mails.lock().unwrap().len(), 1);
}

async fn signing_in_again_heals(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.provider.sign_in.take_back();
    broken(&stage, id).await;
    let answer = stage.follow(&stage.begin(Begin::Again(id)).await);
    stage.finish(&answer).await.unwrap();
    assert_eq!(stage.connection(id).await.health, Health::Connected);
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    assert!(stage.grant(id).await.ended_at.is_none());
    stage.drain().await;
    assert!(stage.provider.mails.lock().unwrap().is_empty(), "what was mended is not worth a mail");
}
