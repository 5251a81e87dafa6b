//! Going to the provider and coming back: what is believed, what is asked, what is kept.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use kalends_app::fake::{Fake, Fault};
use kalends_domain::Id;
use kalends_engine::Member;
use kalends_engine::connect::{Answer, Begin, ConnectError, Finished, Unfinished};
use kalends_store::repo::{Health, Installation};
use kalends_testkit::TestDb;

use crate::{club::CLUB, stage::Stage};

checks![
    an_account_is_connected_by_one_yes,
    oau_02_a_state_works_once_here_for_this_person_and_this_app_and_for_ten_minutes,
    oau_02_somebody_elses_try_does_not_use_a_state_up,
    oau_03_an_answer_that_says_it_is_from_elsewhere_is_not_used,
    a_no_at_the_provider_changes_nothing,
    msg_03_who_needs_an_administrator_first_is_told_from_who_said_no,
    msg_03_a_code_refused_for_want_of_an_administrator_says_so,
    msg_03_an_administrators_yes_is_understood_and_uses_nothing_up,
    oau_07_without_a_required_scope_nothing_is_connected_and_what_was_granted_is_given_back,
    oau_16_what_is_granted_in_part_is_not_given_back_while_another_connection_stands,
    oau_07_without_an_optional_scope_it_works_in_part_and_says_what_does_not,
    several_accounts_of_one_app_stand_beside_each_other,
    oau_15_the_same_account_again_keeps_ids_settings_and_cursors,
    oau_15_another_account_is_asked_about_and_switched_only_by_a_yes,
    oau_15_a_switch_that_is_not_meant_gives_back_what_was_granted,
    oau_15_the_question_is_answered_in_the_same_browser_and_once,
    all_08_no_token_no_code_and_no_state_stands_anywhere_in_the_open,
    why_it_came_to_nothing_is_said_in_full_to_this_browser_alone_for_ten_minutes,
    every_step_is_audited,
];

fn unfinished(result: Result<Finished, ConnectError>) -> Unfinished {
    match result {
        Err(ConnectError::Unfinished(why)) => why,
        other => panic!("this should have led to nothing: {other:?}"),
    }
}

async fn connected(stage: &Stage<'_>) -> usize {
    stage.engine.connections(&stage.member).await.unwrap().len()
}

async fn an_account_is_connected_by_one_yes(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let view = stage.engine.connection(&stage.member, id).await.unwrap();
    assert_eq!((view.account.as_str(), view.health), ("ines@example.com", Health::Connected));
    assert!(view.missing.is_empty());
    assert_eq!(view.calendars.len(), 1);
    stage.engine.test_connection(&stage.member, id).await.unwrap();
}

async fn oau_02_a_state_works_once_here_for_this_person_and_this_app_and_for_ten_minutes(t: &TestDb) {
    let stage = Stage::new(t).await;
    let answer = stage.follow(&stage.begin(Begin::Usual).await);
    let made_up = Answer { state: "A".repeat(43), ..answer.clone() };
    assert_eq!(unfinished(stage.finish(&made_up).await), Unfinished::Over);
    let elsewhere = t.ids.id();
    let other_browser = stage.engine.finish_sign_in(&stage.member, elsewhere, "club", &answer).await;
    assert_eq!(unfinished(other_browser), Unfinished::Over);
    stage.finish(&answer).await.unwrap();
    assert_eq!(unfinished(stage.finish(&answer).await), Unfinished::Over);
    let late = stage.follow(&stage.begin(Begin::Usual).await);
    t.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(unfinished(stage.finish(&late).await), Unfinished::Over);
    assert_eq!(connected(&stage).await, 1);
}

async fn oau_02_somebody_elses_try_does_not_use_a_state_up(t: &TestDb) {
    let stage = Stage::new(t).await;
    let answer = stage.follow(&stage.begin(Begin::Usual).await);
    let nobody = stage.engine.finish_sign_in(&stage.member, t.ids.id(), "club", &answer).await;
    assert_eq!(unfinished(nobody), Unfinished::Over);
    let postbox = stage.engine.finish_sign_in(&stage.member, stage.session, "postbox", &answer).await;
    assert_eq!(unfinished(postbox), Unfinished::Over);
    stage.finish(&answer).await.unwrap();
}

