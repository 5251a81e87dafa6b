//! Notices on record: what was told, refused, and called because of it.

use kalends_app::fake::{Fake, Fault};
use kalends_domain::people::Role;
use kalends_engine::{
    Member,
    connect::ConnectError,
    hooks_in::{Heard, Inbound},
};
use kalends_testkit::{TestDb, hear, planner::Edit};

use crate::stage::{Stage, span};

checks![
    a_notice_has_a_time_line_of_what_was_called_because_of_it,
    refused_notices_are_counted_and_write_nothing_else_inb_03,
    an_accounts_notices_are_its_owners_and_managers_to_see,
];

/// A calendar that changed, and was told of.
async fn told(t: &TestDb) -> Stage<'_> {
    let stage = Stage::following(t).await;
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 10:00", 60)));
    for notice in stage.planner.notices() {
        hear(&stage.engine, "planner", &notice).await;
    }
    stage
}

async fn a_notice_has_a_time_line_of_what_was_called_because_of_it(t: &TestDb) {
    let stage = told(t).await;
    stage.planner.bench().next([Fault::Status(503, vec![])]);
    stage.settle().await;
    stage.engine.write_flights().await.unwrap();
    let page = stage.engine.notices_of(&stage.member, stage.installation, None, 10).await.unwrap();
    let latest = &page.notices[0];
    assert_eq!((latest.what, latest.state, page.refused), ("a calendar changed", Inbound::Done, None));
    let line = stage.engine.calls_of_notice(&stage.member, stage.installation, latest.id, None, 10);
    let calls = line.await.unwrap().calls;
    let shown: Vec<_> =
        calls.iter().rev().map(|call| (call.operation.as_str(), call.status, call.attempt.0)).collect();
    assert_eq!(shown, [("changes", Some(503), 1), ("changes", Some(200), 2)]);
    assert!(calls.iter().all(|call| call.notice == Some(latest.id)));
    let of_account =
        stage.engine.calls_of_connection(&stage.member, stage.installation, None, 50).await.unwrap();
    assert!(calls.iter().all(|call| of_account.calls.contains(call)), "and on the account's");
}

async fn refused_notices_are_counted_and_write_nothing_else_inb_03(t: &TestDb) {
    let stage = told(t).await;
    stage.settle().await;
    let before = stage.engine.notices_of(&stage.member, stage.installation, None, 10).await.unwrap();
    stage.planner.edit("work", "dentist", Edit::At(span("11-24 11:00", 60)));
    let mut forged = stage.planner.notices().pop().unwrap();
    forged.body = b"{}".as_slice().into();
    for _ in 0..3 {
        assert_eq!(hear(&stage.engine, "planner", &forged).await, Heard::Refused);
    }
    let unwritten = stage.engine.notices_of(&stage.member, stage.installation, None, 10).await.unwrap();
    assert_eq!(unwritten, before);
    stage.engine.write_flights().await.unwrap();
    let after = stage.engine.notices_of(&stage.member, stage.installation, None, 10).await.unwrap();
    let refused = after.refused.unwrap();
    assert_eq!((refused.count, after.notices), (3, before.notices));
    assert!(!refused.why.is_empty());
}

async fn an_accounts_notices_are_its_owners_and_managers_to_see(t: &TestDb) {
    let stage = told(t).await;
    stage.settle().await;
    let other = Member { user: t.ids.id(), role: Role::Member, ..stage.member };
    let seen = async |who: &Member| stage.engine.notices_of(who, stage.installation, None, 10).await;
    assert!(matches!(seen(&other).await, Err(ConnectError::NotFound)));
    assert!(!seen(&Member { role: Role::Admin, ..other }).await.unwrap().notices.is_empty());
    let id = seen(&stage.member).await.unwrap().notices[0].id;
    let line = stage.engine.calls_of_notice(&other, stage.installation, id, None, 10).await;
    assert!(matches!(line, Err(ConnectError::NotFound)));
    assert!(stage.engine.replay_notice(&other, id).await.is_err());
}