async fn oau_03_an_answer_that_says_it_is_from_elsewhere_is_not_used(t: &TestDb) {
    let stage = Stage::new(t).await;
    let answer = stage.follow(&stage.begin(Begin::Usual).await);
    assert_eq!(answer.issuer.as_deref(), Some("https://club.example"));
    let forged = Answer { issuer: Some("https://evil.example".into()), ..answer };
    assert_eq!(unfinished(stage.finish(&forged).await), Unfinished::Elsewhere);
    assert_eq!(stage.provider.count("oauth_exchange"), 0, "the code goes nowhere");
    assert_eq!(connected(&stage).await, 0);
}

async fn a_no_at_the_provider_changes_nothing(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.sign_in.declines(true);
    let answer = stage.follow(&stage.begin(Begin::Usual).await);
    assert_eq!(unfinished(stage.finish(&answer).await), Unfinished::Denied);
    assert_eq!((connected(&stage).await, stage.provider.count("oauth_exchange")), (0, 0));
}

async fn msg_03_who_needs_an_administrator_first_is_told_from_who_said_no(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.sign_in.declines(true);
    for (description, why) in [
        ("REASON-90094: ask your administrator", Unfinished::Approval),
        ("REASON-65004: the person declined", Unfinished::Denied),
    ] {
        let answer = stage.follow(&stage.begin(Begin::Usual).await);
        let answer = Answer { description: Some(description.into()), ..answer };
        assert_eq!(unfinished(stage.finish(&answer).await), why);
    }
}

async fn msg_03_a_code_refused_for_want_of_an_administrator_says_so(t: &TestDb) {
    let stage = Stage::new(t).await;
    let answer = stage.follow(&stage.begin(Begin::Usual).await);
    let body = r#"{"error":"invalid_grant","error_description":"REASON-90094: ask your administrator"}"#;
    stage.provider.bench().next([Fault::Garbage(body.into())]);
    assert_eq!(unfinished(stage.finish(&answer).await), Unfinished::Approval);
    assert_eq!(connected(&stage).await, 0);
}

async fn msg_03_an_administrators_yes_is_understood_and_uses_nothing_up(t: &TestDb) {
    let stage = Stage::new(t).await;
    let link = stage.engine.approval(&stage.member, &CLUB).await.unwrap().unwrap();
    let parts: Vec<(String, String)> = link.query_pairs().into_owned().collect();
    assert_eq!((link.host_str(), link.path()), (Some("club.example"), "/approve"));
    let part = |name: &str| parts.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(part("client_id"), Some(stage.provider.sign_in.client().id.as_str()));
    assert_eq!(part("redirect_uri"), Some("https://book.example/apps/club/callback"), "OAU-04");
    assert_eq!((part("scope"), part("state")), (Some("calendars names"), None));

    let back = |approved: Option<&str>, error: Option<&str>| Answer {
        approved: approved.map(str::to_owned),
        error: error.map(str::to_owned),
        ..Answer::default()
    };
    assert_eq!(back(Some("True"), None).approval(), Some(true));
    assert_eq!(back(Some("True"), Some("permission_denied")).approval(), Some(false));
    assert_eq!(back(Some("no"), None).approval(), Some(false));
    assert_eq!(back(None, Some("access_denied")).approval(), None, "an answer to a sign-in");
}

async fn oau_07_without_a_required_scope_nothing_is_connected_and_what_was_granted_is_given_back(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.sign_in.untick(&["calendars"]);
    let answer = stage.follow(&stage.begin(Begin::Usual).await);
    let why = unfinished(stage.finish(&answer).await);
    assert_eq!(why, Unfinished::Scopes(vec!["see your calendars".into()]));
    assert!(why.to_string().contains("see your calendars"));
    assert_eq!((connected(&stage).await, stage.provider.sign_in.standing()), (0, 0));
}

async fn oau_16_what_is_granted_in_part_is_not_given_back_while_another_connection_stands(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.provider.sign_in.untick(&["calendars"]);
    let answer = stage.follow(&stage.begin(Begin::Again(id)).await);
    unfinished(stage.finish(&answer).await);
    assert_eq!(stage.provider.count("oauth_revoke"), 0, "some providers end everything of the account");
    stage.engine.test_connection(&stage.member, id).await.unwrap();
}

async fn oau_07_without_an_optional_scope_it_works_in_part_and_says_what_does_not(t: &TestDb) {
    let stage = Stage::new(t).await;
    stage.provider.sign_in.untick(&["names"]);
    let id = stage.connect().await;
    let view = stage.engine.connection(&stage.member, id).await.unwrap();
    assert_eq!((view.health, view.missing), (Health::Connected, vec!["show your name".to_owned()]));
    // Everything allowed the next time, it is whole.
    stage.provider.sign_in.untick(&[]);
    let answer = stage.follow(&stage.begin(Begin::Again(id)).await);
    assert_eq!(stage.finish(&answer).await.unwrap(), Finished::Connected(id));
    assert!(stage.engine.connection(&stage.member, id).await.unwrap().missing.is_empty());
}

async fn several_accounts_of_one_app_stand_beside_each_other(t: &TestDb) {
    let stage = Stage::new(t).await;
    let one = stage.connect().await;
    stage.provider.sign_in.signs_in("band@example.com");
    let two = stage.connect().await;
    assert_ne!(one, two);
    assert_eq!(connected(&stage).await, 2);
    assert_eq!(stage.connection(two).await.account, "band@example.com");
}

async fn oau_15_the_same_account_again_keeps_ids_settings_and_cursors(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.drain().await;
    let before = stage.engine.connection(&stage.member, id).await.unwrap();
    let connection = stage.connection(id).await.id;
    assert_eq!(before.calendars[0].cursor.as_deref(), Some("c1"));
    for what in [Begin::Again(id), Begin::Usual] {
        let answer = stage.follow(&stage.begin(what).await);
        assert_eq!(stage.finish(&answer).await.unwrap(), Finished::Connected(id));
        assert_eq!(stage.connection(id).await.id, connection);
        let after = stage.engine.connection(&stage.member, id).await.unwrap();
        assert_eq!(after.calendars[0].id, before.calendars[0].id);
        assert_eq!(after.calendars[0].cursor, before.calendars[0].cursor);
        assert_eq!((after.calendars[0].blocks, after.calendars[0].receives), (true, true));
    }
}

async fn ask_switch(stage: &Stage<'_>, id: Id<Installation>) -> Id<kalends_store::repo::Flow> {
    stage.provider.sign_in.signs_in("band@example.com");
    let answer = stage.follow(&stage.begin(Begin::Again(id)).await);
    match stage.finish(&answer).await.unwrap() {
        Finished::AskSwitch(flow) => flow,
        Finished::Connected(_) => panic!("another account must be asked about"),
    }
}

async fn oau_15_another_account_is_asked_about_and_switched_only_by_a_yes(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let connection = stage.connection(id).await.id;
    let flow = ask_switch(&stage, id).await;
    assert_eq!(stage.connection(id).await.account, "ines@example.com", "nothing changes before a yes");
    let asked = stage.engine.switch(&stage.member, stage.session, flow).await.unwrap();
    assert_eq!((asked.before.as_str(), asked.after.as_str()), ("ines@example.com", "band@example.com"));
    let kept = stage.engine.answer_switch(&stage.member, stage.session, flow, true).await.unwrap();
    let after = stage.connection(id).await;
    assert_eq!((kept, after.id, after.account.as_str()), (id, connection, "band@example.com"));
    assert_eq!(stage.grant(id).await.subject, "id-of-band@example.com");
    stage.engine.test_connection(&stage.member, id).await.unwrap();
}

async fn oau_15_a_switch_that_is_not_meant_gives_back_what_was_granted(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let flow = ask_switch(&stage, id).await;
    assert_eq!(stage.provider.sign_in.standing(), 2);
    stage.engine.answer_switch(&stage.member, stage.session, flow, false).await.unwrap();
    assert_eq!(stage.provider.sign_in.standing(), 1);
    assert_eq!(stage.connection(id).await.account, "ines@example.com");
    stage.engine.test_connection(&stage.member, id).await.unwrap();
}

async fn oau_15_the_question_is_answered_in_the_same_browser_and_once(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    let flow = ask_switch(&stage, id).await;
    let over = |result: Result<Id<Installation>, ConnectError>| {
        assert!(matches!(result, Err(ConnectError::Unfinished(Unfinished::Over))), "{result:?}");
    };
    let elsewhere = t.ids.id();
    over(stage.engine.answer_switch(&stage.member, elsewhere, flow, true).await);
    let jonas = t.db.read().await.unwrap().people().list(stage.member.organization).await.unwrap();
    let jonas = jonas.into_iter().find(|user| user.id != stage.member.user).unwrap();
    let jonas = Member { user: jonas.id, ..stage.member };
    over(stage.engine.answer_switch(&jonas, stage.session, flow, true).await);
    stage.engine.answer_switch(&stage.member, stage.session, flow, true).await.unwrap();
    over(stage.engine.answer_switch(&stage.member, stage.session, flow, true).await);
}

async fn all_08_no_token_no_code_and_no_state_stands_anywhere_in_the_open(t: &TestDb) {
    let stage = Stage::new(t).await;
    let url = stage.begin(Begin::Usual).await;
    let answer = stage.follow(&url);
    let code = answer.code.clone().unwrap();
    stage.finish(&answer).await.unwrap();
    stage.provider.sign_in.expire();
    let id = stage.engine.connections(&stage.member).await.unwrap()[0].id;
    stage.engine.test_connection(&stage.member, id).await.unwrap();
    stage.engine.write_flights().await.unwrap();
    let mut tx = t.db.read().await.unwrap();
    for query in [
        "SELECT sealed AS text FROM credentials",
        "SELECT sealed AS text FROM oauth_flows",
        "SELECT state_hash AS text FROM oauth_flows",
        "SELECT settings AS text FROM oauth_flows",
        "SELECT cause AS text FROM oauth_grants",
        "SELECT settings AS text FROM installations",
        "SELECT subject AS text FROM audit_log",
        "SELECT url AS text FROM flight_records",
        "SELECT detail AS text FROM flight_records",
        "SELECT payload AS text FROM jobs",
    ] {
        for row in tx.rows(kalends_store::Sql::built(query.to_owned())).await.unwrap() {
            let text: String = row.get("text").unwrap();
            for secret in ["played-", code.expose(), answer.state.as_str(), "kalends-client-secret"] {
                assert!(!text.contains(secret), "{query}: {text}");
            }
        }
    }
    assert!(!format!("{answer:?}").contains(code.expose()));
}

async fn why_it_came_to_nothing_is_said_in_full_to_this_browser_alone_for_ten_minutes(t: &TestDb) {
    let stage = Stage::new(t).await;
    let why = async |member: &Member, session| {
        stage.engine.why_unfinished(member, session, "club").await.unwrap().map(|unmade| unmade.why)
    };
    assert_eq!(why(&stage.member, stage.session).await, None);
    let answer = stage.follow(&stage.begin(Begin::Usual).await);
    stage.provider.bench().next([Fault::Status(503, vec![])]);
    unfinished(stage.finish(&answer).await);
    let said = why(&stage.member, stage.session).await.unwrap();
    assert!(said.contains("sign-in has trouble"), "{said}");
    assert_eq!(why(&stage.member, t.ids.id()).await, None, "another browser");
    let stranger = Member { user: t.ids.id(), ..stage.member };
    assert_eq!(why(&stranger, stage.session).await, None);
    stage.provider.sign_in.untick(&["calendars"]);
    let answer = stage.follow(&stage.begin(Begin::Usual).await);
    unfinished(stage.finish(&answer).await);
    assert_eq!(why(&stage.member, stage.session).await.as_deref(), Some("see your calendars"));
    t.clock.advance(SignedDuration::from_mins(11));
    assert_eq!(why(&stage.member, stage.session).await, None);
    stage.provider.sign_in.untick(&[]);
    stage.connect().await;
    assert_eq!(why(&stage.member, stage.session).await, None, "nothing is wrong any more");
}

async fn every_step_is_audited(t: &TestDb) {
    let stage = Stage::new(t).await;
    let id = stage.connect().await;
    stage.provider.sign_in.declines(true);
    let answer = stage.follow(&stage.begin(Begin::Again(id)).await);
    drop(stage.finish(&answer).await);
    stage.provider.sign_in.declines(false);
    let answer = stage.follow(&stage.begin(Begin::Again(id)).await);
    stage.finish(&answer).await.unwrap();
    assert_eq!(
        stage.audited().await,
        [
            "sign_in_begun club",
            "app_connected club ines@example.com",
            "sign_in_begun club",
            "sign_in_unfinished club denied",
            "sign_in_begun club",
            "app_reconnected club ines@example.com",
        ]
    );
    let typed = BTreeMap::from([("stray".to_owned(), "x".to_owned())]);
    let refused =
        stage.engine.begin_sign_in(&stage.member, stage.session, "club", &typed, Begin::Usual).await;
    assert!(
        matches!(refused, Err(ConnectError::Invalid(_))),
        "a form is checked before anybody goes anywhere"
    );
}
